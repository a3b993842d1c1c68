import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.modes import ModeKind, Modes
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.db.visit_requests import Requests
from sukusuku_server.model.rounds import FAILING, Answer, Plan, Reason
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.next_visit import next_visits
from sukusuku_server.rounds.planner import Planner, waited
from sukusuku_server.rounds.timetable import timetables
from sukusuku_server.rounds.travel_matrix import Matrix, Spot, estimated
from sukusuku_server.settings import Facility, Routing
from tests.server.rounds.plan_cases import DAY, HOUR, MINUTE, MORNING
from tests.server.rounds.three_centres import derive, town
from tests.support.databases import both

THURSDAYS = """[[round]]
id = "south"
name = {ja = "南回り", en = "South round"}
vehicle = "truck"
days = ["thu"]

"""
SITE = '[[site]]\nid = "tobu"'


class Ward:
    """A town with its store and its operations data."""

    def __init__(self, folder: Path) -> None:
        self.store, self.operations = both(folder)

    def plan(self, facility: Facility | None = None, round_id: str = "north", now: int = MORNING) -> Plan:
        settings = facility or town()
        planner = Planner(FacilitySchedules(settings), timetables(settings), self.store, self.operations)
        return planner.plan(round_id, DAY, now)

    def reasons(self, facility: Facility | None = None, round_id: str = "north") -> dict[str, Reason]:
        return {stop.asset: stop.reason for stop in self.plan(facility, round_id).stops}


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    made = Ward(tmp_path)
    yield made
    made.store.close()
    made.operations.close()


def test_a_round_is_planned_from_what_is_known(ward: Ward) -> None:
    derive(ward.store, "tobu-unit-1", percent=85.0, hours=10)
    derive(ward.store, "tobu-unit-2", percent=20.0, hours=200)

    found = ward.plan()

    assert {stop.asset: stop.reason for stop in found.stops} == {
        "tobu-unit-1": Reason.FULL,
        "tobu-unit-2": Reason.ENOUGH_ROOM,
        "seibu-unit-1": Reason.SILENT,
        "nanbu-unit-1": Reason.NO_PLACE,
    }
    assert [stop.site for stop in found.joined] in (["tobu", "seibu"], ["seibu", "tobu"])
    assert found.vehicle == "truck"
    assert found.km > 5


def test_a_plan_that_stands_asks_no_server_for_ways(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    for unit in ("tobu-unit-1", "tobu-unit-2", "seibu-unit-1", "nanbu-unit-1"):
        derive(ward.store, unit, percent=85.0, hours=10)
    asked: list[int] = []

    def ways(spots: Sequence[Spot], routing: Routing) -> Matrix:
        asked.append(len(spots))
        return estimated(spots, routing)

    monkeypatch.setattr("sukusuku_server.rounds.planner.measured", ways)
    found = ward.plan()
    planner = Planner(FacilitySchedules(town()), timetables(town()), ward.store, ward.operations)

    assert planner.revised(found, (), MORNING + MINUTE) is None
    assert len(asked) == 1
    Emptyings(ward.operations).enter("tobu-unit-1", MORNING, "園長", MORNING, percent=85.0, nappies=50.0)
    derive(ward.store, "tobu-unit-1", percent=2.0, hours=200, now=MORNING + MINUTE)
    assert planner.revised(found, (), MORNING + MINUTE) is not None
    assert len(asked) == 2


def test_a_request_stands_until_the_unit_is_emptied(ward: Ward) -> None:
    derive(ward.store, "tobu-unit-1", percent=20.0, hours=200)
    Requests(ward.operations).ask("tobu-unit-1", "園長", MORNING - 5 * HOUR)
    assert ward.reasons()["tobu-unit-1"] is Reason.ASKED

    emptied = MORNING - 4 * HOUR
    Emptyings(ward.operations).enter("tobu-unit-1", emptied, "鈴木", MORNING, percent=80.0, nappies=48.0)
    assert ward.reasons()["tobu-unit-1"] is Reason.JUST_EMPTIED


def test_a_unit_with_a_fault_is_not_trusted(ward: Ward) -> None:
    derive(ward.store, "tobu-unit-1", percent=40.0, hours=200, fault=1)

    assert ward.reasons()["tobu-unit-1"] is Reason.FAULT_FULL


def test_a_round_serves_its_sites(ward: Ward) -> None:
    found = ward.plan(town(('days = ["mon", "wed", "fri"]', 'sites = ["seibu"]')))

    assert [stop.asset for stop in found.stops] == ["seibu-unit-1"]


def test_a_unit_may_wait_for_another_round_that_comes_sooner(ward: Ward) -> None:
    derive(ward.store, "tobu-unit-1", percent=20.0, hours=40)  # full on Friday at 0:20
    assert ward.reasons()["tobu-unit-1"] is Reason.BEFORE_NEXT

    assert ward.reasons(town((SITE, THURSDAYS + SITE)))["tobu-unit-1"] is Reason.ENOUGH_ROOM


def test_a_round_that_comes_while_the_centre_is_closed_does_not_count(ward: Ward) -> None:
    derive(
        ward.store, "tobu-unit-1", percent=20.0, hours=80
    )  # full on Saturday at 16:20; the next rounds: Friday, Monday
    assert ward.reasons()["tobu-unit-1"] is Reason.ENOUGH_ROOM

    closed = 'en = "Tobu"}\nopening = {fri = ["09:00-12:00"]}'
    assert ward.reasons(town(('en = "Tobu"}', closed)))["tobu-unit-1"] is Reason.BEFORE_NEXT


MORNING_ROUND = """[[round]]
id = "early"
name = {ja = "朝回り", en = "Early round"}
vehicle = "truck"
days = ["wed"]
mail_at = "08:00"
answer_by = "09:00"
departs = "09:30"
returns = "11:30"

"""


def test_the_next_round_may_be_one_of_the_same_day(ward: Ward) -> None:
    derive(ward.store, "tobu-unit-1", percent=10.0, hours=30)  # full tomorrow at 14:20, after this afternoon's round
    two_a_day = town((SITE, MORNING_ROUND + SITE))

    assert ward.reasons(two_a_day, "early")["tobu-unit-1"] is Reason.ENOUGH_ROOM
    assert ward.reasons(two_a_day)["tobu-unit-1"] is Reason.BEFORE_NEXT


def test_a_stop_of_one_round_is_none_of_another_that_departs_later(ward: Ward) -> None:
    derive(ward.store, "tobu-unit-1", percent=95.0, hours=3)
    two_a_day = town((SITE, MORNING_ROUND + SITE))
    rounds = Rounds(ward.operations)
    run = rounds.put(ward.plan(two_a_day, "early"))

    assert ward.reasons(two_a_day)["tobu-unit-1"] is Reason.OTHER_ROUND
    [stop] = [record for record in rounds.stops(run.id) if record.stop.asset == "tobu-unit-1"]
    rounds.answer(stop.id, Answer.CANNOT, "鈴木", MORNING)
    assert ward.reasons(two_a_day)["tobu-unit-1"] is Reason.ASKED


def test_a_next_round_that_is_too_short_for_the_work_does_not_count(ward: Ward) -> None:
    derive(ward.store, "tobu-unit-1", percent=20.0, hours=80)  # full on Saturday; the next rounds: Friday, Monday

    short = 'en = "Tobu"}\nopening = {fri = ["09:00-13:05"]}'
    assert ward.reasons(town(('en = "Tobu"}', short)))["tobu-unit-1"] is Reason.BEFORE_NEXT
    enough = 'en = "Tobu"}\nopening = {fri = ["09:00-13:08"]}'
    assert ward.reasons(town(('en = "Tobu"}', enough)))["tobu-unit-1"] is Reason.ENOUGH_ROOM


@pytest.mark.parametrize(("metrics", "reason"), [
    (("Fill/Percent", "Cycles/Total", "State"), Reason.RETIRED),
    (("Cycles/Total",), Reason.SILENT),
])  # fmt: skip
def test_a_unit_of_which_nothing_is_measured_any_more_is_no_stop(
    ward: Ward, metrics: tuple[str, ...], reason: Reason
) -> None:
    derive(ward.store, "tobu-unit-1", percent=95.0, hours=3, now=MORNING - 24 * HOUR)
    Requests(ward.operations).ask("tobu-unit-1", "園長", MORNING - HOUR)
    for metric in metrics:
        subject = f"tobu-unit-1/{metric}"
        Modes(ward.operations).start(ModeKind.RETIRED, subject, now=MORNING, until=None, who="佐藤", reason="")

    expected = Reason.ASKED if reason is Reason.SILENT else reason
    assert ward.reasons()["tobu-unit-1"] is expected


def test_the_fullest_of_all_is_taken_by_the_smallest_vehicle(ward: Ward) -> None:
    derive(ward.store, "tobu-unit-1", percent=190.0, hours=1)
    small = town(("bags = 6", "bags = 2"), ('en = "Nanbu"}', 'en = "Nanbu"}\nplace = {lat = 35.71, lon = 139.70}'))
    found = ward.plan(small)

    assert "tobu-unit-1" in {stop.asset for stop in found.joined}
    assert [stop.reason for stop in found.stops].count(Reason.NO_CAPACITY) == 2


@pytest.mark.parametrize("answer", [Answer.DONE, Answer.NEEDLESS, Answer.NONE])
def test_what_the_round_before_left_is_known_to_have_waited(ward: Ward, answer: Answer) -> None:
    for unit in ("tobu-unit-1", "tobu-unit-2"):
        derive(ward.store, unit, percent=95.0, hours=3)
    rounds = Rounds(ward.operations)
    friday = ward.plan(town(("bags = 6", "bags = 1")))
    before = replace(
        friday, date=date(2026, 11, 23), departs=friday.departs - 48 * HOUR, returns=friday.returns - 48 * HOUR
    )
    run = rounds.put(before)
    [first] = [record for record in rounds.stops(run.id) if record.stop.joined]
    rounds.answer(first.id, answer, "鈴木", before.departs + HOUR)
    runs = [(run, rounds.stops(run.id))]

    needed = {stop.asset for stop in before.stops if stop.joined or stop.reason is Reason.NO_CAPACITY}
    expected = needed if answer is Answer.NONE else needed - {first.stop.asset}
    assert waited(runs, {}, friday.departs) == {asset for asset in expected if asset.startswith("tobu")} | (
        {"seibu-unit-1", "nanbu-unit-1"} & {stop.asset for stop in before.stops if stop.reason in FAILING}
    )
    assert waited(runs, {"tobu-unit-1": before.departs + HOUR}, friday.departs).isdisjoint({"tobu-unit-1"})


def test_an_unknown_round_has_no_plan(ward: Ward) -> None:
    with pytest.raises(KeyError):
        ward.plan(round_id="west")


def test_the_solver_is_not_loaded_before_it_is_needed() -> None:
    program = "import sys, sukusuku_server.rounds.planner; print({'pyvrp', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"


def test_a_centre_that_is_never_open_when_a_round_comes_has_no_next_one(ward: Ward) -> None:
    hours = ", ".join(f'{day} = ["09:00-12:00"]' for day in ("mon", "tue", "wed", "thu", "fri"))
    mornings = town(('en = "Tobu"}', f'en = "Tobu"}}\nopening = {{{hours}}}'))
    derive(ward.store, "tobu-unit-1", percent=20.0, hours=80)

    assert ward.reasons(mornings)["tobu-unit-1"] is Reason.CLOSED
    assert set(next_visits(FacilitySchedules(mornings), timetables(mornings), [], (), MORNING)) == {"seibu-unit-1"}
