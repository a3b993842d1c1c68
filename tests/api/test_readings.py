from typing import Any

import httpx
import pytest

from sukusuku_core.model import Quality, Reading
from tests.api.conftest import NOW
from tests.api.two_centres import HOUR, World

UNIT, LEVEL = "tobu-unit-1", "Fill/Percent"


def _ask(api: httpx.Client, **parameters: str | int) -> Any:
    answer = api.get("/api/v1/readings", params={"asset": UNIT, "metric": LEVEL, **parameters})
    answer.raise_for_status()
    return answer.json()


def test_the_last_day_is_given_raw(api: httpx.Client, world: World) -> None:
    world.commit(
        Reading(UNIT, LEVEL, NOW - 25 * HOUR, 1.0),
        Reading(UNIT, LEVEL, NOW - 2 * HOUR, 20.5),
        Reading(UNIT, LEVEL, NOW - HOUR, None, Quality.STALE),
    )

    found = _ask(api)

    assert found == {
        "asset": UNIT,
        "metric": LEVEL,
        "unit": "%",
        "resolution": "raw",
        "from": "2026-11-17T20:06:40+09:00",
        "to": "2026-11-18T20:06:40+09:00",
        "points": [
            {"time": "2026-11-18T18:06:40+09:00", "value": 20.5, "quality": "good"},
            {"time": "2026-11-18T19:06:40+09:00", "value": None, "quality": "stale"},
        ],
        "next": None,
    }


def test_longer_ranges_are_given_by_the_hour(api: httpx.Client, world: World) -> None:
    start = NOW - NOW % HOUR - 30 * HOUR
    world.commit(*(Reading(UNIT, LEVEL, start + n * 600_000, float(n)) for n in range(9)))

    found = _ask(api, **{"from": start})

    assert found["resolution"] == "hour"
    assert [(hour["count"], hour["mean"], hour["low"], hour["high"], hour["last"]) for hour in found["points"]] == [
        (6, 2.5, 0.0, 5.0, 5.0),
        (3, 7.0, 6.0, 8.0, 8.0),
    ]


def test_the_resolution_can_be_chosen(api: httpx.Client) -> None:
    assert _ask(api, resolution="hour")["resolution"] == "hour"
    assert _ask(api, resolution="raw", **{"from": NOW - 30 * HOUR})["resolution"] == "raw"


def test_very_long_ranges_are_given_by_the_day_in_japan(api: httpx.Client, world: World) -> None:
    midnight = NOW - (NOW + 9 * HOUR) % (24 * HOUR)
    world.commit(*(Reading(UNIT, LEVEL, midnight + n * HOUR, float(n)) for n in range(-3, 4)))

    found = _ask(api, **{"from": NOW - 801 * 24 * HOUR})

    assert found["resolution"] == "day"
    assert [(day["time"], day["count"], day["mean"], day["low"], day["last"]) for day in found["points"]] == [
        ("2026-11-17T00:00:00+09:00", 3, -2.0, -3.0, -1.0),
        ("2026-11-18T00:00:00+09:00", 4, 1.5, 0.0, 3.0),
    ]


def test_five_minutes_are_summed_up(api: httpx.Client, world: World) -> None:
    start = NOW - NOW % HOUR - 5 * HOUR
    world.commit(*(Reading(UNIT, LEVEL, start + n * 60_000, float(n)) for n in range(8)))

    found = _ask(api, resolution="5min")

    assert [(row["count"], row["mean"], row["last"]) for row in found["points"]] == [(5, 2.0, 4.0), (3, 6.0, 7.0)]


def test_more_than_the_limit_comes_page_by_page(api: httpx.Client, world: World) -> None:
    world.commit(*(Reading(UNIT, LEVEL, NOW - HOUR + n, float(n)) for n in range(5)))

    values, start = [], f"{NOW - HOUR}"
    while start:
        page = _ask(api, limit=2, **{"from": start})
        values += [point["value"] for point in page["points"]]
        start = page["next"]

    assert values == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_hours_come_page_by_page_too(api: httpx.Client, world: World) -> None:
    start = NOW - NOW % HOUR - 5 * HOUR
    world.commit(*(Reading(UNIT, LEVEL, start + n * HOUR, float(n)) for n in range(3)))

    first = _ask(api, resolution="hour", limit=2, **{"from": start})
    second = _ask(api, resolution="hour", limit=2, **{"from": first["next"]})

    assert [hour["last"] for hour in first["points"] + second["points"]] == [0.0, 1.0, 2.0]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("asset", "metric", "value"),
    [("tobu-room", "Zones/eating/Children", 3), ("tobu-pi", "Buffer/Rows", 7), (UNIT, "Lid/Open", True)],
)
def test_every_kind_of_series_can_be_read(api: httpx.Client, world: World, asset: str, metric: str, value: int) -> None:
    world.commit(Reading(asset, metric, NOW - 1, value))

    assert [point["value"] for point in _ask(api, asset=asset, metric=metric)["points"]] == [value]


def test_a_series_that_has_no_reading_yet_is_empty(api: httpx.Client) -> None:
    assert _ask(api)["points"] == []


def test_an_unknown_asset_is_answered_with_those_that_exist(api: httpx.Client) -> None:
    answer = api.get("/api/v1/readings", params={"asset": "nowhere", "metric": LEVEL})

    assert answer.status_code == 404
    assert answer.json()["available"][:3] == ["seibu-pi", "seibu-room", "seibu-unit-1"]


@pytest.mark.parametrize("metric", ["Fill", "Zones/eating/Count", "Zones/*/Count"])
def test_an_unknown_metric_is_answered_with_those_that_exist(api: httpx.Client, metric: str) -> None:
    answer = api.get("/api/v1/readings", params={"asset": UNIT, "metric": metric})

    assert answer.status_code == 404
    assert LEVEL in answer.json()["available"]


def test_the_zones_of_a_room_are_named_by_their_ids(api: httpx.Client) -> None:
    answer = api.get("/api/v1/readings", params={"asset": "tobu-room", "metric": "Zones/attic/Count"})

    assert {"Zones/eating/Count", "Zones/play/Presence"} <= set(answer.json()["available"])


@pytest.mark.parametrize(
    ("parameters", "field", "words"),
    [
        ({"from": "soon"}, "query.from", "ISO 8601"),
        ({"to": "2101-01-01"}, "query.to", "1970 to 2100"),
        ({"from": "2026-11-18", "to": "2026-11-18"}, "query.from", "before"),
        ({"from": NOW - 32 * 24 * HOUR, "resolution": "raw"}, "query.from", "31 days"),
        ({"from": NOW - 801 * 24 * HOUR, "resolution": "hour"}, "query.from", "800 days"),
        ({"from": NOW - 32 * 24 * HOUR, "resolution": "5min"}, "query.from", "31 days"),
        ({"resolution": "minute"}, "query.resolution", "raw"),
        ({"limit": 0}, "query.limit", "greater"),
        ({"limit": 50_001}, "query.limit", "less"),
    ],
)
def test_a_wrong_question_is_answered_with_what_is_allowed(
    api: httpx.Client, parameters: dict[str, str | int], field: str, words: str
) -> None:
    answer = api.get("/api/v1/readings", params={"asset": UNIT, "metric": LEVEL, **parameters})

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert words in answer.json()["errors"][0]["message"]
