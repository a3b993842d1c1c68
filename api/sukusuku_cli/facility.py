"""`sukusuku facility ACTION FACILITY.toml`: what the document says, who changed it, and back again.

And the documents in the database that machines share: bringing a file in, listing them, taking one out.
"""

import argparse
import contextlib
import difflib
import getpass
import sys
from collections.abc import Sequence
from pathlib import Path

from sukusuku_cli import language as spoken
from sukusuku_collector.facility_checks import mistakes
from sukusuku_core.errors import ConfigError, PermanentError, WrongSettingsError
from sukusuku_core.settings import read_text
from sukusuku_core.time import japan_time
from sukusuku_server.facility_document import places
from sukusuku_server.facility_document.difference import difference
from sukusuku_server.facility_document.facility_database import (
    ADDRESS,
    NOTHING,
    PREFIX,
    DatabaseDocument,
    NoDocumentError,
)
from sukusuku_server.facility_document.source import Change, FacilitySource, Origin, Version
from sukusuku_server.facility_document.undoing import undone
from sukusuku_server.settings import Language

_ORIGINS: dict[Language, dict[Origin, str]] = {
    "en": {
        Origin.FOUND: "as it was found",
        Origin.BY_HAND: "edited by hand",
        Origin.SAVED: "saved",
        Origin.UNDONE: "taken back",
    },
    "ja": {
        Origin.FOUND: "最初の内容",
        Origin.BY_HAND: "手作業で編集",
        Origin.SAVED: "保存",
        Origin.UNDONE: "取り消し",
    },
}


def main(argv: Sequence[str] | None = None) -> int:
    """Do what is asked. Exit status 2 for a wrong document, or a change that cannot be taken back."""
    arguments = parser().parse_args(argv)
    if arguments.action == "list":
        return _list(arguments.facility)
    with places.one(arguments.facility, mistakes) as source:
        with contextlib.suppress(PermanentError):  # who may only read sees what is there
            source.notice()
        match arguments.action:
            case "show":
                return _show(source)
            case "history":
                _history(source, arguments.lang, arguments.last)
            case "diff":
                _diff(source, arguments.number, arguments.lang)
            case "undo":
                _undo(source, arguments)
            case "put":
                _put(_in_database(source), arguments)
            case _:
                _remove(_in_database(source), arguments.why)
    return 0


def _list(place: Path) -> int:
    """Print the operators at a place. Returns the exit status: 2 where a document is wrong."""
    wrong = 0
    with places.several(place, mistakes) as sources:
        if sources is None:
            raise ConfigError(f"{place}: found a single document; expected a folder of several, or {PREFIX}")
        for source in sources.operators().values():
            told = source.name + "".join(f": {_told(version)}" for version in source.history()[:1])
            try:
                source.check(source.read().text)
            except WrongSettingsError as error:
                wrong += 1
                print(f"wrong  {told}", *(f"       {mistake}" for mistake in error.mistakes), sep="\n")
            else:
                print(f"ok     {told}")
    return 2 if wrong else 0


def _told(version: Version) -> str:
    time = japan_time(version.time).strftime("%Y-%m-%d %H:%M:%S")
    return f"version {version.number}, {time}, {version.by or '-'}"


def _in_database(source: FacilitySource) -> DatabaseDocument:
    if isinstance(source, DatabaseDocument):
        return source
    raise ConfigError(f"found the file {source.name}; expected a document of the database, as {PREFIX}OPERATOR")


def _put(source: DatabaseDocument, arguments: argparse.Namespace) -> None:
    """Make a file the document. What is there already must be the version that the file was made from."""
    text = read_text(arguments.file)
    try:
        now = source.read()
    except NoDocumentError:
        before, seen = "", NOTHING
    else:
        newest = source.history()[0]
        before, seen = now.text, now.version
        if before != text and arguments.number != newest.number:
            raise ConfigError(
                f"{source.name}: there is a document already ({_told(newest)}), and the file would change it; see "
                f"`sukusuku facility show`, then `--number {newest.number}` puts the file in the place of this version"
            )
    source.write(text, seen, Change(getpass.getuser(), arguments.why))
    print(f"ok     {source.name}: {_told(source.history()[0])}")
    if before:
        print(*(f"       {line}" for line in difference(before, text, arguments.lang)), sep="\n")


def _remove(source: DatabaseDocument, why: str) -> None:
    source.take_out(source.read().version, Change(getpass.getuser(), why or "taken out"))
    print(f"ok     {source.name}: taken out; its history stays, and `put` brings it back")


def _show(source: FacilitySource) -> int:
    document = source.read()
    print(document.text, end="")
    try:
        source.check(document.text)
    except WrongSettingsError as error:
        print(*(f"wrong  {line}" for line in str(error).splitlines()), sep="\n", file=sys.stderr)
        return 2
    print(f"ok     {source.name}: version {source.history()[0].number}", file=sys.stderr)
    return 0


def _history(source: FacilitySource, language: Language, last: int) -> None:
    for version in _versions(source)[:last]:
        time = japan_time(version.time).strftime("%Y-%m-%d %H:%M:%S")
        who = version.by or "-"
        print(f"{version.number:>5}  {time}  {who}  {_ORIGINS[language][version.origin]}  {version.why}".rstrip())
        for line in _words(source, version, language):
            print(f"       {line}")


def _words(source: FacilitySource, version: Version, language: Language) -> list[str]:
    before = _before(source, version.number)
    return [] if before is None else difference(before, source.text_of(version.number), language)


def _diff(source: FacilitySource, number: int | None, language: Language) -> None:
    version = _version(source, number)
    before, after = _before(source, version.number) or "", source.text_of(version.number)
    print(*(f"# {line}" for line in difference(before, after, language)), sep="\n")
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"{version.number - 1}", f"{version.number}", lineterm=""
    )
    print(*lines, sep="\n")


def _undo(source: FacilitySource, arguments: argparse.Namespace) -> None:
    now = source.read()
    if arguments.to is not None:
        made, why = source.text_of(_version(source, arguments.to).number), f"back to version {arguments.to}"
    else:
        version = _version(source, arguments.number)
        before = _before(source, version.number)
        if before is None:
            raise ConfigError(f"version {version.number} is the first one; there is nothing before it")
        found = undone(before, source.text_of(version.number), now.text)
        if found is None:
            raise ConfigError(
                f"version {version.number} cannot be taken back by itself: later ones touch the same lines; "
                f"`--to {version.number - 1}` brings back the whole text from before it"
            )
        made, why = found, f"without the change of version {version.number}"
    change = Change(getpass.getuser(), arguments.why or why, Origin.UNDONE)
    source.write(made, now.version, change)
    newest = source.history()[0]
    print(f"ok     version {newest.number}: {newest.why}")
    print(*(f"       {line}" for line in difference(now.text, made, arguments.lang)), sep="\n")


def _before(source: FacilitySource, number: int) -> str | None:
    """Return the text of the version before one; None: there is none, or the operator was taken out then."""
    try:
        return source.text_of(number - 1) or None
    except KeyError:
        return None


def _versions(source: FacilitySource) -> Sequence[Version]:
    """Return all versions, the newest first. Raises as `read` where there is no such document."""
    versions = source.history()
    if not versions:
        source.read()
    return versions


def _version(source: FacilitySource, number: int | None) -> Version:
    """Return a version, the newest for None. Raises ConfigError when it is not there."""
    found = next((version for version in _versions(source) if number in {None, version.number}), None)
    if found is None:
        raise ConfigError(f"there is no version {number}; `sukusuku facility history` lists those that there are")
    return found


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku facility",
        description="The document of an operator and its history: every version, who saved it, why, and what changed. "
        "It is a file, or stands in the database that several machines share. "
        "facility.toml の内容と変更履歴を表示し、変更を取り消します。"
        "複数のサーバーで共有するデータベースにも置けます。",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = made.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="print the document, and all that is wrong in it · 内容と誤りを表示")
    history = actions.add_parser("history", help="who changed what, the newest first · 変更履歴を新しい順に表示")
    history.add_argument("--last", type=int, default=20, metavar="N", help="number of versions (%(default)s) · 件数")
    diff = actions.add_parser("diff", help="what a version changed, line by line · 変更箇所を行ごとに表示")
    diff.add_argument("--number", type=int, metavar="N", help="default: the newest · 省略時は最新")
    undo = actions.add_parser("undo", help="take a change back; later ones stay · 変更の取り消し（後の変更は残す）")
    either = undo.add_mutually_exclusive_group()
    either.add_argument("--number", type=int, metavar="N", help="default: the newest · 省略時は最新")
    either.add_argument("--to", type=int, metavar="N", help="bring back the whole version N · 版 N 全体に戻す")
    put = actions.add_parser("put", help="bring a file into the database · ファイルをデータベースに登録")
    listed = actions.add_parser("list", help="the operators of a folder or the database · 運営者（自治体）の一覧")
    remove = actions.add_parser(
        "remove", help="take an operator out of the database; the history stays · データベースから外す（履歴は残る）"
    )
    for action in (show, history, diff, undo):
        action.add_argument("facility", type=Path, metavar="FACILITY.toml", help=places.ONE)
    listed.add_argument(
        "facility", type=Path, metavar="FOLDER", help=f"or {PREFIX} for the database · または {PREFIX}（データベース）"
    )
    for action in (put, remove):
        action.add_argument("facility", type=Path, metavar=f"{PREFIX}OPERATOR", help="where it stands · 登録先")
    put.add_argument("file", type=Path, metavar="FILE", help="the new settings · 新しい設定のファイル")
    put.add_argument(
        "--number",
        type=int,
        metavar="N",
        help="the version in whose place it comes, where there is one · 置き換える版（登録済みの場合）",
    )
    for action in (undo, put, remove):
        action.add_argument("--why", default="", help="a reason for the history · 履歴に残す理由")
    for action in (show, history, diff, undo, put, listed, remove):
        spoken.add_option(action)
    return made


_EPILOG = f"""examples 例:
  sukusuku facility history facility.toml
  sukusuku facility put {PREFIX}toshima facility.toml
  sukusuku facility show {PREFIX}toshima > facility.toml
{PREFIX} is the PostgreSQL whose address is in the environment as {ADDRESS}.
{PREFIX} は、環境変数 {ADDRESS} の PostgreSQL を指します。docs/operators.md
"""
