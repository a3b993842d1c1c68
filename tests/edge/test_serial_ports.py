"""Serial ports that refuse their settings, and serial lines behind a gateway."""

import asyncio
import contextlib
import itertools
import termios
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import pytest
import serial  # type: ignore[import-untyped]  # pyserial has no types

from sukusuku_core import registers
from sukusuku_core.errors import ConfigError, TransientError
from sukusuku_core.profile import ModbusProfile, builtin
from sukusuku_edge import __main__ as program
from sukusuku_edge.binding import Binder
from sukusuku_edge.events import Event, Failure, Sample
from sukusuku_edge.settings import SerialBus
from sukusuku_edge.sources import modbus
from sukusuku_edge.sources.modbus_lines import RtuOverTcpLine, SerialLine, serial_line
from sukusuku_sim import serial_line as simulated
from sukusuku_sim.server import Place, SimulatedDevice
from tests.edge import edge_settings
from tests.support.ports import free_port

REFUSALS = [
    termios.error(22, "Invalid argument"),
    OSError(25, "Inappropriate ioctl for device"),
    ValueError("Failed to set custom baud rate (250000)"),
    serial.SerialException("Could not configure port: (5, 'Input/output error')"),
]


def laser() -> ModbusProfile:
    found = builtin()["dfrobot-sen0492"]
    assert isinstance(found, ModbusProfile)
    return found


def run(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await work

    asyncio.run(bounded())


@pytest.fixture(params=REFUSALS, ids=lambda error: type(error).__name__)
def refusing(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> tuple[Path, Exception, list[float]]:
    """A port that is there and refuses its settings; with the times of the attempts."""
    attempts: list[float] = []

    def refuse(*_given: object, **_settings: object) -> None:
        with contextlib.suppress(RuntimeError):
            attempts.append(asyncio.get_running_loop().time())
        raise request.param

    monkeypatch.setattr(serial, "serial_for_url", refuse)
    path = tmp_path / "ttyTEST"
    path.touch()
    return path, request.param, attempts


def test_a_port_that_refuses_its_settings_is_an_error_with_the_reason(
    refusing: tuple[Path, Exception, list[float]],
) -> None:
    path, error, _ = refusing

    async def work() -> None:
        line = SerialLine(SerialBus("rs485", str(path), 9600, "E", 1), 64)
        with pytest.raises(TransientError) as caught:
            await line.ready(0.5)
        assert str(caught.value).startswith(f"rs485: {path} ")
        assert str(error.args[-1]) in str(caught.value)
        assert "9600 baud 8E1" in str(caught.value)

    run(work())


def test_probe_says_it_without_a_traceback(
    refusing: tuple[Path, Exception, list[float]], capsys: pytest.CaptureFixture[str]
) -> None:
    path, error, _ = refusing

    assert program.main(["probe", "dfrobot-sen0492", f"{path}@1"]) == 1

    said = capsys.readouterr().err
    assert said.startswith(f"sukusuku-edge: {path}: {path} ")
    assert str(error.args[-1]) in said
    assert "Traceback" not in said


BUS = """
[[bus]]
id = "rs485"
port = "{}"
[[device]]
id = "level"
profile = "dfrobot-sen0492"
bus = "rs485"
poll = 0.01
timeout = 0.005
[[asset]]
id = "unit"
kind = "unit"
[[asset.binding]]
metric = "Fill/Distance"
device = "level"
point = "distance"
"""


def test_the_agent_backs_off_and_its_status_says_why(
    refusing: tuple[Path, Exception, list[float]], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, error, attempts = refusing
    monkeypatch.setattr(modbus, "LONGEST_PAUSE", 0.2)
    edge = edge_settings.edge(edge_settings.HEAD + BUS.format(path))
    (one,) = modbus.sources(edge, lambda: 1_760_000_000_000)
    binder = Binder(edge, {})

    async def work() -> None:
        enough = asyncio.Event()
        failures: list[Event] = []

        async def emit(event: Event) -> None:
            failures.append(event)
            binder.take([event])
            if len(failures) == 8:
                enough.set()

        task = asyncio.create_task(one.run(emit))
        await enough.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert all(isinstance(event, Failure) for event in failures)

    run(work())

    assert max(after - before for before, after in itertools.pairwise(attempts)) >= 0.15  # of 0.2, less its jitter
    (device,) = binder.devices()
    assert str(error.args[-1]) in device.trouble
    assert len([record for record in caplog.records if "level: " in record.getMessage()]) == 1


# ---------------------------------------------------------------- behind a gateway


@contextlib.asynccontextmanager
async def gateway(port: int, distance: int, *, silent: bool = False) -> AsyncIterator[None]:
    """A gateway that passes RTU frames on, with a laser behind it."""
    device = SimulatedDevice(laser(), Place("", 0, 80))
    device.show({"distance": distance})
    bus = simulated.SerialLine(Path("unused"), {80: device})

    talks: set[asyncio.Task[None] | None] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError):
            while request := await reader.read(260):
                answer = b"" if silent else bus._answer(request)
                for byte in answer:  # in pieces, as a slow line gives them
                    writer.write(bytes((byte,)))
                    await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        await asyncio.gather(*(task for task in talks if task is not None))


@pytest.mark.parametrize("scheme", ["rtu+tcp", "socket"])
def test_a_line_behind_a_gateway_is_read_and_comes_back(scheme: str) -> None:
    port = free_port()
    edge = edge_settings.edge(
        edge_settings.HEAD + BUS.format(f"{scheme}://127.0.0.1:{port}").replace("0.005", "1\nunit = 80")
    )
    (one,) = modbus.sources(edge, lambda: 0)

    async def work() -> None:
        assert isinstance(one._line, RtuOverTcpLine)
        (before,) = await one.poll()
        assert isinstance(before, Failure)
        assert before.why == (
            f"rs485: no connection to the gateway 127.0.0.1:{port} within 1 s: check its power, cable, address and port"
        )
        async with gateway(port, 525):
            (event,) = await one.poll()
            assert isinstance(event, Sample)
            assert event.values["distance"].value == 525
            one.close()
        assert isinstance((await one.poll())[0], Failure)
        async with gateway(port, 600):
            (event,) = await one.poll()
            assert isinstance(event, Sample)
            assert event.values["distance"].value == 600
            one.close()

    run(work())


def test_a_unit_that_does_not_answer_behind_a_gateway_is_told_with_what_to_check() -> None:
    port = free_port()

    async def work() -> None:
        line = serial_line(SerialBus("rs485", f"rtu+tcp://127.0.0.1:{port}", 9600, "N", 1), 64)
        async with gateway(port, 525, silent=True):
            with pytest.raises(TransientError) as caught:
                await line.read(80, registers.plan(laser())[0], 0.1)
            line.close()
        assert str(caught.value) == (
            f"no answer on rs485 unit 80 behind 127.0.0.1:{port} within 0.1 s: check wiring, power, address, the "
            "gateway's baud and parity, and that it passes RTU frames on (Modbus TCP is a `host`)"
        )

    run(work())


def test_probe_reads_a_line_behind_a_gateway(capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()

    async def work() -> int:
        async with gateway(port, 525):
            return await asyncio.to_thread(program.main, ["probe", "dfrobot-sen0492", f"rtu+tcp://127.0.0.1:{port}@80"])

    assert asyncio.run(work()) == 0
    assert "525 mm" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("port", "gateway"),
    [
        ("rtu+tcp://gw:5007", ("gw", 5007)), ("rtu+tcp://192.168.0.20:502/", ("192.168.0.20", 502)),
        ("rtu+tcp://[fe80::1]:5007", ("fe80::1", 5007)), ("socket://gw:5007", ("gw", 5007)), ("/dev/ttyUSB0", None),
    ],
)  # fmt: skip
def test_a_gateway_is_named_by_host_and_port(port: str, gateway: tuple[str, int] | None) -> None:
    bus = SerialBus("rs485", port, 9600, "N", 1)

    assert (bus.gateway, bus.misfit) == (gateway, "")


@pytest.mark.parametrize("port", ["rtu+tcp://gw", "rtu+tcp://:5007", "tcp://gw:5007", "rtu+tcp://a@b:5007"])
def test_another_address_is_refused_with_an_example(port: str) -> None:
    expected = f"found `{port}`; expected a serial port such as /dev/ttyUSB0, or rtu+tcp://192.168.0.20:5007"

    with pytest.raises(ConfigError) as caught:
        edge_settings.edge(edge_settings.HEAD + BUS.format(port))

    assert str(caught.value) == f"edge.toml: bus[0] (rs485).port: {expected}"
