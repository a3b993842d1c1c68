"""The simulator as a process: models, Modbus servers, MQTT sensors and truth log, driven by one clock."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Mapping
from pathlib import Path

from sukusuku_core import profile
from sukusuku_core.clock import Clock, now_ms
from sukusuku_core.profile import JsonProfile, ModbusProfile
from sukusuku_sim.scenario import Event, Scenario, Sensor
from sukusuku_sim.sensors import SensorPublisher, SensorView
from sukusuku_sim.serial_line import SerialLine
from sukusuku_sim.server import ModbusServers, Place, SimulatedDevice
from sukusuku_sim.truth import TruthLog
from sukusuku_sim.views import Values
from sukusuku_sim.world import Standing, World

LOG = logging.getLogger(__name__)


class Simulation:
    """Everything that moves at a tick. Does no waiting of its own."""

    def __init__(
        self,
        scenario: Scenario,
        truth: TruthLog,
        publisher: SensorPublisher,
        clock: Clock,
        standing: Standing | None = None,
    ) -> None:
        self._scenario = scenario
        self._world = World(scenario, standing)
        self._truth = truth
        self._publisher = publisher
        self._clock = clock
        self._script = sorted(scenario.event, key=lambda event: event.at)
        self.devices = {
            device.id: SimulatedDevice(_modbus(device.profile), Place(device.host, device.port, device.unit))
            for unit in scenario.unit
            for device in unit.device
        }

    def show(self) -> None:
        """Lets every device and sensor show the present state of the models."""
        for device, values in self._world.devices():
            simulated = self.devices[device.id]
            shown = simulated.show(values)
            if simulated.visible:
                self._truth.points(self._clock(), device.id, shown)
        self._publisher.offer([_view(sensor, values) for sensor, values in self._world.sensors()])
        self._truth.flush()

    def tick(self, elapsed: float) -> None:
        """One tick later: scripted events up to `elapsed` real seconds, the models, then what is shown."""
        while self._script and self._script[0].at <= elapsed:
            self._perform(self._script.pop(0))
        for happened in self._world.advance(self._scenario.tick * self._scenario.speed):
            self._truth.asset(self._clock(), happened.asset, happened.event)
        self.show()

    def _perform(self, event: Event) -> None:
        LOG.info("script: %s %s", event.do, event.device or event.asset)
        if event.device is None:
            for happened in self._world.intervene(event):
                self._truth.asset(self._clock(), happened.asset, happened.event)
            return
        device = self.devices[event.device]
        device.dead = event.do == "dead"
        device.refusing = event.code if event.do == "refuse" else None
        self._truth.device(self._clock(), event.device, event.do)


def _view(sensor: Sensor, values: Values) -> SensorView:
    found = profile.find(sensor.profile)
    if not isinstance(found, JsonProfile):  # pragma: no cover - the scenario was checked
        raise TypeError(sensor.profile)
    return SensorView(sensor.id, found, sensor.topic, sensor.interval, values)


def _modbus(name: str) -> ModbusProfile:
    found = profile.find(name)
    if not isinstance(found, ModbusProfile):  # pragma: no cover - the scenario was checked
        raise TypeError(name)
    return found


async def run(
    scenario: Scenario,
    truth_path: Path,
    duration: float | None = None,
    standing: Standing | None = None,
    clock: Clock = now_ms,
) -> None:
    """Run the scenario until cancelled or for `duration` real seconds. Raises ConfigError."""
    with TruthLog(truth_path) as truth:
        publisher = SensorPublisher(scenario.mqtt.session(f"sukusuku-sim-{os.getpid()}"), truth, clock)
        simulation = Simulation(scenario, truth, publisher, clock, standing)
        simulation.show()
        async with contextlib.AsyncExitStack() as lines:
            await _connect(scenario, simulation.devices, lines)
            tasks = await lines.enter_async_context(asyncio.TaskGroup())
            sensors = tasks.create_task(publisher.run(), name="sensors") if _has_sensors(scenario) else None
            if sensors is not None:
                await publisher.connected.wait()
            LOG.info("ready: %s", _summary(scenario))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(duration):
                    await _drive(simulation, scenario.tick)
            if sensors is not None:
                sensors.cancel()


async def _connect(
    scenario: Scenario, devices: Mapping[str, SimulatedDevice], lines: contextlib.AsyncExitStack
) -> None:
    """Lets every device answer at its place."""
    wired = [device for unit in scenario.unit for device in unit.device if device.serial is not None]
    over_tcp = {ident: device for ident, device in devices.items() if ident not in {item.id for item in wired}}
    await lines.enter_async_context(ModbusServers(over_tcp))
    for path, baud in {device.serial: device.baud for device in wired}.items():
        here = {device.unit: devices[device.id] for device in wired if device.serial == path}
        await lines.enter_async_context(SerialLine(Path(path or ""), here, baud))


async def _drive(simulation: Simulation, tick: float) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    number = 0
    while True:
        number += 1
        # At the tick's own time rather than a tick after the last one: the simulated clock keeps its speed.
        await asyncio.sleep(max(0.0, started + number * tick - loop.time()))
        simulation.tick(number * tick)


def _has_sensors(scenario: Scenario) -> bool:
    return _sensors(scenario) > 0


def _sensors(scenario: Scenario) -> int:
    return sum(len(unit.sensor) for unit in scenario.unit) + sum(len(room.sensor) for room in scenario.room)


def _summary(scenario: Scenario) -> str:
    devices = sum(len(unit.device) for unit in scenario.unit)
    return f"{devices} Modbus devices, {_sensors(scenario)} JSON sensors, speed {scenario.speed:g}"
