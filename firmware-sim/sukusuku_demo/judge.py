"""Was anything lost? Compares what the simulated devices showed with what the store holds.

Three witnesses are compared:

- the truth log of the simulator: which value each point of each device showed, from when to when;
- the accepted log of each edge agent: every reading whose commit to the outbox had returned;
- the store of the collector; and InfluxDB, where the collector brings what it stores.

`lost` counts accepted readings that the store does not hold with the same value, and shown values that the store does
not reflect. `duplicates` counts stored readings that no agent accepted, or that one accepted twice for the same moment.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Quality, Value
from sukusuku_core.profile import JsonPoint
from sukusuku_edge.fitting import Bound
from sukusuku_server.model.series import Point
from sukusuku_server.timeseries.protocols import HistoryReader

Key = tuple[str, str]
"""Asset and metric."""

Accepted = tuple[Key, int, Value | None]
"""A reading that an edge node has accepted: series, UTC ms, value."""

STOOD_MS = 2_500
"""A shown value must have been readable for this long before the store has to reflect it: six polls of the demo."""

_SHOWN = 10
"""Losses that are told in words."""

MARGIN_MS = 250
"""How long before its end a shown value is looked for: the truth log is written a moment after the registers change."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A value that a device showed, in the metric's unit: from `begin` until `end` (UTC ms)."""

    bound: Bound
    begin: int
    end: int
    value: Value | None

    @property
    def key(self) -> Key:
        """The series that has to reflect it."""
        return self.bound.asset, self.bound.metric


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts of readings; `missing` describes the first few losses in words."""

    produced: int
    accepted: int
    stored: int
    lost: int
    duplicates: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Archived:
    """Counts of readings in InfluxDB; `seconds` were waited for what was missing."""

    stored: int
    lost: int
    duplicates: int
    missing: tuple[str, ...]
    seconds: float = 0.0


def read_accepted(paths: Iterable[Path]) -> list[Accepted]:
    """All lines of accepted logs."""
    found = []
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            found.append(((row["asset"], row["metric"]), row["time"], row["value"]))
    return found


def read_shown(truth: Path, bindings: Iterable[Bound], end: int) -> Iterator[Shown]:
    """Every value that a bound point showed until it changed (the last until `end`)."""
    by_point: dict[tuple[str, str], list[Bound]] = {}
    for bound in bindings:
        by_point.setdefault((bound.device, bound.point.name), []).append(bound)
    standing: dict[Key, Shown] = {}
    for line in truth.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] != "point":
            continue
        for bound in by_point.get((row["device"], row["point"]), ()):
            now = Shown(bound, row["time"], end, _in_metric(bound, row["value"]))
            before = standing.get(now.key)
            if before is not None and before.value != now.value:
                yield replace(before, end=now.begin)
            if before is None or before.value != now.value:
                standing[now.key] = now
    yield from standing.values()


def _in_metric(bound: Bound, value: Value | None) -> Value | None:
    """Return a distance as its metric by the judge's own formula: it must not trust the code that it judges."""
    if bound.distance is not None and isinstance(value, int | float):
        return (bound.distance.empty_mm - value) / (bound.distance.empty_mm - bound.distance.full_mm) * 100
    return value


def judge(
    shown: Iterable[Shown],
    accepted: Sequence[Accepted],
    store: HistoryReader,
    begin: int,
    listening: int = 0,
) -> Verdict:
    """Return the verdict over everything measured from `begin` on (UTC ms).

    What devices show counts from `listening` on, when the edge nodes had started: a register can be read as long as it
    stands then; a sensor message that was sent before anybody listened is gone.
    """
    keys = {key for key, _, _ in accepted}
    stored: dict[Key, list[Point]] = {
        key: store.raw(key[0], key[1], begin, 1 << 62, 10_000_000) for key in sorted(keys)
    }
    held = {(key, point.time): point.value for key, points in stored.items() for point in points}
    once = {(key, time): value for key, time, value in accepted}
    missing = [
        f"{key[0]} {key[1]} at {time}: accepted {value!r}, stored {held.get((key, time))!r}"
        for (key, time), value in once.items()
        if held.get((key, time)) != value or (key, time) not in held
    ]
    duplicates = sum(1 for moment in held if moment not in once) + len(accepted) - len(once)
    produced = 0
    for item in shown:
        if item.end - max(item.begin, begin, listening) < STOOD_MS or item.key not in keys:
            continue
        if isinstance(item.bound.point, JsonPoint) and item.begin < listening:
            continue
        produced += 1
        last = _standing(stored[item.key], item.end - MARGIN_MS)
        if not _agrees(item, last):
            missing.append(
                f"{item.key[0]} {item.key[1]} showed {item.value!r} from {item.begin} to {item.end}, stored {last!r}"
            )
    return Verdict(produced, len(accepted), len(held), len(missing), duplicates, tuple(missing[:_SHOWN]))


def judge_archive(accepted: Iterable[Accepted], rows: Iterable[Mapping[str, object]], until: int) -> Archived:
    """Return the verdict over the points of InfluxDB, by column; points of unknown series are passed over.

    What was measured after `until` (UTC ms) may still be on its way. Whatever stands there a second time, with other
    tags or at a time that nobody accepted, is a duplicate.
    """
    once = {(key, time): value for key, time, value in accepted}
    keys = {key for key, _ in once}
    held: dict[tuple[Key, int], Mapping[str, object]] = {}
    duplicates = 0
    for row in rows:
        key, time = (str(row["asset"]), str(row["metric"])), row["time"]
        if key not in keys:
            continue
        if not isinstance(time, int) or (key, time) not in once or (key, time) in held:
            duplicates += 1
        else:
            held[key, time] = row
    missing = [
        f"{key[0]} {key[1]} at {time}: accepted {value!r}, InfluxDB has {held.get((key, time))!r}"
        for (key, time), value in once.items()
        if time <= until
        and ((key, time) not in held or _archived(held[key, time], text=isinstance(value, str)) != value)
    ]
    return Archived(len(held), len(missing), duplicates, tuple(missing[:_SHOWN]))


def _archived(row: Mapping[str, object], *, text: bool) -> object:
    """Return the value of a point, as docs/influxdb.md describes it."""
    names = ("text", "suspect_text") if text else ("exact", "value", "suspect")
    return next((row[name] for name in names if row.get(name) is not None), None)


def _standing(points: Sequence[Point], moment: int) -> Point | None:
    """Return the newest stored reading that was measured by then."""
    at = bisect_right(points, moment, key=lambda point: point.time)
    return points[at - 1] if at else None


def _agrees(item: Shown, point: Point | None) -> bool:
    if point is None:
        return False
    if item.value is None or point.quality is not Quality.GOOD:
        return item.value is None or point.quality is Quality.BAD
    if item.bound.row.datatype is DataType.DOUBLE:
        return abs(float(point.value or 0) - float(item.value)) <= item.bound.row.deadband + 1e-6
    wrap = item.bound.point.wrap
    if item.bound.cumulative and wrap is not None:  # the total goes on where the device's counter began again
        return int(point.value or 0) % wrap == int(item.value) % wrap
    return point.value == item.value
