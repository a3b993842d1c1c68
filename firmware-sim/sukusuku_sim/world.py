"""All units and rooms of a scenario, moved together. The only state is one record per asset and its random numbers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random

from sukusuku_core.time import MINUTE_MS
from sukusuku_sim import room as rooms
from sukusuku_sim import unit as units
from sukusuku_sim import values
from sukusuku_sim.room import Room, RoomParameters
from sukusuku_sim.scenario import Device, Event, RoomSettings, Scenario, Sensor, UnitSettings
from sukusuku_sim.unit import Unit, UnitParameters
from sukusuku_sim.views import RoomView, UnitView, Values


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of the models: `event` is the value of a UnitEvent or RoomEvent."""

    asset: str
    event: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How the assets are at a moment of the simulated clock (UTC ms), as a past has left them; by id."""

    ms: int
    units: Mapping[str, Unit]
    rooms: Mapping[str, Room]


@dataclass(slots=True)
class _Unit:
    settings: UnitSettings
    parameters: UnitParameters
    rng: Random
    now: Unit
    rush: float | None = None
    """Deposits per hour while a rush lasts."""
    rush_until: int = 0


@dataclass(slots=True)
class _Room:
    settings: RoomSettings
    parameters: RoomParameters
    rng: Random
    now: Room


def random_numbers(scenario: Scenario, asset: str, what: str = "live") -> Random:
    """Return the random numbers of one asset: assets do not disturb each other, whatever else a scenario holds."""
    return Random(f"{scenario.seed}/{asset}/{what}")


def first(settings: UnitSettings) -> Unit:
    """Return a unit as a scenario starts it."""
    volume = settings.capacity * (settings.fill or 0.0) / 100
    return Unit(
        volume=volume,
        nappies=round(volume),
        cycles=settings.cycles,
        film=settings.film,
        energy=settings.cycles * 1.9,
    )


class World:
    """The models of a scenario, from its start or from where its past has ended. `ms` is the simulated time, UTC ms."""

    def __init__(self, scenario: Scenario, standing: Standing | None = None) -> None:
        self._speed = scenario.speed
        before = Standing(scenario.start_ms, {}, {}) if standing is None else standing
        self.ms = before.ms
        self._units = {
            item.id: _Unit(
                item,
                scenario.unit_parameters(item),
                random_numbers(scenario, item.id),
                before.units.get(item.id, first(item)),
            )
            for item in scenario.unit
        }
        self._rooms = {
            item.id: _Room(
                item,
                scenario.room_parameters(item),
                random_numbers(scenario, item.id),
                before.rooms.get(item.id, Room()),
            )
            for item in scenario.room
        }
        for asset in self._rooms.values():
            asset.now, _ = rooms.step(asset.now, asset.parameters, self.ms, 0, asset.rng)

    def advance(self, seconds: float) -> list[Happened]:
        """Lets simulated time pass and says what happened."""
        happened = []
        for ident, unit in self._units.items():
            parameters = unit.parameters
            if unit.rush is not None and self.ms < unit.rush_until:
                parameters = replace(parameters, deposits_per_hour=unit.rush)
            unit.now, events = units.step(unit.now, parameters, self.ms, seconds, unit.rng)
            happened += [Happened(ident, event) for event in events]
        for ident, room in self._rooms.items():
            room.now, changes = rooms.step(room.now, room.parameters, self.ms, seconds, room.rng)
            happened += [Happened(ident, change) for change in changes]
        self.ms += round(seconds * 1000)
        return happened

    def intervene(self, event: Event) -> list[Happened]:
        """Make a scripted event of an asset happen now. Events of devices are not the models' business."""
        ident = event.asset or ""
        lasts = round((event.seconds or 0) * self._speed * 1000)
        if event.do == "crowd":
            room = self._rooms[ident]
            room.now, changes = rooms.crowd(room.now, room.parameters, self.ms, event.children or 0, lasts / MINUTE_MS)
            return [Happened(ident, change) for change in changes]
        unit = self._units[ident]
        events: tuple[units.UnitEvent, ...] = ()
        match event.do:
            case "jam":
                unit.now, events = units.jam(unit.now, unit.parameters, unit.rng)
            case "repair":
                unit.now, events = units.repair(unit.now)
            case "empty":
                unit.now, events = units.empty(unit.now, unit.parameters, unit.rng)
            case "film_out":
                unit.now, events = units.run_out_of_film(unit.now, unit.parameters, unit.rng)
            case "fill":
                unit.now, events = units.fill_to(unit.now, unit.parameters, event.percent or 0.0, unit.rng)
            case "rush":
                unit.rush, unit.rush_until = event.deposits_per_hour, self.ms + lasts
        return [Happened(ident, item) for item in events]

    def devices(self) -> Iterator[tuple[Device, Values]]:
        """Every Modbus device with what it shows now."""
        for unit in self._units.values():
            for device in unit.settings.device:
                yield device, values.OF_UNIT[device.profile](_view(unit, device))

    def sensors(self) -> Iterator[tuple[Sensor, Values]]:
        """Every JSON sensor with what it would publish now."""
        for unit in self._units.values():
            for sensor in unit.settings.sensor:
                yield sensor, values.OF_UNIT[sensor.profile](_view(unit, sensor))
        for room in self._rooms.values():
            for sensor in room.settings.sensor:
                zone = None if sensor.zone is None else room.parameters.zones.index(sensor.zone)
                yield sensor, values.OF_ROOM[sensor.profile](RoomView(room.now, room.parameters, zone, self.ms))


def _view(unit: _Unit, sensor: Device | Sensor) -> UnitView:
    settings = unit.settings
    return UnitView(unit.now, unit.parameters, sensor.empty_mm, sensor.full_mm, settings.serial, settings.firmware)
