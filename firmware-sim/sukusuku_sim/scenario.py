"""`scenario.toml`: which units and rooms there are, which devices sense them, and what is going to happen."""

from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from sukusuku_core import profile
from sukusuku_core.broker_settings import BrokerSettings
from sukusuku_core.errors import ConfigError
from sukusuku_core.profile import JsonProfile, ModbusProfile
from sukusuku_core.settings import Id, Percent, Port, PositiveSeconds, Settings
from sukusuku_core.settings import load as load_settings
from sukusuku_core.time import SECOND_MS, day_start
from sukusuku_sim import values
from sukusuku_sim.calendar import OpeningHours
from sukusuku_sim.level_sensor import LevelSensor, LidSwitch
from sukusuku_sim.room import RoomParameters
from sukusuku_sim.unit import UnitParameters

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
_Chance = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Positive = Annotated[float, msgspec.Meta(gt=0, le=1e6)]
_Millimetres = Annotated[float, msgspec.Meta(ge=0, le=10_000)]
_Topic = Annotated[str, msgspec.Meta(pattern=r"^[^+#\x00]+$", max_length=200)]


class Hours(Settings, frozen=True, kw_only=True):
    """Opening hours of the centres, local time."""

    opens: time = time(9)
    closes: time = time(18)
    days: tuple[Weekday, ...] = _WEEKDAYS[:6]


class Device(Settings, frozen=True, kw_only=True):
    """A Modbus device on a unit. Devices that share host and port stand behind one gateway.

    With `serial`, a path, it is on the serial line that the simulator puts there, at `baud`.
    `empty_mm` and `full_mm`: what a distance sensor measures above an empty and a full bag.
    """

    id: Id
    profile: Id
    host: str = "127.0.0.1"
    port: Port = 0
    serial: str | None = None
    baud: Annotated[int, msgspec.Meta(ge=300, le=4_000_000)] = 9600
    unit: Annotated[int, msgspec.Meta(ge=1, le=247)] = 1
    empty_mm: _Millimetres = 900.0
    full_mm: _Millimetres = 150.0


class Sensor(Settings, frozen=True, kw_only=True):
    """A JSON sensor in a room or at a unit. It publishes when something changes, and every `interval` real seconds."""

    id: Id
    profile: Id
    topic: _Topic
    zone: Id | None = None
    """The zone that a presence sensor in a room looks at; absent: the whole room."""
    empty_mm: _Millimetres = 900.0
    full_mm: _Millimetres = 150.0
    interval: PositiveSeconds = 60.0


class LevelSettings(Settings, frozen=True, kw_only=True):
    """How the level sensor of a unit measures and errs."""

    noise_mm: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 2.0
    """Standard deviation of a measurement."""
    every: Annotated[float, msgspec.Meta(ge=600, le=172_800)] | None = None
    """Simulated seconds between two measurements; absent: every ten minutes and after each change."""
    stops_per_day: Annotated[float, msgspec.Meta(ge=0, le=24)] = 0.0
    """How often it goes to its upper or lower end, whatever is in the bag."""
    stop_hours: Annotated[float, msgspec.Meta(gt=0, le=720)] = 6.0
    """For how long, on average."""


class UnitSettings(Settings, frozen=True, kw_only=True):
    """A unit and how it starts. Delays are the mean seconds of opening hours until staff come."""

    id: Id
    fill: Percent | None = None
    """How full it is when the simulation starts; absent: empty, or as its past left it."""
    cycles: _Count = 0
    film: Percent = 100.0
    capacity: _Positive = 60.0
    """Nappies in a full bag."""
    deposits_per_hour: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 6.0
    empty_delay: PositiveSeconds = 2700.0
    empty_at: time | None = None
    repair_delay: PositiveSeconds = 1800.0
    jam_chance: _Chance = 1 / 2500
    empty_above: Percent = 25.0
    """The emptying at `empty_at` leaves a bag alone that is less full than this."""
    change_seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 0.0
    """How long the lid stands open at an emptying; 0: it does not tell of it."""
    residue_chance: _Chance = 0.0
    """That an emptying leaves 5 to 35 % in the bag."""
    lump_chance: _Chance = 0.0
    """That a deposit is a lump of 10 to 20 nappies."""
    settling: _Chance = 0.0
    """Part of what is pressed that sinks in the hours after."""
    lid: LidSwitch = LidSwitch.WORKS
    level: LevelSettings = LevelSettings()
    serial: Annotated[str, msgspec.Meta(max_length=16)] = ""
    firmware: Annotated[str, msgspec.Meta(max_length=16)] = "1.0.0"
    device: tuple[Device, ...] = ()
    sensor: tuple[Sensor, ...] = ()


class RoomSettings(Settings, frozen=True, kw_only=True):
    """A room. `zones` are the eating and the play zone, in this order."""

    id: Id
    capacity: Annotated[int, msgspec.Meta(ge=1, le=200)] = 10
    popularity: Annotated[float, msgspec.Meta(ge=0, le=2)] = 0.75
    overlooked: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Chance that the counter at the door overlooks somebody who passes."""
    elsewhere: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Chance that a child comes in by another door, which nobody counts; it leaves by the counted one."""
    carried: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Chance that a child is carried in and not counted; it walks out."""
    propped: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Chance that somebody is overlooked while the gate is propped open; 1: nobody is counted."""
    propped_from: time = time(10)
    propped_until: time = time(11)
    """Local times between which it is."""
    motion: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    """Share of moments at which presence sensors see somebody who is in: 1 a radar, 0.3 a motion sensor (PIR)."""
    zones: tuple[Id, Id] = ("eating", "play")
    sensor: tuple[Sensor, ...]


class Event(Settings, frozen=True, kw_only=True):
    """Something that happens `at` real seconds after the start.

    For a unit (`asset`): `jam`, `film_out`, `repair` (of both), `fill` (to `percent`), `empty` (a new bag), `rush`
    (`deposits_per_hour` for `seconds`).
    For a room (`asset`): `crowd` (`children` more, for `seconds`). For a `device`: `dead` (accepts connections and
    never answers), `refuse` (answers every request with exception `code`), `alive` (ends both).
    """

    at: Annotated[float, msgspec.Meta(ge=0)]
    do: Literal["jam", "film_out", "repair", "fill", "empty", "rush", "crowd", "dead", "refuse", "alive"]
    asset: Id | None = None
    device: Id | None = None
    percent: Percent | None = None
    deposits_per_hour: Annotated[float, msgspec.Meta(ge=0, le=3600)] | None = None
    children: Annotated[int, msgspec.Meta(ge=1, le=200)] | None = None
    seconds: PositiveSeconds | None = None
    code: Annotated[int, msgspec.Meta(ge=1, le=11)] | None = None


_NEEDS = {
    "jam": ("asset",),
    "film_out": ("asset",),
    "repair": ("asset",),
    "empty": ("asset",),
    "fill": ("asset", "percent"),
    "rush": ("asset", "deposits_per_hour", "seconds"),
    "crowd": ("asset", "children", "seconds"),
    "dead": ("device",),
    "refuse": ("device", "code"),
    "alive": ("device",),
}
"""The keys that each kind of event has, besides `at` and `do`."""


class Scenario(Settings, frozen=True, kw_only=True):
    """The whole file."""

    seed: int
    start: Annotated[datetime, msgspec.Meta(tz=False)]
    """Local date and time at which the simulated clock starts, whatever the real date is."""
    speed: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 1.0
    """Simulated seconds per real second."""
    tick: Annotated[float, msgspec.Meta(ge=0.05, le=60)] = 1.0
    """Real seconds for which every value stands at least."""
    hours: Hours = Hours()
    mqtt: BrokerSettings = BrokerSettings()
    """The broker that the JSON sensors publish to."""
    unit: tuple[UnitSettings, ...] = ()
    room: tuple[RoomSettings, ...] = ()
    event: tuple[Event, ...] = ()

    @property
    def opening_hours(self) -> OpeningHours:
        """The opening hours for the models."""
        days = frozenset(_WEEKDAYS.index(day) for day in self.hours.days)
        return OpeningHours(days, _minute(self.hours.opens), _minute(self.hours.closes))

    @property
    def start_ms(self) -> int:
        """UTC ms of `start`."""
        start = self.start
        return day_start(start.date()) + ((start.hour * 60 + start.minute) * 60 + start.second) * SECOND_MS

    def unit_parameters(self, unit: UnitSettings) -> UnitParameters:
        """Return what the model of a unit needs."""
        level = unit.level
        every = None if level.every is None else round(level.every * SECOND_MS)
        return UnitParameters(
            capacity=unit.capacity,
            deposits_per_hour=unit.deposits_per_hour,
            hours=self.opening_hours,
            empty_delay=unit.empty_delay,
            empty_at=None if unit.empty_at is None else _minute(unit.empty_at),
            repair_delay=unit.repair_delay,
            jam_chance=unit.jam_chance,
            empty_above=unit.empty_above,
            change_seconds=unit.change_seconds,
            residue_chance=unit.residue_chance,
            lump_chance=unit.lump_chance,
            settling=unit.settling,
            level=LevelSensor(level.noise_mm, every, level.stops_per_day, level.stop_hours),
            lid=unit.lid,
        )

    def room_parameters(self, room: RoomSettings) -> RoomParameters:
        """Return what the model of a room needs."""
        return RoomParameters(
            zones=room.zones,
            capacity=room.capacity,
            hours=self.opening_hours,
            popularity=room.popularity,
            overlooked=room.overlooked,
            elsewhere=room.elsewhere,
            carried=room.carried,
            propped=room.propped,
            propped_open=(_minute(room.propped_from), _minute(room.propped_until)),
            motion=room.motion,
        )


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def load(path: Path) -> Scenario:
    """Return the scenario in a file, checked as a whole. Raises ConfigError."""
    scenario = load_settings(path, Scenario)
    check(scenario, str(path))
    return msgspec.structs.replace(scenario, mqtt=scenario.mqtt.resolved(path.parent, f"{path}: mqtt"))


def check(scenario: Scenario, name: str) -> None:
    """Rules between the keys. Raises ConfigError with the key path."""
    if not scenario.hours.days or scenario.hours.opens >= scenario.hours.closes:
        raise ConfigError(f"{name}: hours: at least one day, and `opens` before `closes`")
    seen: dict[str, str] = {}
    for where, ident in _ids(scenario):
        if ident in seen:
            raise ConfigError(f"{name}: {where}: id `{ident}` is already used at {seen[ident]}")
        seen[ident] = where
    _check_devices(scenario, name)
    _check_sensors(scenario, name)
    _check_events(scenario, name)


def _ids(scenario: Scenario) -> Iterator[tuple[str, str]]:
    for n, unit in enumerate(scenario.unit):
        yield f"unit[{n}]", unit.id
        yield from ((f"unit[{n}].device[{d}]", device.id) for d, device in enumerate(unit.device))
        yield from ((f"unit[{n}].sensor[{s}]", sensor.id) for s, sensor in enumerate(unit.sensor))
    for n, room in enumerate(scenario.room):
        yield f"room[{n}]", room.id
        yield from ((f"room[{n}].sensor[{s}]", sensor.id) for s, sensor in enumerate(room.sensor))


def _check_devices(scenario: Scenario, name: str) -> None:
    addresses: dict[tuple[str, int, int], str] = {}
    speeds: dict[str, int] = {}
    for n, unit in enumerate(scenario.unit):
        for d, device in enumerate(unit.device):
            where = f"{name}: unit[{n}].device[{d}] ({device.id})"
            _check_profile(where, device.profile, ModbusProfile, tuple(values.OF_UNIT))
            if device.empty_mm <= device.full_mm:
                raise ConfigError(f"{where}: empty_mm {device.empty_mm:g} must be above full_mm {device.full_mm:g}")
            if device.serial is not None and speeds.setdefault(device.serial, device.baud) != device.baud:
                raise ConfigError(f"{where}.baud: {device.serial} has {speeds[device.serial]} baud already")
            address = (device.serial or device.host, device.port, device.unit)
            if (device.port or device.serial) and address in addresses:
                place = device.serial or f"{device.host}:{device.port}"
                raise ConfigError(f"{where}: {place} unit {device.unit} is already {addresses[address]}")
            addresses[address] = device.id


def _check_sensors(scenario: Scenario, name: str) -> None:
    for n, unit in enumerate(scenario.unit):
        for s, sensor in enumerate(unit.sensor):
            where = f"{name}: unit[{n}].sensor[{s}] ({sensor.id})"
            _check_profile(where, sensor.profile, JsonProfile, tuple(values.OF_UNIT))
            if sensor.zone is not None:
                raise ConfigError(f"{where}.zone: a unit has no zones")
    for n, room in enumerate(scenario.room):
        for s, sensor in enumerate(room.sensor):
            where = f"{name}: room[{n}].sensor[{s}] ({sensor.id})"
            _check_profile(where, sensor.profile, JsonProfile, tuple(values.OF_ROOM))
            if sensor.zone is not None and sensor.zone not in room.zones:
                raise ConfigError(f"{where}.zone: no zone `{sensor.zone}`; there are {', '.join(room.zones)}")


def _check_profile(where: str, ident: str, kind: type, known: tuple[str, ...]) -> None:
    if ident not in known or not isinstance(profile.find(ident), kind):
        raise ConfigError(f"{where}.profile: nothing is known to show by `{ident}`; allowed: {', '.join(known)}")


def _check_events(scenario: Scenario, name: str) -> None:
    units = {unit.id for unit in scenario.unit}
    rooms = {room.id for room in scenario.room}
    devices = {device.id for unit in scenario.unit for device in unit.device}
    for n, event in enumerate(scenario.event):
        where = f"{name}: event[{n}] ({event.do})"
        found = {key for key, value in msgspec.structs.asdict(event).items() if value is not None} - {"at", "do"}
        if found != set(_NEEDS[event.do]):
            raise ConfigError(f"{where}: expected the keys at, {', '.join(_NEEDS[event.do])}; found {sorted(found)}")
        targets = devices if event.device else rooms if event.do == "crowd" else units
        if (event.device or event.asset) not in targets:
            raise ConfigError(f"{where}: no `{event.device or event.asset}`; there are {', '.join(sorted(targets))}")
