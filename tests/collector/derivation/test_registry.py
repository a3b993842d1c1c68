from sukusuku_collector.derivation.registry import expected_children, subjects
from sukusuku_core.time import DAY_MS
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.units.derivation import UnitDerivation
from tests.collector.alerts.alert_cases import FACILITY, HOUR, ROOM, UNIT, facility
from tests.server.units.forecast_cases import MONDAY

LINKED = FACILITY.replace(
    'edge = "tobu-pi"\n[[site.room]]', f'edge = "tobu-pi"\ncollection = {{room = "{ROOM}"}}\n[[site.room]]'
)
SERVICE = """[[site.room.service]]
id = "care"
name = {ja = "一時保育", en = "Drop-in care"}
opening = {sat = []}
"""


def test_a_unit_also_sees_the_room_that_it_is_linked_to() -> None:
    found = subjects(FacilitySchedules(facility(LINKED)))
    assert isinstance(found[UNIT].derivation, UnitDerivation)
    assert found[UNIT].also == (ROOM,)
    assert subjects(FacilitySchedules(facility()))[UNIT].also == ()


def test_no_children_are_expected_while_the_services_of_the_room_are_closed() -> None:
    with_service = FacilitySchedules(facility(FACILITY.replace("capacity = 8\n", "capacity = 8\n" + SERVICE)))
    expected = expected_children(with_service.schedules[ROOM])
    assert expected(MONDAY + 10 * HOUR) is None
    assert expected(MONDAY + 5 * DAY_MS + 10 * HOUR) == 0.0
    assert expected_children(FacilitySchedules(facility()).schedules[ROOM])(MONDAY + 5 * DAY_MS + 10 * HOUR) is None
