"""Simulated months of three centres with every kind of day, derived by the product, and the truth beside them.

Four units and four rooms, of which one is small and one begins in the middle; days without data, a unit that is silent
for a whole month, holidays, special days, a door that overlooks people. The same for the same seed.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import msgspec
from msgspec.structs import replace

from sukusuku_collector.derivation.registry import subjects
from sukusuku_collector.derivation.runner import DerivationRunner
from sukusuku_core import catalogue
from sukusuku_core.model import AssetKind, Reading
from sukusuku_core.settings import parse
from sukusuku_core.sparkplug import datatype_of
from sukusuku_core.time import DAY_MS, HOUR_MS, day_start
from sukusuku_server.db import Operations
from sukusuku_server.db.derivation import DerivationRecords
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries.sqlite import SqliteStore
from sukusuku_sim import history
from sukusuku_sim.room import Room
from sukusuku_sim.scenario import Scenario
from sukusuku_sim.unit import Unit

SCENARIO = """
seed = 7
start = 2026-04-15T10:40:00
[[unit]]
id = "tobu-unit-1"
cycles = 900000
[[unit]]
id = "tobu-unit-2"
cycles = 900000
deposits_per_hour = 3.0
empty_delay = 14400.0
[[unit]]
id = "seibu-unit-1"
cycles = 900000
deposits_per_hour = 7.0
empty_at = 17:30:00
[[unit]]
id = "nanbu-unit-1"
cycles = 900000
deposits_per_hour = 4.0
[[room]]
id = "tobu-room"
overlooked = 0.05
sensor = []
[[room]]
id = "tobu-small"
capacity = 2
popularity = 0.25
sensor = []
[[room]]
id = "seibu-room"
capacity = 12
popularity = 0.55
sensor = []
[[room]]
id = "nanbu-room"
capacity = 8
popularity = 0.35
sensor = []
"""
FACILITY = """
[operator]
id = "toshima"
name = { ja = "としま市", en = "Toshima City" }
[calendar]
[[ward_plan]]
year = 2026
demand = 6000
supply = 5600
[[depot]]
id = "yard"
name = { ja = "車庫", en = "Yard" }
lat = 35.74
lon = 139.71
[[vehicle]]
id = "van"
name = { ja = "回収車", en = "Van" }
depot = "yard"
bags = 60
kg = 350
[[round]]
id = "nappies"
name = { ja = "おむつ回収", en = "Nappy round" }
vehicle = "van"
"""
ROUND = "nappies"
CENTRES = {"tobu": ("tobu-room", "tobu-small"), "seibu": ("seibu-room",), "nanbu": ("nanbu-room",)}
"""The rooms of each centre."""
CAPACITY = {"tobu-room": 10, "tobu-small": 2, "seibu-room": 12, "nanbu-room": 8}
UNITS = {"tobu": ("tobu-unit-1", "tobu-unit-2"), "seibu": ("seibu-unit-1",), "nanbu": ("nanbu-unit-1",)}
STEP_SECONDS = 120.0
_BATCH = 20_000
_PLACE = "place = { lat = 35.73, lon = 139.72 }\n"
_OPENING = """
[site.opening]
mon = ["09:00-18:00"]
tue = ["09:00-18:00"]
wed = ["09:00-12:00", "13:00-18:00"]
thu = ["09:00-18:00"]
fri = ["09:00-18:00"]
sat = ["09:00-12:00"]
special = { "2026-07-15" = [], "2026-07-22" = ["10:00-15:00"] }
"""


@dataclass
class Truth:
    """How assets really were: from each time (UTC ms) on, what was in a bag in % or how many children were in."""

    times: dict[str, list[int]] = field(default_factory=dict)
    values: dict[str, list[float]] = field(default_factory=dict)
    arrivals: dict[str, list[int]] = field(default_factory=dict)
    """When each child came into a room."""
    emptied: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    """When each bag was taken out, and how many nappies of ordinary size were in it."""
    _before: dict[str, Unit | Room] = field(default_factory=dict)

    def watch(self, asset: str, time: int, now: Unit | Room) -> None:
        """Take a state after a step."""
        before = self._before.get(asset)
        self._before[asset] = now
        if isinstance(now, Unit):
            value = 100.0 * now.volume / 60.0
            if isinstance(before, Unit) and now.volume < before.volume - 1:
                self.emptied.setdefault(asset, []).append((time, before.volume))
        else:
            value = float(len(now.children))
            if isinstance(before, Room):
                came = _came(before, now, time)
                self.arrivals.setdefault(asset, []).extend([time] * came)
        times, values = self.times.setdefault(asset, []), self.values.setdefault(asset, [])
        if not values or values[-1] != value:
            times.append(time)
            values.append(value)

    def integral(self, asset: str, spans: Sequence[tuple[int, int]], of: Callable[[float], float]) -> float:
        """Return the hours of `of(value)` within stretches of time."""
        times, values, found = self.times.get(asset, []), self.values.get(asset, []), 0.0
        for start, end in spans:
            n, moment = max(bisect_right(times, start) - 1, 0), start
            while moment < end and n < len(times):
                until = min(times[n + 1] if n + 1 < len(times) else end, end)
                found += of(values[n]) * max(until - moment, 0)
                moment, n = until, n + 1
        return found / HOUR_MS


@dataclass(frozen=True)
class World:
    """The months as the product has them, and the truth. `quiet` is when an asset was not heard, in UTC ms."""

    folder: Path
    facility: Facility
    index: FacilitySchedules
    store: SqliteStore
    operations: Operations
    truth: Truth
    start: int
    end: int
    seed: int
    quiet: dict[str, tuple[tuple[int, int], ...]]

    def close(self) -> None:
        """Give back the files."""
        self.store.close()
        self.operations.close()


def facility() -> Facility:
    """Return the settings of the three centres."""
    parts = [FACILITY]
    for site, rooms in CENTRES.items():
        parts.append(f'[[site]]\nid = "{site}"\nname = {{ ja = "{site}", en = "{site}" }}\n{_PLACE}{_OPENING}')
        parts += [
            f'[[site.unit]]\nid = "{unit}"\nname = {{ ja = "{unit}", en = "{unit}" }}\nedge = "{site}-pi"\n'
            for unit in UNITS[site]
        ]
        parts += [
            f'[[site.room]]\nid = "{room}"\nname = {{ ja = "{room}", en = "{room}" }}\nedge = "{site}-pi"\n'
            f"capacity = {CAPACITY[room]}\n"
            "[site.room.counting]\n"
            'people = ["flow", "count"]\nchildren = ["flow", "count"]\nsample_seconds = 1800\n'
            for room in rooms
        ]
    return parse("\n".join(parts), Facility, "facility.toml")


def live(
    folder: Path, first: date, last: date, seed: int, step_s: float = STEP_SECONDS, only: Sequence[str] = ()
) -> World:
    """Simulate the local days from `first` to that before `last`, and derive them; `only` some assets, or all.

    Takes some seconds of processor time for each month.
    """
    start, end = day_start(first), day_start(last)
    plan = replace(msgspec.toml.decode(SCENARIO, type=Scenario), seed=seed)
    if only:
        plan = replace(
            plan,
            unit=tuple(unit for unit in plan.unit if unit.id in only),
            room=tuple(room for room in plan.room if room.id in only),
        )
    truth, quiet = Truth(), _quiet(start, end)
    settings = facility()
    store = SqliteStore.open(folder / "readings.db")
    operations = Operations(f"sqlite:///{folder / 'operations.db'}")
    batch: list[Reading] = []
    for reading in history.generate(plan, start, end, step_s, truth.watch):
        if not any(since <= reading.time < until for since, until in quiet.get(reading.asset, ())):
            batch.append(reading)
        if len(batch) >= _BATCH:
            _commit(store, batch, end)
            batch.clear()
    _commit(store, batch, end)
    index = FacilitySchedules(settings)
    derived = {asset: subject for asset, subject in subjects(index).items() if not only or asset in only}
    runner = DerivationRunner(store, DerivationRecords(operations), derived, lambda: end + HOUR_MS)
    more = runner.begin()
    while more:
        more = runner.stretch()
    return World(folder, settings, index, store, operations, truth, start, end, seed, quiet)


def _quiet(start: int, end: int) -> dict[str, tuple[tuple[int, int], ...]]:
    """Return when nothing is heard: a month of a room and of a unit, hours of others, all before a centre began."""
    month, length = 31 * DAY_MS, end - start
    return {
        "seibu-room": ((start + length // 3, start + min(length // 3 + 28 * DAY_MS, length)),),
        "tobu-room": ((start + 9 * DAY_MS + 10 * HOUR_MS, start + 9 * DAY_MS + 14 * HOUR_MS),),
        "tobu-unit-1": ((start + 12 * DAY_MS, start + 12 * DAY_MS + 28 * HOUR_MS),),
        "tobu-unit-2": ((start + length // 2, start + length // 2 + min(month, length // 4)),),
        "nanbu-room": ((start, start + length // 2),),
        "nanbu-unit-1": ((start, start + length // 2),),
    }


def _came(before: Room, now: Room, time: int) -> int:
    """Return how many have come in a step: all who are in less those who were and stay."""
    return max(len(now.children) - sum(child.leaves > time for child in before.children), 0)


def _commit(store: SqliteStore, readings: Sequence[Reading], now: int) -> None:
    rows = []
    for item in readings:
        known = next((row for kind in AssetKind if (row := catalogue.find(kind, item.metric)) is not None), None)
        datatype = datatype_of(item.value) if known is None else known.datatype
        rows.append((item.time, store.series(item.asset, item.metric, datatype), item.value, int(item.quality)))
    store.commit_rows(rows, (), now)
