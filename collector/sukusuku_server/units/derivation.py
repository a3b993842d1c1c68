"""The derivation of a unit: fill, emptyings, findings and what is ahead, composed. Pure.

Readings are taken one by one in order of time. Every five minutes there is a look: derived series, findings; at full
hours the rates learn what has come and forecasts are made. An estimate that has gone far is told in between.
Readings of the linked room may be among those of the unit.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import msgspec
from msgspec.structs import replace

from sukusuku_core.model import Quality, Reading, UnitState
from sukusuku_core.time import HOUR_MS, MINUTE_MS, time_of_day
from sukusuku_server.model.collection import (
    HORIZON_HOURS,
    Emptying,
    EmptyingState,
    Evidence,
    FillEstimate,
    Finding,
    Forecast,
    Outcome,
)
from sukusuku_server.model.derivation import Advanced
from sukusuku_server.settings.collection import Collection
from sukusuku_server.units import emptying_detection as emptyings
from sukusuku_server.units import fill_filter as fills
from sukusuku_server.units import findings, unit_learning
from sukusuku_server.units import forecast_state as foresight
from sukusuku_server.units import level_sensor as levels
from sukusuku_server.units.arrival_rates import ChildrenAsKnown
from sukusuku_server.units.chronology import GRID_MS, in_order, next_look
from sukusuku_server.units.emptying_detection import HEARD, SAME_MS, Contacts, Meaning, Verdict
from sukusuku_server.units.estimate import estimate, shown
from sukusuku_server.units.fill_filter import Fill
from sukusuku_server.units.findings import Watch
from sukusuku_server.units.forecast_score import ISSUE_HOURS
from sukusuku_server.units.forecast_state import Ahead, Foresight

PAUSE_MS = 45 * MINUTE_MS
"""Of a unit that has said nothing for so long nobody knows what has come."""
LOST_MS = round(HORIZON_HOURS * HOUR_MS)
"""Of a unit that has said nothing for longer than forecasts reach nothing is told until it speaks again."""
SMALL = 30.0
"""Percent. Less than this, so soon after an emptying, is not another one but the same."""
_BESIDE = frozenset({"Temperature", "Film/Remaining"})
AJAR = 0.1
"""Of closed hours this part counts: nobody keeps hours to the minute, and the settings may be wrong."""
FULL = 100.0
STEP = 5.0
"""Percent. When the estimate has gone so far since its last point, there is one between the looks: alerts go by it."""
_BLOCKED = frozenset({UnitState.BAG_FULL, UnitState.JAM, UnitState.FILM_OUT})


class Hours(Protocol):
    """When the centre is open."""

    def is_open(self, ms: int) -> bool:
        """Whether it is open at a moment."""

    def spans(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the open stretches between two moments, clipped to them, in order."""


class Room(msgspec.Struct, frozen=True):
    """Children in the linked room since `time`, and child-milliseconds since the rates learnt last."""

    time: int
    children: float
    present: float = 0.0


class UnitProgress(msgspec.Struct, frozen=True):
    """The state of a unit's derivation. `told` is until when the rates know what has come."""

    time: int
    fill: Fill
    foresight: Foresight
    told: int
    contacts: Contacts = Contacts()
    watch: Watch = Watch()
    room: Room | None = None
    said: tuple[Emptying, ...] = ()
    """What people said of emptyings lately."""
    ahead: tuple[tuple[str, float], ...] = ()
    """What was ahead at the last full hour, in hours from then."""
    told_percent: float | None = None
    """The estimate of the last point."""


@dataclass(slots=True)
class _Found:
    points: list[Reading] = field(default_factory=list)
    emptyings: list[Emptying] = field(default_factory=list)
    findings: dict[tuple[str, int], Finding] = field(default_factory=dict)
    forecasts: list[Forecast] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def note(self, open_now: Sequence[Finding]) -> None:
        self.findings.update(((finding.name, finding.since), finding) for finding in open_now)


class UnitDerivation:
    """See `Derivation`. One for each unit; it keeps nothing between calls.

    `children` gives those who were expected in the linked room at a moment, where something was known of them.
    """

    version = 8
    kind = UnitProgress

    def __init__(
        self, asset: str, settings: Collection, opening: Hours, children: ChildrenAsKnown | None = None
    ) -> None:
        self._asset = asset
        self._settings = settings
        self._opening = opening
        self._children = children
        self._per_percent = settings.nappies_per_bag / 100

    def start(self, time: int) -> UnitProgress:
        """See Derivation."""
        return UnitProgress(time, fills.start(self._settings), foresight.begin(time), time)

    def wakes(self, state: UnitProgress) -> int:
        """See Derivation."""
        return next_look(state.time)

    def advance(
        self, state: UnitProgress, readings: Sequence[Reading], said: Sequence[Emptying], until: int
    ) -> Advanced[UnitProgress]:
        """See Derivation."""
        found = _Found()
        found.note(state.watch.open)
        followed: Fill | None = None
        for moment in in_order(state.time, readings, said, until):
            if isinstance(moment, Reading):
                state = self._take(state, moment, found)
                if state.fill is not followed:  # most readings say nothing of the fill
                    state = self._follow(state, moment.time, found)
                    followed = state.fill
            elif isinstance(moment, Emptying):
                state = self._hear(state, moment, found)
            else:
                state = self._look(state, moment, found)
        found.note(state.watch.open)
        return Advanced(
            replace(state, time=until),
            tuple(found.points),
            tuple(found.emptyings),
            tuple(found.findings.values()),
            tuple(found.forecasts),
            tuple(found.outcomes),
        )

    # ------------------------------------------------------------ readings

    def _take(self, state: UnitProgress, reading: Reading, found: _Found) -> UnitProgress:
        metric, time, value = reading.metric, reading.time, reading.value
        if reading.quality is not Quality.GOOD or value is None:
            return state
        if reading.asset != self._asset:
            return _visited(state, time, float(value)) if metric == "Occupancy/Children" else state
        if metric in _BESIDE:
            return self._beside(state, metric, time, float(value))
        fill, contacts = state.fill, state.contacts
        if metric == "Fill/Percent":
            if contacts.covers(time):
                return state
            counted = fill.counter is not None and fill.counter.time > time - PAUSE_MS
            opened = partial(self._opened_since, fill, time)
            fill = levels.see(fill, time, float(value), opened, counted=counted)
        elif metric == "Cycles/Total":
            fill = self._count(fill, contacts, time, int(value))
        heard = HEARD.get(metric)
        if heard is not None:
            before = contacts.state
            contacts = heard(contacts, time, value, None if fill.counter is None else fill.counter.total)
            if contacts.state == UnitState.BAG_FULL != before:
                fill = fills.full(fill, time)
        if fill is state.fill and contacts is state.contacts:
            return state
        pause = 0 if state.fill.heard is None or metric != "Cycles/Total" else time - state.fill.heard
        return self._judge(replace(state, fill=fill, contacts=contacts), time, found, pause)

    def _beside(self, state: UnitProgress, metric: str, time: int, value: float) -> UnitProgress:
        """Return what does not tell of the fill: warmth and film."""
        if metric == "Temperature":
            return replace(state, foresight=foresight.felt(state.foresight, self._settings, time, value))
        return state if value == state.watch.film else replace(state, watch=replace(state.watch, film=value))

    def _count(self, fill: Fill, contacts: Contacts, time: int, total: int) -> Fill:
        """Cycles of the bag that went in a silence are not those of the one that came."""
        emptied, counter = fill.bag.emptied, fill.counter
        fresh = emptied is not None and counter is not None and emptied >= counter.time
        return fills.count(fill, time, total, contacts.own if fresh else None)

    def _opened_since(self, fill: Fill, time: int) -> float:
        """Hours since the last believed level in which something could come; in closed ones too, now and then."""
        level = fill.level
        if level is None:
            return 0.0
        opened = self._opened(level.believed, time)
        return opened + AJAR * ((time - level.believed) / HOUR_MS - opened)

    def _opened(self, start: int, end: int) -> float:
        return sum(after - before for before, after in self._opening.spans(start, end)) / HOUR_MS

    # ------------------------------------------------------------ emptyings

    def _judge(self, state: UnitProgress, time: int, found: _Found, pause: int = 0) -> UnitProgress:
        level = state.fill.level
        verdict = None
        if state.contacts.sign is not None or (level is not None and level.rivals):
            verdict = emptyings.judge(state.fill, state.contacts, time)
        elif pause >= emptyings.BLIND_MS:
            verdict = emptyings.overrun(state.fill, pause, time)
        if verdict is None:
            return state
        contacts = emptyings.settled(state.contacts, time)
        if verdict.meaning is Meaning.EMPTIED and not self._known(state, verdict):
            return self._emptied(replace(state, contacts=contacts), verdict, time, found)
        watch = state.watch
        if verdict.meaning is Meaning.SLIPPED:
            watch = replace(watch, slipped=verdict.time)
        came = verdict.meaning in {Meaning.ROSE, Meaning.BACK}
        return replace(state, fill=fills.rebased(state.fill, came=came), contacts=contacts, watch=watch)

    def _known(self, state: UnitProgress, verdict: Verdict) -> bool:
        """Whether this is an emptying that is known already, or one that a person said there was not."""
        emptied = state.fill.bag.emptied
        if emptied is not None and verdict.time - emptied < SAME_MS and verdict.percent < SMALL:
            return True
        return _denied(state, verdict.time)

    def _emptied(self, state: UnitProgress, verdict: Verdict, time: int, found: _Found) -> UnitProgress:
        found.emptyings.append(self._emptying(verdict))
        fill = fills.renewed(state.fill, verdict.time)
        state = replace(state, fill=fill, foresight=foresight.bag_changed(state.foresight, verdict.time))
        now = self._estimate(state, time)
        _, ahead = self._ahead(state, now, time)
        found.points += ahead.points  # what was forecast is of the bag before
        return self._tell(state, now, time, found)

    def _emptying(self, verdict: Verdict) -> Emptying:
        percent = min(max(verdict.percent, 0.0), fills.HIGHEST)
        nappies = percent * self._per_percent
        return Emptying(self._asset, verdict.time, percent, nappies, verdict.evidence, verdict.confidence)

    def _hear(self, state: UnitProgress, word: Emptying, found: _Found) -> UnitProgress:
        """Return what a person said about an emptying. What is not known yet is true from its time on."""
        state = replace(state, said=(*(old for old in state.said if old.time > word.time - 24 * HOUR_MS), word))
        emptied = state.fill.bag.emptied
        if word.state is EmptyingState.REJECTED or (emptied is not None and word.time - emptied <= SAME_MS):
            return state
        verdict = Verdict(Meaning.EMPTIED, word.time, state.fill.bag.percent, (Evidence.PERSON,), 1.0)
        state = replace(state, contacts=emptyings.settled(state.contacts, word.time))
        state = self._emptied(state, verdict, word.time, found)
        if word.state is EmptyingState.CONFIRMED:
            seen = found.emptyings[-1]
            word = dataclasses.replace(word, percent=seen.percent, nappies=seen.nappies)
        found.emptyings[-1] = word
        return state

    # ------------------------------------------------------------ every five minutes

    def _look(self, state: UnitProgress, time: int, found: _Found) -> UnitProgress:
        state = self._judge(state, time, found)
        heard = state.fill.heard
        if heard is None or time - heard > LOST_MS:
            return state
        state, came = self._learn(state, time, found, silent=time - heard > PAUSE_MS)
        rival = None if state.fill.level is None else state.fill.level.rival
        answered = rival is not None and _denied(state, rival.since)
        watch, ended = findings.look(
            state.watch, self._asset, state.fill, state.contacts, time, came, answered=answered
        )
        if watch is not state.watch:
            found.note(ended)
            found.note(watch.open)
            state = replace(state, watch=watch)
        now = self._estimate(state, time)
        state = self._tell(state, now, time, found)
        if time % HOUR_MS:
            return state
        if self._closed(state, time):
            nearer = tuple((metric, _nearer(metric, hours)) for metric, hours in state.ahead)
            found.points += (Reading(self._asset, metric, time, hours) for metric, hours in nearer)
            return replace(state, ahead=nearer)
        learnt, ahead = self._ahead(state, now, time)
        found.points += ahead.points
        found.forecasts += ahead.forecasts
        if watch.film is not None:
            per_cycle = state.fill.learnt.per_cycle * self._per_percent
            film = (learnt, self._asset, self._settings, watch.film, per_cycle, self._opening, time)
            found.points += foresight.film_left(*film)
        points = tuple((point.metric, float(point.value or 0)) for point in ahead.points)
        return replace(state, foresight=learnt, ahead=points)

    def _closed(self, state: UnitProgress, time: int) -> bool:
        """Whether all that is ahead is just an hour nearer: nothing can have come, and no forecast is due."""
        if not state.ahead or time_of_day(time) // HOUR_MS in ISSUE_HOURS:
            return False
        heard, emptied = state.fill.heard or 0, state.fill.bag.emptied or 0
        same = emptied < time - HOUR_MS and heard > time - PAUSE_MS
        return same and not self._opening.spans(time - HOUR_MS, time)

    def _learn(self, state: UnitProgress, time: int, found: _Found, *, silent: bool) -> tuple[UnitProgress, float]:
        """Tell the rates what has come, at full hours and before stretches in which nothing can come."""
        blocked = state.contacts.state in _BLOCKED
        if silent or (time % HOUR_MS and not blocked):
            return state, 0.0
        came, fill = fills.taken(state.fill)
        start, room = state.told, state.room
        hours = (time - start) / HOUR_MS
        if (blocked and time - start <= GRID_MS) or self._may_be_full(state, came):
            return replace(state, fill=_lived(fill, came, hours, 0.0), told=time), came
        fill = _lived(fill, came, hours, self._opened(start, time))
        children = None
        if room is not None:
            children = (room.present + room.children * (time - room.time)) / max(time - start, 1)
            room = Room(time, room.children)
        nappies = came * self._per_percent
        learnt, outcomes = foresight.came(state.foresight, self._asset, start, time, nappies, self._opening, children)
        found.outcomes += outcomes
        return replace(state, fill=fill, told=time, room=room, foresight=learnt), came

    def _may_be_full(self, state: UnitProgress, came: float) -> bool:
        """Whether nothing came because nothing could: nobody tells that the bag is full where no state is told."""
        bag = state.fill.bag
        return state.contacts.state is None and came <= 0 and bag.percent + 2 * bag.variance**0.5 >= FULL

    def _estimate(self, state: UnitProgress, time: int) -> FillEstimate:
        return estimate(state.fill, self._settings, time)

    def _ahead(self, state: UnitProgress, now: FillEstimate, time: int) -> tuple[Foresight, Ahead]:
        settings, opening = self._settings, self._opening
        children = None if self._children is None else self._children(time)
        return foresight.ahead(state.foresight, self._asset, now, settings, opening, time, children)

    def _follow(self, state: UnitProgress, time: int, found: _Found) -> UnitProgress:
        told = state.told_percent
        if told is None or abs(shown(state.fill) - told) < STEP:
            return state
        return self._tell(state, self._estimate(state, time), time, found)

    def _tell(self, state: UnitProgress, now: FillEstimate, time: int, found: _Found) -> UnitProgress:
        told = {"Fill/Estimate": round(now.percent, 2), "Fill/Nappies": round(now.nappies, 2)}
        told["Fill/Confidence"] = round(now.confidence, 1)
        if now.emptied is not None:
            told["Bag/Age"] = round(max(time - now.emptied, 0) / HOUR_MS, 2)
        found.points += (Reading(self._asset, metric, time, value) for metric, value in told.items())
        return replace(state, told_percent=shown(state.fill))


def _denied(state: UnitProgress, time: int) -> bool:
    """Whether a person has said that the bag was not changed then: of an emptying there, or later of all until then."""
    denials = (word for word in state.said if word.state is EmptyingState.REJECTED)
    return any(
        abs(word.time - time) <= SAME_MS or (Evidence.PERSON in word.evidence and time <= word.time) for word in denials
    )


def _lived(fill: Fill, came: float, hours: float, opened: float) -> Fill:
    return replace(fill, learnt=unit_learning.lived(fill.learnt, came, hours, opened))


def _nearer(metric: str, hours: float) -> float:
    """Hours from an hour later on; what lies beyond the horizon stays there."""
    if not metric.startswith("Forecast/"):
        return hours - 1
    return hours if hours >= HORIZON_HOURS else max(0.0, hours - 1)


def _visited(state: UnitProgress, time: int, children: float) -> UnitProgress:
    """Take a count of the linked room."""
    room = state.room
    present = 0.0 if room is None else room.present + room.children * (time - room.time)
    return replace(state, room=Room(time, children, present))
