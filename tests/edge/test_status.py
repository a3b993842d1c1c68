"""`sukusuku-edge status`, the status file, the lock, the watchdog and the end, with the agent as a process."""

import asyncio
import resource
import signal
import socket
import sqlite3
import time
from pathlib import Path

import pytest

from sukusuku_core.model import Reading
from sukusuku_edge import __main__ as program
from sukusuku_edge import status, status_report
from sukusuku_edge.outbox import Outbox
from sukusuku_edge.settings import read
from tests.edge import edge_settings, modbus_devices
from tests.edge.host_application import Host
from tests.edge.test_service import accepted, agent, has, run, settings
from tests.support.patience import PATIENCE

T = 1_760_000_000_000


async def told(folder: Path) -> status_report.Status:
    """The status file, as soon as there is one."""
    async with asyncio.timeout(PATIENCE):
        while (found := status_report.read(folder / "outbox.db")) is None:  # noqa: ASYNC110 - a file has no event
            await asyncio.sleep(0.05)
    return found


def test_a_running_agent_is_shown_with_its_devices_and_their_troubles(
    tmp_path: Path, broker: int, capsys: pytest.CaptureFixture[str]
) -> None:
    dead = """
[[device]]
id = "dead"
profile = "dfrobot-sen0492"
host = "127.0.0.1"
port = 1
poll = 0.05
[[asset]]
id = "unit-9"
kind = "unit"
[[asset.binding]]
metric = "Fill/Distance"
device = "dead"
point = "distance"
"""

    async def work() -> None:
        host = Host()
        async with modbus_devices.serve(modbus_devices.board()) as port, host.online(broker):
            path = settings(tmp_path, broker, port, dead)
            async with agent(path) as one:
                await one.line("ready")
                await host.until(lambda: has(host, "unit-1", "State", 1))
                async with asyncio.timeout(PATIENCE):
                    while not any(line.trouble for line in (await told(tmp_path)).devices):  # noqa: ASYNC110 - as above
                        await asyncio.sleep(0.1)
                    while (await told(tmp_path)).last_ack is None:  # noqa: ASYNC110 - as above
                        await asyncio.sleep(0.1)
                assert await asyncio.to_thread(program.main, ["status", str(path)]) == 1
                shown = capsys.readouterr().out
                assert f"runs as process {one.process.pid}" in shown
                assert "online" in shown
                assert "acknowledged" in shown
                assert " answers " in shown
                assert "no connection to 127.0.0.1:1 within 1 s: check power, cable, address" in shown
                assert " ago)" in shown or "(now)" in shown
                assert "application/1/device/eye/event/up" in shown
                assert await one.stop() == 0
            assert await asyncio.to_thread(program.main, ["status", str(path)]) == 1
        shown = capsys.readouterr().out
        assert "does not run; it last said so" in shown
        assert "bdSeq" in shown

    run(work())


def test_status_before_the_first_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["status", str(edge_settings.write(tmp_path))]) == 1

    shown = capsys.readouterr().out
    assert "does not run. Start it: systemctl start sukusuku-edge" in shown
    assert "is not there: no agent has run with these settings" in shown


def test_status_counts_what_waits_and_reads_no_damaged_files(tmp_path: Path) -> None:
    edge = read(edge_settings.write(tmp_path))

    async def fill() -> None:
        async with Outbox(tmp_path / "outbox.db") as outbox:
            await outbox.add([Reading("u", "State", T + n, n) for n in range(3)], {})
            await outbox.next_bdseq()

    asyncio.run(fill())
    text, well = status.show(edge, now=T + 7_200_000)
    assert "3 readings wait, the oldest from 20" in text
    assert "(2 h ago)" in text
    assert not well

    status_report.path_of(tmp_path / "outbox.db").write_text("{", encoding="utf-8")
    (tmp_path / "outbox.db").write_bytes(b"no database" * 1000)
    text, _ = status.show(edge)
    assert "cannot be read: file is not a database" in text


def test_a_second_agent_on_the_same_outbox_is_refused(tmp_path: Path) -> None:
    path = settings(tmp_path, 1, 1)

    async def work() -> None:
        async with agent(path) as one:
            await one.line("ready")
            async with agent(path) as two:
                _, err = await two.process.communicate()
                assert two.process.returncode == 1
                assert err.decode().splitlines()[-1] == (
                    f"sukusuku-edge: outbox {tmp_path}/outbox.db is in use by another agent (process "
                    f"{one.process.pid}): stop that one, or give this one a file of its own under [outbox] path"
                )
            assert await one.stop(signal.SIGKILL) == -signal.SIGKILL
        async with agent(path) as three:
            await three.line("ready")

    run(work())


def test_the_service_manager_hears_ready_watchdog_and_stopping(
    tmp_path: Path, broker: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

        async def work() -> list[str]:
            async with (
                modbus_devices.serve(modbus_devices.board()) as port,
                agent(settings(tmp_path, broker, port)) as one,
            ):
                heard = [await asyncio.to_thread(manager.recv, 1000) for _ in range(2)]
                assert await one.stop() == 0
                while heard[-1] != b"STOPPING=1":
                    heard.append(await asyncio.to_thread(manager.recv, 1000))
            return [text.decode() for text in heard]

        heard: list[str] = []

        async def collect() -> None:
            heard.extend(await work())

        run(collect())

    assert heard[0] == "READY=1"
    assert "\nWATCHDOG=1" in heard[1]
    assert heard[1].startswith("STATUS=")
    assert " readings wait; " in heard[1]
    assert heard[-1] == "STOPPING=1"


def test_a_stop_on_a_full_disk_does_not_hang(tmp_path: Path) -> None:
    async def work() -> None:
        board = modbus_devices.board()
        async with modbus_devices.serve(board) as port, agent(settings(tmp_path, 1, port)) as one:
            await one.line("readings are kept in the outbox")
            resource.prlimit(one.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            board.values["state"] = 2
            await one.line("sources wait until it can be written again")
            begun = time.monotonic()
            assert await one.stop() == 0
            assert time.monotonic() - begun < 10
        assert "what was read last could not be written and is not kept" in "".join(one.lines)
        assert not any("Traceback" in line for line in one.lines)

    run(work())


def test_readings_wait_for_the_clock_and_go_when_it_is_set(tmp_path: Path, broker: int) -> None:
    async def work() -> None:
        host = Host()
        async with modbus_devices.serve(modbus_devices.board()) as port, host.online(broker):
            path = settings(tmp_path, broker, port, '[clock]\nsync_file = "set"\n')
            async with agent(path) as one:
                await one.line("ready")
                assert (await told(tmp_path)).uplink == "waiting for the clock to be set"
                async with asyncio.timeout(PATIENCE):
                    while rows(tmp_path) < 5:  # noqa: ASYNC110 - a file has no event
                        await asyncio.sleep(0.05)
                assert not host.arrived
                assert not (tmp_path / "accepted.jsonl").exists()
                (tmp_path / "set").touch()
                await host.until(lambda: has(host, "unit-1", "State", 1))
                await host.until(lambda: has(host, "tobu-pi", "Clock/Synced", value=True))
                assert await one.stop() == 0
        assert host.stored <= set(accepted(tmp_path))

    run(work())


def test_readings_do_not_wait_for_the_clock_for_ever(tmp_path: Path, broker: int) -> None:
    async def work() -> None:
        host = Host()
        async with modbus_devices.serve(modbus_devices.board()) as port, host.online(broker):
            path = settings(tmp_path, broker, port, '[clock]\nsync_file = "set"\nhold = 0.5\n')
            async with agent(path) as one:
                await one.line("readings go with estimated times; check the network and NTP")
                await host.until(lambda: has(host, "unit-1", "State", 1))
                await host.until(lambda: has(host, "tobu-pi", "Clock/Synced", value=False))
                assert await one.stop() == 0

    run(work())


def rows(folder: Path) -> int:
    """How many readings wait."""
    if not (folder / "outbox.db").exists():
        return 0
    with sqlite3.connect(f"file:{folder / 'outbox.db'}?mode=ro", uri=True) as file:
        found = file.execute("SELECT count(*) FROM sqlite_master WHERE name = 'reading'").fetchone()[0]
        count: int = file.execute("SELECT count(*) FROM reading").fetchone()[0] if found else 0
    file.close()
    return count


def test_the_status_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    assert status_report.read(tmp_path / "outbox.db") is None
    assert not list(tmp_path.iterdir())
