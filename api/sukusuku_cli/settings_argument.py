"""How commands take the settings that lie, unless somebody says otherwise, in the folder where they are run."""

import argparse
from pathlib import Path
from typing import Any

from sukusuku_server.facility_document import places

_LOOK: dict[str, Any] = {
    "type": Path,
    "default": Path("facility.toml"),
    "metavar": "FACILITY.toml",
    "help": f"{places.ONE} (default: %(default)s)",
}


def add(parser: argparse.ArgumentParser) -> None:
    """Add the path as an argument that may be left out."""
    parser.add_argument("facility", nargs="?", **_LOOK)


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add the path as `--facility`."""
    parser.add_argument("-f", "--facility", **_LOOK)
