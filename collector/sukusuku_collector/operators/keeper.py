"""The leases of one process in one database: one thread renews them all, takes free shards and gives others up."""

import asyncio
import logging
import threading
from collections.abc import Callable

from sukusuku_collector.lease import LOOK_SECONDS, RENEWALS, Hold, elapsed
from sukusuku_collector.operators.sharing import to_give, to_take
from sukusuku_core.errors import TransientError
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db.leases import Leases
from sukusuku_server.db.shards import Shards, View

NEGLECTED_SECONDS = 3.0
"""A shard that is free for so long is taken by whoever sees it, whatever is fair: the others may not be able to."""
LEFT_SECONDS = 10.0
"""For so long a shard that was given up is left to others, unless none wants it."""

_log = logging.getLogger(__name__)


class SharedLease(Hold):
    """The lease of one operator among many. It is renewed, and may be wanted back, by the keeper that made it."""

    def __init__(self, keeper: "Keeper", leases: Leases, now: Callable[[], float]) -> None:
        super().__init__(leases, now)
        self.shard = leases.shard
        self._keeper = keeper
        self._obtained = asyncio.Event()
        self._stop: asyncio.Event | None = None

    async def obtain(self, stop: asyncio.Event) -> bool:
        """See `Hold`. `stop` is set when the shard is given up, too."""
        self._stop = stop
        self._keeper.wait_for(self)
        first, other = (asyncio.ensure_future(event.wait()) for event in (self._obtained, stop))
        try:
            await asyncio.wait((first, other), return_when=asyncio.FIRST_COMPLETED)
        finally:
            first.cancel()
            other.cancel()
        return self._obtained.is_set() and not stop.is_set()

    def give_back(self) -> None:
        """See `Hold`."""
        self._keeper.forget(self)

    def taken(self, epoch: int, begun: float) -> None:
        """Take note that this one holds the lease, by a request that began then. Called by the keeper."""
        self.epoch = epoch
        self.renewed(begun)
        _log.info("%s: this collector holds the lease, number %d", self.shard, epoch)
        self._loop.call_soon_threadsafe(self._obtained.set)

    def release(self) -> None:
        """Have the database know that nobody holds it any more. Called by the keeper."""
        self._leases.release(self.epoch)

    def want_back(self) -> None:
        """Have the work for this operator stop, so that another process can go on. Called by the keeper."""
        if self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)


class Keeper:
    """See the module. Safe to use from many threads. `close` must be called."""

    def __init__(self, shards: Shards, now: Callable[[], float] = elapsed) -> None:
        self.term = shards.term
        self._shards = shards
        self._now = now
        self._lock = threading.RLock()
        self._held: dict[str, SharedLease] = {}
        self._waiting: dict[str, SharedLease] = {}
        self._troubles: dict[str, str] = {}
        self._free_since: dict[str, float] = {}
        self._left: dict[str, float] = {}
        self._giving: str | None = None
        self._closed = threading.Event()
        self._problems = TransitionLog(_log)
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)

    def start(self) -> None:
        """Begin to keep leases."""
        self._thread.start()

    def lease(self, shard: str, schema: str | None) -> SharedLease:
        """Return the lease of a shard, to be obtained by whose event loop this is. `schema` is as with `Leases`."""
        return SharedLease(self, self._shards.lease(shard, schema), self._now)

    def wait_for(self, lease: SharedLease) -> None:
        """Take a lease when it is this one's turn."""
        with self._lock:
            self._waiting[lease.shard] = lease

    def forget(self, lease: SharedLease) -> None:
        """Hold a lease no more, and wait for it no more."""
        with self._lock:
            if self._waiting.get(lease.shard) is lease:
                del self._waiting[lease.shard]
            if self._giving == lease.shard:
                self._giving = None
            if self._held.get(lease.shard) is lease:
                del self._held[lease.shard]
                try:
                    lease.release()
                except TransientError as error:
                    _log.warning("%s: the lease could not be given back, it ends by itself: %s", lease.shard, error)

    def tell(self, shard: str, trouble: str | None) -> None:
        """Tell whoever asks that this process cannot work for an operator, and why; None: it can."""
        with self._lock:
            if trouble is None:
                self._troubles.pop(shard, None)
            else:
                self._troubles[shard] = trouble

    def turn(self) -> None:
        """Renew what is held; take what is free and give up what others are to have. Raises TransientError."""
        with self._lock:
            self._renew()
            waits: dict[str, str | None] = dict.fromkeys(self._waiting)
            waits |= {shard: trouble for shard, trouble in self._troubles.items() if shard not in self._held}
            view = self._shards.look(waits)
            self._take(view)
            self._give(view)

    def close(self) -> None:
        """Stop, and give back the connections. Nobody holds a lease of this keeper any more."""
        self._closed.set()
        self._thread.join()
        try:
            self._shards.leave()
        except TransientError as error:
            _log.debug("the database does not hear of the end: %s", error)
        self._shards.close()

    # ------------------------------------------------------------ inside

    def _run(self) -> None:
        while not self._closed.wait(min(LOOK_SECONDS, self.term / 1000 / RENEWALS)):
            try:
                self.turn()
            except Exception as error:  # noqa: BLE001 - a thread that ended here would renew nothing and say nothing
                self._problems.problem("leases", "cannot be renewed, retrying; without them nothing is stored", error)
            else:
                self._problems.recovered("leases", "renewed again")

    def _renew(self) -> None:
        begun = self._now()
        renewed = self._shards.renew({shard: lease.epoch for shard, lease in self._held.items()})
        for shard, lease in list(self._held.items()):
            if shard in renewed:
                lease.renewed(begun)
            else:
                del self._held[shard]
                lease.end()

    def _take(self, view: View) -> None:
        begun = self._now()
        free = self._waiting.keys() - view.holders.keys()
        self._free_since = {shard: self._free_since.get(shard, begun) for shard in free}
        self._left = {shard: since for shard, since in self._left.items() if begun - since < LEFT_SECONDS}
        neglected = {shard for shard, since in self._free_since.items() if begun - since >= NEGLECTED_SECONDS}
        wanted = to_take(view, self._shards.process, self._waiting, neglected, self._left)
        if wanted:
            taken = self._shards.take({shard: self._waiting[shard].instance for shard in wanted})
            for shard, epoch in taken.items():
                self._held[shard] = self._waiting.pop(shard)
                self._held[shard].taken(epoch, begun)

    def _give(self, view: View) -> None:
        """One after the other: each is a pause of seconds for its operator."""
        if self._giving is not None or self._left.keys() - view.holders.keys():
            return
        shard = to_give(view, self._shards.process)
        if shard is not None and shard in self._held:
            _log.info("%s: another collector has less to do and takes over", shard)
            self._giving, self._left[shard] = shard, self._now()
            self._held[shard].want_back()
