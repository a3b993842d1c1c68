"""Two implementations of each figure over simulated weeks: 0 differences."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from bench.figures import rounds
from bench.figures.world import CAPACITY, World, live

from sukusuku_api.queries.room_history import Gatherer
from sukusuku_server.kpi.queries import KpiQueries
from sukusuku_server.rooms.usage import by_day, joined
from tests.figures import second, second_units

FIRST, LAST = date(2026, 7, 6), date(2026, 7, 27)
"""Three weeks with a special day without and one with hours, a holiday, lunch breaks, silence and gaps."""
ONLY = ("tobu-room", "nanbu-room", "tobu-unit-1")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    found = live(tmp_path_factory.mktemp("months"), FIRST, LAST, 7, 600.0, ONLY)
    yield found
    found.close()


@pytest.mark.parametrize("room", [asset for asset in ONLY if asset in CAPACITY])
def test_every_day_of_a_room_is_the_same(world: World, room: str) -> None:
    files = second.Files(world.folder / "readings.db", world.folder / "operations.db")
    site, settings = world.index.rooms[room]
    gatherer = Gatherer(world.index, world.store, world.operations, world.end)
    days = joined(gatherer.room(site, settings, world.start, world.end).hours, by_day)
    seen = second.in_hindsight(files, room)
    visits = 0
    for day in (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days)):
        mine, own = days.get(day), second.room_day(files, seen, room, settings.capacity, day)
        if mine is None:
            assert own.open == 0
            continue
        got = (
            mine.open_ms,
            mine.known_ms,
            mine.used_ms,
            mine.under_ms,
            mine.over_ms,
            mine.uses,
            mine.visits,
            mine.peak,
        )
        assert got == (own.open, own.known, own.used, own.under, own.over, own.uses, own.visits, own.peak), day
        assert (mine.person_ms, mine.complete_ms) == pytest.approx((own.person, own.complete))
        visits += own.visits
    assert visits > 20, "or nothing was compared"


@pytest.mark.parametrize("unit", [asset for asset in ONLY if "unit" in asset])
def test_every_figure_of_a_unit_is_the_same(world: World, unit: str) -> None:
    files = second.Files(world.folder / "readings.db", world.folder / "operations.db")
    rounds.plan(world, unit)
    books = KpiQueries(world.index, world.store, world.operations, world.end)
    (kpi,) = (item for item in books.kpis(world.start, world.end)[1] if item.asset == unit)
    own = second_units.figures(files, unit, world.start, world.end)
    assert kpi.level is not None
    assert kpi.wait_hours is not None
    assert (kpi.known_hours, kpi.overflow_hours, kpi.open_hours, kpi.availability, kpi.kg) == pytest.approx(
        (own.known, own.over, own.open, own.availability, own.kg)
    )
    assert (kpi.level.mean, kpi.wait_hours.mean) == pytest.approx((own.level, own.wait))
    assert kpi.emptyings == own.emptyings > 0
    assert {kind.value: number for kind, number in kpi.visits.items() if number} == dict(+own.visits)
    assert rounds.otherwise(world, unit, books, files) == 0, "against the truth"
