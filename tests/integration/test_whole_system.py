"""The whole system over real sockets: simulator, edge agents, Mosquitto, collector, API, browser, mail.

One run of `sukusuku demo` as a user would start it. The truth log of the simulator is the judge.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from sukusuku_demo.settings import MODBUS_PORTS
from tests.support.broker import free_port
from tests.support.browser import chromium, visit

SECONDS = 40


def _free_block(size: int) -> int:
    """The first of `size` neighbouring ports that are free."""
    while True:
        first = free_port()
        with contextlib.ExitStack() as held:
            try:
                for port in range(first, first + size):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first


@dataclass
class Run:
    """A demo that is running. `ready` is set when it has printed its addresses."""

    process: subprocess.Popen[str]
    web: str
    folder: Path
    ready: threading.Event
    said: list[str]


@contextlib.contextmanager
def demo(folder: Path, *arguments: str) -> Iterator[Run]:
    """Start `sukusuku demo` on free ports."""
    web = free_port()
    ports = {"web": web, "mailbox": free_port(), "smtp": free_port(), "broker": free_port()}
    ports["modbus"] = _free_block(MODBUS_PORTS)
    options = [word for name, port in ports.items() for word in (f"--{name}-port", str(port))]
    process = subprocess.Popen(
        [sys.executable, "-m", "sukusuku_cli", "demo", "--folder", str(folder), *options, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    run = Run(process, f"http://127.0.0.1:{web}", folder, threading.Event(), [])

    def listen() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            run.said.append(line)
            if "mails     メール" in line:
                run.ready.set()
        run.ready.set()

    reader = threading.Thread(target=listen)
    reader.start()
    try:
        assert run.ready.wait(60), "the demo did not start"
        assert process.poll() is None, "".join(run.said)
        yield run
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        reader.join()
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


def _children(folder: Path) -> list[str]:
    """Command lines of living processes that mention the folder of this run."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if str(folder) in line:
                    found.append(line)
    return found


def test_a_run_of_the_demo_loses_nothing_and_is_seen_on_the_wall(tmp_path: Path) -> None:
    with demo(tmp_path, "--for", str(SECONDS), "--json", "--weeks", "2") as run:
        with chromium() as browser, visit(browser, f"{run.web}/wall") as wall:
            number = wall.page.locator("#tobu-unit-1 .number")
            wall.page.evaluate("window.loadedOnce = true")
            before = str(number.text_content())
            expect(number).not_to_have_text(before, timeout=30_000)
            expect(wall.page.locator(".alerts li").first).to_be_visible(timeout=40_000)

            assert wall.page.evaluate("window.loadedOnce") is True, "the page changed without being loaded again"
            assert wall.hosts() == {run.web.removeprefix("http://")}
            assert wall.complaints == []
            assert wall.page.locator("p.simulated").first.inner_text() == "模擬データ"

        with httpx.Client(base_url=f"{run.web}/api/v1") as api:
            past = api.get(
                "/readings", params={"asset": "seibu-unit-1", "metric": "Fill/Percent", "resolution": "hour"}
            ).json()
            units = api.get("/units").json()["units"]
        assert run.process.stdout is not None
        report = json.loads(run.process.stdout.read())

    assert len(past["points"]) >= 20, "history is there at once"
    assert [unit["simulated"] for unit in units] == [True] * 4
    assert set(report) == {
        "produced", "accepted", "stored", "lost", "duplicates", "alerts", "mails", "seconds_to_first_mail",
    }  # fmt: skip
    assert (report["lost"], report["duplicates"]) == (0, 0), "".join(run.said)
    assert report["accepted"] == report["stored"] > 100
    assert report["produced"] > 50
    assert report["mails"] >= 1
    assert report["alerts"] >= 1
    assert run.process.returncode == 0
    assert _children(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_every_process(tmp_path: Path, number: signal.Signals) -> None:
    with demo(tmp_path, "--weeks", "0") as run:
        assert len(_children(tmp_path)) >= 5

        run.process.send_signal(number)

        assert run.process.wait(30) == 0
    assert _children(tmp_path) == []
