"""What it costs the server that two hundred displays listen, at one change a second.

    python -m bench.stream [--clients 200] [--seconds 30]

The server is the real one in a process of its own, over real databases; half of the clients listen to the stream of the
wall, half to that of the API, each with a session of its own. Once a second a unit has a new level. Measured are the
time from the commit of a reading until each client has it, the processor time of the server, and the bytes on the wire
of each change and client, after a warm-up. Exits with 1 when a goal is missed.
"""

import argparse
import asyncio
import re
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.api import two_centres
from tests.api.two_centres import World

from bench.results import at_most, conclude, holds
from sukusuku_core.clock import now_ms
from sukusuku_server.access.records import KeyKind
from sukusuku_server.access.rights import Role
from sukusuku_server.db.access_keys import AccessKeys
from sukusuku_server.db.grants import Grants
from sukusuku_server.db.sessions import Limits, Sessions
from sukusuku_server.live import watching

GOAL_MS, GOAL_CORE, GOAL_BYTES = 250.0, 0.5, 1000.0
"""At most: the 99th percentile of the delay, the share of one core, the bytes of a change for a client."""
PATHS = ("/wall/stream?lang=ja", "/api/v1/stream")
OF_A_KEY = 40
"""Displays with one link; fifty streams are allowed."""
WARM_SECONDS = 5
UNIT = "tobu-unit-1"
_LEVEL = re.compile(rb'"level":(\d+)\.0|class="number"[^>]*>(\d+)<tspan')


@dataclass
class Measured:
    """Delays in seconds of each change at each client, and what came over the wire meanwhile."""

    committed: dict[int, float] = field(default_factory=dict)
    delays: list[float] = field(default_factory=list)
    wire: int = 0
    measuring: bool = False

    def arrived(self, levels: Iterator[int]) -> None:
        """Take it that a client has just got these levels."""
        now = time.monotonic()
        self.delays += [now - self.committed[level] for level in levels if self.measuring and level in self.committed]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, tell, and return 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.stream", description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=30)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        world = two_centres.make(Path(name))
        cookies = _displays(world, options.clients)
        world.commit(*two_centres.troubled(now_ms()))
        with _server(Path(name)) as (port, process):
            found, core = asyncio.run(_measure(world, port, process, cookies, options.seconds))
        world.close()
    return _told(found, core, options.clients, options.seconds)


def _told(found: Measured, core: float, clients: int, seconds: int) -> int:
    delays = [1000 * delay for delay in found.delays]
    p99 = statistics.quantiles(delays, n=100)[98]
    size = found.wire / clients / seconds
    arrived = len(delays) >= clients * (seconds - 1)
    return conclude(
        (
            holds(f"changes that arrived, {clients} clients", f"{len(delays)} of {clients * seconds}", reached=arrived),
            at_most("delay, p99", p99, GOAL_MS, "ms", f"median {statistics.median(delays):.0f} ms"),
            at_most("processor time of the server", 100 * core, 100 * GOAL_CORE, "% of a core"),
            at_most("on the wire for a change and client", size, GOAL_BYTES, "bytes"),
        )
    )


def _displays(world: World, count: int) -> list[str]:
    """Return the cookies of displays that see everything, each with a session of its own."""
    now, keys, sessions = now_ms(), AccessKeys(world.operations), Sessions(world.operations, Limits())
    found: list[str] = []
    while len(found) < count:
        key, _ = keys.make(KeyKind.DISPLAY, f"display {len(found)}", now, "bench")
        Grants(world.operations).give(Role.DISPLAY, None, now, "bench", key=key.id)
        for _ in range(min(OF_A_KEY, count - len(found))):
            _, token = sessions.begin(now, "127.0.0.1", "bench", key=key.id)
            found.append(f"sukusuku={token}")
    return found


@contextmanager
def _server(folder: Path) -> Iterator[tuple[int, int]]:
    """Run the API over the databases in a folder; yields its port and the id of its process."""
    port = 18_900
    head, tail = two_centres.FACILITY.split("[[site]]", 1)
    kept = f'[store]\npath = "{folder}/readings.db"\n[operations]\nurl = "sqlite:///{folder}/operations.db"\n'
    (folder / "facility.toml").write_text(f"{head}[web]\nport = {port}\n{kept}[[site]]{tail}", encoding="utf-8")
    command = [sys.executable, "-m", "sukusuku_api", str(folder / "facility.toml")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            if not any(" ready " in line for line in process.stderr):
                raise RuntimeError("the server ended early")
            yield port, process.pid
        finally:
            process.terminate()


async def _measure(
    world: World, port: int, process: int, cookies: Sequence[str], seconds: int
) -> tuple[Measured, float]:
    """Return what was measured, and the share of a core that the server took."""
    found = Measured()
    listeners = [
        asyncio.create_task(_listen(port, PATHS[n % len(PATHS)], cookie, found)) for n, cookie in enumerate(cookies)
    ]
    level = 0
    begun, used = 0.0, 0.0
    for second in range(WARM_SECONDS + seconds):
        if second == WARM_SECONDS:
            found.measuring, found.wire = True, 0
            begun, used = time.monotonic(), _processor_seconds(process)
        level = level % 79 + 1
        now = now_ms()
        watching.keep(world.store, now)
        world.commit(*two_centres.unit(UNIT, now, level=float(level)))
        found.committed[level] = time.monotonic()
        await asyncio.sleep(1)
    core = (_processor_seconds(process) - used) / (time.monotonic() - begun)
    for listener in listeners:
        listener.cancel()
    for listener in listeners:
        with suppress(asyncio.CancelledError):
            await listener
    return found, core


async def _listen(port: int, path: str, cookie: str, found: Measured) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: gzip\r\nCookie: {cookie}\r\n\r\n"
        writer.write(head.encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in answer or b"gzip" not in answer:
            raise RuntimeError(f"{path}: {answer.decode()}")
        decoder, text = zlib.decompressobj(16 + zlib.MAX_WBITS), b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            chunk = await reader.readexactly(size + 2)
            found.wire += size
            *events, text = (text + decoder.decompress(chunk[:-2])).split(b"\n\n")
            for event in events:
                if b"event: change" in event:
                    found.arrived(int(one or other) for one, other in _LEVEL.findall(event))
    finally:
        writer.close()


def _processor_seconds(process: int) -> float:
    """Return the processor time of a process up to now."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


if __name__ == "__main__":
    sys.exit(main())
