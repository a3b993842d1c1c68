"""Grafana's macros and names, against values worked out by its rules."""

from typing import Any

import pytest

from tests.dashboards import grafana_query
from tests.dashboards.grafana_query import DAY, HOUR, MINUTE, SECOND, YEAR

NOW = 1_776_217_200_000
BOARD: dict[str, Any] = {"time": {"from": "now-24h", "to": "now"}}


def panel(query: str, width: int = 12, **keys: object) -> dict[str, Any]:
    return {"targets": [{"query": query}], "gridPos": {"w": width}, **keys}


@pytest.mark.parametrize(
    ("span", "most", "least", "expected"),
    [
        (DAY, 936, None, "2m"),  # 92 s a point
        (DAY, 1_000, None, "1m"),  # 86 s
        (7 * DAY, 616, None, "15m"),  # 982 s
        (365 * DAY, 936, None, "12h"),  # 9.4 h
        (70 * DAY, 936, None, "2h"),  # 1.8 h
        (HOUR, 936, None, "5s"),  # 3.8 s
        (HOUR, 936, "1m", "1m"),
        (DAY, 24, None, "1h"),
        (365 * DAY, 1, None, "1y"),
    ],
)
def test_the_interval_is_a_friendly_one(span: int, most: int, least: str | None, expected: str) -> None:
    assert grafana_query.interval_text(grafana_query.interval_ms(span, most, least)) == expected


@pytest.mark.parametrize(("per_point", "expected"), [(89_999, MINUTE), (90_000, 2 * MINUTE), (1_499, SECOND), (3, 1)])
def test_the_next_interval_begins_exactly_at_its_border(per_point: int, expected: int) -> None:
    assert grafana_query.interval_ms(per_point, 1) == expected


def test_the_time_filter_has_both_ends_in_ms() -> None:
    assert (
        grafana_query.asked(BOARD, panel("WHERE $timeFilter"), NOW)
        == f"WHERE time >= {NOW - DAY}ms and time <= {NOW}ms"
    )
    own = grafana_query.asked(BOARD, panel("WHERE $timeFilter", timeFrom="2700s"), NOW)
    assert own == f"WHERE time >= {NOW - 45 * MINUTE}ms and time <= {NOW}ms"


def test_the_interval_follows_the_width_of_the_panel() -> None:
    query = "time($__interval) of $__interval_ms"
    assert grafana_query.asked(BOARD, panel(query), NOW) == "time(2m) of 120000"
    assert grafana_query.asked(BOARD, panel(query, 8), NOW) == "time(2m) of 120000"
    assert grafana_query.asked(BOARD, panel(query, 4), NOW) == "time(5m) of 300000"
    assert grafana_query.asked(BOARD, panel(query, maxDataPoints=48), NOW) == "time(30m) of 1800000"
    assert grafana_query.asked(BOARD, panel(query, interval="5m"), NOW) == "time(5m) of 300000"


def test_series_are_named_by_their_tags() -> None:
    assert grafana_query.series_name("$tag_asset", {"asset": "tobu-unit-1"}) == "tobu-unit-1"
    assert grafana_query.series_name("value", {"asset": "x"}) == "value"
    assert grafana_query.series_name("$tag_zone", {}) == "$tag_zone"


def test_what_is_no_span_is_refused() -> None:
    assert grafana_query.span_of("1y") == YEAR
    with pytest.raises(ValueError, match="found `now/d`"):
        grafana_query.span_of("now/d")
