"""How Grafana asks a panel's InfluxQL: its time range, its interval, its macros, and what it calls the series.

As Grafana 12 and 13 do it for raw queries: `$timeFilter` is the range in ms with both ends, `$__interval` the range
divided by as many points as the panel is wide in pixels, rounded to a friendly time, at least the minimum interval.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
WEEK, MONTH, YEAR = 7 * DAY, 30 * DAY, 365 * DAY
SCREEN = 1920
"""Width in pixels of the screen that a board is shown on."""
COLUMNS, GAP, BORDER = 24, 8, 16
"""Columns of a board; pixels between panels, and those that a panel does not draw on."""
UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK, "M": MONTH, "y": YEAR, "ms": 1}
STEPS = (
    (0, 1), (10, 10), (15, 20), (35, 50), (75, 100), (150, 200), (350, 500), (750, SECOND), (1_500, 2 * SECOND),
    (3_500, 5 * SECOND), (7_500, 10 * SECOND), (12_500, 15 * SECOND), (17_500, 20 * SECOND), (25_000, 30 * SECOND),
    (45_000, MINUTE), (90_000, 2 * MINUTE), (210_000, 5 * MINUTE), (450_000, 10 * MINUTE), (750_000, 15 * MINUTE),
    (1_050_000, 20 * MINUTE), (1_500_000, 30 * MINUTE), (2_700_000, HOUR), (5_400_000, 2 * HOUR), (9_000_000, 3 * HOUR),
    (16_200_000, 6 * HOUR), (32_400_000, 12 * HOUR), (DAY, DAY), (WEEK, WEEK), (3 * WEEK, MONTH), (6 * WEEK, YEAR),
)  # fmt: skip
"""From this many ms a point on, the interval is so long."""
_SPAN = re.compile(r"(?:now-)?(\d+)(ms|[smhdwMy])\Z")


def span_of(text: str) -> int:
    """The ms of a span such as `45m` or `now-24h`."""
    match = _SPAN.match(text)
    if match is None:
        raise ValueError(f"expected a span such as 45m, found `{text}`")
    return int(match[1]) * UNITS[match[2]]


def time_range(board: Mapping[str, Any], panel: Mapping[str, Any], now: int) -> tuple[int, int]:
    """First and last ms that a panel shows: its own span back from now, or else that of the board."""
    return now - span_of(panel.get("timeFrom") or board["time"]["from"]), now


def points(panel: Mapping[str, Any], screen: int = SCREEN) -> int:
    """How many points are asked for at most: as many as the panel is wide."""
    if "maxDataPoints" in panel:
        return int(panel["maxDataPoints"])
    column = (screen - 2 * BORDER - (COLUMNS - 1) * GAP) / COLUMNS
    width: int = panel["gridPos"]["w"]
    return int(width * column + (width - 1) * GAP - BORDER)


def interval_ms(span: int, most: int, least: str | None = None) -> int:
    """The friendly length of one of at most so many stretches of a span."""
    found = STEPS[bisect_right(STEPS, span / most, key=lambda step: step[0]) - 1][1]
    return max(found, span_of(least) if least else 1)


def interval_text(ms: int) -> str:
    """An interval in its largest unit, as in `5m`; what is left over is dropped."""
    for unit in ("y", "d", "h", "m", "s", "ms"):
        if ms >= UNITS[unit]:
            return f"{ms // UNITS[unit]}{unit}"
    raise ValueError(f"expected at least one ms, found {ms}")


def asked(board: Mapping[str, Any], panel: Mapping[str, Any], now: int, screen: int = SCREEN) -> str:
    """The query of a panel as it is sent."""
    begin, end = time_range(board, panel, now)
    interval = interval_ms(end - begin, points(panel, screen), panel.get("interval"))
    text: str = panel["targets"][0]["query"]
    for macro, value in (
        ("$timeFilter", f"time >= {begin}ms and time <= {end}ms"),
        ("$__interval_ms", str(interval)),
        ("$__interval", interval_text(interval)),
        ("${__to}", str(end)),
    ):
        text = text.replace(macro, value)
    return text


def series_name(alias: str, tags: Mapping[str, str]) -> str:
    """What Grafana calls a series: `$tag_x` is the value of its tag x; an unknown one stays as it is."""
    return re.sub(r"\$tag_([\w-]+)", lambda match: tags.get(match[1], match[0]), alias)


def shown_names(panel: Mapping[str, Any]) -> dict[str, str]:
    """What the series or the rows of a panel are shown as, by their names."""
    found = {}
    for override in panel["fieldConfig"]["overrides"]:
        for entry in override["properties"]:
            if entry["id"] == "displayName":
                found[override["matcher"]["options"]] = entry["value"]
            if entry["id"] == "mappings":
                found |= {key: word["text"] for key, word in entry["value"][0]["options"].items()}
    return found


def is_of_rows(panel: Mapping[str, Any]) -> bool:
    """Whether a panel shows a row for each of its names."""
    return bool(panel["targets"][0]["resultFormat"] == "table")
