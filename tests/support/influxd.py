"""A real influxd (Debian's 1.6.7) on free loopback ports, with InfluxDB's v2 writing in front of it."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

import pytest

from tests.support.broker import free_port
from tests.support.influx_v2 import Adapter

START_SECONDS = 20.0
ATTEMPTS = 3
BUCKETS = ("raw", "5m", "daily")
SETTINGS = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:{http}"
  log-enabled = false
[monitor]
  store-enabled = false
[logging]
  level = "warn"
"""

_opener = build_opener(ProxyHandler({}))


def program() -> str:
    """Where influxd is."""
    found = shutil.which("influxd", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/bin", "/usr/local/bin"]))
    if found is None:
        pytest.fail("influxd is needed: apt-get install influxdb")
    return found


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
        settings = self.folder / "influxdb.conf"
        settings.write_text(SETTINGS.format(folder=self.folder, http=self.port, rpc=self.rpc), encoding="utf-8")
        with (self.folder / "influxd.log").open("ab") as log:
            self.process = subprocess.Popen([program(), "-config", str(settings)], stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(URLError, OSError), _opener.open(f"http://127.0.0.1:{self.port}/ping", timeout=1):
                return self.process.poll() is None
            time.sleep(0.02)
        return False

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End the process; SIGKILL is a crash."""
        if self.process is None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
        self.process = None

    def ask(self, text: str) -> bytes:
        """The answer to an InfluxQL statement, past the adapter."""
        with _opener.open(f"http://127.0.0.1:{self.port}/query", urlencode({"q": text}).encode(), timeout=20) as answer:
            body: bytes = answer.read()
        return body

    def create(self, database: str) -> None:
        """A database with our three buckets, which keep everything."""
        self.ask(
            f'CREATE DATABASE "{database}";'
            + ";".join(
                f'CREATE RETENTION POLICY "{name}" ON "{database}" DURATION INF REPLICATION 1' for name in BUCKETS
            )
        )

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
