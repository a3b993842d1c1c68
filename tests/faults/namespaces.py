"""Network namespaces for edge, broker and collector, and nftables between them. Needs root, iproute2 and nft.

    edge 10.231.N.2 --- 10.231.N.1 broker 10.232.N.1 --- 10.232.N.2 collector

All traffic stays inside. A partition drops packets, so TCP behaves as it does over a broken line.
"""

import asyncio
import contextlib
import ctypes
import os
import random
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

CLONE_NEWNET = 0x40000000
TABLE = (
    "add table inet faults; "
    "add chain inet faults from { type filter hook input priority 0; policy accept; }; "
    "add chain inet faults to { type filter hook output priority 0; policy accept; }"
)


@dataclass(frozen=True, slots=True)
class Namespaces:
    """The names of the three namespaces, and the broker's address as edge and collector see it."""

    edge: str
    broker: str
    collector: str
    broker_for_edge: str
    broker_for_collector: str

    def inside(self, name: str) -> Sequence[str]:
        """What to put before a command that shall run in a namespace."""
        return ("ip", "netns", "exec", name)

    async def drop(self, peer: str, *, incoming: bool, outgoing: bool) -> None:
        """The broker loses what comes from, or goes to, the interface of `peer` (`edge` or `collector`)."""
        if incoming:
            await _run(
                *self.inside(self.broker), "nft", "add", "rule", "inet", "faults", "from", "iifname", peer, "drop"
            )
        if outgoing:
            await _run(*self.inside(self.broker), "nft", "add", "rule", "inet", "faults", "to", "oifname", peer, "drop")

    async def heal(self) -> None:
        """Nothing is lost any more."""
        await _run(*self.inside(self.broker), "nft", "flush", "table", "inet", "faults")


def missing() -> str | None:
    """Why there can be no namespaces here, None when there can."""
    if os.geteuid() != 0:
        return "not root"
    for program in ("ip", "nft"):
        if shutil.which(program) is None:
            return f"no {program}"
    probe = f"suku-{os.getpid()}-probe"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, check=False)
    if made.returncode:
        return "namespaces are not allowed"
    try:
        rules = ["ip", "netns", "exec", probe, "nft", TABLE]
        works = subprocess.run(rules, capture_output=True, check=False).returncode == 0
    finally:
        subprocess.run(["ip", "netns", "del", probe], capture_output=True, check=False)
    return None if works else "nftables does not work in a namespace"


@contextlib.asynccontextmanager
async def namespaces() -> AsyncIterator[Namespaces]:
    """Three connected namespaces, gone at the end."""
    mark, net = os.getpid(), random.randrange(1, 255)
    made = Namespaces(
        f"suku-{mark}-edge", f"suku-{mark}-broker", f"suku-{mark}-host", f"10.231.{net}.1", f"10.232.{net}.1"
    )
    try:
        for name in (made.edge, made.broker, made.collector):
            await _run("ip", "netns", "add", name)
            await _run("ip", "-n", name, "link", "set", "lo", "up")
        for name, peer, address in (
            (made.edge, "edge", made.broker_for_edge),
            (made.collector, "collector", made.broker_for_collector),
        ):
            await _run(
                "ip", "link", "add", peer, "netns", made.broker, "type", "veth", "peer", "name", "line", "netns", name
            )
            await _run("ip", "-n", made.broker, "addr", "add", f"{address}/24", "dev", peer)
            await _run("ip", "-n", name, "addr", "add", f"{address[:-1]}2/24", "dev", "line")
            await _run("ip", "-n", made.broker, "link", "set", peer, "up")
            await _run("ip", "-n", name, "link", "set", "line", "up")
        await _run(*made.inside(made.broker), "nft", TABLE)
        yield made
    finally:
        for name in (made.edge, made.broker, made.collector):
            with contextlib.suppress(subprocess.CalledProcessError):
                await _run("ip", "netns", "del", name)


def listener_in(namespace: str) -> socket.socket:
    """A listening socket on the loopback address of a namespace, for use by this process."""
    with ThreadPoolExecutor(1) as thread:  # the namespace of a thread ends with it
        return thread.submit(_listen, namespace).result()


def _listen(namespace: str) -> socket.socket:
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/run/netns", namespace).open("rb") as file:
        if libc.setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns to {namespace}")
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    made.listen()
    return made


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, out)
