"""Which readings are taken, which are marked bad and which are refused, with the reason in one word. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from sukusuku_collector.ingest.fitting import fitted
from sukusuku_core import catalogue
from sukusuku_core.catalogue import DataType, Metric
from sukusuku_core.errors import DecodeError
from sukusuku_core.model import AssetKind, Quality, Value
from sukusuku_core.time import DAY_MS, EARLIEST_READING, HOUR_MS, MINUTE_MS
from sukusuku_server.settings import Facility, Room

AHEAD = 5 * MINUTE_MS
"""How far (ms) a reading's time may be ahead of its receipt."""
SKEW = MINUTE_MS
"""ms between sending and receipt up to which a clock is right, even if it cannot prove it."""
OLDEST = 31 * DAY_MS
"""ms; more than this a clock that is not set has not been running."""
UNBOUNDED = 1e15
"""Stands for a bound that the catalogue leaves open; far beyond it, sums would lose their precision."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom readings are about: an asset or an edge node, and the edge node that may speak for it.

    `zones` are the zone ids that a room may name; empty when `facility.toml` lists none, and then any will do.
    """

    id: str
    kind: AssetKind
    edge: str
    zones: frozenset[str] = frozenset()


def subjects(facility: Facility) -> Iterator[Subject]:
    """Everything in the facility that readings may be about."""
    for asset in facility.assets():
        zones = frozenset(zone.id for zone in asset.settings.zone) if isinstance(asset.settings, Room) else frozenset()
        yield Subject(asset.id, asset.kind, asset.edge, zones)
    for edge in sorted(facility.edges()):
        yield Subject(edge, AssetKind.EDGE_NODE, edge)


def metric(subject: Subject, name: str) -> Metric:
    """Return the catalogue's row for a metric of a subject. Raises DecodeError (`unknown-metric`, `unknown-zone`)."""
    found = catalogue.find(subject.kind, name)
    if found is None or "*" in name:
        raise DecodeError("unknown-metric", f"{name!r} is not a metric of {subject.kind} {subject.id}")
    if found.name.startswith("Zones/") and subject.zones:
        zone = name.split("/")[1]
        if zone not in subject.zones:
            raise DecodeError("unknown-zone", f"{subject.id} has no zone {zone!r}; add it to facility.toml")
    return found


def bounds(row: Metric) -> tuple[float, float]:
    """Return the plausible values of a numeric metric, both inclusive."""
    return (-UNBOUNDED if row.low is None else row.low, UNBOUNDED if row.high is None else row.high)


def judge(row: Metric, value: Value | None, quality: Quality) -> tuple[Value | None, Quality]:
    """Return the value as the catalogue types it, and its quality: BAD when it is out of bounds or missing.

    Raises DecodeError (`datatype`) when it does not fit that type exactly.
    """
    if value is None:
        return None, Quality.BAD if quality is Quality.GOOD else quality
    if type(value) is not _PYTHON[row.datatype]:
        found = fitted(row.datatype, value)
        if found is None:
            kind = type(value).__name__  # not the value: it may be anything
            raise DecodeError("datatype", f"{kind} for {row.name}, which is {row.datatype.name}, and does not fit it")
        value = found
    if isinstance(value, int | float) and row.datatype is not DataType.BOOLEAN:
        low, high = bounds(row)
        if not low <= value <= high:
            return value, Quality.BAD
    return value, quality


_PYTHON = {
    DataType.INT64: int,
    DataType.DATETIME: int,
    DataType.DOUBLE: float,
    DataType.BOOLEAN: bool,
    DataType.STRING: str,
}


def window(received: int) -> tuple[int, int]:
    """Return the earliest and the latest time that a reading received now may carry, both inclusive."""
    return EARLIEST_READING, received + AHEAD


def place(time: int, sent: int | None, received: int, *, synced: bool) -> tuple[int, bool]:
    """When a reading is stored as measured, and whether that is to be believed. All UTC ms; `sent`: of its message.

    Outside of the window the receipt stands in for a time. A clock that is said not to be set, and was not near ours
    when the message was sent, still tells how long before the sending something was measured.
    """
    if synced or (sent is not None and abs(received - sent) <= SKEW):
        earliest, latest = window(received)
        return (time, True) if earliest <= time <= latest else (received, False)
    age = -1 if sent is None else sent - time
    return (received - age, True) if 0 <= age <= OLDEST else (received, False)


def cure_of_time(time: int, received: int) -> str:
    """Return what to look at when a time is not to be believed."""
    units = {"s": 1000, "us": 1e-3, "ns": 1e-6}
    unit = next((name for name, factor in units.items() if abs(time * factor - received) < DAY_MS), None)
    if unit is not None:
        return f"it is in {unit}, and Sparkplug tells times in ms: set the sender to ms"
    return f"check the sender's clock and time zone: it is {(time - received) / HOUR_MS:+,.1f} h off"
