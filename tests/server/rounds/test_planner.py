import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.visit_requests import Requests
from sukusuku_server.model.rounds import Plan, Reason
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.planner import Planner
from sukusuku_server.rounds.timetable import timetables
from sukusuku_server.settings import Facility
from tests.server.rounds.plan_cases import DAY, HOUR, MORNING
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


def test_an_unknown_round_has_no_plan(ward: Ward) -> None:
    with pytest.raises(KeyError):
        ward.plan(round_id="west")


def test_the_solver_is_not_loaded_before_it_is_needed() -> None:
    program = "import sys, sukusuku_server.rounds.planner; print({'pyvrp', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
