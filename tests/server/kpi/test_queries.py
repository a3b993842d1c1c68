"""Accounts of a whole time are the sum of its parts, and know who was there."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, HOUR_MS, day_start
from sukusuku_server.db import Operations
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.kpi.queries import KpiQueries
from sukusuku_server.model.collection import Emptying, Evidence
from sukusuku_server.model.rounds import VisitKind
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.alerts.alert_cases import UNIT, facility
from tests.server.rounds.plan_cases import plan, stop
from tests.support import databases
from tests.support.stores import commit

FIRST = day_start(date(2026, 7, 1))
DAYS = 62
NOW = FIRST + 90 * DAY_MS


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = databases.store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def operations(tmp_path: Path) -> Operations:
    return databases.operations(tmp_path)


def visited(operations: Operations, day: int, hour: int = 13) -> None:
    """A round of four hours with a stop at the unit."""
    departs = FIRST + day * DAY_MS + hour * HOUR_MS
    date_ = date(2026, 7, 1) + timedelta(days=day)
    run = replace(
        plan(replace(stop(UNIT), arrives=departs + HOUR_MS, deadline=None)),
        date=date_,
        planned=departs - 5 * HOUR_MS,
        departs=departs,
    )
    Rounds(operations).put(replace(run, returns=departs + 4 * HOUR_MS))


def emptied(operations: Operations, time: int) -> None:
    found = Emptying(UNIT, time, 90.0, 200.0, (Evidence.LEVEL,), 0.9)
    Emptyings(operations).replace_detected(UNIT, time - 1, time, [found])


def queries(store: SqliteStore, operations: Operations) -> KpiQueries:
    return KpiQueries(FacilitySchedules(facility()), store, operations, NOW)


def kinds(books: KpiQueries, start: int, end: int) -> Counter[VisitKind]:
    return Counter(visit.kind for visit in books.visits(start, end) if visit.asset == UNIT)


def test_a_missed_visit_does_not_vanish_at_the_end_of_a_month(store: SqliteStore, operations: Operations) -> None:
    """Not served on 31 July; the stop of 1 August is."""
    visited(operations, 30)
    visited(operations, 31)
    emptied(operations, FIRST + 31 * DAY_MS + 14 * HOUR_MS)
    books, august = queries(store, operations), FIRST + 31 * DAY_MS
    assert kinds(books, FIRST, august) == {VisitKind.MISSED: 1}
    assert kinds(books, august, FIRST + DAYS * DAY_MS) == {VisitKind.EMPTIED: 1}


@pytest.mark.parametrize("seed", range(4))
def test_visits_of_parts_are_those_of_the_whole(store: SqliteStore, operations: Operations, seed: int) -> None:
    chance = random.Random(seed)
    for day in range(DAYS):
        if chance.random() < 0.8:
            visited(operations, day)
    for time in sorted(chance.randrange(FIRST, FIRST + DAYS * DAY_MS) for _ in range(45)):
        emptied(operations, time)
    books, end = queries(store, operations), FIRST + (DAYS + 10) * DAY_MS
    whole = kinds(books, FIRST, end)
    for length in (1, 7, 31):
        cuts = [*range(FIRST, end, length * DAY_MS), end]
        parts = sum((kinds(books, one, other) for one, other in pairwise(cuts)), Counter())
        assert parts == whole, f"in parts of {length} days"


def test_the_days_of_a_centre_count_from_the_one_on_which_it_was_first_heard(
    store: SqliteStore, operations: Operations
) -> None:
    """Heard from 15 July on: 17 of the 31 days, and none of June."""
    commit(store, [Reading(UNIT, "Fill/Percent", FIRST + (14 * 24 + 10) * HOUR_MS, 40.0)], NOW)
    for day in (20, 25, 29):
        emptied(operations, FIRST + day * DAY_MS + 12 * HOUR_MS)
    books = queries(store, operations)
    (july,) = books.weights(FIRST, FIRST + 31 * DAY_MS)
    kg = facility().site[0].unit[0].collection.kg_per_nappy * 200.0
    assert july.mean_kg == pytest.approx(3 * kg / 17)
    assert july.most_kg == pytest.approx(kg)
    (june,) = books.weights(FIRST - 30 * DAY_MS, FIRST)
    assert (june.mean_kg, june.most_kg) == (0.0, 0.0)


def test_a_month_of_silence_is_no_availability_and_nobody_was_there_before_being_heard(
    store: SqliteStore, operations: Operations
) -> None:
    store.series(UNIT, "Fill/Percent", DataType.DOUBLE)
    heard = [FIRST + n * HOUR_MS for n in range(24 * 5)]
    commit(store, [Reading(UNIT, "Fill/Percent", time, 40.0) for time in heard], NOW)
    books = queries(store, operations)

    def of_the_unit(start: int, end: int) -> tuple[float, float | None]:
        everybody, units = books.kpis(start, end)
        (kpi,) = [item for item in units if item.asset == UNIT]
        assert everybody.availability == kpi.availability, "the others were never there"
        return kpi.open_hours, kpi.availability

    month = 31 * DAY_MS
    assert of_the_unit(FIRST - month, FIRST) == (0.0, None)
    opened, share = of_the_unit(FIRST, FIRST + month)
    assert share is not None
    assert 0 < share < 1
    silent_hours, silent = of_the_unit(FIRST + 40 * DAY_MS, FIRST + 40 * DAY_MS + month)
    assert silent == 0.0
    assert silent_hours > opened / 2
