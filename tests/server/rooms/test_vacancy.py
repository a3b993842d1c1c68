from datetime import date

from sukusuku_core.settings import parse
from sukusuku_core.time import MINUTE_MS, day_start
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rooms.vacancy import Band, Foreseen, Sign, outlook_expect, service_days, sign, site_days
from sukusuku_server.settings import Facility

HOUR = 60 * MINUTE_MS
MONDAY = date(2026, 11, 16)
NINE = day_start(MONDAY) + 9 * HOUR


def _facility(service: str = "", room: str = "") -> Facility:
    return parse(
        f"""
        [operator]
        id = "toshima"
        name = {{ja = "豊島区", en = "Toshima"}}
        [[site]]
        id = "tobu"
        name = {{ja = "東部", en = "Tobu"}}
        [[site.room]]
        id = "room"
        name = {{ja = "室", en = "room"}}
        edge = "pi"
        capacity = 10
        {room}
        {service}
        """,
        Facility,
        "test",
    )


BANDS = """
[[site.room.service]]
id = "hourly"
name = {ja = "一時保育", en = "care"}
lead_days = 3
closes = "17:00"
[[site.room.service.band]]
slot = "09:00-12:00"
places = 8
[[site.room.service.band]]
slot = "13:00-17:00"
places = 10
"""


def _marks(facility: Facility, expected: float | None, now: int, days: int = 7) -> str:
    foreseen = None if expected is None else Foreseen(expected, booked=False)
    return "".join(
        {"free": "o", "some": "~", "full": "x", "outside": "-", "closed": "C", "unknown": "?"}[day.sign]
        for day in site_days(
            FacilitySchedules(facility).schedules, facility.site[0], {"room": lambda _: foreseen}, now, days
        )
    )


def test_a_week_without_services_is_free_full_or_unknown_and_closed_on_holidays_and_sundays() -> None:
    facility = _facility()  # Monday 23 November 2026 is a holiday

    assert _marks(facility, 2.0, NINE, 8) == "ooooooCC"
    assert _marks(facility, 10.0, NINE, 8) == "xxxxxxCC"
    assert _marks(facility, None, NINE, 8) == "??????CC"


def test_bands_that_are_full_beside_others_make_the_day_partly_free() -> None:
    assert _marks(_facility(BANDS), 8.0, NINE, 5) == "-~~~-"  # booking for today ended yesterday; three days ahead


def test_booking_for_tomorrow_ends_at_its_time() -> None:
    assert _marks(_facility(BANDS), 1.0, NINE + 8 * HOUR, 3) == "--o"


def test_the_limit_by_staff_takes_places_away() -> None:
    room = """
    shift = [{slot = "09:00-18:00", count = 1}]
    standards = {ages = {"1" = 1}}
    """

    assert _marks(_facility(room=room), 0.0, NINE, 1) == "x"  # one member of staff may look after nobody


def test_what_is_left_of_today_counts_with_the_children_who_are_in() -> None:
    room = FacilitySchedules(_facility()).schedules["room"]
    expect = outlook_expect({NINE + n * HOUR: 2.0 for n in range(9)}, NINE + HOUR, 10.0)

    today = service_days(room, None, expect, NINE + HOUR, 1)[0]
    later = service_days(room, None, expect, NINE + 9 * HOUR, 1)[0]

    assert today.sign is Sign.FULL
    assert later.sign is Sign.OUTSIDE


def test_what_is_not_known_is_neither_free_nor_full() -> None:
    unknown, free, full = Band(0, 1, None), Band(1, 2, 3), Band(2, 3, 0)

    assert sign([free, unknown]) is Sign.SOME
    assert sign([full, unknown]) is Sign.UNKNOWN
    assert sign([full, full]) is Sign.FULL


def test_few_free_places_are_not_told() -> None:
    assert [Band(0, 1, free).at_least for free in (None, 0, 1, 4, 5, 9)] == [None, 0, None, None, 5, 9]
