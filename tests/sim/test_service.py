import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient

from sukusuku_sim.__main__ import main
from tests.support.patience import PATIENCE
from tests.support.ports import free_port

SCENARIO = """
seed = 1
start = 2026-04-15T10:40:00
speed = 60.0
tick = 0.05

[mqtt]
port = {broker}

[[unit]]
id = "unit-1"
fill = 40.0
cycles = 100

[[unit.device]]
id = "level"
profile = "dfrobot-sen0492"
port = {port}
unit = 80

[[unit.device]]
id = "counter"
profile = "hardwario-gauger"
port = {port}
unit = 2

[[room]]
id = "room-1"

[[room.sensor]]
id = "eye"
profile = "milesight-vs133"
topic = "eye/up"

[[event]]
at = 0.1
do = "fill"
asset = "unit-1"
percent = 100.0

[[event]]
at = 0.2
do = "dead"
device = "level"

[[event]]
at = 0.3
do = "crowd"
asset = "room-1"
children = 20
seconds = 60.0
"""


def write(folder: Path, broker: int, port: int) -> Path:
    file = folder / "scenario.toml"
    file.write_text(SCENARIO.format(broker=broker, port=port), encoding="utf-8")
    return file


def log(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@contextlib.asynccontextmanager
async def simulator(scenario: Path, truth: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process, once it says `ready`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sukusuku_sim", str(scenario), "--truth", str(truth), stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(PATIENCE):
            while b" ready" not in (line := await process.stderr.readline()):
                assert line, "the simulator ended before it was ready"
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def seen(truth: Path, **wanted: object) -> dict[str, Any]:
    """The first line of the truth log with these values, as soon as there is one."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for line in log(truth):
                if line | wanted == line:
                    return line
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_until_it_is_asked_to_end(broker: int, tmp_path: Path, number: signal.Signals) -> None:
    truth = tmp_path / "truth.jsonl"
    port = free_port()

    async def scene() -> int | None:
        async with simulator(write(tmp_path, broker, port), truth) as process:
            await seen(truth, device="eye", point="region_3_child_count", seq=1)
            full = await seen(truth, asset="unit-1", event="bag_full")
            shown = await seen(truth, device="level", point="distance")
            await seen(truth, device="level", event="dead")
            await seen(truth, asset="room-1", event="over_capacity")
            assert shown["value"] == pytest.approx(600, abs=15)
            assert full["time"] >= shown["time"]
            link = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=3, retries=0)
            assert await link.connect()
            answer = await link.read_holding_registers(5300, count=1, device_id=2)
            link.close()
            assert answer.registers[0] >= 100
            os.kill(process.pid, number)
            async with asyncio.timeout(PATIENCE):
                return await process.wait()

    assert asyncio.run(scene()) == 0


def test_a_dead_device_shows_nothing_in_the_truth_log(broker: int, tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"

    status = main([str(write(tmp_path, broker, free_port())), "--truth", str(truth), "--duration", "1.5"])

    lines = log(truth)
    died = next(n for n, line in enumerate(lines) if line.get("event") == "dead")
    assert status == 0
    assert [line["value"] for line in lines[:died] if line.get("device") == "level"][-1] == pytest.approx(150, abs=12)
    assert not [line for line in lines[died + 1 :] if line.get("device") == "level"]


def test_a_taken_port_ends_it_with_a_clear_error(
    broker: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    status = main([str(write(tmp_path, broker, broker)), "--truth", str(tmp_path / "truth.jsonl")])

    assert status == 2
    assert f"127.0.0.1:{broker} (level, counter): cannot listen here: Address already in use" in capfd.readouterr().err


def test_a_wrong_scenario_ends_it_with_its_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    status = main([str(tmp_path / "none.toml"), "--truth", str(tmp_path / "truth.jsonl")])

    assert status == 2
    assert "none.toml: cannot be read" in capfd.readouterr().err


def test_devices_on_a_serial_line_and_sensors_at_a_unit(broker: int, tmp_path: Path) -> None:
    wired = 'serial = "ttySIM"\nbaud = 115200'
    text = SCENARIO.format(broker=broker, port=0).replace("port = 0", wired).replace('do = "dead"', 'do = "alive"')
    plug = '[[unit.sensor]]\nid = "plug"\nprofile = "tasmota-unit"\ntopic = "tele/plug/SENSOR"\n\n[[room]]'
    file = tmp_path / "scenario.toml"
    file.write_text(text.replace("[[room]]", plug, 1).replace("ttySIM", str(tmp_path / "ttySIM")), encoding="utf-8")
    truth = tmp_path / "truth.jsonl"

    async def scene() -> None:
        async with simulator(file, truth):
            await seen(truth, device="plug", point="distance", seq=1)
            client = AsyncModbusSerialClient(str(tmp_path / "ttySIM"), baudrate=115_200, timeout=5, retries=0)
            assert await client.connect()
            answer = await client.read_holding_registers(0x34, count=1, device_id=80)
            client.close()
            await seen(truth, device="level", point="distance", value=answer.registers[0])
            await seen(truth, device="plug", point="distance", value=float(answer.registers[0]))

    asyncio.run(scene())
