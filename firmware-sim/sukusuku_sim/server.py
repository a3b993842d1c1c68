"""Modbus TCP servers of the simulated devices, over pymodbus.

Devices that share a port stand behind one gateway. What a device answers is one immutable image of its registers that
is replaced as a whole, so no request ever sees half a change.
"""

import asyncio
import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from pymodbus.constants import ExcCodes
from pymodbus.exceptions import NoSuchIdException
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from pymodbus.simulator.simcore import SimCore

from sukusuku_core import registers
from sukusuku_core.errors import ConfigError
from sukusuku_core.profile import Area, ModbusProfile
from sukusuku_core.registers import Block, Decoded
from sukusuku_sim.views import Values

_AREAS = {1: Area.COIL, 2: Area.DISCRETE, 3: Area.HOLDING, 4: Area.INPUT}
"""Table by the function code that reads it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device answers."""

    host: str
    port: int
    unit: int


@dataclass(slots=True)
class SimulatedDevice:
    """One Modbus slave: its profile, what it shows, and whether it behaves.

    `dead` devices never answer; with `refusing` every request is answered with this exception code.
    """

    profile: ModbusProfile
    place: Place
    dead: bool = False
    refusing: int | None = None
    _image: Mapping[Area, Mapping[int, int]] = field(default_factory=dict)
    _blocks: tuple[Block, ...] = ()

    def __post_init__(self) -> None:
        self._blocks = registers.plan(self.profile)

    @property
    def visible(self) -> bool:
        """Whether a reader gets values."""
        return not self.dead and self.refusing is None

    def show(self, values: Values) -> dict[str, Decoded]:
        """Show these values from now on. Returns what a reader decodes from the registers, point by point.

        Points that are not named show 0. Raises ValueError when a value does not fit its point.
        """
        self._image = registers.image(self.profile, values)
        shown: dict[str, Decoded] = {}
        for block in self._blocks:
            shown |= registers.decode_block(self.profile, block, self._words(block.area, block.start, block.count))
        return shown

    def answer(self, function: int, address: int, count: int) -> list[int] | ExcCodes:
        """Return the registers or bits that a read request gets, or the exception.

        Addresses outside the profile's points and the gaps it allows do not exist.
        """
        if self.refusing is not None:
            return ExcCodes(self.refusing)
        area = _AREAS.get(function)
        if area is None:
            return ExcCodes.ILLEGAL_FUNCTION
        if count > self.profile.defaults.max_read:
            return ExcCodes.ILLEGAL_VALUE
        asked = range(address, address + count)
        runs = [range(item.start, item.start + item.count) for item in self._blocks if item.area is area]
        if not all(any(number in run for run in runs) for number in asked):
            return ExcCodes.ILLEGAL_ADDRESS
        return self._words(area, address, count)

    def _words(self, area: Area, start: int, count: int) -> list[int]:
        table = self._image.get(area, {})
        return [table.get(address, 0) for address in range(start, start + count)]


class _Bus(SimCore):
    """The slaves behind one port, by unit id: what pymodbus asks for every request.

    Takes the place of pymodbus' own register memory, which rounds bits up to 16 and has no unit that stays silent.
    """

    def __init__(self, devices: Mapping[int, SimulatedDevice]) -> None:
        super().__init__(SimDevice(id=0, simdata=SimData(0, datatype=DataType.REGISTERS)))
        self._slaves = devices

    async def async_getValues(  # noqa: N802 - pymodbus' name
        self, device_id: int, func_code: int, address: int, count: int = 1
    ) -> list[int] | list[bool] | ExcCodes:
        device = self._slaves.get(device_id)
        if device is None and len(self._slaves) > 1:
            return ExcCodes.GATEWAY_NO_RESPONSE
        if device is None or device.dead:
            raise NoSuchIdException  # with `ignore_missing_devices`: no answer at all
        return device.answer(func_code, address, count)

    async def async_setValues(  # noqa: N802 - pymodbus' name
        self, device_id: int, func_code: int, address: int, values: list[int] | list[bool]
    ) -> ExcCodes | None:
        found = await self.async_getValues(device_id, func_code, address, len(values))
        return found if isinstance(found, ExcCodes) else ExcCodes.ILLEGAL_FUNCTION


class ModbusServers:
    """`async with ModbusServers(devices)`: one TCP server per host and port of the devices.

    Raises ConfigError on entry when a port cannot be had. Port 0 takes a free port for each device; see `places`.
    """

    def __init__(self, devices: Mapping[str, SimulatedDevice]) -> None:
        self._devices = devices
        self._servers: list[ModbusTcpServer] = []
        self.places: dict[str, Place] = {}
        """Where each device really listens."""

    async def __aenter__(self) -> Self:
        buses: dict[object, dict[str, SimulatedDevice]] = defaultdict(dict)
        for ident, device in self._devices.items():
            place = device.place
            buses[place.host, place.port or ident][ident] = device
        try:
            for bus in buses.values():
                await self._listen(bus)
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def _listen(self, bus: Mapping[str, SimulatedDevice]) -> None:
        place = next(iter(bus.values())).place
        server = ModbusTcpServer(
            SimDevice(id=0, simdata=SimData(0, datatype=DataType.REGISTERS)),
            address=(place.host, place.port),
            ignore_missing_devices=True,
        )
        server.context = _Bus({device.place.unit: device for device in bus.values()})
        try:
            await server.serve_forever(background=True)
        except RuntimeError as error:
            raise ConfigError(
                f"{place.host}:{place.port} ({', '.join(bus)}): cannot listen here: {await _why(place)}; "
                "end the other program or choose another `port` in the scenario"
            ) from error
        self._servers.append(server)
        transport = server.transport
        port = transport.sockets[0].getsockname()[1] if isinstance(transport, asyncio.Server) else place.port
        for ident, device in bus.items():
            self.places[ident] = Place(place.host, port, device.place.unit)

    async def _stop(self) -> None:
        for server in self._servers:
            await server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus' own gap
        self._servers.clear()


async def _why(place: Place) -> str:
    """Return the reason that pymodbus keeps to its log."""
    try:
        probe = await asyncio.start_server(lambda _reader, _writer: None, place.host, place.port)
    except OSError as error:
        return os.strerror(error.errno) if error.errno else str(error)
    probe.close()
    return "it was taken for a moment"
