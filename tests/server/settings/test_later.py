"""Settings that are others from a day on: they are found by day, and mistakes in them are refused with their place."""

from datetime import date

import pytest

from sukusuku_core.errors import ConfigError
from sukusuku_core.settings import parse
from sukusuku_core.settings_schema import schema
from sukusuku_core.time import DAY_MS, day_start
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Facility, check, left, present

HEAD = """
[operator]
id = "toshima"
name = {ja = "豊島区", en = "Toshima"}
[[site]]
id = "tobu"
name = {ja = "東部", en = "Tobu"}
"""
OPENING = """
[site.opening]
wed = ["09:00-12:00"]
[[site.opening.later]]
from = 2026-11-04
wed = ["10:00-15:00"]
[[site.opening.later]]
from = 2026-11-18
wed = []
holidays = "open"
"""
UNIT = """
[[site.unit]]
id = "tobu-unit-1"
name = {ja = "機", en = "unit"}
edge = "pi"
until = 2026-11-30
[[site.unit.collection.later]]
from = 2026-11-10
kg_per_nappy = 0.2
"""
ROOM = """
[[site.room]]
id = "tobu-room"
name = {ja = "室", en = "room"}
edge = "pi"
capacity = 10
until = 2026-12-31
[[site.room.later]]
from = 2026-11-01
capacity = 12
"""


def facility(*parts: str) -> Facility:
    found = parse("".join((HEAD, *parts)), Facility, "facility.toml")
    check(found, "facility.toml")
    return found


def test_each_day_has_the_settings_that_held_then() -> None:
    found = facility(OPENING, UNIT, ROOM)
    index = FacilitySchedules(found)

    def opened(day: int) -> list[tuple[int, int]]:
        start = day_start(date(2026, 11, day))
        return [(a - start, b - start) for a, b in index.hours["tobu"].spans(start, start + DAY_MS)]

    hour = 3_600_000
    assert opened(18) == []
    assert opened(11) == [(10 * hour, 15 * hour)]
    assert opened(23) == [(9 * hour, 18 * hour)], "a holiday, open from the 18th on"
    assert opened(3) == [], "a holiday, closed before"
    october = day_start(date(2026, 10, 28))
    assert index.hours["tobu"].spans(october, october + DAY_MS) == [(october + 9 * hour, october + 12 * hour)]

    room, unit = found.site[0].room[0], found.site[0].unit[0]
    assert [room.capacity_on(date(2026, 10, 31)), room.capacity_on(date(2026, 11, 1))] == [10, 12]
    first = day_start(date(2026, 11, 1))
    assert [index.schedules[room.id].places(first - 1), index.schedules[room.id].places(first)] == [10, 12]
    assert [unit.collection.kg_on(date(2026, 11, day)) for day in (9, 10)] == [0.15, 0.2]


def test_whoever_has_left_is_there_until_the_end_of_the_last_day() -> None:
    found = facility(UNIT, ROOM)
    unit, after = found.site[0].unit[0], day_start(date(2026, 12, 1))
    assert (left(unit, after - 1), left(unit, after)) == (False, True)
    assert [asset.id for asset in present(found, after - 1).assets()] == ["tobu-unit-1", "tobu-room"]
    assert [asset.id for asset in present(found, after).assets()] == ["tobu-room"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2026-11-18", "2026-11-04", "site[0].opening.later[1].from: 2026-11-04 is not after 2026-11-04 of later[0]"),
        ('wed = ["10:00-15:00"]', "", "site[0].opening.later[0]: says what is new from 2026-11-04 on, but nothing is"),
        ('["10:00-15:00"]', '["15:00-10:00"]', 'site[0].opening.later[0].wed: "15:00-10:00" must end after'),
        ("from = 2026-11-04", "", "site[0].opening.later[0].from: missing, and it is required"),
        ("from = 2026-11-04", "since = 2026-11-04", "site[0].opening.later[0]: unknown key `since`"),
        ("capacity = 12", "", "site[0].room[0].later[0]: says what is new from 2026-11-01 on, but nothing is"),
        ("capacity = 12", "places = 12", "site[0].room[0].later[0]: unknown key `places`"),
        ("2026-12-31", "2026-10-31", "later[0].from: 2026-11-01 is after the last day, `until` = 2026-10-31"),
        ("until = 2026-12-31", 'until = "March"', "site[0].room[0].until"),
        ("2026-11-30", "2026-11-01", "site[0].unit[0].collection.later[0].from: 2026-11-10 is after the last day"),
        ("kg_per_nappy = 0.2", "", "site[0].unit[0].collection.later[0]: says what is new"),
    ],
)
def test_a_mistake_says_where_and_what_to_do(old: str, new: str, message: str) -> None:
    parts = [part.replace(old, new, 1) for part in (OPENING, UNIT, ROOM)]
    with pytest.raises(ConfigError) as caught:
        facility(*parts)
    assert message in str(caught.value)


def test_a_service_must_stay_within_the_hours_of_every_time() -> None:
    service = """
    [[site.room.service]]
    id = "care"
    name = {ja = "一時", en = "care"}
    [site.room.service.opening]
    wed = ["09:00-12:00"]
    """
    rest = "\n".join(f'{day} = ["09:00-12:00"]' for day in ("mon", "tue", "thu", "fri", "sat"))
    with pytest.raises(ConfigError, match="is not within the hours of the centre"):
        facility(OPENING, ROOM, service, rest)


def test_the_schema_has_the_day_from_which_something_holds() -> None:
    assert '"from"' in schema(Facility)
    assert '"until"' in schema(Facility)
