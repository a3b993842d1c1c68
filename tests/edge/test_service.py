import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sukusuku_core.model import Quality, Reading
from sukusuku_edge import service
from sukusuku_edge.settings import read
from tests.edge import edge_settings, modbus_devices
from tests.edge.host_application import Host
from tests.support.patience import PATIENCE

MODULE = [sys.executable, "-m", "sukusuku_edge"]


def settings(folder: Path, broker: int, board: int, extra: str = "") -> Path:
    text = edge_settings.WHOLE.replace("port = 502", f"port = {board}") + extra
    return edge_settings.write(folder, text + f'[broker]\nport = {broker}\n[outbox]\naccepted_log = "accepted.jsonl"\n')


class Agent:
    """The agent as a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def line(self, word: str) -> str:
        """The next line on stderr with this word."""
        assert self.process.stderr is not None
        while line := (await self.process.stderr.readline()).decode():
            self.lines.append(line)
            if word in line:
                return line
        raise AssertionError(f"no {word!r} in {self.lines}")

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal, read all, return the exit status."""
        self.process.send_signal(number)
        _, err = await self.process.communicate()
        self.lines.extend(err.decode().splitlines())
        status = self.process.returncode
        assert status is not None
        return status


@contextlib.asynccontextmanager
async def agent(path: Path) -> AsyncIterator[Agent]:
    process = await asyncio.create_subprocess_exec(*MODULE, "run", str(path), stderr=asyncio.subprocess.PIPE)
    try:
        yield Agent(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def accepted(folder: Path) -> list[Reading]:
    lines = (folder / "accepted.jsonl").read_text(encoding="utf-8").splitlines()
    return [Reading(**{**json.loads(line), "quality": Quality(json.loads(line)["quality"])}) for line in lines]


def run(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE):
            await work

    asyncio.run(bounded())


def has(host: Host, asset: str, metric: str, value: object) -> bool:
    return any((item.asset, item.metric, item.value) == (asset, metric, value) for item in host.stored)


async def until(seen: Callable[[], bool]) -> None:
    """Look at what tells of no event until it is so."""
    while not seen():  # noqa: ASYNC110 - as it says
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_from_register_to_host_and_a_clean_end(tmp_path: Path, broker: int, number: int) -> None:
    async def work() -> None:
        host, device = Host(), modbus_devices.board()
        async with (
            modbus_devices.serve(device) as port,
            host.online(broker),
            agent(settings(tmp_path, broker, port)) as one,
        ):
            ready = await one.line("ready")
            assert " INFO sukusuku_edge ready: 2 devices, 2 assets, outbox " in ready
            await host.until(lambda: has(host, "unit-1", "Cycles/Total", 70_000))
            device.values["state"] = 6
            await host.until(lambda: has(host, "unit-1", "State", 6))
            await host.until(lambda: has(host, "tobu-pi", "Devices/Down", 0))
            assert host.arrived.count("DBIRTH unit-1") == 1
            assert "DDEATH unit-1" not in host.arrived
            assert await one.stop(number) == 0
            await host.until(lambda: host.arrived[-1] == "NDEATH")
        assert host.stored <= set(accepted(tmp_path))
        assert [line for line in one.lines if " ready" in line] == [ready]
        assert not any("Traceback" in line for line in one.lines)
        assert "DBIRTH room" not in host.arrived  # nothing has been heard of its sensor

    run(work())


def test_readings_between_two_commits_wait_and_are_committed_together_at_the_end(tmp_path: Path, broker: int) -> None:
    async def work() -> None:
        device, stop = modbus_devices.board(), asyncio.Event()
        async with modbus_devices.serve(device) as port:
            path = settings(tmp_path, broker, port)
            path.write_text(path.read_text(encoding="utf-8") + "commit_every = 3600.0\n", encoding="utf-8")
            agent = asyncio.create_task(service.run(read(path), stop))
            await until((tmp_path / "accepted.jsonl").exists)
            before = accepted(tmp_path)
            device.values["state"] = 6
            asked = len(device.requests)
            await until(lambda: len(device.requests) > asked + 10)
            assert accepted(tmp_path) == before
            stop.set()
            await agent
        assert [item.value for item in accepted(tmp_path) if item.metric == "State"][-1] == 6

    run(work())


def test_a_killed_agent_loses_nothing_and_goes_on_counting(tmp_path: Path, broker: int) -> None:
    async def work() -> None:
        host, device = Host(acknowledging=False), modbus_devices.board()
        raw = total = 70_000
        async with modbus_devices.serve(device) as port, host.online(broker):
            path = settings(tmp_path, broker, port)
            for restart in (True, False, False):
                async with agent(path) as one:
                    for _ in range(5):
                        raw, total = raw + 1, total + 1
                        device.values["cycle_counter"] = raw
                        await host.until(partial(has, host, "unit-1", "Cycles/Total", total))
                    assert await one.stop(signal.SIGKILL) == -signal.SIGKILL
                if restart:  # of the board: its counter begins anew, and the total goes on
                    raw, total = 3, total + 3
                    device.values["cycle_counter"] = raw
            host.acknowledging = True
            async with agent(path):
                await host.until(partial(has, host, "unit-1", "Cycles/Total", total))
                await host.until(lambda: set(accepted(tmp_path)) <= host.stored)
        assert host.bdseqs[-1] > host.bdseqs[0]

    run(work())


def test_a_dead_board_is_stale_and_down_and_comes_back(tmp_path: Path, broker: int) -> None:
    async def work() -> None:
        host, device = Host(), modbus_devices.board()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        async with host.online(broker), agent(settings(tmp_path, broker, port)) as one:
            async with modbus_devices.serve(device, port):
                await host.until(lambda: has(host, "unit-1", "State", 1))
                device.talking.clear()
                stale = ("unit-1", "State", 1, Quality.STALE)
                await host.until(
                    lambda: stale in {(item.asset, item.metric, item.value, item.quality) for item in host.stored}
                )
                await host.until(lambda: "DDEATH unit-1" in host.arrived)
                device.values["state"] = 2
                device.talking.set()
                await host.until(lambda: has(host, "unit-1", "State", 2))
                await host.until(lambda: host.arrived.count("DBIRTH unit-1") == 2)
            assert await one.stop() == 0
        lines = "".join(one.lines)
        assert f"no answer from 127.0.0.1:{port} unit 1 within 0.5 s: check power, cable, address" in lines
        assert f"127.0.0.1:{port} unit 1 answers again" in lines

    run(work())


def told(folder: Path) -> set[str]:
    return {reading.metric for reading in accepted(folder)} if (folder / "accepted.jsonl").exists() else set()


def test_without_a_broker_it_is_ready_and_keeps_readings(tmp_path: Path) -> None:
    wanted = {"Fill/Percent", "Cycles/Total", "Info/Source"}

    async def work() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            async with (
                modbus_devices.serve(modbus_devices.board()) as port,
                agent(settings(tmp_path, taken.getsockname()[1], port)) as one,
            ):
                await one.line("ready")
                await one.line("readings are kept in the outbox")
                async with asyncio.timeout(PATIENCE):
                    while not wanted <= told(tmp_path):  # noqa: ASYNC110 - a file has no event
                        await asyncio.sleep(0.05)
                assert await one.stop() == 0

    run(work())


def test_an_outbox_that_cannot_be_opened_is_status_1_with_one_line(tmp_path: Path) -> None:
    path = settings(tmp_path, 1, 1)
    path.write_text(path.read_text(encoding="utf-8") + 'path = "none/outbox.db"\n', encoding="utf-8")

    async def work() -> None:
        environment = {**os.environ, "PYTHONWARNINGS": "error"}
        process = await asyncio.create_subprocess_exec(
            *MODULE, "run", str(path), stderr=asyncio.subprocess.PIPE, env=environment
        )
        _, err = await process.communicate()
        assert process.returncode == 1
        assert "cannot be opened" in err.decode()
        assert "Traceback" not in err.decode()

    run(work())


def test_what_only_enrolment_and_renewal_need_is_not_loaded_by_an_agent_that_runs() -> None:
    """It is 10 MB on a computer of 512."""
    program = "import sys, sukusuku_edge.__main__; print('cryptography' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
