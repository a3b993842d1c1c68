"""The accounts as series in the store: all of the past, what changes, and no more than that is written."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatch
from pathlib import Path

import msgspec
import pytest

from sukusuku_collector.maintenance import kpi_writer
from sukusuku_collector.maintenance.kpi_writer import AGAIN_MS, ANEW_MS, GAP_MS, SOON_MS, TOGETHER, KpiWriter
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, day_start
from sukusuku_server.db import Operations
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.kpi import series
from sukusuku_server.kpi.series import FIGURES
from sukusuku_server.model.collection import Emptying, Evidence
from sukusuku_server.model.rounds import Plan, Reason, Stop
from sukusuku_server.model.series import Point, SeriesOwner
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Facility, Site, Text
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.small_facility import facility
from tests.support import databases
from tests.support.stores import commit

HOUR = 3_600_000
TODAY = date(2026, 11, 18)
MIDNIGHT = day_start(TODAY)
DAYS = 56
SITE = "site/tobu"
JOINED = True


def at(day: int, hour: float) -> int:
    """So many days from today."""
    return MIDNIGHT + day * DAY_MS + round(hour * HOUR)


@dataclass
class Derived:
    """Derivation that says what the test wants."""

    current: bool = True
    changed: int | None = None
    asset: str = "unit-1"

    def revised(self) -> Mapping[str, int]:
        changed, self.changed = self.changed, None
        return {} if changed is None else {self.asset: changed}


class Recording(SqliteStore):
    """A store that remembers which stretches were written."""

    written: list[tuple[str, int, int]]

    def put_all_derived(self, after: int, until: int, points: Mapping[str, Sequence[Reading]]) -> None:
        self.written += [(asset, after, until) for asset in points]
        super().put_all_derived(after, until, points)


@dataclass
class World:
    """Eight weeks of one centre whose first unit is emptied every fourth day at 15 o'clock, and a bookkeeper."""

    store: Recording
    operations: Operations
    derived: Derived = field(default_factory=Derived)
    settings: Facility = field(default_factory=facility)
    now: int = at(0, 18)

    def __post_init__(self) -> None:
        self.store.written = []
        self.emptyings = Emptyings(self.operations)
        self.restart()

    def restart(self) -> None:
        self.keeper = KpiWriter(
            FacilitySchedules(self.settings), self.store, self.operations, self.derived, lambda: self.now
        )

    def live(self) -> None:
        commit(self.store, [Reading("unit-1", "Fill/Percent", at(-DAYS, 9), 10.0)], self.now)
        taken = [Emptying("unit-1", at(day, 15), 80.0, 48.0, (Evidence.LEVEL,), 0.9) for day in range(-DAYS, 1, 4)]
        self.emptyings.replace_detected("unit-1", at(-DAYS, 0), at(1, 0), taken)

    def plan(self) -> None:
        """Let a round have departed today."""
        stop = Stop("unit-1", "tobu", JOINED, Reason.FULL, 1, at(0, 15), None, 90.0, 95.0, 90.0, 1, 7.0)
        plan = Plan("main", TODAY, at(0, 9), at(0, 14), at(0, 16), "van", (stop,), 12.5, 47.0, "")
        Rounds(self.operations).put(plan)

    def look(self, later: int = 0) -> list[tuple[str, int, int]]:
        """What is written at a look that much later."""
        self.now += later
        self.store.written.clear()
        asyncio.run(self.keeper.look())
        return list(self.store.written)

    def read(self, metric: str, asset: str = SITE) -> dict[int, object]:
        return {point.time: point.value for point in self.store.derived(asset, metric, 0, 1 << 60)}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    store = Recording.open(databases.readings(tmp_path))
    operations = databases.operations(tmp_path)
    yield World(store, operations)
    operations.close()
    store.close()


def test_all_of_the_past_is_written_in_steps_once_it_is_derived(world: World) -> None:
    world.derived.current = False
    world.live()
    assert world.look() == []
    world.derived.current = True

    assert len(world.look()) == 9, "eight weeks and today, in steps of a week"

    days = [at(day, 0) for day in range(-DAYS, 1)]
    assert world.read(series.BAGS) == {day: float(number % 4 == 0) for number, day in enumerate(days)}
    assert world.read("Visits/Unplanned") == world.read(series.BAGS)
    assert world.read("Emptyings/unit-1/Level") == {at(day, 15): 80.0 for day in range(-DAYS, 1, 4)}
    assert world.read(series.ON_TIME) == {}, "nothing was planned"


def test_every_series_is_in_the_table_of_figures(world: World) -> None:
    world.live()
    world.plan()
    heard = [Reading("unit-1", "Fill/Percent", at(0, hour), 99.0) for hour in (12, 13)]
    commit(world.store, heard, world.now)
    world.store.put_derived("unit-1", at(-1, 0), at(0, 12), [Reading("unit-1", "Fill/Estimate", at(0, 12), 103.0)])
    world.look()

    latest = world.store.derived_latest()

    for subject, name in ((SeriesOwner.SITE, SITE), (SeriesOwner.ROUND, "round/main")):
        wanted = {figure.name for figure in series.of(subject)}
        found = {next(it for it in wanted if fnmatch(metric, it)) for metric in latest[name]}
        assert found == wanted
    assert latest[SITE][series.ON_TIME].value == 100.0
    assert latest[SITE][series.OVER_FULL].value == 2.0
    assert latest["round/main"][series.KILOMETRES].time == at(0, 14)
    assert len({(figure.of, figure.name) for figure in FIGURES}) == len(FIGURES)


@pytest.mark.parametrize("leads", [True, False])
def test_rounds_of_a_divided_operator_are_written_by_the_shard_that_leads(world: World, *, leads: bool) -> None:
    """It may have no readings of its own: they began where the others say."""
    world.plan()
    index = FacilitySchedules(world.settings)
    args = index, world.store, world.operations, world.derived, lambda: world.now
    world.keeper = KpiWriter(*args, lambda: at(0, 8), leads=leads)
    assert ("round/main" in {name for name, _, _ in world.look()}) is leads


def test_what_is_there_already_is_not_written_again(world: World) -> None:
    world.live()
    world.look()
    assert world.look(SOON_MS) == world.look(AGAIN_MS) == []
    world.restart()
    assert world.look(SOON_MS) == []


def test_an_emptying_of_today_is_seen_soon(world: World) -> None:
    world.live()
    world.look()
    world.emptyings.enter("unit-2", at(0, 17), "staff", world.now, percent=60.0, nappies=36.0)
    assert world.look(SOON_MS - 1) == []
    assert world.look(1) == [(SITE, at(0, 0) - 1, at(0, 17))]
    assert world.read(series.BAGS)[at(0, 0)] == 2.0


def test_what_changes_in_the_last_week_is_seen_within_the_hour(world: World) -> None:
    world.live()
    world.look()
    (last,) = world.emptyings.of("unit-1", at(-4, 0), at(-3, 0))
    world.emptyings.correct(last.id, "staff", world.now, time=at(-5, 12), percent=70.0)
    assert world.look(SOON_MS) == []

    assert world.look(AGAIN_MS) == [(SITE, at(-5, 0) - 1, at(-4, 15))]

    assert (world.read(series.BAGS)[at(-5, 0)], world.read(series.BAGS)[at(-4, 0)]) == (1.0, 0.0)
    assert world.read("Emptyings/unit-1/Level").get(at(-4, 15)) is None
    assert world.read("Emptyings/unit-1/Level")[at(-5, 12)] == 70.0


def test_a_visit_that_changes_in_the_last_week_is_seen_at_the_second_sweep_too(world: World) -> None:
    world.live()
    for later in (0, SOON_MS, AGAIN_MS):
        world.look(later)
    (last,) = world.emptyings.of("unit-1", at(-4, 0), at(-3, 0))
    world.emptyings.correct(last.id, "staff", world.now, time=at(-5, 12), percent=70.0)
    for _ in range(AGAIN_MS // SOON_MS - 1):
        assert world.look(SOON_MS) == []
    assert world.look(SOON_MS) == [(SITE, at(-5, 0) - 1, at(-4, 15))]


def test_nothing_is_asked_of_a_centre_of_which_nothing_has_changed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.live()
    for later in (0, SOON_MS):
        world.look(later)
    asked = list[str]()
    derived = world.store.derived

    def counted(asset: str, metric: str, start: int, end: int) -> list[Point]:
        asked.append(asset)
        return derived(asset, metric, start, end)

    monkeypatch.setattr(world.store, "derived", counted)
    for _ in range(5):
        world.look(SOON_MS)
    assert asked == []

    world.look(GAP_MS + 1)
    assert asked != [], "after a gap nobody knows what has changed"


def test_how_long_a_bag_was_over_full_is_written_while_it_is_and_when_it_ends(world: World) -> None:
    world.live()
    world.now = at(0, 12)
    assert world.look() != []
    hours = []
    for step, percent in enumerate((50.0, 103.0, 103.0, 90.0, 90.0)):
        time = at(0, 12 + step / 2)
        commit(world.store, [Reading("unit-1", "Fill/Percent", time, percent)], time)
        points = [Reading("unit-1", "Fill/Estimate", time, percent)]
        world.store.put_derived("unit-1", time - 1, time, points)
        for _ in range(6):  # nothing may be late by a look
            world.look(SOON_MS)
        hours.append(world.read(series.OVER_FULL)[at(0, 0)])
    assert hours == [0.0, 0.5, 1.0, 1.0, 1.0]


def test_only_the_centre_of_what_was_derived_anew_is_accounted_for_anew(world: World) -> None:
    world.live()
    for later in (0, SOON_MS):
        world.look(later)
    for asset, written in (("unit-1", True), ("room", False)):
        world.store.put_derived(SITE, at(-3, 0) - 1, at(-3, 0), [])
        world.derived.asset, world.derived.changed = asset, at(-3, 12)
        assert bool(world.look(ANEW_MS)) == written


def test_the_accounts_of_many_centres_are_few_transactions(tmp_path: Path) -> None:
    many = [Site(id=f"site-{n}", name=Text(ja="名", en="name")) for n in range(2 * TOGETHER)]
    store, operations = Recording.open(databases.readings(tmp_path)), databases.operations(tmp_path)
    world = World(store, operations, settings=msgspec.structs.replace(facility(), site=(*facility().site, *many)))
    world.live()
    commits = []
    put = store.put_all_derived

    def counted(after: int, until: int, points: Mapping[str, Sequence[Reading]]) -> None:
        commits.append(len(points))
        put(after, until, points)

    store.put_all_derived = counted  # type: ignore[method-assign]
    world.look()
    assert len(commits) < 40, "of 101 centres in nine steps"
    assert max(commits) <= TOGETHER
    operations.close()
    store.close()


def test_it_ends_between_centres(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.live()
    monkeypatch.setattr(kpi_writer, "TOGETHER", 1)
    begun = list[str]()

    async def stopped() -> None:
        look = asyncio.create_task(world.keeper.look())

        def put(after: int, until: int, points: Mapping[str, Sequence[Reading]]) -> None:
            begun.extend(points)
            asyncio.run_coroutine_threadsafe(cancelled(), loop).result()

        async def cancelled() -> None:
            look.cancel()
            await asyncio.sleep(0)

        loop = asyncio.get_running_loop()
        monkeypatch.setattr(world.store, "put_all_derived", put)
        with pytest.raises(asyncio.CancelledError):
            await look

    asyncio.run(stopped())
    assert len(begun) == 1


def test_what_was_derived_anew_long_ago_is_written_anew(world: World) -> None:
    world.live()
    world.look()
    (first,) = world.emptyings.of("unit-1", at(-DAYS, 0), at(-DAYS + 1, 0))
    world.emptyings.reject(first.id, "staff", world.now)
    assert world.look(AGAIN_MS) == []

    world.derived.changed = at(-DAYS, 15)
    assert world.look(ANEW_MS - 1) == []
    assert world.look(1) != []

    assert world.read(series.BAGS)[at(-DAYS, 0)] == 0.0
    assert at(-DAYS, 15) not in world.read("Emptyings/unit-1/Level")


def test_after_trouble_it_goes_on_where_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.live()
    write, begun = world.keeper.write, list[int]()

    def fails_once(start: int, end: int, now: int) -> None:
        begun.append(start)
        if len(begun) == 2:
            raise TransientError("no")
        write(start, end, now)

    monkeypatch.setattr(world.keeper, "write", fails_once)
    with pytest.raises(TransientError):
        world.look()
    world.look()
    assert min(begun[2:]) > begun[0]
    assert len(world.read(series.BAGS)) == DAYS + 1


def test_without_readings_there_are_no_accounts_until_there_are_some(world: World) -> None:
    assert world.look() == []
    world.live()
    assert world.look() != []
