"""Which point may become which metric, and how one value becomes the other. Pure."""

import math
import re
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from sukusuku_core import catalogue
from sukusuku_core.catalogue import DataType, Role
from sukusuku_core.errors import ConfigError
from sukusuku_core.model import AssetKind, FaultCode, Quality, UnitState, Value
from sukusuku_core.profile import AnyProfile, JsonPoint, JsonType, ModbusPoint, Point, RegisterType
from sukusuku_core.registers import Decoded
from sukusuku_core.settings import Settings
from sukusuku_core.sparkplug import MAX_STRING
from sukusuku_core.topics import ID_PATTERN

CUMULATIVE = frozenset({"Cycles/Total", "Entries/Total", "Exits/Total"})
"""Metrics that go on counting when the device's own counter wraps or restarts."""

_NUMBER_NAMES: dict[str, dict[str, int]] = {
    "State": {state.name.lower(): state for state in UnitState},
    "Fault/Code": {code.name.lower(): code for code in FaultCode},
}
"""Metrics whose numbers have a meaning of ours: a point's enum names lead to them."""

_COUNTERS = frozenset({Role.CYCLE_COUNTER, Role.FLOW_COUNTER})
_FEEDS: dict[Role, frozenset[Role]] = {
    Role.FILL_LEVEL: frozenset({Role.FILL_LEVEL, Role.LEVEL_DISTANCE}),
    Role.LEVEL_DISTANCE: frozenset({Role.LEVEL_DISTANCE}),
    Role.CYCLE_COUNTER: _COUNTERS,
    Role.STATE: frozenset({Role.STATE}),
    Role.FAULT: frozenset({Role.FAULT, Role.CONTACT}),
    Role.CONTACT: frozenset({Role.CONTACT}),
    Role.FILM: frozenset({Role.FILM, Role.FILL_LEVEL}),
    Role.POWER: frozenset({Role.POWER}),
    Role.TEMPERATURE: frozenset({Role.TEMPERATURE, Role.ENVIRONMENT}),
    Role.IDENTITY: frozenset({Role.IDENTITY}),
    Role.PEOPLE_COUNT: frozenset({Role.PEOPLE_COUNT, Role.ZONE_COUNT}),
    Role.CHILD_COUNT: frozenset({Role.CHILD_COUNT, Role.ZONE_CHILD_COUNT}),
    Role.STAFF_COUNT: frozenset({Role.STAFF_COUNT, Role.PEOPLE_COUNT}),
    Role.FLOW_COUNTER: _COUNTERS,
    Role.ZONE_COUNT: frozenset({Role.ZONE_COUNT, Role.PEOPLE_COUNT}),
    Role.ZONE_CHILD_COUNT: frozenset({Role.ZONE_CHILD_COUNT, Role.CHILD_COUNT}),
    Role.PRESENCE: frozenset({Role.PRESENCE, Role.CONTACT}),
}
"""Role of a metric: the roles of the points that may feed it."""

_ACCEPTS: dict[DataType, tuple[type, ...]] = {
    DataType.BOOLEAN: (bool, int),
    DataType.INT64: (int, float, bool),
    DataType.DOUBLE: (float, int),
    DataType.STRING: (str, int),
}
_WORDS: dict[type, str] = {bool: "on/off", int: "whole numbers", float: "numbers", str: "text"}


class Distance(Settings, frozen=True, kw_only=True):
    """What a distance sensor measures at an empty and at a full unit, in mm."""

    empty_mm: Annotated[float, msgspec.Meta(ge=0, le=100_000)]
    full_mm: Annotated[float, msgspec.Meta(ge=0, le=100_000)]


@dataclass(frozen=True, slots=True)
class Bound:
    """A binding that has been checked: `metric` is the name, `row` its line in the catalogue."""

    asset: str
    metric: str
    row: catalogue.Metric
    device: str
    point: Point
    distance: Distance | None = None

    @property
    def cumulative(self) -> bool:
        """Whether the metric is a total of ours over the device's own counter."""
        return self.metric in CUMULATIVE


def bind(
    where: str,
    *,
    asset: str,
    kind: Literal["unit", "room"],
    metric: str,
    device: str,
    profile: AnyProfile,
    point: str,
    distance: Distance | None,
) -> Bound:
    """Return a binding, checked; `where` is its key path. Raises ConfigError when it cannot work."""
    row = _row(where, AssetKind(kind), metric)
    found = next((item for item in profile.point if item.name == point), None)
    if found is None:
        names = ", ".join(item.name for item in profile.point)
        raise ConfigError(f"{where}.point: profile {profile.profile} has no point `{point}`; it has: {names}")
    _check_role(where, row, found, metric)
    _check_type(where, row, found, metric)
    _check_distance(where, row, found, distance)
    return Bound(asset, metric, row, device, found, distance)


def _row(where: str, kind: AssetKind, metric: str) -> catalogue.Metric:
    row = catalogue.find(kind, metric)
    if row is None:
        raise ConfigError(
            f"{where}.metric: a {kind} has no metric `{metric}`; allowed: {', '.join(catalogue.names(kind))}"
        )
    if row.name != metric or "*" in metric:
        zone = metric.split("/")[1]
        if re.match(ID_PATTERN, zone) is None:
            raise ConfigError(f"{where}.metric: put the id of a zone in place of `{zone}` in `{metric}`")
    return row


def _check_role(where: str, row: catalogue.Metric, point: Point, metric: str) -> None:
    roles = _FEEDS[row.role]
    if point.role not in roles:
        raise ConfigError(
            f"{where}.point: `{point.name}` is a {point.role} and cannot be `{metric}`, "
            f"which takes: {', '.join(sorted(roles))}"
        )


def _check_type(where: str, row: catalogue.Metric, point: Point, metric: str) -> None:
    kind = type_of(point)
    if kind not in _ACCEPTS[row.datatype]:
        takes = ", ".join(_WORDS[item] for item in _ACCEPTS[row.datatype])
        raise ConfigError(f"{where}.point: `{point.name}` gives {_WORDS[kind]}; `{metric}` takes: {takes}")
    if metric in CUMULATIVE and kind is not int:
        raise ConfigError(f"{where}.point: `{metric}` needs a counter of whole numbers without scale")
    words = _NUMBER_NAMES.get(metric)
    if words is not None and isinstance(point, ModbusPoint):
        for item in point.enum:
            if item.name not in words:
                raise ConfigError(
                    f"{where}.point: `{point.name}` has the value `{item.name}`; `{metric}` knows: {', '.join(words)}"
                )


def _check_distance(where: str, row: catalogue.Metric, point: Point, distance: Distance | None) -> None:
    wanted = row.role is Role.FILL_LEVEL and point.role is Role.LEVEL_DISTANCE
    if wanted and distance is None:
        raise ConfigError(
            f"{where}: `{point.name}` is a distance: add distance = {{empty_mm = ..., full_mm = ...}} for a fill level"
        )
    if distance is not None and not wanted:
        raise ConfigError(f"{where}.distance: only for a {Role.LEVEL_DISTANCE} point that becomes Fill/Percent")
    if distance is not None and distance.empty_mm == distance.full_mm:
        raise ConfigError(f"{where}.distance: empty_mm and full_mm are both {distance.empty_mm:g}; they must differ")


def type_of(point: Point) -> type:
    """Return what a point's values are after scaling: bool, int, float or str."""
    if isinstance(point, JsonPoint):
        return {JsonType.BOOL: bool, JsonType.INT: int, JsonType.FLOAT: float, JsonType.TEXT: str}[point.type]
    if point.type is RegisterType.BOOL:
        return bool
    if point.type is RegisterType.STRING:
        return str
    floats = {RegisterType.F32, RegisterType.F64}
    return float if point.type in floats or point.scale != 1 or point.offset != 0 else int


def convert(bound: Bound, decoded: Decoded) -> tuple[Value | None, Quality]:
    """Return a decoded point as a value of the metric: distance to percent, names to our numbers, datatype, range."""
    value = decoded.value
    if value is None:
        return None, Quality.BAD if decoded.quality is Quality.GOOD else decoded.quality
    if bound.distance is not None and not isinstance(value, str):
        empty, full = bound.distance.empty_mm, bound.distance.full_mm
        value = (empty - value) / (empty - full) * 100
    cast = _cast(_by_name(bound, value), bound.row.datatype)
    if cast is None:
        return None, Quality.BAD
    return cast, decoded.quality if in_range(bound.row, cast) else Quality.BAD


def in_range(row: catalogue.Metric, value: Value) -> bool:
    """Whether the catalogue calls a value plausible."""
    if isinstance(value, bool | str):
        return True
    return (row.low is None or value >= row.low) and (row.high is None or value <= row.high)


def _by_name(bound: Bound, value: Value) -> Value:
    """Our number for a device's number; numbers that the profile does not name are passed on."""
    words = _NUMBER_NAMES.get(bound.metric)
    if words is None or not isinstance(bound.point, ModbusPoint):
        return value
    return next((words[item.name] for item in bound.point.enum if item.value == value), value)


def _cast(value: Value, datatype: DataType) -> Value | None:
    """Return the value in the metric's datatype, None when it cannot be."""
    if datatype is DataType.STRING:
        text = str(value).encode("utf-8", "replace").decode()
        return text if len(text) <= MAX_STRING else None
    if isinstance(value, str) or not math.isfinite(value):
        return None
    match datatype:
        case DataType.BOOLEAN:
            return bool(value)
        case DataType.INT64:
            whole = round(value)
            return whole if -(2**63) <= whole < 2**63 else None
        case _:
            return round(float(value), 6)
