"""What each rule sees in the latest values of an asset. Pure.

A value that is not GOOD is no observation: it neither raises nor clears an alert.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sukusuku_collector.alerts.rules import Observation, Rule, Sign, Waits
from sukusuku_collector.live import last_time
from sukusuku_collector.settings import AlertLevels, Asset, Room
from sukusuku_collector.store import Latest
from sukusuku_core.model import AssetKind, FaultCode, Quality

START_GRACE_MS = 5 * 60 * 1000
"""After its own start the collector calls nothing silent for this long: the edges must connect and send first."""
ROOM_CLEAR_MS = 60 * 1000
"""A room must be back within its capacity for this long before its alert resolves: children go in and out."""


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a rule may look at. `known` is since when the asset is watched, `started` when this process started."""

    asset: Asset
    levels: AlertLevels
    latest: Mapping[str, Latest]
    known: int
    started: int
    now: int


@dataclass(frozen=True, slots=True)
class Watch:
    """A rule for a kind of asset: how it looks at a scene, and how long it waits."""

    rule: Rule
    kinds: frozenset[AssetKind]
    observe: Callable[[Scene], Observation | None]
    waits: Callable[[AlertLevels], Waits]


def _good(scene: Scene, metric: str) -> Latest | None:
    item = scene.latest.get(metric)
    return item if item is not None and item.quality is Quality.GOOD else None


def _number(scene: Scene, metric: str) -> tuple[float, int] | None:
    """A GOOD number and when it was measured."""
    item = _good(scene, metric)
    if item is None or not isinstance(item.value, int | float):
        return None
    return float(item.value), item.time


def fill_level(scene: Scene) -> Observation | None:
    """Raises from `fill_rise` up, clears from `fill_clear` down; what is read under an open lid does not count."""
    lid = _good(scene, "Lid/Open")
    level = _number(scene, "Fill/Percent")
    if level is None or (lid is not None and lid.value is True):
        return None
    value, time = level
    rise, clear = scene.levels.fill_rise, scene.levels.fill_clear
    sign = Sign.PRESENT if value >= rise else Sign.GONE if value <= clear else Sign.BETWEEN
    return Observation(sign, time, time, value, rise, f"fill level {value:.0f} %, rises at {rise:g} %")


def unit_fault(scene: Scene) -> Observation | None:
    """Any fault code but 0."""
    fault = _number(scene, "Fault/Code")
    if fault is None:
        return None
    value, time = fault
    sign = Sign.GONE if value == FaultCode.NONE else Sign.PRESENT
    name = FaultCode(int(value)).name if value in set(FaultCode) else "not in the table"
    return Observation(sign, time, time, value, None, f"fault code {value:.0f} ({name})")


def room_over_capacity(scene: Scene) -> Observation | None:
    """More children than the room has places."""
    children = _number(scene, "Occupancy/Children")
    if children is None or not isinstance(scene.asset.settings, Room):
        return None
    value, time = children
    places = scene.asset.settings.capacity
    sign = Sign.PRESENT if value > places else Sign.GONE
    return Observation(sign, time, time, value, float(places), f"{value:.0f} children, {places} places")


def asset_silent(scene: Scene) -> Observation | None:
    """No GOOD reading for `silent_after` seconds, counted from when the asset became known if it was never heard."""
    heard = last_time(scene.latest)
    since = max(heard or 0, scene.known)
    limit = scene.levels.silent_after
    if heard is not None and scene.now - heard <= limit * 1000:
        return Observation(Sign.GONE, scene.now, heard, None, limit, "heard again")
    if scene.now - since <= limit * 1000 or scene.now - scene.started < min(START_GRACE_MS, limit * 1000):
        return None
    detail = f"no reading for {limit:g} s" if heard is not None else f"never heard, for {limit:g} s"
    return Observation(Sign.PRESENT, scene.now, since, None, limit, detail)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


_UNITS, _ROOMS = frozenset({AssetKind.UNIT}), frozenset({AssetKind.ROOM})
WATCHES: tuple[Watch, ...] = (
    Watch(Rule.FILL_LEVEL, _UNITS, fill_level, lambda levels: Waits(_ms(levels.fill_for))),
    Watch(Rule.UNIT_FAULT, _UNITS, unit_fault, lambda levels: Waits(_ms(levels.fault_for))),
    Watch(
        Rule.ROOM_OVER_CAPACITY,
        _ROOMS,
        room_over_capacity,
        lambda levels: Waits(_ms(levels.over_capacity_for), ROOM_CLEAR_MS),
    ),
    Watch(Rule.ASSET_SILENT, _UNITS | _ROOMS, asset_silent, lambda _levels: Waits(0)),
)
"""Every rule. To add one, add a function and a row, its words in `mail/words.py`, and its name in `Rule`."""
