"""What is packaged: the agent for edge nodes, and the server."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERSION = re.findall('__version__ = "(.+)"', (ROOT / "edge/sukusuku_core/__init__.py").read_text(encoding="utf-8"))[0]
"""Of this checkout, whatever is installed."""
ARCHITECTURES = ("amd64", "arm64")
"""64 bits only: msgspec has no wheels for 32-bit ARM."""
PYTHONS = ("3.11", "3.13")
"""Those of Debian 12 and 13; each has a tree of its own, in which what is the same is kept once."""


@dataclass(frozen=True, slots=True)
class Product:
    """A package. `folder` holds the templates for dpkg; `pins` and `wheels` are the libraries and our own code.

    `programs` are its commands and the modules with their `main`, `units` are systemd units, and `files` go to a place
    as they are.
    """

    name: str
    folder: str
    pins: str
    wheels: tuple[str, ...]
    programs: Mapping[str, str]
    units: tuple[str, ...]
    files: Mapping[str, str]

    @property
    def home(self) -> str:
        """Where its Python trees are."""
        return f"/usr/lib/{self.name}"


PRODUCTS = {
    "edge": Product(
        name="sukusuku-edge",
        folder="edge",
        pins="requirements/edge.txt",
        wheels=("sukusuku_edge",),
        programs={"sukusuku-edge": "sukusuku_edge.__main__"},
        units=(
            "edge/deploy/sukusuku-edge.service",
            "edge/deploy/sukusuku-edge-update.service",
            "edge/deploy/sukusuku-edge-update.timer",
            "edge/deploy/sukusuku-edge-return.service",
        ),
        files={
            "edge/deploy/edge.example.toml": "usr/share/doc/sukusuku-edge/examples/edge.example.toml",
            "edge/deploy/tmpfiles.conf": "usr/lib/tmpfiles.d/sukusuku-edge.conf",
            "packages/edge/move_outbox.py": "usr/lib/sukusuku-edge/move_outbox.py",
        },
    ),
    "server": Product(
        name="sukusuku",
        folder="server",
        pins="requirements/server.txt",
        wheels=("sukusuku", "sukusuku_edge"),
        programs={"sukusuku": "sukusuku_cli.__main__"},
        units=(
            "collector/deploy/sukusuku-collector.service",
            "collector/deploy/sukusuku-backup.service",
            "collector/deploy/sukusuku-backup.timer",
            "api/deploy/sukusuku-api.service",
        ),
        files={
            "collector/deploy/facility.example.toml": "usr/share/doc/sukusuku/examples/facility.example.toml",
            "collector/deploy/sysusers.conf": "usr/lib/sysusers.d/sukusuku.conf",
            "collector/deploy/tmpfiles.conf": "usr/lib/tmpfiles.d/sukusuku.conf",
            **{
                f"collector/deploy/broker/{name}": f"usr/share/doc/sukusuku/examples/broker/{name}"
                for name in ("sukusuku.conf", "sukusuku.acl", "sensors-tobu.acl", "sensors-seibu.acl")
            },
        },
    ),
}
