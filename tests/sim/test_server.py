import asyncio
import contextlib
from collections.abc import AsyncIterator
from random import Random

import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusIOException

from sukusuku_core import profile, registers
from sukusuku_core.errors import ConfigError
from sukusuku_core.model import UnitState, Value
from sukusuku_core.profile import Area, ModbusPoint, ModbusProfile, RegisterType
from sukusuku_core.registers import Decoded
from sukusuku_sim import values
from sukusuku_sim.server import ModbusServers, Place, SimulatedDevice
from sukusuku_sim.unit import Unit, UnitParameters
from sukusuku_sim.views import UnitView

MODBUS = {name: item for name, item in profile.builtin().items() if isinstance(item, ModbusProfile)}
BOARD = MODBUS["sukusuku-retrofit-board"]
LASER = MODBUS["dfrobot-sen0492"]


def device(item: ModbusProfile, unit: int = 1, port: int = 0) -> SimulatedDevice:
    return SimulatedDevice(item, Place("127.0.0.1", port, unit))


@contextlib.asynccontextmanager
async def client(place: Place, patience: float = 3) -> AsyncIterator[AsyncModbusTcpClient]:
    link = AsyncModbusTcpClient(place.host, port=place.port, timeout=patience, retries=0)
    assert await link.connect()
    try:
        yield link
    finally:
        link.close()


async def ask(link: AsyncModbusTcpClient, area: Area, start: int, count: int, unit: int) -> list[int] | int:
    """The words, or the number of the exception."""
    match area:
        case Area.COIL:
            answer = await link.read_coils(start, count=count, device_id=unit)
        case Area.DISCRETE:
            answer = await link.read_discrete_inputs(start, count=count, device_id=unit)
        case Area.HOLDING:
            answer = await link.read_holding_registers(start, count=count, device_id=unit)
        case Area.INPUT:
            answer = await link.read_input_registers(start, count=count, device_id=unit)
    if answer.isError():
        return int(answer.exception_code)
    return [int(bit) for bit in answer.bits[:count]] if area.of_bits else list(answer.registers)


async def read_all(item: ModbusProfile, place: Place) -> dict[str, Decoded]:
    """What a reader of the profile sees, over TCP."""
    found: dict[str, Decoded] = {}
    async with client(place) as link:
        for block in registers.plan(item):
            words = await ask(link, block.area, block.start, block.count, place.unit)
            assert isinstance(words, list)
            found |= registers.decode_block(item, block, words)
    return found


def sample(point: ModbusPoint, n: int) -> Value:
    """A plausible value of a point that its registers hold exactly, different for each point."""
    if point.type is RegisterType.BOOL:
        return n % 2 == 0
    if point.type is RegisterType.STRING:
        return f"S{n}"
    low, high = point.valid or (0, 30_000 * point.scale)
    whole = round((low + (high - low) * (n + 1) / 64 - point.offset) / point.scale)
    raw = n + 0.5 if point.type in {RegisterType.F32, RegisterType.F64} else whole
    return registers.scaled(point, raw).value or 0


@pytest.mark.parametrize("name", list(MODBUS))
def test_every_profile_is_read_back_from_a_simulated_device(name: str) -> None:
    item = MODBUS[name]
    expected = {point.name: sample(point, n) for n, point in enumerate(item.point)}

    async def scene() -> dict[str, Decoded]:
        simulated = device(item, unit=5)
        simulated.show(expected)
        async with ModbusServers({"d": simulated}) as servers:
            return await read_all(item, servers.places["d"])

    found = asyncio.run(scene())

    assert {key: decoded.value for key, decoded in found.items()} == expected


@pytest.mark.parametrize("name", list(MODBUS))
def test_what_a_unit_shows_is_what_a_reader_gets(name: str) -> None:
    item = MODBUS[name]
    unit = Unit(UnitState.COMPRESS, 4, 2, 40, 41.3, 70_001, 33.4, 182.44, 1234.5, 23.46)
    view = UnitView(unit, UnitParameters(), 900, 150, "SKB-0101", "1.0.0")
    expected = values.OF_UNIT[name](view)

    async def scene() -> tuple[dict[str, Decoded], dict[str, Decoded]]:
        simulated = device(item)
        shown = simulated.show(expected)
        async with ModbusServers({"d": simulated}) as servers:
            return shown, await read_all(item, servers.places["d"])

    shown, found = asyncio.run(scene())

    assert found == shown
    assert set(expected) == set(found)
    for point in item.point:
        exact = point.type not in {RegisterType.F32, RegisterType.F64}
        assert found[point.name].value == (expected[point.name] if exact else pytest.approx(expected[point.name]))


def test_devices_behind_one_gateway_answer_by_unit_id() -> None:
    port = 0

    async def scene() -> list[list[int] | int]:
        first, second = device(LASER, 80), device(LASER, 81)
        first.show({"distance": 700})
        second.show({"distance": 300})
        async with ModbusServers({"first": first}) as servers:
            nonlocal port
            port = servers.places["first"].port
        shared = {"first": device(LASER, 80, port), "second": device(LASER, 81, port)}
        shared["first"].show({"distance": 700})
        shared["second"].show({"distance": 300})
        async with ModbusServers(shared) as servers, client(servers.places["first"]) as link:
            assert servers.places["second"] == Place("127.0.0.1", port, 81)
            return [await ask(link, Area.HOLDING, 0x34, 1, unit) for unit in (80, 81, 82)]

    assert asyncio.run(scene()) == [[700], [300], 11]


def test_an_unknown_unit_id_of_a_lone_device_gets_no_answer() -> None:
    async def scene() -> None:
        async with ModbusServers({"d": device(LASER)}) as servers, client(servers.places["d"], 0.2) as link:
            with pytest.raises(ModbusIOException):
                await ask(link, Area.HOLDING, 0x34, 1, 9)
            assert await ask(link, Area.HOLDING, 0x34, 1, 1) == [0]

    asyncio.run(scene())


def test_addresses_and_functions_that_the_device_has_not_are_exceptions() -> None:
    async def scene() -> list[list[int] | int]:
        async with ModbusServers({"d": device(BOARD)}) as servers, client(servers.places["d"]) as link:
            written = await link.write_register(0, 1, device_id=1)
            return [
                await ask(link, Area.INPUT, 32, 1, 1),
                await ask(link, Area.INPUT, 31, 2, 1),
                await ask(link, Area.HOLDING, 0, 1, 1),
                await ask(link, Area.DISCRETE, 0, 2, 1),
                await ask(link, Area.INPUT, 0, 65, 1),
                written.exception_code,
            ]

    assert asyncio.run(scene()) == [2, 2, 2, 2, 3, 1]


def test_a_dead_device_accepts_and_stays_silent_until_it_is_alive_again() -> None:
    async def scene() -> list[int] | int:
        simulated = device(LASER)
        simulated.show({"distance": 512})
        async with ModbusServers({"d": simulated}) as servers, client(servers.places["d"], 0.2) as link:
            simulated.dead = True
            with pytest.raises(ModbusIOException):
                await ask(link, Area.HOLDING, 0x34, 1, 1)
            simulated.dead = False
            return await ask(link, Area.HOLDING, 0x34, 1, 1)

    assert asyncio.run(scene()) == [512]


def test_a_refusing_device_answers_with_its_exception() -> None:
    async def scene() -> list[list[int] | int]:
        simulated = device(LASER)
        simulated.refusing = 4
        async with ModbusServers({"d": simulated}) as servers, client(servers.places["d"]) as link:
            refused = await ask(link, Area.HOLDING, 0x34, 1, 1)
            simulated.refusing = None
            return [refused, await ask(link, Area.HOLDING, 0x34, 1, 1)]

    assert asyncio.run(scene()) == [4, [0]]


def test_no_request_sees_half_a_change() -> None:
    """Distance and counter are always changed together; a reader hammers while the device changes."""
    rng = Random(1)

    async def scene() -> set[int]:
        simulated = device(BOARD)
        simulated.show({"distance": 0, "cycle_counter": 0})
        gaps = set()
        async with ModbusServers({"d": simulated}) as servers, client(servers.places["d"]) as link:
            asked = [asyncio.create_task(ask(link, Area.INPUT, 1, 3, 1)) for _ in range(150)]
            for _ in range(300):
                number = rng.randrange(60_000)
                simulated.show({"distance": number, "cycle_counter": number})
                await asyncio.sleep(0)
            for words in await asyncio.gather(*asked):
                assert isinstance(words, list)
                gaps.add(words[0] - words[2])
        return gaps

    assert asyncio.run(scene()) == {0}


def test_a_taken_port_is_an_error_that_names_it() -> None:
    async def scene() -> str:
        async with ModbusServers({"d": device(LASER)}) as servers:
            port = servers.places["d"].port
            with pytest.raises(ConfigError) as caught:
                async with ModbusServers({"late": device(LASER, port=port)}):
                    pass
            return str(caught.value).replace(str(port), "PORT")

    assert asyncio.run(scene()).startswith("127.0.0.1:PORT (late): cannot listen here: Address already in use;")
