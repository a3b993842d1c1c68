"""From the series of a room to the hours of its use, and what stays of them when the series are thinned out. Pure.

The hours of a day depend on that day alone, so they can be kept instead of the points they were made from.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace

import msgspec

from sukusuku_core.model import Quality
from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_server.model.collection import Correction
from sukusuku_server.model.series import Point, RoomHour
from sukusuku_server.rooms.intervals import runs, stretches
from sukusuku_server.rooms.retrospective import children_follow, less, of_channel, seen_after
from sukusuku_server.rooms.usage import Hour, hours
from sukusuku_server.rooms.usage_sums import UsageSums

SERIES = {"children": "Occupancy/ChildrenCorrected", "people": "Occupancy/Corrected"}
"""The derived series of each channel."""
STAFF = "Occupancy/StaffAssumed"
"""Who is taken off the people where the children are not counted by themselves."""
COMPLETENESS = "Occupancy/Completeness"
COARSE_MS = 15 * MINUTE_MS
"""Between two points of a series that is thinned out; a point holds for longer than this."""
_SUMS = tuple(field.name for field in fields(UsageSums))


def zone_series(zone: str) -> str:
    """Return the derived series of a zone."""
    return f"Zones/{zone}/Corrected"


def zone_part(zone: str) -> str:
    """Under which the hours of a zone are kept."""
    return f"zone/{zone}"


def in_hindsight(
    channel: str, derived: Callable[[str], Sequence[Point]], corrections: Sequence[Correction], since: int
) -> list[Point]:
    """Return a channel of a room as it must have been since a local midnight (UTC ms).

    `derived` tells the points of a series; `corrections` may begin earlier, to tell whether children follow people.
    Children who are people less staff are so in hindsight, too: where fewer people than staff were counted, no
    children were shown, and how many were missed can be told from the people alone.
    """
    own = [item for item in of_channel(corrections, channel) if item.time >= since]
    seen = seen_after(derived(SERIES[channel]), own)
    if channel != "children" or not children_follow(corrections) or not (staff := derived(STAFF)):
        return seen
    followed = list(less(seen_after(derived(SERIES["people"]), own), staff))
    known = [(run.start, run.end) for run in runs(staff)]
    own_count = [point for point in seen if not _within(known, point.time)]
    return sorted([*followed, *own_count], key=lambda point: point.time)


def _within(spans: Sequence[tuple[int, int]], time: int) -> bool:
    n = bisect_right(spans, time, key=lambda span: span[0])
    return n > 0 and time < spans[n - 1][1]


def kept(part: str, found: Iterable[Hour]) -> list[RoomHour]:
    """Hours as they are kept."""
    return [
        RoomHour(part, hour.start, msgspec.msgpack.encode([getattr(hour.tally, name) for name in _SUMS]))
        for hour in found
    ]


def from_kept(found: Iterable[RoomHour]) -> dict[str, list[Hour]]:
    """Kept hours by part, in order."""
    parts: dict[str, list[Hour]] = {}
    for item in found:
        sums = UsageSums(*msgspec.msgpack.decode(item.sums))
        if not sums.arrivals:  # hours from before this was counted
            sums = replace(sums, arrivals=sums.visits)
        parts.setdefault(item.part, []).append(Hour(item.time, sums))
    return parts


def with_gaps(found: Sequence[Hour], spans: Iterable[tuple[int, int]]) -> list[Hour]:
    """Hours, and those of the open `spans` of which nothing is kept."""
    both: Mapping[int, Hour] = {hour.start: hour for hour in (*hours(stretches([], [], 0, spans)), *found)}
    return [both[start] for start in sorted(both)]


def coarse(points: Sequence[Point], start: int, end: int) -> Iterator[Point]:
    """Yield a series of start <= time < end, thinned out: each hour has its mean over the time that is known."""
    sums: dict[int, list[float]] = {}
    for begin, until, value in runs(points):
        time = max(begin, start)
        while time < min(until, end):
            hour = time - time % HOUR_MS
            upto = min(until, end, hour + HOUR_MS)
            known = sums.setdefault(hour, [0.0, 0.0])
            known[0] += upto - time
            known[1] += (upto - time) * value
            time = upto
    for hour, (known_ms, sum_) in sums.items():
        for time in range(hour, hour + HOUR_MS, COARSE_MS):
            yield Point(time, round(sum_ / known_ms, 3), Quality.GOOD)
