"""A real mosquitto on a free loopback port."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE
from tests.support.ports import free_port

ATTEMPTS = 3


def program() -> str:
    """Where mosquitto is. Debian installs it into /usr/sbin, which is not on the PATH of ordinary users."""
    found = shutil.which(
        "mosquitto", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    )
    if found is None:
        pytest.fail("mosquitto is needed: apt-get install mosquitto")
    return found


@contextlib.contextmanager
def mosquitto(port: int | None = None, settings: str = "") -> Iterator[int]:
    """Yields the port of a broker that accepts connections; it is stopped on exit.

    With `port` the broker comes back where it was, for tests of a restart. `settings` are more lines of its file.
    """
    command = program()
    with tempfile.TemporaryDirectory(prefix="mosquitto-") as folder:
        for attempt in range(1, ATTEMPTS + 1):
            chosen = port or free_port()
            process = _start(command, Path(folder), chosen, settings)
            if _accepts(process, chosen):
                break
            _stop(process)
            if attempt == ATTEMPTS:
                log = (Path(folder) / "mosquitto.log").read_text(encoding="utf-8", errors="replace")
                pytest.fail(f"mosquitto did not start on port {chosen}: {log[-800:]}")
        try:
            yield chosen
        finally:
            _stop(process)


def _start(command: str, folder: Path, port: int, settings: str) -> subprocess.Popen[bytes]:
    file = folder / "mosquitto.conf"
    file.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 0\n{settings}\n",
        encoding="utf-8",
    )
    with (folder / "mosquitto.log").open("wb") as log:
        return subprocess.Popen([command, "-c", str(file)], stdout=log, stderr=log)


def _accepts(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return process.poll() is None
        time.sleep(0.02)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
