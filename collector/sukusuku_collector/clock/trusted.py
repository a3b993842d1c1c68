"""The clock that the whole collector asks: the best estimate of the time, and whether anything may follow from it."""

import asyncio
import logging
import threading
from collections.abc import Callable, Collection
from functools import partial
from typing import Protocol

from sukusuku_collector.clock.judge import REMEMBER_MS, ClockJudge, Instant, Memory, Verdict, corrected
from sukusuku_collector.clock.machine import Machine
from sukusuku_core.errors import TransientError
from sukusuku_core.time import SECOND_MS, japan_time
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.live import clock as shown
from sukusuku_server.live.clock import Cause, ClockDoubt
from sukusuku_server.threads import unbroken
from sukusuku_server.timeseries.protocols import LiveReader, Notes

LOOK_SECONDS = 1.0
_STEP_MS = 5 * SECOND_MS
"""A step of the clock by more has the witnesses asked at once."""

_BOOT, _WALL, _UPTIME = "clock/boot", "clock/wall", "clock/uptime"
_CONFIRMED, _SINCE = "clock/confirmed", "clock/since"
_NO_BOOT = -1

_log = logging.getLogger("sukusuku_collector.clock")


class ClockStore(LiveReader, Notes, Protocol):
    """Where the time is remembered, and what was stored last."""


Correct = Callable[[int, int, int], None]
"""Takes back what followed from a wrong clock: believed from when until when, the time now (UTC ms)."""


class TrustedClock:
    """Returns the best estimate of the time (UTC ms). `sure` tells whether anything may follow from it.

    While the clock is in doubt nothing is derived, reported, sent or deleted. `edges` are the ids of all edge nodes;
    `trust`: believe the clock as it is at the start, whatever was remembered.
    """

    def __init__(self, machine: Machine, store: ClockStore, edges: Collection[str], *, trust: bool = False) -> None:
        self._machine = machine
        self._store = store
        self._edges = edges
        at = machine()
        self._memory = None if trust else _recall(store)
        newest = None if trust else _newest(store)
        self._judge = ClockJudge(at, self._memory, newest)
        self._lock = threading.Lock()
        self._ntp = machine.ntp()
        self._verdict = self._judge.verdict(at, ntp=self._ntp)
        self._booted = at.booted
        self._settled = self._verdict.doubt is None  # nothing that followed from a wrong clock is left
        self._told: ClockDoubt | None = None
        self._remembered: int | None = None
        self._problems = TransitionLog(_log)

    def __call__(self) -> int:
        """Return the best estimate of the time (UTC ms)."""
        at = self._machine()
        if self._verdict.doubt is None and abs(at.booted - self._booted) < _STEP_MS:
            return at.wall
        with self._lock:
            return self._ask(at).now

    def sure(self) -> bool:
        """Tell whether the clock is believed, so that something may follow from what it shows."""
        self()
        return self._settled and self._verdict.doubt is None

    def heard(self, node: str, sent: int) -> None:
        """Take it that an edge node whose clock is set has sent a message at a time (UTC ms)."""
        with self._lock:
            at = self._machine()
            if self._judge.heard(node, sent, at):
                self._ask(at)

    def watch(self, edges: Collection[str]) -> None:
        """Take it that these are all edge nodes from now on."""
        self._edges = edges

    def unset(self, node: str) -> None:
        """Take it that the clock of an edge node is not set: it is no witness."""
        with self._lock:
            if self._judge.unset(node):
                self._ask(self._machine())

    async def run(self, correct: Correct) -> None:
        """Look after the clock until cancelled: say what holds, remember it, have a wrong time corrected."""
        while True:
            try:
                await unbroken(partial(self.look, correct))
            except TransientError as error:
                self._problems.problem("clock", "its state cannot be stored, retrying", error)
            else:
                self._problems.recovered("clock", "its state is stored again")
            await asyncio.sleep(LOOK_SECONDS)

    def look(self, correct: Correct) -> None:
        """Do that once. Raises TransientError when the store does not answer; the next look makes up for it."""
        with self._lock:
            self._ntp = self._machine.ntp()
            at = self._machine()
            verdict = self._ask(at)
        self._say(verdict)
        if verdict.doubt is not None:
            return
        if verdict.confirmed and self._memory is not None and (wrong := corrected(self._memory, at)) is not None:
            self._settled = False
            self._correct(correct, *wrong, at.wall)
        elif not self._settled:
            self._correct(correct, at.wall, at.wall, at.wall)
        if self._due(verdict, at):
            with self._lock:
                self._memory = self._judge.remember(verdict, at)
            _keep(self._store, self._memory)
            self._remembered = at.uptime
        self._settled = True

    # ------------------------------------------------------------ inside

    def _ask(self, at: Instant) -> Verdict:
        """Judge anew; holds the lock."""
        verdict = self._judge.verdict(at, ntp=self._ntp)
        if verdict.doubt is not None:
            self._settled = False
        self._verdict, self._booted = verdict, at.booted
        return verdict

    def _due(self, verdict: Verdict, at: Instant) -> bool:
        news = self._memory is None or (verdict.confirmed and not self._memory.confirmed) or not self._settled
        return news or self._remembered is None or at.uptime - self._remembered >= REMEMBER_MS

    def _correct(self, correct: Correct, since: int, until: int, now: int) -> None:
        if since < until:
            _log.warning(
                "the clock was wrong from %s to %s: taking back what followed from it",
                japan_time(since).isoformat(timespec="seconds"),
                japan_time(until).isoformat(timespec="seconds"),
            )
        correct(since, until, now)

    def _say(self, verdict: Verdict) -> None:
        """Log a change, and keep it for those who show it."""
        doubt, told = verdict.doubt, self._told
        if (None if doubt is None else doubt.cause) == (None if told is None else told.cause):
            if self._remembered is None and doubt is None:
                shown.keep(self._store, None, self._edges)  # what the process before this one left
            return
        if doubt is None:
            _log.info("the server's clock is believed again: it is %s", _shown(verdict.now))
        else:
            _log.log(_level(doubt), "%s", in_words(doubt))
        shown.keep(self._store, doubt, self._edges)
        self._told = doubt


def _level(doubt: ClockDoubt) -> int:
    return logging.INFO if doubt.cause is Cause.STARTING else logging.ERROR


def in_words(doubt: ClockDoubt) -> str:
    """Say what is wrong with the clock, what is done about it, and what a person can do."""
    names = ", ".join(node for node, _ in doubt.against)
    off = "" if doubt.offset is None else f"{_length(doubt.offset)} {'ahead of' if doubt.offset > 0 else 'behind'} "
    causes = {
        Cause.OUTVOTED: f"it is {off}the clocks of {names}",
        Cause.STEPPED: f"it has jumped and is now {off}where it should be by the time since boot",
        Cause.BEHIND: "it shows a time before readings that are stored already",
        Cause.LONG_AWAY: "it shows a time more than a day after all that is stored, and neither NTP nor an edge node "
        "confirms it",
        Cause.NOT_SET: "it has never been set",
        Cause.STARTING: "the computer has just started; waiting some seconds for an edge node to confirm it",
    }
    return (
        f"the server's clock is in doubt: {causes[doubt.cause]}. Readings are stored with the times of the edge nodes; "
        "nothing is derived, mailed or deleted. Check the clock and NTP of this server (timedatectl), then those of "
        "the edge nodes"
    )


def _shown(time: int) -> str:
    return japan_time(time).isoformat(timespec="seconds")


def _length(ms: int) -> str:
    seconds = abs(ms) // SECOND_MS
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{round(seconds / size)} {unit}"
    return f"{seconds} s"


def _newest(store: LiveReader) -> int | None:
    """Return when something was stored last, by the clock of that moment."""
    return max((item.received for metrics in store.latest().values() for item in metrics.values()), default=None)


def _recall(store: Notes) -> Memory | None:
    wall, uptime, boot = (store.noted(key) for key in (_WALL, _UPTIME, _BOOT))
    if wall is None or uptime is None or boot is None:
        return None
    since = store.noted(_SINCE)
    return Memory(Instant(wall, uptime, boot), bool(store.noted(_CONFIRMED)), wall if since is None else since)


def _keep(store: Notes, memory: Memory) -> None:
    """Keep the memory. A crash in the middle leaves one of another boot, which proves little."""
    if store.noted(_BOOT) != memory.instant.boot:
        store.note(_BOOT, _NO_BOOT)
    store.note(_UPTIME, memory.instant.uptime)
    store.note(_CONFIRMED, int(memory.confirmed))
    store.note(_SINCE, memory.since)
    store.note(_WALL, memory.instant.wall)
    if store.noted(_BOOT) != memory.instant.boot:
        store.note(_BOOT, memory.instant.boot)
