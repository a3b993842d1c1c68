"""The rule that limits a room, as a series: the same as on the wall, when it changes and every quarter of an hour."""

from datetime import datetime
from pathlib import Path

import msgspec

from sukusuku_collector.maintenance.limit_writer import GRID_MS, LimitWriter
from sukusuku_core.model import Reading
from sukusuku_server.kpi.series import LIMIT_RULE, number_of_rules, sets_of_rules
from sukusuku_server.live.views import RoomView, view
from sukusuku_server.model.series import SeriesOwner
from sukusuku_server.rooms.capacity_limit import Rule
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Facility
from tests.support.databases import both
from tests.support.stores import commit

MINUTE = 60_000
ROOM = "room/nursery"
NAME = {"ja": "x", "en": "x"}
STANDARDS = {"ages": {"1": 1}, "children_per_staff": {"1": 3}, "effective_m2": 40.0}
"""Three children for each member of staff; the area is enough for twelve."""
TODAY = int(datetime.fromisoformat("2026-04-15T00:00:00+09:00").timestamp() * 1_000)


def facility(**room: object) -> FacilitySchedules:
    """One room for ten, with two at work from 9 to 13 and four from 13 on; open from 9 to 17."""
    shift = [{"slot": "09:00-13:00", "count": 2}, {"slot": "13:00-18:00", "count": 4}]
    made = {"id": "nursery", "name": NAME, "edge": "pi", "capacity": 10, "standards": STANDARDS, "shift": shift, **room}
    site = {"id": "tobu", "name": NAME, "room": [made]}
    return FacilitySchedules(msgspec.convert({"operator": {"id": "x", "name": NAME}, "site": [site]}, Facility))


def at(hour: float) -> int:
    """A moment of the day."""
    return TODAY + round(hour * 60) * MINUTE


def test_it_is_what_the_wall_says_from_morning_to_night(tmp_path: Path) -> None:
    index = facility()
    store, operations = both(tmp_path)
    (asset,) = index.assets.values()
    moments = [at(hour) for hour in (8.0, 9.5, 12.0, 13.0, 16.9, 21.0)]
    for now in moments:
        LimitWriter(index, store, lambda now=now: now).look()  # type: ignore[misc]  # mypy does not know the default
    shown = [view(index, asset, {}, now) for now in moments]
    expected = [
        number_of_rules(Rule(name) for name in it.limited_by) if isinstance(it, RoomView) and it.is_open else 0
        for it in shown
    ]
    points = store.derived(ROOM, LIMIT_RULE, 0, at(24))
    assert [(point.time, point.value) for point in points] == list(zip(moments, map(float, expected), strict=True))
    staff, places = number_of_rules([Rule.STAFF]), number_of_rules([Rule.PLACES])
    assert expected == [0, staff, staff, places, places, 0]
    operations.close()
    store.close()


def test_the_badges_of_the_staff_count_where_the_room_is_counted_with_them(tmp_path: Path) -> None:
    index = facility(counting={"staff": "badges"}, shift=[])
    store, operations = both(tmp_path)
    now = at(10)
    commit(store, [Reading("nursery", "Occupancy/Staff", now - MINUTE, 2)], now)
    LimitWriter(index, store, lambda: now).look()
    assert store.derived_latest()[ROOM][LIMIT_RULE].value == number_of_rules([Rule.STAFF])
    operations.close()
    store.close()


def test_it_is_written_when_it_changes_and_every_quarter_of_an_hour(tmp_path: Path) -> None:
    store, operations = both(tmp_path)
    now = 0
    writer = LimitWriter(facility(), store, lambda: now)
    for minutes in range(35):
        now = at(12.75) + minutes * MINUTE
        writer.look()
    times = [(point.time - at(12.75)) // MINUTE for point in store.derived(ROOM, LIMIT_RULE, 0, at(24))]
    assert times == [0, 15, 30], "the shift changes at the fifteenth minute"
    now = at(14) - 1 + GRID_MS
    LimitWriter(facility(), store, lambda: now).look()
    assert store.derived_latest()[ROOM][LIMIT_RULE].time == now, "a collector that starts tells at once"
    operations.close()
    store.close()


def test_a_room_that_has_left_has_no_rule_and_a_later_capacity_counts_from_its_day(tmp_path: Path) -> None:
    index = facility(later=[{"from": "2026-04-15", "capacity": 3}], until="2026-04-15")
    store, operations = both(tmp_path)
    for now in (at(10), at(34)):
        LimitWriter(index, store, lambda now=now: now).look()  # type: ignore[misc]  # mypy does not know the default
    (point,) = store.derived(ROOM, LIMIT_RULE, 0, at(48))
    assert (point.time, point.value) == (at(10), number_of_rules([Rule.PLACES])), "staff alone would allow six"
    operations.close()
    store.close()


def test_each_set_of_rules_has_a_number_of_its_own() -> None:
    found = dict(sets_of_rules())
    assert len({frozenset(rules) for rules in found.values()}) == len(found) == 2 ** len(Rule)
    assert all(number_of_rules(rules) == number for number, rules in found.items())
    assert SeriesOwner.ROOM.named("nursery") == ROOM
