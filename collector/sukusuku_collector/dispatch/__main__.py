"""`sukusuku rounds plan|send|rekey`: what the scheduler does by itself, done by hand; and a new key for its links."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path

from sukusuku_core.errors import ConfigError, SukusukuError
from sukusuku_server.facility_document import places


@dataclass(frozen=True, slots=True)
class _Command:
    """A subcommand: its module has `run(arguments) -> str`, the text to print. `trips`: it is about certain rounds."""

    module: str
    en: str
    ja: str
    trips: bool = True


_COMMANDS = {
    "plan": _Command(
        "sukusuku_collector.dispatch.show",
        "print who would be visited, in which order and why",
        "回収先、順序、理由を表示",
    ),
    "send": _Command(
        "sukusuku_collector.dispatch.send",
        "make the plan now and send the mail of the round, unless it was sent before",
        "回収の計画を立ててメールを送信（送信済みなら何もしない）",
    ),
    "rekey": _Command(
        "sukusuku_collector.dispatch.rekey",
        "make a new key for the links in mails; the present one stays valid until the next time",
        "メールのリンクの鍵を新しくする（今の鍵は次回まで有効）",
        trips=False,
    ),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 done, 1 cannot, 2 wrong settings or arguments."""
    arguments = parser().parse_args(argv)
    run: Callable[[argparse.Namespace], str] = import_module(_COMMANDS[arguments.command].module).run
    try:
        print(run(arguments))
    except SukusukuError as error:
        print(f"sukusuku rounds: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 1
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku rounds", description="Collection rounds, by hand. 回収ルートを手動で計画・送信します。"
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in _COMMANDS.items():
        words = f"{command.en} · {command.ja}"
        sub = commands.add_parser(name, help=words, description=words)
        sub.add_argument("facility", type=Path, metavar="FACILITY.toml", help=places.ONE)
        sub.add_argument("--lang", choices=("ja", "en"), default="ja", help="language of what is printed · 表示言語")
        if not command.trips:
            continue
        sub.add_argument(
            "--date", type=date.fromisoformat, metavar="YYYY-MM-DD", help="default: when it goes next · 省略時：次回"
        )
        sub.add_argument("--round", metavar="ID", help="only this round, also on a day on which it does not go")
        sub.add_argument("--json", action="store_true", help="as JSON, times in UTC ms · JSON で出力")
    return made


if __name__ == "__main__":
    sys.exit(main())
