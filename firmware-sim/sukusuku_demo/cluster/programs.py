"""The programs of a cluster that are not ours: where they are, and what to install where they are missing."""

import os
import pwd
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sukusuku_core.errors import ConfigError
from sukusuku_demo.settings import find_mosquitto

_PLACES = "/usr/local/bin:/usr/bin:/usr/sbin:/root/go/bin"
_POSTGRES = Path("/usr/lib/postgresql")
_NATS = "apt-get install golang && GOBIN=/usr/local/bin go install github.com/nats-io/nats-server/v2@v2.15.2"
_INSTALL = {
    "nats-server": f"{_NATS}   (Go 1.25 or newer; Debian's nats-server 2.9 refuses the topics of Sparkplug)",
    "etcd": "apt-get install etcd-server",
    "patroni": "apt-get install patroni",
    "postgres": "apt-get install postgresql",
    "mosquitto": "apt-get install mosquitto",
}
_ACCOUNT = "postgres"
"""As whom etcd, Patroni and PostgreSQL run where the demo is root: PostgreSQL refuses that."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Where the programs are. `postgres` is the folder of PostgreSQL's; `user` as whom the database runs."""

    nats: str
    etcd: str
    patroni: str
    postgres: str
    mosquitto: str
    user: str | None


def find() -> Programs:
    """Raise ConfigError that names every program that is missing, and how to install it on Debian."""
    found = {name: _which(name) for name in ("nats-server", "etcd", "patroni")}
    found["mosquitto"] = find_mosquitto()
    bins = sorted(_POSTGRES.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    found["postgres"] = str(bins[-1].parent) if bins else None
    missing = [name for name, path in found.items() if path is None]
    if missing:
        lines = "\n".join(f"  {name:12} {_INSTALL[name]}" for name in missing)
        raise ConfigError(f"a cluster needs programs that were not found; on Debian, as root:\n{lines}")
    there = {name: str(path) for name, path in found.items()}
    user = _ACCOUNT if os.geteuid() == 0 else None
    return Programs(there["nats-server"], there["etcd"], there["patroni"], there["postgres"], there["mosquitto"], user)


def reachable(folder: Path, user: str | None) -> None:
    """Make a folder that this user may enter and write. Raises ConfigError when one above it is closed to others."""
    folder.mkdir(parents=True)
    if user is None:
        return
    shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
    for closed in _closed(folder):
        raise ConfigError(
            f"the database runs as {user}, who may not enter {closed}: name another --folder, or chmod o+x {closed}"
        )


def _closed(folder: Path) -> Iterator[Path]:
    yield from (above for above in folder.resolve().parents if not above.stat().st_mode & 0o001)


def _which(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), _PLACES]))
