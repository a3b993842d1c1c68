from datetime import datetime

import httpx

from sukusuku_core import __version__
from sukusuku_core.model import Reading
from sukusuku_server.timeseries import duplicates_key
from tests.api import two_centres as worlds
from tests.api.conftest import NOW
from tests.api.two_centres import World


def test_a_unit_is_shown_as_it_is_now(api: httpx.Client, world: World) -> None:
    world.commit(*worlds.troubled(NOW))

    assert api.get("/api/v1/units/seibu-unit-1").json() == {
        "id": "seibu-unit-1",
        "site": "seibu",
        "name": {"ja": "おむつ圧縮機 1", "en": "Nappy unit 1"},
        "condition": "fault",
        "last": {"time": "2026-11-18T20:06:31+09:00", "age": 9.0},
        "stale": False,
        "silent_after": 1800.0,
        "simulated": True,
        "level": 57.0,
        "fill_rise": 80.0,
        "state": "jam",
        "fault": {"code": 1, "name": "jam"},
        "lid_open": False,
        "cycles": 12345,
        "film": 64.0,
        "temperature": 24.5,
        "outlook": None,
    }


def test_a_room_is_shown_with_its_zones(api: httpx.Client, world: World) -> None:
    world.commit(*worlds.troubled(NOW))

    room = api.get("/api/v1/rooms/seibu-room").json()

    assert (room["condition"], room["people"], room["children"], room["capacity"]) == ("over", 18, 14, 12)
    assert (room["limit"], room["limited_by"]) == (12, ["places"])
    assert [(zone["id"], zone["children"], zone["capacity"]) for zone in room["zones"]] == [
        ("eating", 6, 5),
        ("play", 8, None),
    ]


def test_lists_keep_the_order_of_the_settings(api: httpx.Client) -> None:
    units = api.get("/api/v1/units").json()["units"]
    rooms = api.get("/api/v1/rooms").json()["rooms"]

    assert [unit["id"] for unit in units] == ["tobu-unit-1", "tobu-unit-2", "seibu-unit-1", "seibu-unit-2"]
    assert [room["id"] for room in rooms] == ["tobu-room", "seibu-room"]


def test_without_any_reading_everything_is_silent_and_nothing_fails(api: httpx.Client) -> None:
    unit = api.get("/api/v1/units/tobu-unit-1").json()

    assert (unit["condition"], unit["last"], unit["level"], unit["fault"]) == ("silent", None, None, None)


def test_a_centre_has_the_worst_condition_of_its_assets(api: httpx.Client, world: World) -> None:
    world.commit(*worlds.troubled(NOW))

    sites = api.get("/api/v1/sites").json()["sites"]

    assert [(site["id"], site["condition"]) for site in sites] == [("tobu", "soon"), ("seibu", "silent")]
    assert sites[0]["units"] == ["tobu-unit-1", "tobu-unit-2"]


def test_a_centre_is_shown_with_all_that_is_in_it(api: httpx.Client, world: World) -> None:
    world.commit(*worlds.troubled(NOW))

    site = api.get("/api/v1/sites/tobu").json()

    assert [unit["id"] for unit in site["units"]] == ["tobu-unit-1", "tobu-unit-2"]
    assert [room["children"] for room in site["rooms"]] == [6]


def test_health_tells_what_is_there(api: httpx.Client, world: World) -> None:
    world.commit(*worlds.troubled(NOW))

    health = api.get("/api/v1/health").json()

    assert (health["status"], health["version"], health["store"], health["operations"]) == (
        "ok",
        __version__,
        True,
        True,
    )
    assert health["newest"] == {"time": "2026-11-18T20:06:36+09:00", "age": 4.0}
    assert [(edge["id"], edge["waiting"]) for edge in health["edges"]] == [("tobu-pi", 3), ("seibu-pi", None)]


def test_health_tells_of_losses_clocks_and_duplicate_edge_nodes(api: httpx.Client, world: World) -> None:
    dropped = '{"from":1790000000000,"to":1790000600000,"assets":["tobu-unit-1"],"more":2}'
    world.commit(
        Reading("tobu-pi", "Buffer/Dropped", NOW - 5_000, 1234),
        Reading("tobu-pi", "Buffer/DroppedRange", NOW - 5_000, dropped),
        Reading("tobu-pi", "Clock/Synced", NOW - 5_000, value=False),
        Reading("tobu-pi", "Info/Version", NOW - 5_000, "0.1.0"),
        Reading("tobu-pi", "Info/Update", NOW - 5_000, "0.2.0 failed, 0.1.0 is back: after 10 minutes"),
        Reading("seibu-pi", "Buffer/DroppedRange", NOW - 5_000, '{"from":9e99}'),
    )
    world.store.note(duplicates_key("seibu-pi"), NOW - 60_000)
    world.store.note(duplicates_key("tobu-pi"), NOW - 180_000)

    tobu, seibu = api.get("/api/v1/health").json()["edges"]

    assert (tobu["dropped"], tobu["clock_set"], tobu["duplicate"]) == (1234, False, False)
    assert (tobu["version"], tobu["update"]) == ("0.1.0", "0.2.0 failed, 0.1.0 is back: after 10 minutes")
    assert tobu["last_loss"] == {
        "told": "2026-11-18T20:06:35+09:00",
        "start": "2026-09-21T23:13:20+09:00",
        "end": "2026-09-21T23:23:20+09:00",
        "assets": ["tobu-unit-1"],
        "more": 2,
    }
    assert (seibu["dropped"], seibu["clock_set"], seibu["duplicate"], seibu["last_loss"]) == (0, None, True, None)


def test_health_without_any_reading(api: httpx.Client) -> None:
    health = api.get("/api/v1/health").json()

    assert (health["status"], health["newest"]) == ("ok", None)
    assert [edge["last"] for edge in health["edges"]] == [None, None]


def test_what_is_ahead_of_a_unit_comes_from_what_is_derived(api: httpx.Client, world: World) -> None:
    world.commit(Reading("tobu-unit-1", "Fill/Percent", NOW - 1000, 70.0))
    derived = {"Fill/Estimate": 70.0, "Fill/Nappies": 42.0, "Fill/Confidence": 96.0}
    derived |= {"Forecast/Hours10": 2.0, "Forecast/Hours50": 3.0, "Bag/HoursLeft": 1.0}
    points = [Reading("tobu-unit-1", metric, NOW - 60_000, value) for metric, value in derived.items()]
    world.store.put_derived("tobu-unit-1", 0, NOW, points)

    outlook = api.get("/api/v1/units/tobu-unit-1").json()["outlook"]
    wall = api.get("/wall?lang=ja").text

    assert (outlook["estimate"], outlook["room"], outlook["confidence"]) == (70.0, 18, 96.0)
    at = {key: datetime.fromisoformat(outlook[key]).timestamp() * 1000 - NOW for key in ("full_at", "empty_by")}
    assert at == {"full_at": 3 * 3_600_000 - 60_000, "empty_by": 3_600_000 - 60_000}
    assert "あと 18 枚" in wall
    assert "満杯見込み" in wall
