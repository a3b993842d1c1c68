"""Completion in shells, for all programs: the one file that knows `shtab`."""

import argparse
from pathlib import Path

import shtab

SHELLS = ("bash", "zsh")


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return what a shell reads to complete the calls of a program. Arguments that are paths complete to files."""
    _mark_files(parser)
    return shtab.complete(parser, shell)


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", program: str) -> None:
    """Add the command that prints this script."""
    text = (
        f"Print what bash or zsh reads to complete calls of {program}. bash・zsh の入力補完用スクリプトを表示します。"
    )
    command = commands.add_parser(
        "completion",
        help=text,
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=epilog(program),
    )
    command.add_argument("shell", choices=SHELLS, help="the shell / シェル")


def epilog(program: str) -> str:
    """Tell how to switch it on."""
    return (
        "for good 有効にするには:\n"
        "  mkdir -p ~/.local/share/bash-completion/completions ~/.zfunc\n"
        f"  {program} completion bash > ~/.local/share/bash-completion/completions/{program}\n"
        f"  {program} completion zsh > ~/.zfunc/_{program}      (with fpath+=~/.zfunc before compinit)\n"
        "only here この端末だけ:\n"
        f'  eval "$({program} completion bash)"'
    )


def _mark_files(parser: argparse.ArgumentParser) -> None:
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to its arguments
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - the same
            for nested in action.choices.values():
                _mark_files(nested)
        elif action.type is Path:
            folder = action.metavar == "DIR" or action.dest == "folder"
            action.complete = shtab.DIRECTORY if folder else shtab.FILE  # type: ignore[attr-defined] # shtab's way
