"""`sukusuku check FILE...`: are these settings files right? Says where each one is wrong and what is allowed."""

import argparse
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sukusuku_cli.safety import Risk, edge_risks, risks
from sukusuku_collector.facility_checks import mistakes
from sukusuku_core import profile, toml_text
from sukusuku_core.errors import ConfigError, SukusukuError
from sukusuku_core.settings_schema import schema
from sukusuku_edge import settings as edge
from sukusuku_server import settings as facility
from sukusuku_server.facility_document import places
from sukusuku_server.facility_document.facility_database import PREFIX
from sukusuku_server.rounds.recipients import unheard
from sukusuku_sim import scenario


def _facility(path: Path) -> str:
    with places.one(path, mistakes) as source:
        text = source.read().text
        found = source.check(text)
    kinds = [asset.kind for asset in found.assets()]
    told = f"facility {found.operator.id}: {len(found.site)} sites, {len(kinds)} assets, {len(found.contact)} contacts"
    return _with_warnings(told, path, risks(found, toml_text.loads(text), str), _warnings(found))


def _with_warnings(told: str, path: Path, found: Iterable[Risk], others: Iterable[str] = ()) -> str:
    warnings = [*others, *(f"{risk.where}: {risk.said}; {risk.todo}" for risk in found)]
    return "\n".join([told, *(f"warn   {path}: {warning}" for warning in warnings)])


def _warnings(found: facility.Facility) -> Iterator[str]:
    """Yield what is allowed and probably not meant."""
    for settings in found.round:
        sites = unheard(found, settings)
        if sites:
            yield (
                f"no contact hears when round `{settings.id}` does not come to {', '.join(sites)}; give a contact with "
                '`mail` no `rules`, or rules with "collection"'
            )


def _edge(path: Path) -> str:
    found = edge.read(path).settings
    told = f"edge node {found.node}: {len(found.device)} devices, {len(found.asset)} assets"
    return _with_warnings(told, path, edge_risks(found, toml_text.loads(path.read_text(encoding="utf-8")), str))


def _profile(path: Path) -> str:
    found = profile.parse_profile(path.read_text(encoding="utf-8"), str(path))
    return f"device profile {found.profile}: {len(found.point)} points, status {found.status}"


def _scenario(path: Path) -> str:
    found = scenario.load(path)
    return f"scenario: {len(found.unit)} units, {len(found.room)} rooms"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: the key by which it is recognised, its check, and the type that describes its keys."""

    key: str
    check: Callable[[Path], str]
    settings: Any


KINDS = {
    "facility": Kind("operator", _facility, facility.Facility),
    "edge": Kind("node", _edge, edge.EdgeSettings),
    "profile": Kind("profile", _profile, profile.ModbusProfile | profile.JsonProfile),
    "scenario": Kind("seed", _scenario, scenario.Scenario),
}


def check(path: Path) -> str:
    """One line about a right file, or document in the database. Raises SukusukuError for a wrong one."""
    if places.is_in_database(path):
        return _facility(path)
    try:
        keys = toml_text.loads(path.read_text(encoding="utf-8")).keys()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    for kind in KINDS.values():
        if kind.key in keys:
            return kind.check(path)
    raise ConfigError(
        f"{path}: what kind of file is it? facility.toml has [operator], edge.toml has node,"
        " a device profile has profile, a scenario has seed"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Check every file, or print the schema of a kind; exit status 2 when a file is wrong."""
    arguments = parser().parse_args(argv)
    if arguments.schema is not None:
        print(schema(KINDS[arguments.schema].settings))
        return 0
    wrong = 0
    for path in arguments.file:
        try:
            print(f"ok     {path}: {check(path)}")
        except SukusukuError as error:
            wrong += 1
            print(*(f"wrong  {line}" for line in str(error).splitlines()), sep="\n", file=sys.stderr)
    return 2 if wrong else 0


_FILE = f"a TOML file, whose kind is seen from its keys, or {PREFIX}OPERATOR · TOML ファイル、または {PREFIX}運営者"


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku check",
        description="Check settings files: facility.toml, edge.toml, device profiles, simulator scenarios. "
        "設定ファイルを検査し、誤りの場所と許される値を示します。",
    )
    either = made.add_mutually_exclusive_group(required=True)
    either.add_argument("file", nargs="*", default=[], type=Path, help=_FILE)
    either.add_argument(
        "--schema",
        choices=KINDS,
        nargs="?",
        const="facility",
        help="print the JSON Schema by which editors complete and check such a file (default: %(const)s) · "
        "エディター用の JSON Schema を表示",
    )
    return made
