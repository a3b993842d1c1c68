"""A facility with two centres, and readings that put every kind of trouble on its wall."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import msgspec

from sukusuku_api.timestamps import LATEST_MS
from sukusuku_core.clock import now_ms
from sukusuku_core.model import FaultCode, Quality, Reading, UnitState, Value
from sukusuku_core.settings import parse
from sukusuku_server.db import Alert, AlertState, Operations
from sukusuku_server.live import watching
from sukusuku_server.settings import Facility
from sukusuku_server.settings.base import WEEKDAYS
from sukusuku_server.settings.opening import Calendar, Opening
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.support.databases import READINGS, Fill, both, nothing
from tests.support.stores import commit

HOUR = 3_600_000

FACILITY = """
[operator]
id = "toshima"
name = { ja = "としま市", en = "Toshima City" }

[alerts]
silent_after = 1800

[[site]]
id = "tobu"
name = { ja = "東部こども家庭センター", en = "Tobu Child and Family Centre" }
[[site.unit]]
id = "tobu-unit-1"
name = { ja = "おむつ圧縮機 1", en = "Nappy unit 1" }
edge = "tobu-pi"
[[site.unit]]
id = "tobu-unit-2"
name = { ja = "おむつ圧縮機 2", en = "Nappy unit 2" }
edge = "tobu-pi"
[[site.room]]
id = "tobu-room"
name = { ja = "一時保育室", en = "Childcare room" }
edge = "tobu-pi"
capacity = 10
[[site.room.zone]]
id = "eating"
name = { ja = "食事", en = "Eating" }
capacity = 4
[[site.room.zone]]
id = "play"
name = { ja = "遊び", en = "Play" }
capacity = 8

[[site]]
id = "seibu"
name = { ja = "西部こども家庭センター", en = "Seibu Child and Family Centre" }
[[site.unit]]
id = "seibu-unit-1"
name = { ja = "おむつ圧縮機 1", en = "Nappy unit 1" }
edge = "seibu-pi"
[[site.unit]]
id = "seibu-unit-2"
name = { ja = "おむつ圧縮機 2", en = "Nappy unit 2" }
edge = "seibu-pi"
[[site.room]]
id = "seibu-room"
name = { ja = "一時保育室", en = "Childcare room" }
edge = "seibu-pi"
capacity = 12
[[site.room.zone]]
id = "eating"
name = { ja = "食事", en = "Eating" }
capacity = 5
[[site.room.zone]]
id = "play"
name = { ja = "遊び", en = "Play" }
"""


@cache
def facility(extra: str = "", text: str = FACILITY) -> Facility:
    """The facility; `extra` is TOML that comes before its centres."""
    head, tail = text.split("[[site]]", 1)
    return parse(f"{head}{extra}\n[[site]]{tail}", Facility, "facility.toml")


def always_open(closing: Facility) -> Facility:
    """The same without hours: none of its centres ever closes."""
    hours = msgspec.convert(dict.fromkeys(WEEKDAYS, ("00:00-24:00",)) | {"holidays": "open"}, Opening)
    sites = tuple(msgspec.structs.replace(site, opening=hours) for site in closing.site)
    return msgspec.structs.replace(closing, site=sites, calendar=Calendar(year_end=()))


def unit(asset: str, at: int, **metrics: Value) -> Iterator[Reading]:
    """Readings of a unit; unnamed metrics have everyday values."""
    values: dict[str, Value] = {
        "level": 42.0,
        "state": int(UnitState.IDLE),
        "fault": int(FaultCode.NONE),
        "film": 64.0,
        "cycles": 12_345,
        "lid": False,
        "temperature": 24.5,
        **metrics,
    }
    for key, metric in _METRICS.items():
        yield Reading(asset, metric, at, values[key])


_METRICS = {
    "level": "Fill/Percent",
    "state": "State",
    "fault": "Fault/Code",
    "film": "Film/Remaining",
    "cycles": "Cycles/Total",
    "lid": "Lid/Open",
    "temperature": "Temperature",
}


def room(asset: str, at: int, people: int, children: int, **zones: int) -> Iterator[Reading]:
    """Readings of a room; `zones` are children per zone."""
    yield Reading(asset, "Occupancy/Count", at, people)
    yield Reading(asset, "Occupancy/Children", at, children)
    for zone, count in zones.items():
        yield Reading(asset, f"Zones/{zone}/Children", at, count)


def troubled(now: int) -> list[Reading]:
    """One quiet unit, one with a fault, one silent, one nearly full; one room in order and one over capacity."""
    readings = [
        *unit("tobu-unit-1", now - 12_000, state=int(UnitState.COMPRESS)),
        *unit("tobu-unit-2", now - 4_000, level=84.0, film=8.0),
        *room("tobu-room", now - 8_000, 9, 6, eating=2, play=4),
        *unit("seibu-unit-1", now - 9_000, level=57.0, state=int(UnitState.JAM), fault=int(FaultCode.JAM)),
        *unit("seibu-unit-2", now - 2 * HOUR, level=31.0),
        *room("seibu-room", now - 20_000, 18, 14, eating=6, play=8),
        Reading("tobu-pi", "Buffer/Rows", now - 5_000, 3),
    ]
    assets = {reading.asset for reading in readings} - {"tobu-pi"}
    return readings + [Reading(asset, "Info/Source", now - 3 * HOUR, "simulated") for asset in sorted(assets)]


def dead_device(asset: str, at: int) -> list[Reading]:
    """What an edge node says when the device behind a unit does not answer."""
    return [Reading(asset, metric, at, None, Quality.STALE) for metric in _METRICS.values()]


def alert(rule: str, asset: str, since: int, value: float | None, ident: int = 0) -> Alert:
    """An alert that nobody has been told of."""
    site = asset.partition("-")[0]
    return Alert(ident, rule, site, asset, AlertState.PENDING, since, None, None, None, None, value, rule, raised=since)


def fire(operations: Operations, rule: str, asset: str, since: int, value: float | None, *, stage: int = 1) -> Alert:
    """A firing alert in the operations data."""
    new = replace(alert(rule, asset, since, value), stage=stage)
    with operations.change() as change:
        return change.fire(change.raise_alert(new), since + 60_000)


@dataclass(frozen=True)
class World:
    """The real store and the real operations data of a facility, as the collector would have them."""

    facility: Facility
    store: SqliteStore
    operations: Operations
    path: Path

    def commit(self, *readings: Reading) -> None:
        """What the collector does with readings."""
        commit(self.store, readings, now_ms())

    def close(self) -> None:
        """Give back the files."""
        self.store.close()
        self.operations.close()


def make(folder: Path, extra: str = "", fill: Fill = nothing, *, heard: bool = True) -> World:
    """A world with what `fill` puts into it; `extra` as in `facility`. `heard`: a collector is there, for ever."""
    made = World(facility(extra), *both(folder, fill), folder / READINGS)
    if heard:
        watching.keep(made.store, LATEST_MS)
    return made
