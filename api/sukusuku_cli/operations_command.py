"""What the commands on the operations data of a facility share: their words, opening it, and telling an error."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from sukusuku_core.errors import ConfigError, SukusukuError
from sukusuku_server.db import Operations
from sukusuku_server.facility_document import places
from sukusuku_server.settings import Facility

BY = "command line"
"""Under which name it stands in the audit log."""
Act = Callable[[argparse.Namespace, Facility, Operations], None]
"""What a command does; its parser has it as `act`. Raises SukusukuError and OSError with what is wrong."""


def begin(
    prog: str, description: str, epilog: str
) -> "tuple[argparse.ArgumentParser, argparse._SubParsersAction[argparse.ArgumentParser]]":
    """Return a parser that takes the settings first, and its commands."""
    made = argparse.ArgumentParser(
        prog=prog, description=description, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("facility", type=Path, metavar="FACILITY.toml", help=places.ONE)
    return made, made.add_subparsers(required=True, metavar="COMMAND")


def carry_out(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> int:
    """Carry out one command. Returns the exit status: 2, and what is wrong on stderr, when it could not be done."""
    arguments = parser.parse_args(argv)
    facility = places.read(arguments.facility)
    operations = Operations(facility.operations.address)
    try:
        act: Act = arguments.act
        act(arguments, facility, operations)
    except (SukusukuError, OSError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    finally:
        operations.close()
    return 0


def add_site(parser: argparse.ArgumentParser) -> None:
    """Add `--site`, which `site` reads."""
    parser.add_argument("--site", help="only at this centre; without it, at all · このセンターだけ（省略すると全体）")


def site(arguments: argparse.Namespace, facility: Facility) -> str | None:
    """Return the centre that was named, None for all. Raises ConfigError when there is none of that name."""
    found: str | None = arguments.site
    known = [one.id for one in facility.site]
    if found is not None and found not in known:
        raise ConfigError(f"--site: there is no centre {found!r}; there are {', '.join(known)}")
    return found
