"""`sukusuku completion bash`: the commands of all programs, for a shell to complete."""

import argparse
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Protocol

from sukusuku_core import completion


class Named(Protocol):
    """A command of the front door."""

    @property
    def module(self) -> str:
        """Return the module that has its `parser()`."""

    @property
    def en(self) -> str:
        """Return what it does."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print the script. Returns the exit status."""
    from sukusuku_cli.__main__ import COMMANDS  # noqa: PLC0415 - it lists this command too

    print(completion.script(whole(COMMANDS), parser().parse_args(argv).shell))
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku completion",
        description="Prints what bash or zsh reads to complete calls of sukusuku. "
        "bash・zsh の入力補完用スクリプトを表示します。",
        epilog=completion.epilog("sukusuku"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("shell", choices=completion.SHELLS, help="the shell · シェル")
    return made


def whole(commands: Mapping[str, Named]) -> argparse.ArgumentParser:
    """Return one parser of all programs."""
    made = argparse.ArgumentParser(
        prog="sukusuku",
        description="Watches nappy-compression units and childcare rooms. おむつ圧縮機と一時保育室の見守りシステム",
    )
    made.add_argument("--version", action="store_true", help="show the version")
    programs = made.add_subparsers(dest="program", metavar="COMMAND")
    for name, command in commands.items():
        own: argparse.ArgumentParser = import_module(command.module).parser()
        programs.add_parser(name, parents=[own], add_help=False, help=command.en)
    return made
