"""`sukusuku demo` as a user would start it, on free ports."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sukusuku_demo.settings import INFLUX_PORTS, MODBUS_PORTS
from tests.support.patience import PATIENCE
from tests.support.ports import free_block


@dataclass
class Run:
    """A demo that is running. `ready` is set when it has printed its addresses."""

    process: subprocess.Popen[str]
    web: str
    mailbox: str
    folder: Path
    ready: threading.Event
    said: list[str]


@contextlib.contextmanager
def demo(folder: Path, *arguments: str) -> Iterator[Run]:
    """Start `sukusuku demo` on free ports."""
    singles = ("web", "mailbox", "smtp", "broker")
    web = free_block(len(singles) + MODBUS_PORTS + INFLUX_PORTS)
    ports = {name: web + n for n, name in enumerate((*singles, "modbus"))}
    ports["influx"] = ports["modbus"] + MODBUS_PORTS
    options = [word for name, port in ports.items() for word in (f"--{name}-port", str(port))]
    process = subprocess.Popen(
        [sys.executable, "-m", "sukusuku_cli", "demo", "--folder", str(folder), *options, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    run = Run(process, f"http://127.0.0.1:{web}", f"http://127.0.0.1:{web + 1}", folder, threading.Event(), [])

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
        assert run.ready.wait(PATIENCE), "the demo did not start"
        assert process.poll() is None, "".join(run.said)
        yield run
    finally:
        process.terminate()  # only then it ends its children
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join()
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


def children(folder: Path) -> list[str]:
    """Command lines of living processes that mention the folder of this run."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if str(folder) in line:
                    found.append(line)
    return found
