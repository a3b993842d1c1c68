"""`sukusuku-edge probe`: what an installer sees, with a device and without."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from sukusuku_core import profile as profiles
from sukusuku_core.errors import ConfigError, TransientError
from sukusuku_core.model import Quality
from sukusuku_core.profile import ModbusProfile
from sukusuku_core.registers import Decoded
from sukusuku_core.text_table import width
from sukusuku_edge import __main__ as program
from sukusuku_edge.probe import Options, judge, place, probe
from sukusuku_mqtt import MqttSession, MqttSettings
from tests.edge import modbus_devices
from tests.edge.test_serial_line import BAUD, laser, wired
from tests.support.patience import PATIENCE

TOPIC = "application/1/device/eye/event/up"


def run(work: Coroutine[Any, Any, str]) -> list[str]:
    async def bounded() -> str:
        async with asyncio.timeout(PATIENCE):
            return await work

    return asyncio.run(bounded()).split("\n")


def modbus(name: str) -> ModbusProfile:
    profile = profiles.builtin()[name]
    assert isinstance(profile, ModbusProfile)
    return profile


def line(lines: list[str], name: str) -> str:
    return next(line for line in lines if line.startswith(f"{name} "))


def test_every_point_is_shown_with_raw_words_value_and_verdict() -> None:
    board = modbus_devices.board()
    board.values |= {"state": 6, "temperature": None, "film_remaining": 400.0}
    board.refusals = {modbus("sukusuku-retrofit-board").address(board.profile.point[0]): 2}

    async def work() -> str:
        async with modbus_devices.serve(board) as port:
            return await probe(board.profile, f"127.0.0.1:{port}/1", Options())

    lines = run(work())

    assert len(lines) == 1 + len(board.profile.point)
    counter, state = line(lines, "cycle_counter"), line(lines, "state")
    assert "0001 1170" in counter
    assert " 70000 " in counter
    assert " ok " in counter
    assert "6 (jam" in state
    assert "no reading" in line(lines, "temperature")
    assert "outside range" in line(lines, "film_remaining")
    assert "refused: 2, no such address" in line(lines, board.profile.point[0].name)
    starts = {width(text[: text.index(word)]) for text, word in ((lines[0], "verdict"), (counter, "ok "))}
    assert len(starts) == 1


def test_a_unit_on_a_serial_line_is_read(tmp_path: Path) -> None:
    async def work() -> str:
        async with wired(tmp_path, {7: laser(581)}):
            return await probe(modbus("dfrobot-sen0492"), f"{tmp_path}/ttyTEST@7", Options(baud=BAUD))

    assert " 581 mm" in line(run(work()), "distance")


def test_nothing_that_answers_is_status_1_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    status = program.main(["probe", "sukusuku-retrofit-board", "127.0.0.1:1"])

    assert status == 1
    assert capsys.readouterr().err == (
        "sukusuku-edge: no connection to 127.0.0.1:1 within 1 s: check power, cable, address\n"
    )


def test_a_silent_device_is_given_up_after_three_points() -> None:
    board = modbus_devices.board()
    board.talking.clear()

    async def work() -> str:
        async with modbus_devices.serve(board) as port:
            try:
                return await probe(board.profile, f"127.0.0.1:{port}", Options(timeout=0.3))
            finally:
                board.talking.set()

    with pytest.raises(TransientError, match=r"no answer from 127\.0\.0\.1:.* check power, cable, address"):
        run(work())
    # each is asked for twice on its connection: some devices lose what comes right after a connect
    assert len(board.requests) == 6
    assert len(set(board.requests)) == 3


@pytest.mark.parametrize("target", ["", "host:port", "host:99999", "a/b/c", "host/1/2", "host/999", "/dev/ttyUSB0@999"])
def test_a_target_that_cannot_be_is_status_2(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["probe", "sukusuku-retrofit-board", target]) == 2
    assert capsys.readouterr().err.startswith("sukusuku-edge: ")


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("192.168.0.20", "192.168.0.20:502 unit 1"),
        ("board.local:1502/3", "board.local:1502 unit 3"),
        ("[fe80::1]:1502/3", "fe80::1:1502 unit 3"),
        ("/dev/serial/by-id/usb-x-if00@4", "/dev/serial/by-id/usb-x-if00 unit 4"),
    ],
)
def test_targets(target: str, name: str) -> None:
    at = place(modbus("peacefair-pzem-016"), target, Options())

    assert at.line.name(at.unit) == name


def test_an_unknown_profile_lists_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["probe", "nothing", "h"]) == 2
    assert "there are: " in capsys.readouterr().err


def test_a_sensor_is_listened_to(broker: int) -> None:
    here = MqttSettings("127.0.0.1", broker, "probe")
    payload = (
        b'{"time": "soon", "object": {"line_1_total_in": 7, "line_1_total_out": 5, "line_2_total_in": "many", '
        b'"mac": "aa:bb"}}'
    )

    async def work() -> str:
        async with MqttSession(MqttSettings("127.0.0.1", broker, "sensor")) as sensor:
            sensor.publish(TOPIC, payload, 1, retain=True)
            await sensor.flush()
            table = await probe(profiles.builtin()["milesight-vs133"], TOPIC, Options(broker=here))
            sensor.publish(TOPIC, b"", 1, retain=True)
            await sensor.flush()
            return table

    lines = run(work())

    assert " 7 " in line(lines, "line_1_total_in")
    assert "not in the message" in line(lines, "region_1_count")
    assert "refused" in line(lines, "mac")
    assert "aa:bb" not in "".join(lines)
    assert any("expected a number, found a text of the form 'aaaa' at `line_2_total_in`" in text for text in lines)
    assert any("expected a time since 2020 at `time`" in text for text in lines)


def test_a_sensor_that_says_nothing(broker: int) -> None:
    options = Options(broker=MqttSettings("127.0.0.1", broker, "probe"), wait=0.3)

    with pytest.raises(TransientError, match=r"nothing to read on `a/b` .*check the topic"):
        run(probe(profiles.builtin()["milesight-vs133"], "a/b", options))
    with pytest.raises(ConfigError, match="give one topic"):
        run(probe(profiles.builtin()["milesight-vs133"], "a/#", options))


def test_verdicts() -> None:
    assert judge(Decoded(1, Quality.GOOD)) == "ok"
    assert judge(Decoded(1, Quality.BAD)) == "outside range"
    assert judge(Decoded(None, Quality.BAD)) == "no reading"
