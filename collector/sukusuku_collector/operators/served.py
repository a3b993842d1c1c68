"""The work for one operator among many: a thread with an event loop of its own.

So a database that does not answer, a loop that is busy or whatever error holds up this operator alone. What ends in an
error is begun again, after a pause that grows; a document that is wrong is waited for.
"""

import asyncio
import logging
import threading

from sukusuku_collector import service
from sukusuku_collector.lease import SupersededError
from sukusuku_collector.operators.shared import Shared
from sukusuku_core import logs
from sukusuku_core.errors import SukusukuError, WrongSettingsError
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.facility_document.source import Document, FacilitySource
from sukusuku_server.facility_document.watching import LOOK_SECONDS, Watch
from sukusuku_server.settings import Facility
from sukusuku_server.settings.shard import Shard

FIRST_PAUSE = 2.0
LONGEST_PAUSE = 60.0
"""Seconds until something is tried again."""

_log = logging.getLogger(__name__)


class Served:
    """See the module. `name` tells it apart in the log, `group` is a group of its sites.

    Without one it works for the operator's own shard, and has the groups served by others of its kind.
    """

    def __init__(
        self, name: str, source: FacilitySource, shared: Shared, group: str | None = None, *, trust_clock: bool = False
    ) -> None:
        self.name = name
        self._group = group
        self._groups: list[Served] | None = None if group is None else []
        self._source = source
        self._shared = shared
        self._trust_clock = trust_clock
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        self._problems = TransitionLog(_log)
        self._pause = FIRST_PAUSE
        self._thread = threading.Thread(target=self._run, name=f"operator {name}", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def end(self) -> None:
        """Stop as when a collector of its own is asked to; `join` waits for that."""
        self._ended.set()
        with self._lock:
            for group in self._groups or ():
                group.end()
            if self._running is not None:
                loop, stop = self._running
                loop.call_soon_threadsafe(stop.set)

    def join(self) -> None:
        """Wait until nothing is done for this operator any more."""
        self._thread.join()
        for group in self._groups or ():
            group.join()

    # ------------------------------------------------------------ inside

    def _run(self) -> None:
        logs.OPERATOR.set(self.name)
        facility: Facility | None = None
        while not self._ended.is_set():
            seen: Document | None = None
            try:
                seen = self._source.look()  # another one than it begins with, where that one is wrong
                document, whole = self._source.begin()
                self._divide(whole)
                shard = Shard(whole, self._group)
                facility = shard.own
                with self._shared.claimed(shard, self._source.name):
                    self._shared.tell(facility, None)
                    asyncio.run(self._work(whole, document))
            except SupersededError:
                self._ended.wait(LOOK_SECONDS)  # its log line is there; it stands by again
            except WrongSettingsError as error:
                self._problems.problem("settings", "wrong, so nothing is done for this operator", error)
                self._until_changed(seen, LONGEST_PAUSE)  # what another operator has may be free then
            except SukusukuError as error:
                self._fail(facility, seen, str(error))
            except Exception as error:  # noqa: BLE001 - the others go on, and so does this thread
                _log.exception("the work for this operator has failed")
                self._fail(facility, seen, f"{type(error).__name__}: {error}")
            else:
                self._pause = FIRST_PAUSE
        if facility is not None:
            self._shared.tell(facility, None)

    def _divide(self, facility: Facility) -> None:
        """Have the groups served from the first time on that the document is right. Others of them need a restart."""
        with self._lock:
            if self._groups is None and not self._ended.is_set():
                groups = [group.id for group in facility.group]
                self._groups = [self._served(group) for group in groups]
                for group in self._groups:
                    group.start()

    def _served(self, group: str) -> "Served":
        return Served(group, self._source, self._shared, group, trust_clock=self._trust_clock)

    async def _work(self, facility: Facility, document: Document) -> None:
        stop = asyncio.Event()
        with self._lock:
            self._running = asyncio.get_running_loop(), stop
        if self._ended.is_set():
            stop.set()
        self._problems.recovered("settings", "right")
        self._problems.recovered("work", "begun again")
        try:
            watch = Watch(self._source, document.version)
            await service.run(
                facility,
                stop,
                trust_clock=self._trust_clock,
                document=watch,
                leasing=self._shared.lease,
                group=self._group,
                openings=self._shared.openings,
            )
        finally:
            with self._lock:
                self._running = None

    def _fail(self, facility: Facility | None, seen: Document | None, trouble: str) -> None:
        """Tell it, and wait."""
        self._problems.problem("work", "cannot be done for this operator, trying again", trouble)
        if facility is not None:
            self._shared.tell(facility, trouble)
        self._until_changed(seen, self._pause)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _until_changed(self, seen: Document | None, longest: float) -> None:
        """Wait until the document is another one, for so many seconds at most, or until the end."""
        waited = 0.0
        while not self._ended.wait(LOOK_SECONDS) and waited < longest:
            waited += LOOK_SECONDS
            try:
                if seen is None or self._source.look().version != seen.version:
                    return
            except SukusukuError:
                continue
