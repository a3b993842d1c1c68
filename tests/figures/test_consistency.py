"""One course of time has one set of figures: however it is cut, in whatever order it came, and after pruning."""

import random
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from bench.figures import rounds
from bench.figures.world import World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sukusuku_collector.maintenance.room_retention import Thinning
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.rooms import RoomRecords
from sukusuku_server.model.collection import Calibration
from sukusuku_server.rooms.schedule import FacilitySchedules
from tests.figures.conftest import ONLY
from tests.figures.everything import Copy, copied, opened, summed
from tests.support.stores import commit

UNIT, ROOM = "tobu-unit-1", "tobu-room"


@pytest.fixture(scope="module")
def whole(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """The weeks with rounds, and with a fault that begins before a midnight and ends after the next opening."""
    found = copied(world, tmp_path_factory.mktemp("whole"))
    rounds.plan_in(found.operations, UNIT, found.start, found.end, "consistency")
    night = found.start + 2 * DAY_MS + 17 * HOUR_MS
    told = [(night + n * HOUR_MS + 1_000, 2 if n < 18 else 0) for n in range(19)]
    commit(found.store, [Reading(UNIT, "Fault/Code", time, code) for time, code in told], found.now)
    found.derive()
    yield found
    found.close()


@given(cuts=st.sets(st.integers(1, 20), max_size=4))
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pieces_add_up_however_time_is_cut(whole: Copy, cuts: set[int]) -> None:
    edges = [whole.start, *(whole.start + day * DAY_MS for day in sorted(cuts)), whole.end]
    together = whole.kpis(whole.start, whole.end)
    parts = [whole.kpis(one, other) for one, other in pairwise(edges)]
    for asset, figures in together.items():
        assert summed([part[asset] for part in parts if asset in part]) == pytest.approx(figures), asset
    for room in (ROOM, "nanbu-room"):
        pieces = [whole.room(room, one, other) for one, other in pairwise(edges)]
        assert summed(pieces) == pytest.approx(whole.room(room, whole.start, whole.end)), room


def test_days_of_series_add_up_to_the_figures_of_the_whole(whole: Copy) -> None:
    series, figures = whole.series(), whole.kpis(whole.start, whole.end)[UNIT]

    def total(metric: str) -> float:
        return sum(float(str(value)) for _, value in series[f"site/tobu {metric}"])

    assert total("Emptied/Bags") == figures["emptyings"] > 0
    assert total("Emptied/Kilograms") == pytest.approx(figures["kg"])
    assert total("OverFull/Hours") == pytest.approx(figures["over"])
    for kind in ("Emptied", "Late", "Missed", "Needless", "Cannot", "Unseen", "Unplanned"):
        assert total(f"Visits/{kind}") == figures[kind.lower()]


def test_the_order_of_arrival_and_restarts_make_no_difference(world: World, whole: Copy, tmp_path: Path) -> None:
    """What is told of the first days comes in any order, and whatever derives it is started again in between."""
    end, chance = whole.start + 4 * DAY_MS, random.Random(3)
    stretches = [(asset, start) for asset in ONLY for start in range(whole.start, end, 6 * HOUR_MS)]
    results = []
    for number, order in enumerate((stretches, chance.sample(stretches, len(stretches)))):
        folder = tmp_path / str(number)
        folder.mkdir()
        found = opened(world, folder)
        found.end = end
        for n, (asset, start) in enumerate(order):
            commit(found.store, whole.store.scan([asset], start, start + 6 * HOUR_MS), found.now)
            if n % (9 if number else len(order)) == 0:
                found.derive()
        found.derive()
        results.append(found.everything())
        found.close()
    assert results[0] == results[1]
    assert any(b"tobu-room" in str(value).encode() for value in results[0].values()), "or nothing was compared"


def test_a_word_that_changes_nothing_changes_no_figure(whole: Copy, world: World, tmp_path: Path) -> None:
    """An emptying is confirmed, a count is entered and withdrawn."""
    found = copied(world, tmp_path, whole)
    before = found.everything()
    book, records = Emptyings(found.operations), RoomRecords(found.operations)
    emptying = book.of(UNIT, found.start, found.end)[3]
    book.confirm(emptying.id, "佐藤", found.now)
    said = records.enter(Calibration(ROOM, found.start + 3 * DAY_MS + 10 * HOUR_MS, 9, None, "佐藤", ""), found.now)
    found.derive()
    assert found.everything() != before, "a count that is not what the sensors say"
    records.withdraw(ROOM, said.id, "佐藤", found.now)
    found.derive()
    after = found.everything()
    found.close()
    assert [name for name in before if not _same(before[name], after[name])] == []


def test_the_last_word_about_a_moment_holds_as_if_it_had_been_the_first(world: World, tmp_path: Path) -> None:
    """Somebody types 47 for 7, and then 7 for the same minute: nothing is left of the 47."""
    found = copied(world, tmp_path)
    records, moment = RoomRecords(found.operations), found.start + 17 * DAY_MS + 10 * HOUR_MS

    def typed(children: int) -> int:
        return records.enter(Calibration(ROOM, moment, children, None, "佐藤", ""), found.now).id

    def told() -> tuple[object, object]:
        found.derive()
        return found.room(ROOM, found.start, found.end), found.report()

    wrong, right = typed(47), typed(7)
    after_the_typo = told()
    records.withdraw(ROOM, wrong, "佐藤", found.now)
    assert told() == after_the_typo
    records.withdraw(ROOM, right, "佐藤", found.now)
    without = told()
    typed(7)
    assert told() == after_the_typo != without
    found.close()


def _same(one: object, other: object) -> bool:
    """Whether two figures are the same to far more digits than are told: a confirmed emptying teaches the estimate."""
    numbers = r"-?\d+\.\d+(?:e-?\d+)?"
    mine, theirs = ([float(found) for found in re.findall(numbers, str(figure))] for figure in (one, other))
    words = [re.sub(numbers, "", str(figure)) for figure in (one, other)]
    return words[0] == words[1] and mine == pytest.approx(theirs, rel=1e-4, abs=1e-4)


def test_old_months_stay_when_raw_readings_are_pruned_and_rooms_thinned_out(
    whole: Copy, world: World, tmp_path: Path
) -> None:
    found = copied(world, tmp_path, whole)
    before, later = found.everything(), found.end + 40 * DAY_MS
    availability = found.kpis(found.start, found.end)[UNIT]
    assert availability["good"] < availability["open"] - 3, "there was a fault, and silence"

    stores = replace(world.facility, store=replace(world.facility.store, keep_occupancy_days=31))
    thinning = Thinning(
        FacilitySchedules(stores), found.store, RoomRecords(found.operations), lambda: True, lambda: later + 31 * DAY_MS
    )
    while thinning.step():
        pass
    while found.store.prune(later, 10_000):
        pass
    assert found.store.scan(ONLY, 0, later), "the fault codes"
    assert {item.metric for item in found.store.scan(ONLY, 0, later)} == {"Fault/Code"}
    assert found.everything() == before

    # readings come years too late, and somebody corrects an old record: there is nothing left to derive anew
    commit(found.store, [Reading(UNIT, "Fill/Percent", found.start + 5 * DAY_MS + 7, 50.0)], later)
    commit(found.store, [Reading(ROOM, "Entries/Total", found.start + 5 * DAY_MS + 7, 9)], later)
    book = Emptyings(found.operations)
    book.confirm(book.of(UNIT, found.start, found.end)[3].id, "佐藤", later)
    found.derive()
    after = found.everything()
    found.close()
    assert after == before
