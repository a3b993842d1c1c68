"""Which points of the sensors of a unit or room become which metrics, as far as their profiles tell. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from sukusuku_core.catalogue import Role
from sukusuku_core.errors import ConfigError
from sukusuku_core.profile import AnyProfile, Point
from sukusuku_edge.fitting import Distance, bind

GUESSED = Distance(empty_mm=900, full_mm=150)
"""Stands where somebody must measure the empty and the full unit."""
_ZONES = frozenset({Role.ZONE_COUNT, Role.ZONE_CHILD_COUNT})
_IN = re.compile(r"(?:^|_)(?:in|entries|a|left_to_right)$")
_OUT = re.compile(r"(?:^|_)(?:out|exits|b|right_to_left)$")
_NUMBER = re.compile(r"_(\d+)(?:_|$)")


@dataclass(frozen=True, slots=True)
class Binding:
    """One `[[asset.binding]]`. `others` are points that would fit as well: which one it is depends on the wiring."""

    metric: str
    device: str
    point: str
    distance: Distance | None = None
    others: tuple[str, ...] = ()
    region: bool = False
    """Whether a region of the sensor stands for the whole room: somebody must draw it so."""


@dataclass(frozen=True, slots=True)
class _Rule:
    metric: str
    fits: Callable[[Point], bool]
    wired: bool = False
    """Whether several points of a device fit alike, so that the wiring decides."""


def bindings(
    kind: Literal["unit", "room"], sensors: Sequence[tuple[str, AnyProfile]], zones: Sequence[str] = ()
) -> tuple[Binding, ...]:
    """Return what the sensors (device id and profile) can say of an asset; of two sensors the first one says it."""
    found: dict[str, Binding] = {}
    for rule in _UNIT if kind == "unit" else list(_room(zones)):
        for device, profile in sensors:
            if rule.metric not in found and (binding := _bound(kind, rule, device, profile)) is not None:
                found[rule.metric] = binding
    return tuple(found.values())


def suitable(kind: Literal["unit", "room"], profile: AnyProfile) -> bool:
    """Whether a device of this kind can say anything of a unit or room, beside what it is itself."""
    found = bindings(kind, [("device", profile)], ["zone"])
    return any(not binding.metric.startswith("Info/") for binding in found)


def counts_zones(profile: AnyProfile) -> bool:
    """Whether it counts people by zone."""
    return any(point.role is Role.ZONE_COUNT for point in profile.point)


def _bound(kind: Literal["unit", "room"], rule: _Rule, device: str, profile: AnyProfile) -> Binding | None:
    points = [point for point in profile.point if rule.fits(point)]
    for point in points:
        distance = GUESSED if rule.metric == "Fill/Percent" and point.role is Role.LEVEL_DISTANCE else None
        try:
            bind(
                "",
                asset="asset",
                kind=kind,
                metric=rule.metric,
                device=device,
                profile=profile,
                point=point.name,
                distance=distance,
            )
        except ConfigError:
            continue
        others = tuple(other.name for other in points if other is not point) if rule.wired else ()
        region = rule.metric.startswith("Occupancy/") and point.role in _ZONES
        return Binding(rule.metric, device, point.name, distance, others, region)
    return None


def _of(role: Role, name: str = "") -> Callable[[Point], bool]:
    return lambda point: point.role is role and (not name or point.name == name)


def _numbered(role: Role, number: int) -> Callable[[Point], bool]:
    def fits(point: Point) -> bool:
        found = _NUMBER.search(point.name)
        return point.role is role and found is not None and int(found[1]) == number

    return fits


def _flow(direction: re.Pattern[str], *, children: bool) -> Callable[[Point], bool]:
    return lambda point: (
        point.role is Role.FLOW_COUNTER
        and direction.search(point.name) is not None
        and ("child" in point.name) is children
    )


def _lid(point: Point) -> bool:
    return point.role is Role.CONTACT and point.name in {"lid_open", "open"}


_UNIT = (
    _Rule("Fill/Percent", _of(Role.FILL_LEVEL)),
    _Rule("Fill/Percent", _of(Role.LEVEL_DISTANCE)),
    _Rule("Fill/Distance", _of(Role.LEVEL_DISTANCE)),
    _Rule("Cycles/Total", _of(Role.CYCLE_COUNTER), wired=True),
    _Rule("State", _of(Role.STATE)),
    _Rule("Fault/Code", _of(Role.FAULT)),
    _Rule("Lid/Open", _lid),
    _Rule("Film/Remaining", _of(Role.FILM)),
    _Rule("Motor/Power", _of(Role.POWER, "power")),
    _Rule("Motor/Power", _of(Role.POWER)),
    _Rule("Temperature", _of(Role.TEMPERATURE)),
    _Rule("Info/Serial", _of(Role.IDENTITY, "serial")),
    _Rule("Info/Firmware", _of(Role.IDENTITY, "firmware")),
)


def _room(zones: Sequence[str]) -> Iterator[_Rule]:
    whole = len(zones) + 1
    yield _Rule("Occupancy/Count", _of(Role.PEOPLE_COUNT))
    yield _Rule("Occupancy/Count", _numbered(Role.ZONE_COUNT, whole))
    yield _Rule("Occupancy/Children", _of(Role.CHILD_COUNT))
    yield _Rule("Occupancy/Children", _numbered(Role.ZONE_CHILD_COUNT, whole))
    yield _Rule("Entries/Total", _flow(_IN, children=False))
    yield _Rule("Exits/Total", _flow(_OUT, children=False))
    yield _Rule("Entries/Children", _flow(_IN, children=True))
    yield _Rule("Exits/Children", _flow(_OUT, children=True))
    yield _Rule("Presence", lambda point: point.role is Role.PRESENCE and _NUMBER.search(point.name) is None)
    for number, zone in enumerate(zones, 1):
        yield _Rule(f"Zones/{zone}/Count", _numbered(Role.ZONE_COUNT, number))
        yield _Rule(f"Zones/{zone}/Children", _numbered(Role.ZONE_CHILD_COUNT, number))
        yield _Rule(f"Zones/{zone}/Presence", _numbered(Role.PRESENCE, number))
