"""What each rule sees in the latest values of an asset. Pure.

A value that is not GOOD, or of an asset that was told dead, is no observation: it neither raises nor clears an alert.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sukusuku_collector.alerts.rules import Observation, Rule, Sign, Waits
from sukusuku_collector.live import fault_of, last_time, lost_metrics, room_count, was_measured
from sukusuku_collector.settings import AlertLevels, Asset, Room
from sukusuku_collector.store import Latest
from sukusuku_core.model import AssetKind, FaultCode, Quality, UnitState

START_GRACE_MS = 5 * 60 * 1000
"""After its own start, or after it had no connection to the broker, the collector calls nothing silent for this long:
the edges must connect and send first."""
ROOM_CLEAR_MS = 60 * 1000
"""A room must be back within its capacity for this long before its alert resolves: children go in and out."""
UNIT_CLEAR_MS = 90 * 1000
"""A unit must be well for this long before its alert resolves: a level read during a deposit is a low one."""


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a rule may look at.

    `known` is since when the asset is watched, `hearing` since when this process hears the broker without a break;
    None: it does not.
    """

    asset: Asset
    levels: AlertLevels
    latest: Mapping[str, Latest]
    known: int
    hearing: int | None
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
    return item if item is not None and item.quality is Quality.GOOD and item.stale_since is None else None


def _number(scene: Scene, metric: str) -> tuple[float, int] | None:
    """A GOOD number and when it was measured."""
    item = _good(scene, metric)
    if item is None or not isinstance(item.value, int | float):
        return None
    return float(item.value), item.time


def _wavers(scene: Scene, metric: str) -> bool:
    """Whether a metric that has just been there is not GOOD: what it would say now may speak against an all-clear."""
    item = scene.latest.get(metric)
    if item is None or item.last_good is None or _good(scene, metric) is not None:
        return False
    return scene.now - item.last_good <= scene.levels.silent_after * 1000


def fill_level(scene: Scene) -> Observation | None:
    """Raises from `fill_rise` up or when the unit says that its bag is full, clears from `fill_clear` down.

    What is read under an open lid does not count. Without a level sensor the unit's own word decides.
    """
    lid, state, level = _good(scene, "Lid/Open"), _number(scene, "State"), _number(scene, "Fill/Percent")
    rise, clear = scene.levels.fill_rise, scene.levels.fill_clear
    lid_open = (lid is not None and lid.value is True) or (state is not None and state[0] == UnitState.LID_OPEN)
    high = level is not None and level[0] >= rise and not lid_open
    if state is not None and state[0] == UnitState.BAG_FULL and not high:
        return Observation(Sign.PRESENT, state[1], state[1], None, rise, "the unit says that its bag is full")
    if lid_open:
        return None
    if level is None:
        if state is None or was_measured(scene.latest, "Fill/Percent"):
            return None
        return Observation(Sign.GONE, state[1], state[1], None, rise, "the unit does not say that its bag is full")
    value, time = level
    if not high and _wavers(scene, "State"):
        return None
    if not high and state is not None:
        time = max(time, state[1])
    sign = Sign.PRESENT if high else Sign.GONE if value <= clear else Sign.BETWEEN
    return Observation(sign, time, time, value, rise, f"fill level {value:.0f} %, rises at {rise:g} %")


def unit_fault(scene: Scene) -> Observation | None:
    """Any fault code but 0, or a state that is a fault."""
    code, state = _number(scene, "Fault/Code"), _number(scene, "State")
    fault = fault_of(None if code is None else code[0], None if state is None else state[0])
    if fault is None:
        return None
    if fault == FaultCode.NONE:
        if _wavers(scene, "Fault/Code") or _wavers(scene, "State"):
            return None
        time = max(item[1] for item in (code, state) if item is not None)
        return Observation(Sign.GONE, time, time, 0.0, None, "fault code 0 (NONE)")
    source, metric = (code, "fault code") if code is not None and code[0] != FaultCode.NONE else (state, "state")
    value, time = source or (0.0, scene.now)
    name = FaultCode(fault).name if fault in set(FaultCode) else "not in the table"
    return Observation(Sign.PRESENT, time, time, float(fault), None, f"{metric} {value:.0f} ({name})")


def room_over_capacity(scene: Scene) -> Observation | None:
    """More children than the room has places."""
    room = scene.asset.settings
    if not isinstance(room, Room) or any(item.stale_since is not None for item in scene.latest.values()):
        return None
    children = room_count(room, scene.latest, "Children")
    if children is None:
        return None
    value, time = children
    sign = Sign.PRESENT if value > room.capacity else Sign.GONE
    detail = f"{value} children, {room.capacity} places"
    return Observation(sign, time, time, float(value), float(room.capacity), detail)


def asset_silent(scene: Scene) -> Observation | None:
    """No GOOD reading for `silent_after` seconds, or none of a metric on which everything depends.

    Counted from when the asset became known if it was never heard, and only while the broker is heard: otherwise the
    silence is the collector's own.
    """
    limit, heard = scene.levels.silent_after, last_time(scene.latest)
    metric, since = None, heard or 0
    if heard is not None and scene.now - heard <= limit * 1000:
        lost = lost_metrics(scene.asset.settings, scene.latest, limit, scene.now)
        if not lost:
            return Observation(Sign.GONE, scene.now, heard, None, limit, "heard again")
        metric = next(iter(lost))
        since = lost[metric]
    since = max(since, scene.known)
    if scene.hearing is None or scene.now - scene.hearing < min(START_GRACE_MS, limit * 1000):
        return None
    if scene.now - since <= limit * 1000:
        return None
    detail = f"never heard, for {limit:g} s" if heard is None else f"no reading for {limit:g} s"
    if metric is not None:
        detail = f"no reading of {metric} for {limit:g} s"
    return Observation(Sign.PRESENT, scene.now, since, None, limit, detail, metric)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


_UNITS, _ROOMS = frozenset({AssetKind.UNIT}), frozenset({AssetKind.ROOM})
WATCHES: tuple[Watch, ...] = (
    Watch(Rule.FILL_LEVEL, _UNITS, fill_level, lambda levels: Waits(_ms(levels.fill_for), UNIT_CLEAR_MS)),
    Watch(Rule.UNIT_FAULT, _UNITS, unit_fault, lambda levels: Waits(_ms(levels.fault_for), UNIT_CLEAR_MS)),
    Watch(
        Rule.ROOM_OVER_CAPACITY,
        _ROOMS,
        room_over_capacity,
        lambda levels: Waits(_ms(levels.over_capacity_for), ROOM_CLEAR_MS),
    ),
    Watch(Rule.ASSET_SILENT, _UNITS | _ROOMS, asset_silent, lambda _levels: Waits(0)),
)
"""Every rule. To add one, add a function and a row, its words in `mail/words.py`, and its name in `Rule`."""
