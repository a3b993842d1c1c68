"""Two implementations of each figure over simulated weeks: 0 differences."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from bench.figures import rounds
from bench.figures.world import CAPACITY, World
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_api.queries.room_history import Gatherer
from sukusuku_core.model import Quality
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.kpi.queries import KpiQueries
from sukusuku_server.model.collection import Correction, CorrectionKind
from sukusuku_server.model.series import Point
from sukusuku_server.rooms.retrospective import of_channel, seen_after
from sukusuku_server.rooms.usage import by_day, joined
from tests.figures import second, second_units
from tests.figures.conftest import FIRST, LAST, ONLY


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


@dataclass
class Told(second.Files):
    """Points and corrections that were never stored."""

    points: tuple[Point, ...] = ()
    told: tuple[Correction, ...] = ()

    def series(self, asset: str, metric: str) -> list[tuple[int, float]]:
        return [(point.time, float(point.value or 0)) for point in self.points]

    def corrections(self, room: str) -> list[tuple[int, str, str, int | None, int | None]]:
        return [(c.time, c.kind.value, c.channel, c.before, c.after) for c in self.told]


@settings(max_examples=150)
@given(st.randoms(use_true_random=False))
def test_hindsight_is_the_same(rng: Random) -> None:
    midnight = second.midnight(FIRST)
    minutes = sorted(rng.sample(range(8 * 60, 44 * 60), rng.randint(1, 30)))
    points = [Point(midnight + minute * MINUTE_MS, float(rng.randint(0, 6)), Quality.GOOD) for minute in minutes]
    kinds = list(CorrectionKind)
    told = sorted(
        (
            Correction(
                "room",
                midnight + rng.choice((28 * 60, *minutes)) * MINUTE_MS - rng.choice((0, 20_000)),
                rng.choice(kinds),
                "children",
                rng.choice((None, -1, 0, 1, 2, 3)),
                rng.choice((0, 0, 1, 4)),
            )
            for _ in range(rng.randint(0, 8))
        ),
        key=lambda item: item.time,
    )
    mine = [(point.time, point.value) for point in seen_after(points, of_channel(told, "children"))]
    files = Told(Path("none"), Path("none"), points=tuple(points), told=tuple(told))
    assert mine == second.in_hindsight(files, "room")


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
