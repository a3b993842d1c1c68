"""Feeds the derivations of all assets from the store, in order of time, and keeps what comes out.

A derivation runs behind the present by `SETTLED_MS` and `COMMIT_MS`, so that what comes a little late is still in
order. What comes later than that is marked by the store in the transaction that stores it; its asset is then derived
anew from the last checkpoint before it. A checkpoint is the state of a derivation at a local midnight. Everything is
idempotent: what a stretch gives replaces what was derived of that stretch before, so a crash in the middle costs a
repetition.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import msgspec

from sukusuku_core.clock import Clock, now_ms
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Reading
from sukusuku_core.supervision import Gate, always, repeat
from sukusuku_core.time import DAY_MS, MINUTE_MS, day_number, midnight
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.live import derivation_progress
from sukusuku_server.model.derivation import Advanced, Derivation
from sukusuku_server.model.series import Late
from sukusuku_server.threads import unbroken
from sukusuku_server.timeseries import PRUNED, SETTLED_MS, derivable_since, thinned_key
from sukusuku_server.timeseries.protocols import DerivationSource, DerivedSeries, Notes

TOGETHER = 50
"""Assets whose points are stored in one transaction: it must not keep others from the store for long."""
ASSET_DAYS = 10
"""So much is derived in one stretch: the readings of some hundred thousand messages are in memory meanwhile."""
COMMIT_MS = 2_000
"""What is received is committed within this. It may be not late, and not yet there for whoever reads the past."""
PASS_SECONDS = 5.0
"""Rest between two looks at the store."""

_log = logging.getLogger(__name__)


class DerivationStore(DerivationSource, DerivedSeries, Notes, Protocol):
    """Where readings come from and derived points go, and where it is kept how far that is."""


class Records(Protocol):
    """Where derived events and checkpoints live. Every method may raise TransientError."""

    def together(self) -> AbstractContextManager[None]:
        """Return what happens in the block is kept as a whole or not at all."""

    def speakers(self, after: int, until: int) -> Collection[str]:
        """Return the assets of which people may have said something in after < time <= until."""

    def said(self, asset: str, after: int, until: int) -> Sequence[Any]:
        """Return what people have said of an asset in after < time <= until, in order."""

    def keep(self, asset: str, after: int, until: int, advanced: Advanced[Any]) -> None:
        """Replace what was derived in after < time <= until, except what people have said."""

    def spoken(self) -> Sequence[Late]:
        """Assets about whose past people have said something that no derivation knows yet."""

    def heard(self, spoken: Late) -> None:
        """Forget corrections that have been re-derived. Those made since `spoken` was read stay."""

    def checkpoint(self, asset: str, before: int, version: int) -> tuple[int, bytes] | None:
        """Return the newest state of a derivation from before a moment, with its time; older versions do not count."""

    def checkpoints(self, before: int, version: int) -> Mapping[str, tuple[int, bytes]]:
        """Return the same of all assets that have one, by asset."""

    def put_checkpoint(self, asset: str, time: int, version: int, state: bytes) -> None:
        """Keep the state of a derivation. Those after it are forgotten: they were derived from an older past."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an asset is derived, and until when there may be something that was derived of it before."""

    time: int
    state: Any
    redo: int


@dataclass(frozen=True, slots=True)
class Subject:
    """How an asset is derived, and the other assets whose readings its derivation wants too."""

    derivation: Derivation[Any, Any]
    also: tuple[str, ...] = ()


class DerivationRunner:
    """Derives all assets of one facility. `run` goes on until cancelled; `prepare` is called before each pass."""

    def __init__(
        self,
        store: DerivationStore,
        records: Records,
        subjects: Mapping[str, Subject],
        clock: Clock = now_ms,
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        self._prepare = prepare
        self._store = store
        self._records = records
        self._subjects = subjects
        self._wanted_by: dict[str, list[str]] = {asset: [asset] for asset in subjects}
        for asset, subject in subjects.items():
            for other in subject.also:
                self._wanted_by.setdefault(other, []).append(asset)
        self._clock = clock
        self._standing: dict[str, Standing] = {}
        self._late: tuple[Late, ...] = ()
        self._spoken: tuple[Late, ...] = ()
        self._pruned = 0
        self._thinned: Mapping[str, int] = {}
        self._open: set[str] = set()
        """Assets that had findings in their last step: where they are found no more, they end in the records."""
        self._current = False
        self._anew = False
        self._revised: dict[str, int] = {}
        self._lock = threading.Lock()
        self._ending = False

    @property
    def current(self) -> bool:
        """Whether everything is derived up to the present, as far as is known."""
        return self._current

    @property
    def until(self) -> int | None:
        """Up to when (UTC ms) every asset is derived; None: that is not known yet."""
        return min((standing.time for standing in tuple(self._standing.values())), default=None)

    def revised(self) -> Mapping[str, int]:
        """Return from when on (UTC ms) assets were derived anew since this was asked last."""
        with self._lock:
            revised, self._revised = self._revised, {}
        return revised

    async def run(self, sure: Gate = always) -> None:
        """One pass after another while the clock is `sure`.

        A store or database that does not answer is reported once and asked again.
        """
        await repeat("derivation", self._pass, PASS_SECONDS, asyncio.sleep, TransitionLog(_log), sure)

    def standing(self) -> Mapping[str, Standing]:
        """Return how far each asset is derived, for the runner that comes after this one."""
        return {} if self._anew else self._standing

    def take_over(self, standing: Mapping[str, Standing], revised: Mapping[str, int]) -> None:
        """Go on where another runner was, which works no more, with assets that are derived in the same way.

        Of what is `revised` nobody has been told.
        """
        self._standing = {asset: found for asset, found in standing.items() if asset in self._subjects}
        self._revised = dict(revised)
        self._open = set(self._standing)  # whose findings are open is not known: all are looked at once

    def restart(self) -> None:
        """Begin the next pass at the checkpoints: what this object knows may be of a time that was wrong."""
        self._anew = True

    async def _pass(self) -> None:
        """Derive up to the present. Raises TransientError; the next pass then begins at the checkpoints."""
        self._ending = False
        try:
            more = await unbroken(self.begin)
            self._current = not more
            while more:
                more = await unbroken(self.stretch, self._end)
            self._current = True
        except TransientError:
            self._current = False
            self._standing.clear()
            raise

    def begin(self) -> bool:
        """Look what there is to do: new time, late readings, words of people. Tells whether there is anything."""
        self._prepare()
        if self._anew:
            self._anew = False
            self._standing.clear()
        first = self._store.first()
        if first is None:
            return False
        pruned = self._store.noted(PRUNED)
        archived = pruned is not None and first < pruned  # another store still has what is gone from the file
        self._pruned = 0 if archived else derivable_since(pruned)
        self._thinned = self._store.noted_under(thinned_key(""))
        self._late = tuple(self._store.late())
        self._spoken = tuple(self._records.spoken())
        newest = self._newest()
        back: dict[str, int] = {}
        for cause in (*self._late, *self._spoken):
            for asset in self._wanted_by.get(cause.asset, ()):
                since = max(cause.since, self._gone(asset) + 1)
                back[asset] = min(since, back.get(asset, since))
        for asset in self._subjects:
            known = self._standing.get(asset)
            if known is None:
                known = self._resume(asset, first, newest.get(asset))
            if back.get(asset, known.time + 1) <= known.time:
                version = self._subjects[asset].derivation.version
                known = self._resume(asset, first, self._records.checkpoint(asset, back[asset], version))
            self._standing[asset] = known
        derivation_progress.keep(self._store, self.until, self._target())
        return self._behind()

    def _newest(self) -> Mapping[str, tuple[int, bytes]]:
        """Return the last checkpoints of assets of which it is not known where they stand, with one question each kind.

        One for each asset would take its turns with the loop that stores readings, thousands of times.
        """
        missing = [asset for asset in self._subjects if asset not in self._standing]
        found: dict[str, tuple[int, bytes]] = {}
        for version in {self._subjects[asset].derivation.version for asset in missing}:
            kept = self._records.checkpoints(self._target() + 1, version)
            mine = [asset for asset in missing if self._subjects[asset].derivation.version == version]
            found |= {asset: kept[asset] for asset in mine if asset in kept}
        return found

    def _end(self) -> None:
        """Have a stretch end before it has stored anything: nobody waits for what comes of it."""
        self._ending = True

    def stretch(self) -> bool:
        """Bring the assets that are furthest behind forward by a day at most. Tells whether there is more to do."""
        target = self._target()
        after = min(standing.time for standing in self._standing.values())
        group = [asset for asset, standing in self._standing.items() if standing.time == after]
        until = min(_midnight(after), target, after + max(ASSET_DAYS * DAY_MS // len(group), MINUTE_MS))
        if until <= after:
            return False  # the clock was set back
        found = {asset: list[Reading]() for asset in group}
        wanted = {asset for asset, users in self._wanted_by.items() if not found.keys().isdisjoint(users)}
        for reading in self._store.scan(wanted, after + 1, until + 1):
            for asset in self._wanted_by[reading.asset]:
                if asset in found:
                    found[asset].append(reading)
        speakers = self._records.speakers(after, until)
        steps: dict[str, Advanced[Any]] = {}
        for asset in group:
            if self._ending:
                return False
            said = self._records.said(asset, after, until) if asset in speakers else ()
            derivation, standing = self._subjects[asset].derivation, self._standing[asset]
            sleeps = derivation.wakes(standing.state) > until and not found[asset] and not said
            if sleeps and standing.redo <= after and until != _midnight(after):
                self._standing[asset] = replace(standing, time=until)
            else:
                steps[asset] = derivation.advance(standing.state, found[asset], said, until)
        self._keep(steps, after, until)
        derivation_progress.keep(self._store, self.until, self._target())
        if self._behind():
            return True
        self._settle()
        return False

    def _settle(self) -> None:
        """Tell what was derived anew, and forget why."""
        with self._lock:  # told before it is settled: what fails in between is told again
            for cause in (*self._late, *self._spoken):
                for asset in self._wanted_by.get(cause.asset, ()):
                    self._revised[asset] = min(cause.since, self._revised.get(asset, cause.since))
        self._store.settle(self._late)
        for spoken in self._spoken:
            self._records.heard(spoken)

    def _keep(self, steps: Mapping[str, Advanced[Any]], after: int, until: int) -> None:
        again = {asset for asset in steps if self._standing[asset].redo > after}
        points = {asset: it.points for asset, it in steps.items() if it.points or asset in again}
        changed = tuple(points)
        for place in range(0, len(changed), TOGETHER):
            some = {asset: points[asset] for asset in changed[place : place + TOGETHER]}
            self._store.put_all_derived(after, until, some)
        with self._records.together():
            for asset, advanced in steps.items():
                if advanced.tells or asset in again or asset in self._open:
                    self._records.keep(asset, after, until, advanced)
                if until == _midnight(after):
                    version, state = self._subjects[asset].derivation.version, msgspec.msgpack.encode(advanced.state)
                    self._records.put_checkpoint(asset, until, version, state)
        for asset, advanced in steps.items():
            (self._open.add if advanced.findings else self._open.discard)(asset)
            self._standing[asset] = Standing(until, advanced.state, self._standing[asset].redo)

    def _resume(self, asset: str, first: int, found: tuple[int, bytes] | None) -> Standing:
        """Where an asset stood at a checkpoint, or at the very beginning."""
        derivation = self._subjects[asset].derivation
        gone = self._gone(asset)
        first = max(first, gone)
        if found is not None and found[0] >= gone:
            try:
                return Standing(found[0], msgspec.msgpack.decode(found[1], type=derivation.kind), self._target())
            except msgspec.DecodeError as error:
                _log.warning("%s: cannot read its checkpoint, deriving it from the start: %s", asset, error)
        return Standing(first - 1, derivation.start(first - 1), self._target())

    def _gone(self, asset: str) -> int:
        """Before what midnight there is nothing left to derive an asset from: its past stays as it is."""
        return max(self._thinned.get(thinned_key(asset), 0), self._pruned)

    def _target(self) -> int:
        return self._clock() - SETTLED_MS - COMMIT_MS

    def _behind(self) -> bool:
        """Whether any asset is so far behind that a stretch is worth it."""
        return bool(self._standing) and min(s.time for s in self._standing.values()) < self._target() - SETTLED_MS


def _midnight(after: int) -> int:
    """Return the first local midnight after a moment."""
    return midnight(day_number(after) + 1)
