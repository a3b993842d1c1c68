"""Three PostgreSQL servers, each led by a Patroni, which agree by three etcd who is the primary."""

import contextlib
import json
import os
import signal
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import msgspec

from sukusuku_demo.cluster.programs import Programs, reachable
from sukusuku_demo.processes import Child, Processes
from sukusuku_demo.settings import HOST

SERVERS = 3
PORTS = 4 * SERVERS
"""etcd for clients, etcd for etcd, Patroni, PostgreSQL, of each."""
_SECONDS = 120.0
_ENDS = 2.0
"""Seconds: Patroni ends its server at once, and then takes long to end itself."""
DATABASE = "sukusuku"
"""The database, and its owner."""
_OPEN = build_opener(ProxyHandler({}))


class Database:
    """The servers, whose files are below `folder`; `first` is the first of `PORTS` ports."""

    def __init__(self, programs: Programs, folder: Path, first: int) -> None:
        self._programs, self._folder = programs, folder
        self._etcd, self._peers, self._rest, self._postgres = (first + SERVERS * n for n in range(4))

    @property
    def ports(self) -> list[int]:
        """Where PostgreSQL is."""
        return list(range(self._postgres, self._postgres + SERVERS))

    async def start(self, processes: Processes) -> None:
        """Start all and wait until two standbys follow a primary. Raises ProcessFailedError."""
        reachable(self._folder, self._programs.user)
        for place in range(SERVERS):
            await processes.begin(f"etcd-{place + 1}", self._etcd_command(place), self._programs.user, _ENDS)
        children = []
        for place in range(SERVERS):
            file = self._folder / f"patroni-{place + 1}.json"  # JSON is YAML
            file.write_bytes(msgspec.json.encode(self._settings(place)))
            command = [self._programs.patroni, str(file)]
            children.append(await processes.begin(f"patroni-{place + 1}", command, self._programs.user, _ENDS))
        for child in children:
            await processes.until(child, self._complete, _SECONDS)
        primary = next(name for name, role in self.members().items() if role == "leader")
        port = self._postgres + int(primary.rpartition("-")[2]) - 1
        made = [f"{self._programs.postgres}/createdb", "-h", HOST, "-p", str(port), "-U", DATABASE, DATABASE]
        child = await processes.begin("createdb", made)
        await child.process.wait()
        await processes.stop(child)

    def members(self) -> Mapping[str, str]:
        """Return the role of each server that runs; empty when nobody answers."""
        for place in range(SERVERS):
            with contextlib.suppress(OSError, ValueError, HTTPException):
                with _OPEN.open(f"http://{HOST}:{self._rest + place}/cluster", timeout=2) as answer:
                    found: dict[str, Any] = json.load(answer)
                return {it["name"]: it["role"] for it in found["members"] if it["state"] in {"running", "streaming"}}
        return {}

    def _complete(self, _child: Child) -> bool:
        roles = list(self.members().values())
        return len(roles) == SERVERS and "leader" in roles and "sync_standby" in roles

    def postmaster(self, number: int) -> int | None:
        """Return the process id of a PostgreSQL server, which is no child of its Patroni; None: it does not run."""
        try:
            found = int((self._data(number) / "postmaster.pid").read_text(encoding="ascii").split()[0])
            command = Path(f"/proc/{found}/cmdline").read_bytes().decode(errors="replace")
        except (OSError, ValueError, IndexError):
            return None
        return found if str(self._data(number)) in command else None

    def close(self) -> None:
        """End servers that their Patroni has left."""
        for number in range(1, SERVERS + 1):
            if (found := self.postmaster(number)) is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(found, signal.SIGQUIT)

    # ------------------------------------------------------------ settings

    def _data(self, number: int) -> Path:
        return self._folder / f"postgres-{number}"

    def _etcd_command(self, place: int) -> list[str]:
        own, peer = f"http://{HOST}:{self._etcd + place}", f"http://{HOST}:{self._peers + place}"
        all_peers = [f"etcd-{n + 1}=http://{HOST}:{self._peers + n}" for n in range(SERVERS)]
        options = {
            "name": f"etcd-{place + 1}",
            "data-dir": str(self._folder / f"etcd-{place + 1}"),
            "listen-client-urls": own,
            "advertise-client-urls": own,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": ",".join(all_peers),
            "enable-v2": "true",
            "heartbeat-interval": "250",
            "election-timeout": "2500",
        }
        return [self._programs.etcd, *(f"--{name}={value}" for name, value in options.items())]

    def _settings(self, place: int) -> dict[str, Any]:
        number = place + 1
        rest, postgres = f"{HOST}:{self._rest + place}", f"{HOST}:{self._postgres + place}"
        login = {name: {"username": name, "password": name} for name in ("superuser", "replication", "rewind")}
        login["superuser"]["username"] = "postgres"
        return {
            "scope": "sukusuku",
            "name": f"postgres-{number}",
            "restapi": {"listen": rest, "connect_address": rest},
            # With the third API, Patroni 3.0 lets a leader that hung take back the lock that another one holds.
            "etcd": {"hosts": [f"{HOST}:{self._etcd + n}" for n in range(SERVERS)]},
            "bootstrap": {
                "dcs": {
                    "ttl": 20,
                    "loop_wait": 2,
                    "retry_timeout": 5,
                    "synchronous_mode": True,
                    "synchronous_mode_strict": True,  # or a new primary says committed before a standby has it
                    "postgresql": {"use_pg_rewind": True, "parameters": {"max_connections": 60}},
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, "data-checksums"],
                "pg_hba": [f"host {kind} all {HOST}/32 trust" for kind in ("all", "replication")],
                "users": {DATABASE: {"password": DATABASE, "options": ["createdb"]}},
            },
            "postgresql": {
                "listen": postgres,
                "connect_address": postgres,
                "data_dir": str(self._data(number)),
                "bin_dir": self._programs.postgres,
                "pgpass": str(self._folder / f"pgpass-{number}"),
                "authentication": login,
                "parameters": {"unix_socket_directories": "", "shared_buffers": "32MB"},
            },
        }
