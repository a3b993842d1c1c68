"""Alerts of rooms in simulated weeks, told by the truth: `python -m bench.rooms.alerts [--weeks 26] [--seeds 3]`.

Each room of `bench.rooms` is clocked once a minute through the rule and the life of its alert, in a collector that
sees the readings of that minute and the derived count of fifteen seconds before. Six children may be in with two
members of staff, eight with three; more are booked. Judged are alerts that the room is over its limit:

- a crowd, which is a time of `LASTS` or more with `MARGIN` children too many, must be told, and told once;
- an alert while the room was not full at any time in the `LASTS` before is about nothing;
- so is every alert, of a full room too, while the centre is closed.

Fails when something happens while it is closed, or when more than `WRONG` percent of crowds are missed or told twice,
or of alerts about nothing. One child too many counts neither way: with 2 % miscounts at the door nobody knows it to
one child.
"""

import argparse
import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.results import Line, conclude
from bench.rooms.__main__ import HEAD
from bench.rooms.world import COUNTING, SHIFTS, Kind, World, simulate
from sukusuku_collector.alerts.context import RuleContext
from sukusuku_collector.alerts.rules import WATCHES
from sukusuku_collector.alerts.state_machine import Event, Open, step
from sukusuku_core.model import Quality, Reading
from sukusuku_core.settings import parse
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.model.rules import Rule
from sukusuku_server.model.series import Latest, Point
from sukusuku_server.rooms.current import Stage, limit_now
from sukusuku_server.rooms.derivation import RoomOccupancy
from sukusuku_server.rooms.schedule import FacilitySchedules, Timetable
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries import SETTLED_MS

MARGIN = 2
WRONG = 5.0
KINDS = (Kind.DOOR_AND_PRESENCE, Kind.DOOR_AND_ZONES, Kind.ZONES, Kind.CHILD_DOOR)
LASTS = 20 * MINUTE_MS
CAPACITY = 8
_TOLD = frozenset({Event.FIRED, Event.WORSENED})
"""An alert that returns is the same incident: it is shown, and told no more."""
STANDARDS = '[site.room.standards]\nages = {"0" = 1}\n'


@dataclass(frozen=True, slots=True)
class Found:
    """What came of the weeks of one room: how many crowds and alerts, and when (UTC ms) something was wrong."""

    crowds: int
    alerts: int
    warnings: int
    missed: tuple[int, ...]
    doubled: tuple[int, ...]
    false: tuple[int, ...]
    closed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Happened:
    """A step in the life of the alert, at a moment and a stage."""

    time: int
    event: Event
    stage: int


def facility(kind: Kind) -> Facility:
    """Return the room of a kind, as an operator would have set it."""
    shifts = "".join(
        f'[[site.room.shift]]\nslot = "{first // 60:02d}:{first % 60:02d}-{last // 60:02d}:{last % 60:02d}"\n'
        f"count = {count}\n"
        for first, last, count in SHIFTS
    )
    counting = f"[site.room.counting]\n{COUNTING[kind]}\nsample_seconds = 300\n"
    head = HEAD.replace("capacity = 10", f"capacity = {CAPACITY}")
    return parse(f"{head}{shifts}{counting}{STANDARDS}", Facility, "bench")


class _Tape:
    """The newest values of all metrics, as time goes by."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self._readings = sorted(readings, key=lambda reading: reading.time)
        self._next = 0
        self.latest: dict[str, Latest] = {}
        self.points: dict[str, Point] = {}

    def wind(self, until: int) -> None:
        """Go on to a moment."""
        while self._next < len(self._readings) and self._readings[self._next].time <= until:
            item = self._readings[self._next]
            before = self.latest.get(item.metric)
            good = None if item.quality is Quality.GOOD or before is None else before.last_good
            self.latest[item.metric] = Latest(item.time, item.value, item.quality, item.time, good_before=good)
            self.points[item.metric] = Point(item.time, item.value, item.quality)
            self._next += 1


def happened(world: World, settings: Facility) -> Iterator[Happened]:
    """Yield what happens to the alert of the room."""
    asset = next(settings.assets())
    room = settings.site[0].room[0]
    timetable = FacilitySchedules(settings).schedules[room.id]
    watch = next(w for w in WATCHES if w.rule is Rule.ROOM_OVER_CAPACITY)
    levels, derivation = settings.levels(room), RoomOccupancy(timetable)
    first, last = world.readings[0].time, world.readings[-1].time
    advanced = derivation.advance(derivation.start(first - 1), world.readings, world.said, last)
    sensors, derived = _Tape(world.readings), _Tape(advanced.points)
    alert: Open | None = None
    for now in range(first - first % MINUTE_MS, last, MINUTE_MS):
        sensors.wind(now)
        derived.wind(now - SETTLED_MS)
        context = RuleContext(asset, levels, sensors.latest, 0, 0, now, derived.points, open=alert, timetable=timetable)
        before = alert
        alert, events = step(alert, watch.observe(context), watch.waits(levels), now)
        stage = (alert or before or Open(firing=False, since=0, raised=0)).stage
        for event in events:
            yield Happened(now, event, stage)


def judge(world: World, settings: Facility) -> Found:
    """Return the alerts of the room against the truth."""
    timetable = FacilitySchedules(settings).schedules["room"]
    steps = list(happened(world, settings))
    told = [one.time for one in steps if one.stage == Stage.OVER and one.event in _TOLD]
    back = [one.time for one in steps if one.stage == Stage.OVER and one.event is Event.RETURNED]
    crowds = list(_crowds(world, timetable))
    inside = {start: [time for time in told if start <= time <= end] for start, end in crowds}
    return Found(
        crowds=len(crowds),
        alerts=len(told),
        warnings=sum(one.event is Event.FIRED and one.stage == Stage.FULL for one in steps),
        missed=tuple(
            start
            for start, end in crowds
            if not (inside[start] or _open_since(steps, start) or any(start <= time <= end for time in back))
        ),
        doubled=tuple(start for start, times in inside.items() if len(times) > 1),
        false=tuple(time for time in told if not _was_full(world, timetable, time)),
        closed=tuple(
            one.time
            for one in steps
            if one.event not in {Event.RESOLVED, Event.DROPPED} and not timetable.is_open(one.time)
        ),
    )


def _excess(world: World, timetable: Timetable, time: int) -> int:
    return world.children_at(time) - limit_now(timetable, {}, time).children


def _was_full(world: World, timetable: Timetable, time: int) -> bool:
    return any(_excess(world, timetable, at) >= 0 for at in range(time - LASTS, time + 1, MINUTE_MS))


def _crowds(world: World, timetable: Timetable) -> Iterator[tuple[int, int]]:
    """Yield times of a true crowd: from, and the last minute."""
    first, last = world.times[0], world.times[-1]
    since: int | None = None
    for time in range(first - first % MINUTE_MS, last, MINUTE_MS):
        if timetable.is_open(time) and _excess(world, timetable, time) >= MARGIN:
            since = time if since is None else since
            continue
        if since is not None and time - since >= LASTS:
            yield since, time
        since = None


def _open_since(steps: Sequence[Happened], time: int) -> bool:
    """Whether an alert that the room is over its limit was open at a moment."""
    before = steps[: bisect_right([one.time for one in steps], time)]
    return bool(before) and before[-1].stage == Stage.OVER and before[-1].event in {*_TOLD, Event.RETURNED}


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures of each kind of room; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, default=26)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args(argv)
    lines = []
    for kind in KINDS:
        settings = facility(kind)
        hours = FacilitySchedules(settings).schedules["room"].hours
        found = [judge(simulate(kind, hours, seed, options.weeks), settings) for seed in range(options.seeds)]
        sums = {
            name: sum(len(getattr(one, name)) for one in found) for name in ("missed", "doubled", "false", "closed")
        }
        crowds, alerts = sum(one.crowds for one in found), sum(one.alerts for one in found)
        warnings = sum(one.warnings for one in found)
        words = ", ".join(f"{number} {name}" for name, number in sums.items())
        by_crowds = 100 * max(sums["missed"], sums["doubled"]) / max(crowds, 1)
        good = not sums["closed"] and by_crowds <= WRONG and 100 * sums["false"] / max(alerts, 1) <= WRONG
        about = f"{crowds} crowds, {alerts} alerts, {warnings} warnings"
        lines.append(Line(f"alerts of rooms, {kind.value}", words, f"<= {WRONG:g} % wrong, 0 closed", good, about))
    return conclude(lines)


if __name__ == "__main__":
    sys.exit(main())
