"""The demo's past: rounds that the product planned, driven on the simulated units; and what its figures are worth.

The product compares what happened with fixed rounds by replaying the nappies that it has seen. Here the same units are
simulated once more with a crew that really goes on fixed days, and the simulator says what came of that.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest

from sukusuku_core.model import Reading, UnitState
from sukusuku_core.time import DAY_MS, HOUR_MS, day_start, local_day
from sukusuku_demo import files
from sukusuku_demo.planned_past import PlannedPast
from sukusuku_demo.service import declared
from sukusuku_demo.settings import Ports
from sukusuku_edge.settings import read as read_edge
from sukusuku_server.db import Operations
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.kpi.fixed_rounds import Comparison
from sukusuku_server.kpi.queries import KpiQueries
from sukusuku_server.model.rounds import Answer, VisitKind
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Facility, read
from sukusuku_server.timeseries.sqlite import SqliteStore
from sukusuku_server.units.derivation import UnitDerivation
from sukusuku_sim import history, scenario
from sukusuku_sim.scenario import Scenario
from tests.support.stores import commit

NOW = datetime(2026, 12, 1, 20, 0, tzinfo=UTC)  # 5:00 in Japan: the centres' day is moved
END = round(NOW.timestamp() * 1000)
WEEKS = 5
BEGIN = END - WEEKS * 7 * DAY_MS
PER_WEEK = 3


@dataclass(frozen=True)
class Lived:
    """The past, what the product makes of it, and the scenario that made it."""

    facility: Facility
    plan: Scenario
    ahead: int
    past: PlannedPast
    readings: list[Reading]
    operations: Operations
    books: KpiQueries


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder = tmp_path_factory.mktemp("past")
    files.write(folder, Ports(), NOW)
    facility = read(folder / "facility.toml")
    edges = [read_edge(folder / f"edge-{site}.toml") for site in files.SITES]
    metrics = {asset: found for edge in edges for asset, found in declared(edge).items()}
    plan = msgspec.structs.replace(scenario.load(folder / "scenario.toml"), room=())
    ahead = files.hours_ahead(NOW) * HOUR_MS
    operations = Operations(f"sqlite:///{folder / 'operations.db'}")
    past = PlannedPast(facility, plan, metrics, operations, BEGIN, END, ahead)
    readings = sorted(past.live(), key=lambda reading: reading.time)
    index = FacilitySchedules(facility)
    store = SqliteStore.open(folder / "readings.db")
    commit(store, readings, END)
    for ident, (_, unit) in index.units.items():
        derivation = UnitDerivation(ident, unit.collection, index.hours[ident])
        own = [reading for reading in readings if reading.asset == ident]
        found = derivation.advance(derivation.start(BEGIN), own, (), END)
        store.put_derived(ident, 0, END, found.points)
        Emptyings(operations).replace_detected(ident, 0, END, found.emptyings)
    yield Lived(facility, plan, ahead, past, readings, operations, KpiQueries(index, store, operations, END))
    store.close()
    operations.close()


def test_every_day_but_sunday_a_round_was_planned_driven_and_answered(lived: Lived) -> None:
    rounds = Rounds(lived.operations)
    runs = rounds.with_stops(rounds.runs(BEGIN, END))
    joined = [record for _, records in runs for record in records if record.stop.joined]

    assert {run.plan.date.isoweekday() for run, _ in runs} == {1, 2, 3, 4, 5, 6}
    assert len(runs) >= 6 * WEEKS - 2
    assert all(run.closed is not None for run, _ in runs)
    assert all(run.accepted is not None for run, records in runs if any(record.stop.joined for record in records))
    assert {record.answer for record in joined} == {Answer.DONE}


def test_what_the_crew_did_is_seen_in_the_readings(lived: Lived) -> None:
    kinds = [visit.kind for visit in lived.books.visits(BEGIN, END)]

    assert kinds.count(VisitKind.EMPTIED) > 0.6 * len(kinds)
    assert {VisitKind.MISSED, VisitKind.UNSEEN, VisitKind.CANNOT} & set(kinds) == set()


def test_fixed_rounds_come_to_what_the_simulator_says_when_it_is_driven_so(lived: Lived) -> None:
    said = compared(lived, PER_WEEK).fixed
    levels, full_hours = driven(lived)

    assert len(levels) == said.visits
    assert said.level is not None
    assert said.level.mean == pytest.approx(sum(levels) / len(levels), abs=7)
    assert full_hours > 0
    assert full_hours / 3 < said.overflow_hours < full_hours * 3, "a few weekends of one busy unit"


def test_planning_saves_visits_without_letting_bags_overflow(lived: Lived) -> None:
    often = next(
        found for n in range(1, 8) if (found := compared(lived, n)).fixed.overflow_hours <= found.actual.overflow_hours
    )

    assert often.per_week > PER_WEEK
    assert often.actual.visits < often.fixed.visits
    assert often.actual.needless < often.fixed.needless
    assert often.actual.km < often.fixed.km


def test_the_simulation_goes_on_where_the_past_has_ended(lived: Lived) -> None:
    standing = lived.past.standing()
    told = {(it.asset, it.metric): it for it in lived.readings}

    assert standing.ms == END + lived.ahead
    for unit in lived.plan.unit:
        now = standing.units[unit.id]
        assert told[unit.id, "Cycles/Total"].value == now.cycles
        assert told[unit.id, "Fill/Percent"].value == pytest.approx(now.fill(lived.plan.unit_parameters(unit)), abs=3)
    first = lived.plan.unit[0]
    assert standing.units[first.id].fill(lived.plan.unit_parameters(first)) == pytest.approx(79, abs=0.1)


def compared(lived: Lived, per_week: int) -> Comparison:
    """The product's comparison."""
    found = lived.books.compare(per_week, BEGIN, END)
    assert found is not None
    return found.comparison


def driven(lived: Lived) -> tuple[list[float], float]:
    """A crew goes to all units on Monday, Wednesday and Friday: the levels it finds, and open hours with full bags.

    Nobody else changes a bag.
    """
    (round_,) = lived.facility.round
    departs = [int(part) for part in round_.departs.split(":")]
    levels, full_ms = [], 0
    for settings in lived.plan.unit:
        lonely = msgspec.structs.replace(settings, empty_delay=1e9)
        parameters = lived.plan.unit_parameters(lonely)
        seen: list[tuple[int, bool]] = []

        def watch(_: str, time: int, unit: object, seen: list[tuple[int, bool]] = seen) -> None:
            seen.append((time, getattr(unit, "phase", None) is UnitState.BAG_FULL))

        past = history.UnitPast(lived.plan, lonely, BEGIN + lived.ahead, 300, watch)
        for day in (local_day(BEGIN) + timedelta(days=n) for n in range(7 * WEEKS + 1)):
            time = day_start(day) + (departs[0] * 60 + departs[1]) * 60_000
            if day.weekday() in {0, 2, 4} and BEGIN <= time < END:
                past.advance(time + lived.ahead)
                levels.append(past.unit.fill(parameters))
                past.empty()
        past.advance(END + lived.ahead)
        full_ms += sum(
            then - time for (time, full), (then, _) in pairwise(seen) if full and parameters.hours.is_open(time)
        )
    return levels, full_ms / HOUR_MS
