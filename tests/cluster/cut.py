"""A server of the broker that is cut off from the others while its clients still reach it. Needs root and nft."""

import subprocess

from sukusuku_demo.cluster.servers import Cluster
from sukusuku_demo.processes import Processes
from tests.cluster.stage import sockets

_TABLE = "add table inet cut; add chain inet cut out { type filter hook output priority 0; policy accept; }"


def cut(servers: Cluster, processes: Processes, number: int) -> None:
    """Drop what goes between a server and the others: its connections of now, and every new one between servers."""
    routes = servers.routes
    own = routes[number - 1]
    called = [local for local, remote in sockets(processes.named(f"nats-{number}").process.pid) if remote in routes]
    rules = [f"tcp dport {own}", f"tcp sport {own}"]
    rules += [f"tcp {way} {port}" for port in called for way in ("sport", "dport")]
    rules += [f"tcp dport {port} tcp flags & (syn | ack) == syn" for port in routes]
    _nft("; ".join([_TABLE, *(f"add rule inet cut out {rule} drop" for rule in rules)]))


def heal() -> None:
    """Drop nothing any more."""
    _nft("delete table inet cut")


def _nft(text: str) -> None:
    subprocess.run(["nft", text], check=True)
