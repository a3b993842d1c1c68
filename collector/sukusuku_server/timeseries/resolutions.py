"""Roll-ups that are made when they are asked for: days of the hours that are stored, five minutes of readings. Pure.

Hours are what long ranges are answered from, so they are stored. A year of days takes no longer than a year of hours,
and five minutes take more room than the readings of which they are made, where those come by exception.
"""

from collections.abc import Iterable, Sequence
from operator import attrgetter

from sukusuku_core.model import Quality
from sukusuku_core.time import DAY_MS, JAPAN_MS, MINUTE_MS
from sukusuku_server.model.series import Bucket, Point

FIVE_MINUTES_MS = 5 * MINUTE_MS


def next_begin(time: int, span: int) -> int:
    """Return when the first bucket begins at or after a time; days are those of Japan. All in (UTC) ms."""
    shift = JAPAN_MS if span == DAY_MS else 0
    return -(-(time + shift) // span) * span - shift


def of_points(points: Iterable[Point], span: int) -> list[Bucket]:
    """Return the buckets of readings in order of time: of the GOOD numbers among them."""
    return _grouped(
        (
            Bucket(it.time, 1, float(it.value), float(it.value), float(it.value), float(it.value))
            for it in points
            if it.quality is Quality.GOOD and isinstance(it.value, int | float)
        ),
        span,
    )


def of_hours(hours: Iterable[Bucket]) -> list[Bucket]:
    """Return the days in Japan of hours in order of time."""
    return _grouped(hours, DAY_MS)


def _grouped(parts: Iterable[Bucket], span: int) -> list[Bucket]:
    groups: dict[int, list[Bucket]] = {}
    shift = JAPAN_MS if span == DAY_MS else 0
    for part in parts:
        groups.setdefault((part.time + shift) // span, []).append(part)
    return [_sum(number * span - shift, group) for number, group in groups.items()]


def _sum(time: int, parts: Sequence[Bucket]) -> Bucket:
    count = sum(part.count for part in parts)
    return Bucket(
        time,
        count,
        sum(part.mean * part.count for part in parts) / count,
        min(map(attrgetter("low"), parts)),
        max(map(attrgetter("high"), parts)),
        parts[-1].last,
    )
