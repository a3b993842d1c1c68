"""Was anything lost? Compares what the simulated devices showed with what the store holds.

Three witnesses are compared:

- the truth log of the simulator: which value each point of each device showed, from when to when;
- the accepted log of each edge agent: every reading whose commit to the outbox had returned;
- the store of the collector.

`lost` counts accepted readings that the store does not hold with the same value, and shown values that the store does
not reflect. `duplicates` counts stored readings that no agent accepted, or that one accepted twice for the same moment.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sukusuku_collector.store import Point, Store
from sukusuku_core import catalogue
from sukusuku_core.catalogue import DataType
from sukusuku_core.model import AssetKind, Quality, Value
from sukusuku_edge.settings import Asset, Binding, EdgeSettings

Key = tuple[str, str]
"""Asset and metric."""

STOOD_MS = 2_500
"""A shown value must have been readable for this long before the store has to reflect it: six polls of the demo."""

MARGIN_MS = 250
"""How long before its end a shown value is looked for: the truth log is written a moment after the registers change."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A value that a device showed: from `begin` until `end` (UTC ms)."""

    key: Key
    begin: int
    end: int
    value: Value | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts of readings; `missing` describes the first few losses in words."""

    produced: int
    accepted: int
    stored: int
    lost: int
    duplicates: int
    missing: tuple[str, ...]


def read_accepted(paths: Iterable[Path]) -> list[tuple[Key, int, Value | None]]:
    """All lines of accepted logs."""
    found = []
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            found.append(((row["asset"], row["metric"]), row["time"], row["value"]))
    return found


def read_shown(truth: Path, edges: Sequence[EdgeSettings], end: int) -> Iterator[Shown]:
    """Every value that a bound point showed, in the terms of its metric, until it changed (the last until `end`)."""
    bound: dict[tuple[str, str], list[tuple[Asset, Binding]]] = {}
    for edge in edges:
        for asset in edge.asset:
            for binding in asset.binding:
                bound.setdefault((binding.device, binding.point), []).append((asset, binding))
    standing: dict[Key, tuple[int, Value | None]] = {}
    for line in truth.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] != "point":
            continue
        for asset, binding in bound.get((row["device"], row["point"]), ()):
            key = (asset.id, binding.metric)
            value = _in_metric(binding, row["value"])
            if key in standing and standing[key][1] != value:
                yield Shown(key, standing[key][0], row["time"], standing[key][1])
            if key not in standing or standing[key][1] != value:
                standing[key] = (row["time"], value)
    for key, (begin, value) in standing.items():
        yield Shown(key, begin, end, value)


def _in_metric(binding: Binding, value: Value | None) -> Value | None:
    if binding.distance is not None and isinstance(value, int | float):
        span = binding.distance.empty_mm - binding.distance.full_mm
        return (binding.distance.empty_mm - value) / span * 100
    return value


def judge(
    shown: Iterable[Shown],
    accepted: Sequence[tuple[Key, int, Value | None]],
    store: Store,
    begin: int,
    kinds: Mapping[str, Asset],
) -> Verdict:
    """The verdict over everything measured from `begin` (UTC ms) on."""
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
        if item.end - max(item.begin, begin) < STOOD_MS or item.key not in keys:
            continue
        produced += 1
        last = _standing(stored[item.key], item.end - MARGIN_MS)
        if not _agrees(item, last, kinds):
            missing.append(
                f"{item.key[0]} {item.key[1]} showed {item.value!r} from {item.begin} to {item.end}, stored {last!r}"
            )
    return Verdict(produced, len(accepted), len(held), len(missing), duplicates, tuple(missing[:10]))


def _standing(points: Sequence[Point], moment: int) -> Point | None:
    """The newest stored reading that was measured by then."""
    at = bisect_right(points, moment, key=lambda point: point.time)
    return points[at - 1] if at else None


def _agrees(item: Shown, point: Point | None, kinds: Mapping[str, Asset]) -> bool:
    if point is None:
        return False
    metric = catalogue.find(AssetKind(kinds[item.key[0]].kind), item.key[1])
    if item.value is None or point.quality is not Quality.GOOD:
        return item.value is None or point.quality is Quality.BAD
    if metric is not None and metric.datatype is DataType.DOUBLE:
        return abs(float(point.value or 0) - float(item.value)) <= metric.deadband + 1e-6
    return point.value == item.value
