"""The lease by which this process works for its operator, while others stand by.

A thread renews it, which waits for nothing but the database. As soon as it has not been renewed for a term, nothing is
acknowledged any more, for another collector may have taken over. If none has, a late renewal makes good for it. If one
has, this process ends: it learns of that from its own renewal, from the fence of its next writing transaction, or from
the other one's claim at the broker, whichever comes first.
"""

import asyncio
import contextlib
import logging
import os
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NoReturn, Protocol

from sqlalchemy import Connection

from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db.leases import Leases
from sukusuku_server.threads import unbroken

LOOK_SECONDS = 1.0
"""How often one that stands by looks whether it must take over."""
RENEWALS = 4
"""Tries to renew in one term."""

_log = logging.getLogger(__name__)


class SupersededError(PermanentError):
    """Another collector has the lease that this one had; this one must not go on."""

    def __init__(self, name: str = "") -> None:
        whom = f" ({name})" if name else ""
        super().__init__(
            f"another collector{whom} has taken over, because this one did not renew its lease in time: it was held "
            "up, or cut off from the database of the operations data. It ends, and stands by once it is started again"
        )


class Holding(Protocol):
    """What parts of the collector ask about its lease. `epoch` is 0 where there is none."""

    epoch: int

    def held(self) -> bool:
        """Whether nobody else can have taken over."""
        ...


class NoLease:
    """Where only one collector can run."""

    epoch = 0

    def held(self) -> bool:
        """Return True."""
        return True


def this_process() -> str:
    """Return what people are told of which process this is."""
    return f"process {os.getpid()} on {socket.gethostname()}"[:200]


def elapsed() -> float:
    """Return seconds that go on while this computer sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Hold(ABC):
    """A lease of one shard, once it is obtained, whoever renews it. `give_back` must be called in any case."""

    def __init__(self, leases: Leases, now: Callable[[], float] = elapsed) -> None:
        self.epoch = 0
        self._leases = leases
        self._now = now
        self._term = leases.term / 1000
        self._until = now()
        self._gone = False
        self._superseded, self._loop = asyncio.Event(), asyncio.get_running_loop()

    @abstractmethod
    async def obtain(self, stop: asyncio.Event) -> bool:
        """Stand by until the lease can be had. False: `stop` was set before."""

    @abstractmethod
    def give_back(self) -> None:
        """Let another collector take over at once. Nothing may be written after that."""

    @property
    def instance(self) -> str:
        """Return what this holder is called in the database."""
        return self._leases.instance

    def held(self) -> bool:
        """Whether nobody else can have taken over: the last renewal is less than a term ago."""
        return not self._gone and self._now() < self._until

    def confirmed(self) -> bool:
        """Whether the database says just now that this is the newest lease."""
        try:
            newest = self._leases.is_newest_now(self.epoch)
        except TransientError:
            return False
        if not newest:
            self.end()
        return newest

    def fence(self, connection: Connection) -> None:
        """Make sure, within a transaction, that this is still the newest lease. Raises TransientError when not."""
        if not self._leases.is_newest(connection, self.epoch):
            self.end()
            raise TransientError("operations data: another collector has taken over, so this one writes nothing")

    async def until_superseded(self) -> NoReturn:
        """Wait until another one has taken over, and raise SupersededError then."""
        await self._superseded.wait()
        raise SupersededError

    def renewed(self, begun: float) -> None:
        """Take note that it was taken or renewed by a request that began then."""
        self._until = begun + self._term

    def end(self) -> None:
        """Have everything end, since another one has it. May be called from any thread."""
        self._gone = True
        with contextlib.suppress(RuntimeError):  # the loop has ended, and so does what works
            self._loop.call_soon_threadsafe(self._superseded.set)


class Lease(Hold):
    """The lease of a collector that works for one operator, renewed by a thread of its own."""

    def __init__(self, leases: Leases, now: Callable[[], float] = elapsed) -> None:
        super().__init__(leases, now)
        self._released = threading.Event()
        self._renewing = threading.Thread(target=self._renew, name="lease", daemon=True)
        self._problems = TransitionLog(_log)

    async def obtain(self, stop: asyncio.Event) -> bool:
        """See `Hold`."""
        standing = False
        while not stop.is_set():
            begun = self._now()
            try:
                epoch = await unbroken(self._leases.take)
            except TransientError as error:
                self._problems.problem("lease", "cannot be looked at, retrying", error)
            else:
                self._problems.recovered("lease", "can be looked at again")
                if epoch is not None:
                    self._begin(epoch, begun)
                    return True
                if not standing:
                    _log.info("standing by: another collector holds the lease")
                    standing = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await stop.wait()
        return False

    def give_back(self) -> None:
        """See `Hold`."""
        self._released.set()
        with contextlib.suppress(TransientError):
            if not self.epoch:
                self._leases.leave()
            else:
                self._renewing.join(self._term)
                if not self._renewing.is_alive():  # the database answers
                    self._leases.release(self.epoch)
        self._leases.close()

    # ------------------------------------------------------------ inside

    def _begin(self, epoch: int, begun: float) -> None:
        self.epoch = epoch
        self.renewed(begun)
        self._renewing.start()
        _log.info("this collector holds the lease, number %d", epoch)

    def _renew(self) -> None:
        """Renew until it is given back, or gone."""
        while not self._released.wait(self._term / RENEWALS):
            begun = self._now()
            try:
                renewed = self._leases.renew(self.epoch)
            except Exception as error:  # noqa: BLE001 - a thread that ended here would renew nothing and say nothing
                self._problems.problem("lease", "cannot be renewed, retrying; without it nothing is stored", error)
                continue
            self._problems.recovered("lease", "renewed again")
            if not renewed:
                self.end()
                return
            self.renewed(begun)
