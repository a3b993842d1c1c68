"""Grafana's published schema of classic dashboards, as the classes of grafana-foundation-sdk carry it, made strict.

The library writes these classes from the schema, but does not check what it is given. Here every key must be one of a
class, what the schema wants must be there, and every value must be of its type or one of its names; also in the
options and the field settings of each kind of panel.
"""

import typing
import warnings
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import cache
from types import ModuleType, NoneType, UnionType
from typing import Any, Literal, Union

with warnings.catch_warnings():  # the library advises the newer schema
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.cog.variants import Dataquery
    from grafana_foundation_sdk.models import bargauge, dashboard, stat, statetimeline, table, timeseries

KINDS: Mapping[str, ModuleType] = {
    "bargauge": bargauge,
    "stat": stat,
    "state-timeline": statetimeline,
    "table": table,
    "timeseries": timeseries,
}
OPTIONAL = {"placement"}
"""Keys that the library always writes, though the schema does not want them."""
QUERY = {"refId", "datasource", "rawQuery", "query", "resultFormat", "alias"}
"""Keys of an InfluxQL query; the schema has none for this data source."""


def breaches(board: Mapping[str, Any]) -> list[str]:
    """Where a dashboard is not of the schema, in words; empty: nowhere."""
    found = list(_of(board, dashboard.Dashboard, "board"))
    for number, panel in enumerate(board.get("panels", [])):
        where = f"board.panels[{number}]"
        if panel.get("type") not in KINDS:
            found.append(f"{where}.type: expected one of {', '.join(KINDS)}, found {panel.get('type')!r}")
            continue
        found += _of(panel.get("options"), KINDS[panel["type"]].Options, f"{where}.options")
        found += _fields(panel, f"{where}.fieldConfig")
    return found


def _fields(panel: Mapping[str, Any], where: str) -> Iterator[str]:
    """The settings of a kind of panel for its fields, for all and for those of one name."""
    own = getattr(KINDS[panel["type"]], "FieldConfig", _Nothing)
    settings = panel.get("fieldConfig", {})
    yield from _of(settings.get("defaults", {}).get("custom", {}), own, f"{where}.defaults.custom")
    for number, override in enumerate(settings.get("overrides", [])):
        for entry in override.get("properties", []):
            name = str(entry.get("id"))
            hint = own if name.startswith("custom.") else dashboard.FieldConfig
            yield from _keys({name.removeprefix("custom."): entry.get("value")}, hint, f"{where}.overrides[{number}]")


class _Nothing:
    """The field settings of a kind of panel that has none."""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "_Nothing":
        """As the library's classes have it."""
        return cls(**data)


def _of(value: Any, hint: Any, where: str) -> Iterator[str]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Dataquery:
        yield from _query(value, where)
    elif origin in {Union, UnionType}:
        yield from _union(value, arguments, where)
    elif origin in {list, dict}:
        yield from _many(value, origin, arguments[-1], where)
    elif origin is Literal:
        yield from _one_of(value, arguments, where)
    elif hint not in {Any, object}:
        yield from _single(value, hint, where)


def _single(value: Any, hint: type, where: str) -> Iterator[str]:
    if issubclass(hint, Enum):
        yield from _one_of(value, [it.value for it in hint], where)
    elif hasattr(hint, "from_json"):
        yield from _structure(value, hint, where)
    elif not _plain(value, hint):
        yield f"{where}: expected {hint.__name__}, found {value!r}"


def _one_of(value: Any, allowed: Sequence[Any], where: str) -> Iterator[str]:
    if value not in allowed:
        yield f"{where}: expected one of {', '.join(map(str, allowed))}, found {value!r}"


def _plain(value: Any, hint: type) -> bool:
    if isinstance(value, bool) or hint is bool:
        return isinstance(value, bool) and hint is bool
    return isinstance(value, (int, float) if hint is float else hint)


def _union(value: Any, choices: tuple[Any, ...], where: str) -> Iterator[str]:
    if value is None and NoneType in choices:
        return
    tried = [list(_of(value, choice, where)) for choice in choices if choice is not NoneType]
    yield from min(tried, key=len)


def _many(value: Any, origin: Any, hint: Any, where: str) -> Iterator[str]:
    if not isinstance(value, origin):
        yield f"{where}: expected a {origin.__name__}, found {value!r}"
        return
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield from _of(item, hint, f"{where}[{key}]")


def _structure(value: Any, hint: type, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: expected an object, found {value!r}"
        return
    yield from _keys(value, hint, where)
    for key, it in _hints(hint).items():
        if key not in value | dict.fromkeys(OPTIONAL) and NoneType not in typing.get_args(it) and it is not object:
            yield f"{where}.{key}: missing"


def _keys(value: Mapping[str, Any], hint: type, where: str) -> Iterator[str]:
    hints = _hints(hint)
    for key, item in value.items():
        if key in hints:
            yield from _of(item, hints[key], f"{where}.{key}")
        else:
            yield f"{where}.{key}: the schema has no such key"


@cache
def _hints(hint: type) -> dict[str, Any]:
    return {_key(name): it for name, it in typing.get_type_hints(hint).items()}


def _query(value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict) or value.keys() != QUERY:
        yield f"{where}: expected the keys {sorted(QUERY)}, found {value!r}"


def _key(name: str) -> str:
    """The name of an attribute as it stands in JSON."""
    first, *rest = name.removesuffix("_val").split("_")
    return first + "".join(part.capitalize() for part in rest)
