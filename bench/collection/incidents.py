"""Alerts per incident in the simulated half year: the whole alert engine, clocked, against the truth.

    python -m bench.collection.incidents [--seed 1] [--units 20] [--weeks 26]

The engine runs on a real operations database and sees, at each moment, the readings and derived series of that moment:
every ten minutes while the centre is open, every hour otherwise, and whenever a unit's state changes. Incidents are

- a bag that rose to `fill_rise`, grew over age, or would have been full before the day was over,
- a jam or missing film, at units that tell their state,
- a silence longer than `silent_after`, of the whole unit or of its level sensor.

What no rule can decide counts neither way: a bag that only came near the limit (`MARGIN`), was changed within `HASTE`
of it or near a stretch in which nothing could tell, a fault or silence that nobody could see for long enough. An alert
about such a thing is no false one; two of them are. There are no rounds in this world: the risk of an overflow before
the next one is a chance of one in ten, and no alert about a chance is right or wrong by itself.
"""

import argparse
import heapq
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.collection.derived import derive
from bench.collection.true_incidents import SILENT_AFTER, Incident, bags, faults, silences
from bench.collection.world import SimulatedUnit, World, simulate
from sukusuku_collector.alerts.context import SharedContext
from sukusuku_collector.alerts.engine import AlertEngine
from sukusuku_core.model import Quality, Reading
from sukusuku_core.settings import parse
from sukusuku_core.time import HOUR_MS, MINUTE_MS, japan_time
from sukusuku_server.db import Alert, Operations
from sukusuku_server.model.series import Latest, Point
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Facility

OPEN_STEP, CLOSED_STEP = 10 * MINUTE_MS, 60 * MINUTE_MS
OFTEN_MS = 30 * MINUTE_MS
"""Levels that are read less often than this are older than any alert may be when the next one comes."""
WRONG_GOAL = 0.01
"""Share of incidents that may be missed or told twice, and of alerts about nothing: derivation may err as much."""

FACILITY = """
[operator]
id = "bench"
name = { ja = "試験", en = "Bench" }
[mail]
sender = "sukusuku@example.jp"
[alerts]
silent_after = 3900
repeat_after = 0
[[contact]]
name = "Crew"
mail = "crew@example.jp"
[[site]]
id = "centre"
name = { ja = "センター", en = "Centre" }
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Incidents of one kind that were to be told, alerts about them, those missed, told twice, and about nothing."""

    kind: str
    incidents: int
    alerts: int
    missed: tuple[Incident, ...]
    doubled: tuple[Incident, ...]
    false: tuple[Alert, ...]
    mails: int

    @property
    def per_incident(self) -> float:
        """Alerts for each incident, those about nothing among them."""
        return (self.alerts + len(self.false)) / max(1, self.incidents)

    @property
    def good(self) -> bool:
        """One each. What was missed must not make up for what was told twice, or about nothing."""
        wrong = len(self.missed) + len(self.doubled) + len(self.false)
        return round(self.per_incident, 2) == 1 and wrong <= WRONG_GOAL * self.incidents


def facility(world: World) -> Facility:
    """Return the settings that an operator would have made for the world."""
    units = "".join(
        f'[[site.unit]]\nid = "{unit.id}"\nname = {{ ja = "{unit.id}", en = "{unit.id}" }}\nedge = "pi"\n'
        f"collection = {{ nappies_per_bag = {unit.collection.nappies_per_bag}, "
        f"film_cycles = {unit.collection.film_cycles} }}\n"
        for unit in world.units
    )
    return parse(FACILITY + units, Facility, "bench")


# ---------------------------------------------------------------- the engine, clocked


def run(world: World, points: Mapping[str, Sequence[Reading]]) -> tuple[list[Alert], dict[int, int]]:
    """All alerts of the half year, and how many mails first told of each. `points` are the derived series."""
    with tempfile.TemporaryDirectory() as folder:
        operations = Operations(f"sqlite:///{Path(folder) / 'operations.db'}")
        engine = AlertEngine(FacilitySchedules(facility(world)), operations)
        tapes = {unit.id: _Tape(unit.readings, points[unit.id]) for unit in world.units}
        latest = {ident: tape.latest for ident, tape in tapes.items()}
        around = SharedContext(derived={ident: tape.derived for ident, tape in tapes.items()})
        routine = [(now, ident) for now in _grid(world) for ident in tapes]
        events = [(now, unit.id) for unit in world.units for now in _changes(unit)]
        for now, ident in heapq.merge(routine, sorted(events)):
            tapes[ident].play(now)
            engine.evaluate(latest, now, [ident], around=around)
        alerts = operations.alerts(open_only=False, limit=1_000_000)
        mails = operations.mails(limit=1_000_000)
        operations.close()
    told: dict[int, int] = {}
    for row in mails:
        if row.mail.kind == "firing" and row.alert_id is not None:
            told[row.alert_id] = told.get(row.alert_id, 0) + 1
    return [alert for alert in alerts if alert.fired is not None], told


class _Tape:
    """Readings and derived points of a unit, played up to a moment."""

    def __init__(self, readings: Sequence[Reading], points: Sequence[Reading]) -> None:
        self.latest: dict[str, Latest] = {}
        self.derived: dict[str, Point] = {}
        self._readings, self._points = readings, points
        self._reading = self._point = 0

    def play(self, now: int) -> None:
        while self._reading < len(self._readings) and self._readings[self._reading].time <= now:
            item = self._readings[self._reading]
            before = self.latest.get(item.metric)
            good = None if before is None or item.quality is Quality.GOOD else before.last_good
            self.latest[item.metric] = Latest(item.time, item.value, item.quality, item.time, good_before=good)
            self._reading += 1
        while self._point < len(self._points) and self._points[self._point].time <= now:
            item = self._points[self._point]
            self.derived[item.metric] = Point(item.time, item.value, item.quality)
            self._point += 1


def _grid(world: World) -> Iterator[int]:
    now = world.start
    while now < world.end:
        yield now
        now += OPEN_STEP if world.is_open(now) or world.is_open(now + HOUR_MS) else CLOSED_STEP


def _changes(unit: SimulatedUnit) -> Iterator[int]:
    """When the unit tells another state or fault, and when that has stood for longer than the rules wait."""
    last: dict[str, object] = {}
    for reading in unit.readings:
        if reading.metric in {"State", "Fault/Code"} and reading.value != last.get(reading.metric):
            last[reading.metric] = reading.value
            yield reading.time
            yield reading.time + 61_000
            yield reading.time + 100_000


# ---------------------------------------------------------------- the judge


def judge(kind: str, incidents: Sequence[Incident], alerts: Sequence[Alert], told: Mapping[int, int]) -> Figures:
    """Hold alerts against incidents: each belongs to the one in which it began."""
    found: dict[Incident, int] = dict.fromkeys((incident for incident in incidents if incident.clear), 0)
    by_unit: dict[str, list[Incident]] = {}
    for incident in incidents:
        by_unit.setdefault(incident.unit, []).append(incident)
    false = []
    for alert in alerts:
        own = next((item for item in by_unit.get(alert.asset, ()) if _about(alert, item)), None)
        if own is None:
            false.append(alert)
        else:
            found[own] = found.get(own, 0) + 1
    return Figures(
        kind=kind,
        incidents=len(found),
        alerts=sum(found.values()),
        missed=tuple(incident for incident, count in found.items() if not count),
        doubled=tuple(incident for incident, count in found.items() if count > 1),
        false=tuple(false),
        mails=sum(told.get(alert.id, 0) for alert in alerts),
    )


def _about(alert: Alert, incident: Incident) -> bool:
    return incident.start - SILENT_AFTER <= alert.since < incident.end and incident.start <= alert.raised


def figures(world: World, points: Mapping[str, Sequence[Reading]]) -> list[Figures]:
    """Return the figures of a world: bags, faults, silences. Units whose level is read seldom are left out."""
    world = replace(world, units=tuple(unit for unit in world.units if unit.pace_ms <= OFTEN_MS))
    alerts, told = run(world, points)
    kinds = {
        "bags": ("collection", [item for unit in world.units for item in bags(unit, world)]),
        "faults": ("unit_fault", [item for unit in world.units for item in faults(unit)]),
        "silences": ("asset_silent", [item for unit in world.units for item in silences(unit)]),
    }
    return [
        judge(kind, incidents, [alert for alert in alerts if alert.rule == rule], told)
        for kind, (rule, incidents) in kinds.items()
    ]


def line(found: Figures) -> str:
    """One line for people."""
    return (
        f"alerts per incident, {found.kind}: {found.per_incident:.2f} ({found.alerts} alerts, "
        f"{found.incidents} incidents, missed {len(found.missed)}, twice {len(found.doubled)}, "
        f"about nothing {len(found.false)}; first mails {found.mails})"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures; 1 when one is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--units", type=int, default=20)
    parser.add_argument("--weeks", type=int, default=26)
    args = parser.parse_args(argv)
    world = simulate(args.seed, args.units, args.weeks)
    begun = time.perf_counter()
    points = {unit.id: derive(unit, world).points for unit in world.units}
    derived = time.perf_counter()
    found = figures(world, points)
    for item in found:
        print(line(item))
        for word, moments in (
            ("missed", [(incident.unit, incident.start) for incident in item.missed]),
            ("twice", [(incident.unit, incident.start) for incident in item.doubled]),
            ("about nothing", [(f"{alert.asset} {alert.reason}", alert.since) for alert in item.false]),
        ):
            for what, moment in moments:
                print(f"  {word}: {what}, {japan_time(moment):%m-%d %H:%M}")
    print(f"derived in {derived - begun:.0f} s, clocked through the engine in {time.perf_counter() - derived:.0f} s")
    return 0 if all(item.good for item in found) else 1


if __name__ == "__main__":
    sys.exit(main())
