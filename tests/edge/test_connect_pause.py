"""Devices that lose what comes right after a connect: they are read, and the agent learns how long they need."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest

from sukusuku_core import registers
from sukusuku_core.errors import TransientError
from sukusuku_core.profile import ModbusProfile, find
from sukusuku_core.registers import Block
from sukusuku_edge.sources import modbus
from sukusuku_edge.sources.connect_pause import LONGEST, ConnectPause
from sukusuku_edge.sources.modbus_lines import TcpLine
from tests.edge import edge_settings


class SlowStart:
    """A Modbus TCP device that throws away what comes within so many seconds after a connect."""

    def __init__(self, needs: float) -> None:
        self.needs = needs
        self.connections = 0
        self.requests = 0
        self.dead = False

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        self.connections += 1
        since = loop.time()
        with contextlib.suppress(ConnectionError):
            while request := await reader.read(260):
                self.requests += 1
                if loop.time() - since >= self.needs and not self.dead:
                    writer.write(request[:2] + bytes((0, 0, 0, 5, request[6], 3, 2, 0, 77)))
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def listening(device: SlowStart) -> AsyncIterator[int]:
    talks: set[asyncio.Task[None] | None] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.current_task())
        await device.talk(reader, writer)

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*(task for task in talks if task is not None))


def block() -> Block:
    profile = find("dfrobot-sen0492")
    assert isinstance(profile, ModbusProfile)
    return registers.plan(profile)[0]


async def asked(line: TcpLine, timeout: float) -> bool:  # noqa: ASYNC109 - the device's
    """Whether one request is answered."""
    try:
        return list(await line.read(1, block(), timeout)) == [77]
    except TransientError:
        return False


def run(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await work

    asyncio.run(bounded())


def test_a_device_that_loses_the_first_request_is_read_and_remembered(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        device = SlowStart(0.2)
        async with listening(device) as port:
            line = TcpLine("127.0.0.1", port)
            assert await asked(line, 0.4)
            assert (device.connections, device.requests) == (1, 2)
            line.close()
            assert await asked(line, 0.4)
            assert (device.connections, device.requests) == (2, 3)
            line.close()
        assert "the device loses what comes right after a connect: it now gets 0.4 s (`connect_pause`)" in caplog.text

    run(work())


def test_a_device_that_needs_far_more_than_its_time_out_is_found_too() -> None:
    async def work() -> None:
        device = SlowStart(0.7)
        async with listening(device) as port:
            line = TcpLine("127.0.0.1", port)
            attempts = 0
            while not await asked(line, 0.05):
                attempts += 1
            assert attempts <= 5
            found = []
            for _ in range(4):
                line.close()
                found.append(await asked(line, 0.05))
            assert found.count(False) <= 1
            assert found[-2:] == [True, True]
            line.close()

    run(work())


def test_a_pause_that_the_settings_name_loses_nothing() -> None:
    async def work() -> None:
        device = SlowStart(0.2)
        async with listening(device) as port:
            line = TcpLine("127.0.0.1", port, pause=0.25)
            assert await asked(line, 0.4)
            line.close()
        assert (device.connections, device.requests) == (1, 1)

    run(work())


def test_a_device_that_answers_at_once_is_not_asked_twice_when_it_dies() -> None:
    async def work() -> None:
        device = SlowStart(0.0)
        async with listening(device) as port:
            line = TcpLine("127.0.0.1", port)
            assert await asked(line, 0.05)
            device.dead = True
            assert not await asked(line, 0.05)
            before = device.requests
            assert not await asked(line, 0.05)
            assert device.requests == before + 1
            line.close()

    run(work())


@pytest.mark.parametrize(
    ("profile", "device", "pause"),
    [
        ("", "", 0.0),
        ("", "connect_pause = 0.7", 0.7),
        (", connect_pause = 2", "", 2.0),
        (", connect_pause = 2", "connect_pause = 0.5", 0.5),
    ],
)
def test_the_pause_is_the_devices_or_that_of_its_profile(
    profile: str, device: str, pause: float, tmp_path: Any
) -> None:
    text = (
        'profile = "own"\ntransport = "modbus"\nmaker = "m"\nmodel = "x"\nja = "機"\nen = "d"\nstatus = "guess"\n'
        f'source = "none"\ndefaults = {{max_read = 8{profile}}}\n'
        '[[point]]\nname = "v"\nrole = "power"\nja = "値"\nen = "value"\naddress = 0\ntype = "u16"\n'
    )
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    settings = (
        f'profiles = "{tmp_path}"\n{edge_settings.HEAD}[[device]]\nid = "d"\nprofile = "own"\nhost = "h"\n{device}\n'
    )
    settings += (
        '[[asset]]\nid = "u"\nkind = "unit"\n[[asset.binding]]\nmetric = "Motor/Power"\ndevice = "d"\npoint = "v"\n'
    )

    (one,) = modbus.sources(edge_settings.edge(settings), lambda: 0)

    assert isinstance(one._line, TcpLine)
    assert one._line._pause.seconds == pause


def test_a_lost_request_measures_the_pause() -> None:
    one = ConnectPause()

    assert one.answered(1.0, lost=True)
    assert one.seconds == 1.0
    assert not one.answered(1.0, lost=False)
    assert one.seconds == 1.0
    assert not one.answered(2.0, lost=True)  # it needed more this time
    assert one.seconds == 2.0
    one.answered(60.0, lost=True)
    assert one.seconds == LONGEST


def test_a_guess_grows_with_every_silent_connection_and_is_halved_until_it_is_needed() -> None:
    one = ConnectPause()
    guesses = []
    for _ in range(6):
        one.silent(0.5)
        guesses.append(one.seconds)
    assert guesses == [1, 2, 4, 8, LONGEST, LONGEST]

    one.answered(10.0, lost=False)
    assert one.seconds == 5.0
    one.silent(0.5)
    assert one.seconds == LONGEST
    one.silent(0.5)
    assert one.seconds == LONGEST


def test_a_guess_that_nobody_needs_goes_away() -> None:
    one = ConnectPause()
    one.silent(0.5)
    for _ in range(30):
        one.answered(one.seconds, lost=False)

    assert one.seconds < 0.001


def test_a_device_that_is_quick_is_not_suspected_before_it_was_silent_three_times() -> None:
    one = ConnectPause()
    one.answered(0.0, lost=False)

    for _ in range(2):
        one.silent(0.5)
        assert (one.suspected, one.seconds) == (False, 0)
    one.silent(0.5)

    assert (one.suspected, one.seconds) == (True, 1.0)


def test_what_the_settings_say_is_never_shortened() -> None:
    one = ConnectPause(2.0)
    for _ in range(5):
        one.answered(2.0, lost=False)

    assert one.seconds == 2.0
