"""`sukusuku check FILE...`: are these settings files right? Says where each one is wrong and what is allowed."""

import argparse
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from sukusuku_collector.alerts.mails import composer as mails
from sukusuku_core import profile
from sukusuku_core.errors import ConfigError, SukusukuError
from sukusuku_edge import settings as edge
from sukusuku_server import settings as facility
from sukusuku_server.rounds import mails as rounds
from sukusuku_sim import scenario


def _facility(path: Path) -> str:
    found = facility.read(path)
    if found.mail is not None:
        try:
            mails.check(found)
            rounds.check(found)
        except SukusukuError as error:
            raise ConfigError(f"{path}: {error}") from error
    kinds = [asset.kind for asset in found.assets()]
    return f"facility {found.operator.id}: {len(found.site)} sites, {len(kinds)} assets, {len(found.contact)} contacts"


def _edge(path: Path) -> str:
    found = edge.read(path).settings
    return f"edge node {found.node}: {len(found.device)} devices, {len(found.asset)} assets"


def _profile(path: Path) -> str:
    found = profile.parse_profile(path.read_text(encoding="utf-8"), str(path))
    return f"device profile {found.profile}: {len(found.point)} points, status {found.status}"


def _scenario(path: Path) -> str:
    found = scenario.load(path)
    return f"scenario: {len(found.unit)} units, {len(found.room)} rooms"


KINDS: tuple[tuple[str, Callable[[Path], str]], ...] = (
    ("operator", _facility),
    ("node", _edge),
    ("profile", _profile),
    ("seed", _scenario),
)
"""The key by which each kind of file is recognised, and its check."""


def check(path: Path) -> str:
    """One line about a right file. Raises ConfigError for a wrong one."""
    try:
        keys = tomllib.loads(path.read_text(encoding="utf-8")).keys()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    for key, reader in KINDS:
        if key in keys:
            return reader(path)
    raise ConfigError(
        f"{path}: what kind of file is it? facility.toml has [operator], edge.toml has node,"
        " a device profile has profile, a scenario has seed"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Check every file; exit status 2 when one is wrong."""
    parser = argparse.ArgumentParser(
        prog="sukusuku check",
        description="Check settings files: facility.toml, edge.toml, device profiles, simulator scenarios. "
        "設定ファイルを検査し、誤りの場所と許される値を示します。",
    )
    parser.add_argument("file", nargs="+", type=Path, help="a TOML file; its kind is seen from its keys")
    wrong = 0
    for path in parser.parse_args(argv).file:
        try:
            print(f"ok     {path}: {check(path)}")
        except ConfigError as error:
            wrong += 1
            print(f"wrong  {error}", file=sys.stderr)
    return 2 if wrong else 0
