"""The cluster of a demo as the faults see it: who is what, and whether it is whole."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sukusuku_demo.cluster import nats
from sukusuku_demo.cluster.servers import COLLECTORS, Cluster
from sukusuku_demo.processes import Processes
from tests.cluster.watch import Watch


@dataclass(frozen=True, slots=True)
class Stage:
    """A demo that lives, and what is seen of it from outside."""

    servers: Cluster
    processes: Processes
    watch: Watch

    def whole(self) -> str:
        """Return what is missing, in words; empty when nothing is."""
        return next(self._missing(), "")

    def _missing(self) -> Iterator[str]:
        if ended := self.processes.ended():
            yield f"{', '.join(ended)} do not run"
        if not all(map(nats.lets_in, self.servers.brokers)):
            yield "a server of the broker lets nobody in"
        if any(self.servers.database.postmaster(number) is None for number in (1, 2, 3)):
            yield "a server of the database does not run"
        roles = sorted(self.servers.database.members().values())
        if roles != ["leader", "replica", "sync_standby"]:
            yield f"the database has {roles}"
        if (said := self.watch.missing()) is not None:
            yield said
        lease = self.watch.lease
        if lease is None or lease["holder"] is None or len(lease["standbys"]) != 1:
            yield f"the lease is {lease}"

    def server(self, role: str) -> str:
        """Return the number of a server of the database with this role."""
        return next(name for name, its in self.servers.database.members().items() if its == role).rpartition("-")[2]

    def holder(self) -> str:
        """Return the collector that works."""
        lease = self.watch.lease
        assert lease is not None
        pid = re.findall(r"\d+", lease["holder"]["name"])[0]
        return next(name for name in COLLECTORS if str(self.processes.named(name).process.pid) == pid)

    def standby(self) -> str:
        """Return the collector that waits."""
        return next(name for name in COLLECTORS if name != self.holder())

    def broker_of(self, name: str) -> int:
        """Return which server of the broker, from 1, a child has its session with."""
        mine = set(sockets(self.processes.named(name).process.pid))
        ports = [remote for _, remote in mine if remote in self.servers.brokers]
        return self.servers.brokers.index(ports[0]) + 1

    def send(self, name: str, number: int) -> None:
        """Send a signal to a child; to PostgreSQL with its Patroni and all of its processes."""
        pids = [self.processes.named(name).process.pid]
        if name.startswith("patroni-") and (server := self.servers.database.postmaster(int(name[-1]))) is not None:
            pids += [server, *_children(server)]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self, name: str) -> None:
        """End a child as a power cut would."""
        self.send(name, signal.SIGKILL)


def sockets(pid: int) -> Iterator[tuple[int, int]]:
    """Yield the local and the remote port of each TCP connection of a process."""
    inodes = set[str]()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            inodes.update(re.findall(r"^socket:\[(\d+)\]$", str(entry.readlink())))
    for line in Path(f"/proc/{pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        cells = line.split()
        if cells[9] in inodes and cells[3] == "01":
            yield int(cells[1].rpartition(":")[2], 16), int(cells[2].rpartition(":")[2], 16)


def _children(parent: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            if int(entry.joinpath("stat").read_text(encoding="ascii").rpartition(")")[2].split()[1]) == parent:
                yield int(entry.name)
