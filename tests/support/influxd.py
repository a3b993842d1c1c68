"""A real influxd (Debian's 1.6.7) on free loopback ports, with InfluxDB's v2 writing in front of it."""

import contextlib
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sukusuku_demo import influxd as program
from tests.support.influx_v2 import Adapter
from tests.support.patience import PATIENCE
from tests.support.ports import free_port

ATTEMPTS = 3


def started(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether an influxd that was started comes to answer at its port."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        if program.answers(port):
            return process.poll() is None
        time.sleep(0.02)
    return False


@dataclass
class Influxd:
    """The server process and its adapter. `url` is what the collector is given."""

    folder: Path
    port: int
    rpc: int
    adapter: Adapter
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address with /api/v2/write and /query."""
        return f"http://127.0.0.1:{self.adapter.port}"

    def start(self) -> bool:
        """Whether it runs and answers."""
        command = program.command(program.find(), self.folder, self.port, self.rpc)
        with (self.folder / "influxd.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        return started(self.process, self.port)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End the process; SIGKILL is a crash."""
        if self.process is None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
        self.process = None

    def ask(self, text: str) -> list[dict[str, object]]:
        """The rows that answer an InfluxQL statement, past the adapter."""
        return program.ask(self.port, text)

    def create(self, database: str) -> None:
        """A database with our three buckets, which keep everything."""
        program.create(self.port, database)

    def drop(self, database: str) -> None:
        """A database and all that is in it."""
        self.ask(f'DROP DATABASE "{database}"')


@contextlib.contextmanager
def influxd() -> Iterator[Influxd]:
    """Yields a running server; it is stopped on exit."""
    with tempfile.TemporaryDirectory(prefix="influxd-") as folder:
        for attempt in range(1, ATTEMPTS + 1):
            port = free_port()
            adapter = Adapter(port)
            server = Influxd(Path(folder), port, free_port(), adapter)
            if server.start():
                break
            server.stop(signal.SIGKILL)
            adapter.close()
            if attempt == ATTEMPTS:
                log = (Path(folder) / "influxd.log").read_text(encoding="utf-8", errors="replace")
                pytest.fail(f"influxd did not start: {log[-800:]}")
        try:
            yield server
        finally:
            adapter.close()
            server.stop(signal.SIGKILL)
