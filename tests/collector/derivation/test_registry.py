from pathlib import Path

from sukusuku_collector.derivation.booking_book import Book
from sukusuku_collector.derivation.registry import expected_children, subjects
from sukusuku_core.time import DAY_MS
from sukusuku_server.db.bookings import BookingRecords
from sukusuku_server.model.bookings import Booked, Bookings, Cover
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.units.derivation import UnitDerivation
from tests.collector.alerts.alert_cases import FACILITY, HOUR, ROOM, UNIT, facility
from tests.server.units.forecast_cases import MONDAY
from tests.support.databases import operations

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
    expected = expected_children(with_service.schedules[ROOM])(MONDAY)
    assert expected(MONDAY + 10 * HOUR) is None
    assert expected(MONDAY + 5 * DAY_MS + 10 * HOUR) == 0.0
    assert (
        expected_children(FacilitySchedules(facility()).schedules[ROOM])(MONDAY)(MONDAY + 5 * DAY_MS + 10 * HOUR)
        is None
    )


def test_the_forecast_of_a_unit_asks_for_the_bookings_that_were_known_at_its_hour(tmp_path: Path) -> None:
    """Ten children are booked for Tuesday since Monday noon, and no longer since three o'clock."""
    records = BookingRecords(operations(tmp_path))
    tuesday, noon = MONDAY + DAY_MS, MONDAY + 12 * HOUR
    told = Bookings((Booked(ROOM, tuesday, tuesday + DAY_MS, 10),), (Cover(ROOM, tuesday, tuesday + DAY_MS),))
    book = Book(records)
    book.refresh()
    kept = records.take(told, "upload", "佐藤", noon)
    assert kept is not None
    book.refresh()
    records.withdraw(kept.id, "佐藤", noon + 3 * HOUR)
    book.refresh()
    expected = expected_children(FacilitySchedules(facility()).schedules[ROOM], book)
    at_ten = tuesday + 10 * HOUR
    assert [expected(at)(at_ten) for at in (noon - 1, noon, noon + 2 * HOUR, noon + 3 * HOUR)] == [None, 10, 10, None]
    assert expected(noon)(MONDAY + 13 * HOUR) is None
