"""Modbus RTU over a pair of pseudo terminals, with the simulator at the other end."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import pytest

from sukusuku_core import profile, registers
from sukusuku_core.catalogue import Role
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Value
from sukusuku_core.profile import Area, ModbusPoint, ModbusProfile, RegisterType
from sukusuku_core.registers import Block
from sukusuku_edge.events import Event, Failure, Sample
from sukusuku_edge.settings import Device, SerialBus
from sukusuku_edge.sources.modbus import ModbusDevice
from sukusuku_edge.sources.modbus_lines import SerialLine
from sukusuku_edge.sources.modbus_transport import Refused
from sukusuku_sim import serial_line
from sukusuku_sim.serial_line import Disturb
from sukusuku_sim.server import Place, SimulatedDevice

MODBUS = {name: item for name, item in profile.builtin().items() if isinstance(item, ModbusProfile)}
LASER = MODBUS["dfrobot-sen0492"]
DISTANCE = registers.plan(LASER)[0]
BAUD = 115_200
T = 1_760_000_000_000
ANSWERED = 2.0
"""How long (s) an answer that comes is waited for: a busy machine may hold it up."""
SILENT = 0.15
"""How long (s) one that does not come is waited for."""


def laser(distance: int) -> SimulatedDevice:
    device = SimulatedDevice(LASER, Place("", 0, 1))
    device.show({"distance": distance})
    return device


@contextlib.asynccontextmanager
async def wired(
    folder: Path, devices: Mapping[int, SimulatedDevice], disturb: Disturb | None = None, baud: int = BAUD
) -> AsyncIterator[SerialLine]:
    """The edge's end of a line with these units."""
    port = folder / "ttyTEST"
    other = serial_line.SerialLine(port, devices, baud, *([disturb] if disturb else []))
    async with other:
        line = SerialLine(SerialBus("rs485", str(port), baud, "N", 1), 64)
        try:
            yield line
        finally:
            line.close()


def run(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await work

    asyncio.run(bounded())


def source(
    line: SerialLine, unit: int, item: ModbusProfile = LASER, names: tuple[str, ...] = (), timeout: float = ANSWERED
) -> ModbusDevice:
    points = [point for point in item.point if not names or point.name in names]
    device = Device(id=f"d{unit}", profile=item.profile, bus="rs485", unit=unit, poll=0.05, timeout=timeout)
    return ModbusDevice(device, item, points, line, lambda: T)


def values(event: Event) -> dict[str, Value | None]:
    assert isinstance(event, Sample)
    return {name: decoded.value for name, decoded in event.values.items()}


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
def test_every_profile_is_read_over_a_serial_line(name: str, tmp_path: Path) -> None:
    item = MODBUS[name]
    expected = {point.name: sample(point, n) for n, point in enumerate(item.point)}
    device = SimulatedDevice(item, Place("", 0, 1))
    device.show(expected)

    async def work() -> None:
        async with wired(tmp_path, {7: device}) as line:
            (event,) = await source(line, 7, item).poll()
        assert values(event) == expected

    run(work())


def test_units_of_one_line_are_told_apart(tmp_path: Path) -> None:
    async def work() -> None:
        async with wired(tmp_path, {1: laser(100), 2: laser(200), 3: laser(300)}) as line:
            sources = [source(line, unit) for unit in (1, 2, 3)]
            polls = await asyncio.gather(*(one.poll() for one in sources for _ in range(5)))
        assert [values(event) for (event,) in polls] == [
            {"distance": distance} for distance in (100, 200, 300) for _ in range(5)
        ]

    run(work())


def test_a_dead_unit_is_named_with_what_to_check_and_the_others_are_read(tmp_path: Path) -> None:
    async def work() -> None:
        async with wired(tmp_path, {1: laser(100)}) as line:
            dead_one = source(line, 3, timeout=SILENT)
            (dead,), (well,) = await asyncio.gather(dead_one.poll(), source(line, 1).poll())
        assert isinstance(dead, Failure)
        assert dead.why == "no answer on rs485 unit 3 within 0.15 s: check wiring, power, address, baud (115200 8N1)"
        assert values(well) == {"distance": 100}

    run(work())


def test_a_dead_unit_is_asked_less_and_less_often(tmp_path: Path) -> None:
    asked = {1: 0, 9: 0}

    def count(request: bytes, answer: bytes) -> list[tuple[float, bytes]]:
        asked[request[0]] += 1
        return [(0.0, answer)]

    async def work() -> None:
        async with wired(tmp_path, {1: laser(100)}, count) as line:
            enough = asyncio.Event()

            async def emit(_event: Event) -> None:
                if asked[1] >= 60:
                    enough.set()

            sources = (source(line, 1), source(line, 9, timeout=0.05))
            tasks = [asyncio.create_task(one.run(emit)) for one in sources]
            await enough.wait()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert 1 <= asked[9] <= 15

    run(work())


def late(count: int, by: float) -> Callable[[bytes, bytes], list[tuple[float, bytes]]]:
    """The first answers come late."""
    left = [count]

    def disturb(_request: bytes, answer: bytes) -> list[tuple[float, bytes]]:
        left[0] -= 1
        return [(by if left[0] >= 0 else 0.0, answer)]

    return disturb


def test_a_late_answer_goes_to_nobody(tmp_path: Path) -> None:
    """Same unit, same register: nothing in the late frame tells it from the answer to the next request."""

    async def work() -> None:
        device = laser(100)
        async with wired(tmp_path, {1: device}, late(1, SILENT + 0.1)) as line:
            (failure,) = await source(line, 1, timeout=SILENT).poll()
            device.show({"distance": 900})
            await asyncio.sleep(line.rest(SILENT))
            (event,) = await source(line, 1).poll()
        assert isinstance(failure, Failure)
        assert values(event) == {"distance": 900}

    run(work())


def test_a_unit_that_failed_is_left_alone_for_as_long_as_an_answer_may_be_late(tmp_path: Path) -> None:
    asked: list[float] = []

    def note(request: bytes, answer: bytes) -> list[tuple[float, bytes]]:
        asked.append(asyncio.get_running_loop().time())
        return [(0.0, b"")] if len(asked) == 1 else [(0.0, answer)]

    async def work() -> None:
        async with wired(tmp_path, {1: laser(100)}, note) as line:
            seen = asyncio.Event()

            async def emit(event: Event) -> None:
                if isinstance(event, Sample):
                    seen.set()

            began = asyncio.get_running_loop().time()  # the unit of a busy machine may notice the first request late
            task = asyncio.create_task(source(line, 1, timeout=SILENT).run(emit))
            await seen.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert asked[1] - began >= 4 * SILENT  # its time-out, then its rest

    run(work())


def test_a_late_answer_is_not_taken_for_that_of_another_unit(tmp_path: Path) -> None:
    async def work() -> None:
        async with wired(tmp_path, {1: laser(100), 2: laser(200)}, late(1, SILENT + 0.02)) as line:
            with pytest.raises(TransientError):
                await line.read(1, DISTANCE, SILENT)
            assert await line.read(2, DISTANCE, ANSWERED) == [200]

    run(work())


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (
            lambda answer: answer[:-1] + bytes((answer[-1] ^ 1,)),
            "rs485 unit 1 answers with a frame with a wrong checks",
        ),
        (lambda answer: answer[:3] + bytes((answer[3] ^ 4,)) + answer[4:], "a wrong checksum: noise on the line"),
        (lambda answer: serial_line._framed(b"\2" + answer[1:-2]), "a frame of unit 2 where unit 1 was asked"),
        (
            lambda answer: serial_line._framed(b"\1\4" + answer[2:-2]),
            "2 bytes of function 4 where 2 bytes of function 3",
        ),
        (lambda answer: serial_line._framed(b"\1\3\4" + answer[3:-2] * 2), "4 bytes of function 3 where 2 bytes"),
        (lambda answer: answer[:4], "no answer on rs485 unit 1"),
        (lambda _answer: b"\xff\x00" * 20, "no answer on rs485 unit 1"),
        (lambda _answer: b"", "no answer on rs485 unit 1"),
    ],
    ids=["crc", "bit", "other-unit", "other-table", "other-length", "cut-off", "garbage", "silence"],
)
def test_an_answer_that_does_not_fit_is_refused_and_the_next_one_counts(
    spoil: Callable[[bytes], bytes], expected: str, tmp_path: Path
) -> None:
    spoilt = [True]

    def disturb(_request: bytes, answer: bytes) -> list[tuple[float, bytes]]:
        return [(0.0, spoil(answer) if spoilt[0] else answer)]

    async def work() -> None:
        async with wired(tmp_path, {1: laser(777)}, disturb) as line:
            (failure,) = await source(line, 1, timeout=SILENT if "no answer" in expected else ANSWERED).poll()
            spoilt[0] = False
            (event,) = await source(line, 1).poll()
        assert isinstance(failure, Failure)
        assert expected in failure.why
        assert values(event) == {"distance": 777}

    run(work())


def test_noise_around_an_answer_does_not_hide_it(tmp_path: Path) -> None:
    async def work() -> None:
        noisy = [(0.0, b"\x00\xff\x01\x03"), (0.005, b"\x01\x03\x02\x77")]
        async with wired(tmp_path, {1: laser(777)}, lambda _, answer: [*noisy, (0.0, answer), (0.0, b"\0")]) as line:
            assert await line.read(1, DISTANCE, ANSWERED) == [777]
            assert await line.read(1, DISTANCE, ANSWERED) == [777]

    run(work())


def test_after_an_error_the_line_is_quiet_before_the_next_request(tmp_path: Path) -> None:
    """The babble goes on well after the time-out; a request into it would be lost, or worse, answered by it."""
    heard: list[float] = []
    babble_end = [0.0]

    def disturb(_request: bytes, answer: bytes) -> list[tuple[float, bytes]]:
        loop = asyncio.get_running_loop()
        heard.append(loop.time())
        if len(heard) > 1:
            return [(0.0, answer)]

        def pieces() -> Any:
            for _ in range(20):
                yield 0.002, b"\x55" * 8
                babble_end[0] = loop.time()

        return pieces()  # type: ignore[no-any-return]  # made while it is sent, so that the end is known

    async def work() -> None:
        async with wired(tmp_path, {1: laser(5), 2: laser(6)}, disturb, 9600) as line:
            first = asyncio.create_task(line.read(1, DISTANCE, 0.03))
            await asyncio.sleep(0)
            second = asyncio.create_task(line.read(2, DISTANCE, ANSWERED))
            with pytest.raises(TransientError):
                await first
            assert await second == [6]
        assert heard[1] - babble_end[0] >= 1.5 * 64 * 10 / 9600 * 0.9

    run(work())


def test_exceptions_arrive_as_such_and_the_line_goes_on(tmp_path: Path) -> None:
    async def work() -> None:
        async with wired(tmp_path, {1: laser(5)}) as line:
            with pytest.raises(Refused) as caught:
                await line.read(1, Block(Area.HOLDING, 99, 1, ()), ANSWERED)
            assert caught.value.code == 2
            assert await line.read(1, DISTANCE, ANSWERED) == [5]

    run(work())


def test_a_device_that_needs_a_pause_gets_it(tmp_path: Path) -> None:
    item = MODBUS["apg-mnu"]
    device = SimulatedDevice(item, Place("", 0, 1))
    device.show({"distance": 400, "temperature": 20})
    times: list[float] = []

    def note(_request: bytes, answer: bytes) -> list[tuple[float, bytes]]:
        times.append(asyncio.get_running_loop().time())
        return [(0.0, answer)]

    async def work() -> None:
        async with wired(tmp_path, {1: device}, note) as line:
            one = source(line, 1, item)
            assert values((await one.poll())[0]) == {"distance": 400, "temperature": 20}
            await one.poll()
        assert len(times) >= 2
        assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 0.3

    run(work())


def test_a_port_that_is_not_there_is_named_and_found_when_it_comes_back(tmp_path: Path) -> None:
    async def work() -> None:
        line = SerialLine(SerialBus("rs485", str(tmp_path / "ttyTEST"), BAUD, "N", 1), 64)
        one = source(line, 1)
        (failure,) = await one.poll()
        assert failure == Failure("d1", T, f"rs485: {tmp_path / 'ttyTEST'} is not there: is the adapter plugged in?")
        for distance in (5, 6):  # the adapter is plugged in, pulled out, plugged in
            async with serial_line.SerialLine(tmp_path / "ttyTEST", {1: laser(distance)}, BAUD):
                assert values((await one.poll())[0]) == {"distance": distance}
            assert isinstance((await one.poll())[0], Failure)
        line.close()

    run(work())


def test_who_answers_is_asked_first_after_a_failure(tmp_path: Path) -> None:
    item = MODBUS["sukusuku-retrofit-board"]
    device = SimulatedDevice(item, Place("", 0, 1))
    shown: dict[str, Value] = {"cycle_counter": 70_000, "serial": "A", "firmware": "1"}
    device.show(shown)
    asked: list[int] = []

    def note(request: bytes, answer: bytes) -> list[tuple[float, bytes]]:
        asked.append(int.from_bytes(request[2:4], "big"))
        return [(0.0, answer)]

    async def work() -> None:
        async with wired(tmp_path, {1: device}, note) as line:
            one = source(line, 1, item, ("cycle_counter",), timeout=1.0)
            found = [(await one.poll())[0], (await one.poll())[0]]
            device.dead = True
            await one.poll()
            device.dead = False
            device.show(shown | {"cycle_counter": 3, "serial": "B"})
            found.append((await one.poll())[0])
        identity = min(item.address(point) for point in item.point if point.role is Role.IDENTITY)
        assert asked == [identity, 2, 2, 2, identity, 2]
        assert [event.identity for event in found if isinstance(event, Sample)] == ["A", "A", "B"]

    run(work())
