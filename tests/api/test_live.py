from collections.abc import Iterable

import pytest

from sukusuku_core.model import Quality, Reading
from sukusuku_server.live.views import Condition, RoomView, UnitView, views
from sukusuku_server.model.series import Latest, Point
from sukusuku_server.rooms.schedule import FacilitySchedules
from tests.api import two_centres
from tests.api.conftest import NOW

_KINDS = ("Count", "Children")


def _views(readings: Iterable[Reading], now: int = NOW) -> dict[str, UnitView | RoomView]:
    latest: dict[str, dict[str, Latest]] = {}
    for item in readings:
        before = latest.setdefault(item.asset, {}).get(item.metric)
        good = None if item.quality is Quality.GOOD or before is None else before.last_good
        latest[item.asset][item.metric] = Latest(item.time, item.value, item.quality, item.time, good_before=good)
    index = FacilitySchedules(two_centres.always_open(two_centres.facility()))
    return {view.id: view for view in views(index, latest, now)}


def test_every_kind_of_trouble_has_its_word() -> None:
    found = {ident: view.condition for ident, view in _views(two_centres.troubled(NOW)).items()}

    assert found == {
        "tobu-unit-1": Condition.OK,
        "tobu-unit-2": Condition.SOON,
        "tobu-room": Condition.OK,
        "seibu-unit-1": Condition.FAULT,
        "seibu-unit-2": Condition.SILENT,
        "seibu-room": Condition.OVER,
    }


@pytest.mark.parametrize(
    ("changed", "condition"),
    [
        ({"level": 79.9}, Condition.OK),
        ({"level": 80.0}, Condition.SOON),
        ({"level": 100.0}, Condition.FULL),
        ({"level": 20.0, "state": 5}, Condition.FULL),
        ({"level": 100.0, "fault": 2}, Condition.FAULT),
        ({"fault": 999}, Condition.FAULT),
        ({"state": 77}, Condition.OK),
        ({"state": 6}, Condition.FAULT),
        ({"state": 7, "level": 100.0}, Condition.FAULT),
    ],
)
def test_the_worst_of_a_unit_decides(changed: dict[str, float | int], condition: Condition) -> None:
    assert _views(two_centres.unit("tobu-unit-1", NOW, **changed))["tobu-unit-1"].condition is condition


def test_silence_begins_after_the_time_of_the_settings() -> None:
    readings = list(two_centres.unit("tobu-unit-1", NOW))

    assert not _views(readings, NOW + 1_800_000)["tobu-unit-1"].stale
    assert _views(readings, NOW + 1_800_001)["tobu-unit-1"].condition is Condition.SILENT


def test_a_state_that_is_a_fault_is_told_as_one() -> None:
    for state, fault, code in ((6, 0, 1), (7, 0, 2), (6, 3, 3)):
        view = _views(two_centres.unit("tobu-unit-1", NOW, state=state, fault=fault))["tobu-unit-1"]
        assert isinstance(view, UnitView)
        assert view.fault == code


def test_devices_that_do_not_answer_are_old_at_once_and_since_when_they_did() -> None:
    readings = [*two_centres.unit("tobu-unit-1", NOW - 60_000), *two_centres.dead_device("tobu-unit-1", NOW - 30_000)]

    view = _views(readings)["tobu-unit-1"]

    assert (view.condition, view.stale, view.last_time) == (Condition.SILENT, True, NOW - 60_000)


def test_a_level_that_grows_old_beside_a_living_counter_is_no_level() -> None:
    laser = Reading("tobu-unit-1", "Fill/Percent", NOW - 1_800_000, 42.0)
    counter = Reading("tobu-unit-1", "Cycles/Total", NOW, 5)
    state = Reading("tobu-unit-1", "State", NOW, 0)

    young, old = (_views([laser, counter, state], now)["tobu-unit-1"] for now in (NOW, NOW + 1))

    assert isinstance(young, UnitView)
    assert isinstance(old, UnitView)
    assert (young.condition, young.level) == (Condition.OK, 42.0)
    assert (old.condition, old.level, old.stale, old.cycles) == (Condition.UNKNOWN, None, False, 5)


def test_a_dead_camera_beside_a_living_sensor_is_not_called_all_right() -> None:
    here = True
    camera = list(two_centres.room("tobu-room", NOW - 1_800_001, 13, 11, eating=5, play=6))
    lost = [Reading("tobu-room", item.metric, NOW, None, Quality.STALE) for item in camera]
    presence = Reading("tobu-room", "Presence", NOW, here)

    for readings in ([*camera, presence], [*camera, *lost, presence]):
        view = _views(readings)["tobu-room"]
        assert isinstance(view, RoomView)
        assert (view.condition, view.people, view.children, view.presence) == (Condition.UNKNOWN, None, None, here)
        assert [zone.children for zone in view.zones] == [None, None]


def test_a_dead_presence_sensor_beside_a_living_camera_is_not_called_all_right() -> None:
    here = True
    readings = [
        *two_centres.room("tobu-room", NOW, 5, 3),
        Reading("tobu-room", "Presence", NOW - 60_000, here),
        Reading("tobu-room", "Presence", NOW, None, Quality.STALE),
    ]

    view = _views(readings)["tobu-room"]

    assert isinstance(view, RoomView)
    assert (view.condition, view.children) == (Condition.UNKNOWN, 3)


def test_a_room_that_is_counted_by_its_zones_is_their_sum() -> None:
    def told(**zones: int) -> RoomView:
        counts = [Reading("tobu-room", f"Zones/{zone}/{kind}", NOW, n) for kind in _KINDS for zone, n in zones.items()]
        view = _views(counts)["tobu-room"]
        assert isinstance(view, RoomView)
        return view

    well, over, part = told(eating=4, play=6), told(eating=4, play=7), told(eating=11)

    assert (well.condition, well.people, well.children) == (Condition.OK, 10, 10)
    assert (over.condition, over.people, over.children) == (Condition.OVER, 11, 11)
    assert (part.condition, part.people, part.children) == (Condition.UNKNOWN, None, None)


def test_what_the_edge_node_tells_from_its_settings_is_no_sign_of_life() -> None:
    readings = [*two_centres.dead_device("tobu-unit-1", NOW), Reading("tobu-unit-1", "Info/Source", NOW, "simulated")]

    view = _views(readings)["tobu-unit-1"]

    assert view.condition is Condition.SILENT
    assert view.last_time is None
    assert view.simulated


def test_a_lost_level_is_not_called_all_right() -> None:
    lost = Reading("tobu-unit-1", "Fill/Percent", NOW, None, Quality.STALE)

    view = _views([*two_centres.unit("tobu-unit-1", NOW), lost])["tobu-unit-1"]

    assert view.condition is Condition.UNKNOWN


def test_a_unit_without_a_level_sensor_is_judged_by_its_state() -> None:
    assert _views([Reading("tobu-unit-1", "State", NOW, 0)])["tobu-unit-1"].condition is Condition.OK
    assert _views([Reading("tobu-unit-1", "State", NOW, 5)])["tobu-unit-1"].condition is Condition.FULL
    assert _views([Reading("tobu-unit-1", "Cycles/Total", NOW, 5)])["tobu-unit-1"].condition is Condition.UNKNOWN


def test_a_room_counts_children_against_its_places() -> None:
    full, over = (_views(two_centres.room("tobu-room", NOW, n + 2, n))["tobu-room"].condition for n in (10, 11))

    assert (full, over) == (Condition.OK, Condition.OVER)


def test_a_room_whose_people_are_not_known_is_not_called_all_right() -> None:
    readings = [Reading("tobu-room", "Entries/Total", NOW, 4)]

    assert _views(readings)["tobu-room"].condition is Condition.UNKNOWN


def test_a_presence_sensor_says_what_it_can() -> None:
    here = True
    readings = [Reading("tobu-room", metric, NOW, here) for metric in ("Presence", "Zones/play/Presence")]

    view = _views(readings)["tobu-room"]

    assert isinstance(view, RoomView)
    assert view.condition is Condition.OK
    assert [zone.presence for zone in view.zones] == [None, True]


def test_a_room_stands_against_the_limit_of_the_moment_and_tells_which_rule_bites() -> None:
    standards = '[site.room.standards]\neffective_m2 = 30.0\nages = {"0" = 1}\n'
    text = two_centres.FACILITY.replace("capacity = 12\n", f"capacity = 12\n{standards}")
    index = FacilitySchedules(two_centres.always_open(two_centres.facility(text=text)))

    def seen(children: int, **derived: float) -> RoomView:
        room = {f"Occupancy/{name}": Point(NOW - 60_000, value, Quality.GOOD) for name, value in derived.items()}
        latest = {"Occupancy/Children": Latest(NOW, children, Quality.GOOD, NOW)} if children else {}
        latest |= {"Occupancy/Count": Latest(NOW, 12, Quality.GOOD, NOW)}
        found = {view.id: view for view in views(index, {"seibu-room": latest}, NOW, {"seibu-room": room})}
        view = found["seibu-room"]
        assert isinstance(view, RoomView)
        return view

    assert (seen(9).capacity, seen(9).limit, seen(9).limited_by) == (12, 9, ("area",))
    assert [seen(children).condition for children in (9, 10)] == [Condition.OK, Condition.OVER]
    assert (seen(8, ChildrenCorrected=5).children, seen(0, ChildrenCorrected=5).children) == (5, 5)
    assert (seen(8, Corrected=9).people, seen(8).people) == (9, 12)


def test_what_drifts_in_a_closed_room_is_no_crowd() -> None:
    closed = two_centres.facility()  # with the hours that a centre has unless told otherwise
    latest = {"tobu-room": {"Occupancy/Children": Latest(NOW, 14, Quality.GOOD, NOW)}}
    found = [
        {view.id: view for view in views(FacilitySchedules(each), latest, NOW)}
        for each in (closed, two_centres.always_open(closed))
    ]
    assert [of["tobu-room"].condition for of in found] == [Condition.OK, Condition.OVER]
