"""`sukusuku init [DIR]`: asks, checks what it would write as `sukusuku check` does, and only then writes it."""

import argparse
import getpass
import shlex
import shutil
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sukusuku_cli import language
from sukusuku_cli.init import answers as given
from sukusuku_cli.init.answers import Answers
from sukusuku_cli.init.asker import Defaults, Terminal
from sukusuku_cli.init.edge_file import edge_text
from sukusuku_cli.init.facility_file import facility_text
from sukusuku_cli.init.plan import BROKER_PASSWORD, MAIL_PASSWORD, Plan
from sukusuku_cli.init.questions import Questions
from sukusuku_collector.facility_checks import mistakes
from sukusuku_core.errors import ConfigError
from sukusuku_core.settings import load, parse
from sukusuku_edge import settings as edge
from sukusuku_server import settings
from sukusuku_server.i18n import Translate

SECRETS = "secrets.env"
_EXAMPLES = """examples 例:
  sukusuku init --edge                            asks, and writes facility.toml and edge-NODE.toml here
  sukusuku init /etc/sukusuku --edge --answers answers.toml --yes
  sukusuku init shop --yes --edge --operator-id toshima --operator-name 豊島区 \\
    --site 'id=tobu; name=東部子ども家庭支援センター; units=2; weekdays=09:00-12:00,13:00-18:00; sunday=closed' \\
    --sensors tobu-unit-2=dfrobot-sen0492,moxa-iologik-e1212 --at tobu-unit-1-sukusuku-retrofit-board=192.168.0.30/1 \\
    --mail-host mail.example.jp --contact 'name=担当者; mail=you@example.jp'
An answers file has the same words 回答ファイルの書き方:
  [operator]            id, name, name_en          [broker]  host, port, username, password, ca_file, edge_host
  [mail]                host, port, security, sender, username, password
  [[site]]              id, name, name_en, address, place, weekdays, saturday, sunday, units, rooms, capacity, staff,
                        zones, edge
  [[contact]]           name, mail, language
  [sensors]             tobu-unit-1 = ["PROFILE", ...]      [at]  DEVICE = "PLACE"
Exit status 終了コード: 0 written, 1 given up, 2 a wrong answer or a file that is there already
"""


class _Anything(dict[str, str]):
    """An environment in which every variable is set: passwords are not known yet."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> str:
        return "x"


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 written, 1 given up, 2 a wrong answer or a file that is there already."""
    options = parser().parse_args(argv)
    _ = language.told(options)
    known = load(options.answers, Answers) if options.answers is not None else Answers()
    known = given.merged(known, _from_options(options, known))
    folder: Path = options.folder
    _refuse_to_overwrite([folder / "facility.toml", folder / SECRETS], _)
    asker = Defaults() if options.yes else Terminal(input, getpass.getpass, print)
    if not options.yes:
        print(_("Enter takes what is in brackets. Nothing is written before the last question."))
    try:
        plan = Questions(asker, _, options.lang, socket.gethostname(), edge=options.edge).plan(known)
    except (EOFError, KeyboardInterrupt):
        print(_("Given up; nothing was written."), file=sys.stderr)
        return 1
    plan = replace(plan, data=None if options.data is None else options.data.resolve())
    files = {folder / "facility.toml": facility_text(plan, _)}
    if options.edge:
        files |= {folder / f"edge-{node}.toml": edge_text(plan, node, sites, _) for node, sites in plan.edges()}
    _refuse_to_overwrite(files, _)
    _check(files)
    if plan.broker.ca_file and not Path(plan.broker.ca_file).is_file():
        raise ConfigError(_("broker.ca_file: there is no file %(file)s") % {"file": plan.broker.ca_file})
    _write(folder, files, plan, _)
    print("\n".join([_("Written:"), *(f"  {path}" for path in files), "", *_next_steps(folder, files, plan, _)]))
    return 0


def _from_options(options: argparse.Namespace, known: Answers) -> dict[str, Any]:
    """Return what options say, by table of the answers file."""
    answers: dict[str, Any] = {"operator": {}, "broker": {}, "mail": {}}
    for table, key in _SCALARS:
        value = getattr(options, f"{table}_{key}")
        if value is not None:
            answers[table][key] = value
    if options.site:
        answers["site"] = [given.pairs(text, "--site") for text in options.site]
    if options.contact:
        answers["contact"] = [given.pairs(text, "--contact") for text in options.contact]
    sensors = dict(given.pair(text, "--sensors") for text in options.sensors)
    answers["sensors"] = {**known.sensors, **{asset: said.split(",") for asset, said in sensors.items()}}
    answers["at"] = {**known.at, **dict(given.pair(text, "--at") for text in options.at)}
    return answers


def _refuse_to_overwrite(paths: Sequence[Path] | Mapping[Path, str], _: Translate) -> None:
    there = [str(path) for path in paths if path.exists()]
    if there:
        raise ConfigError(
            _("%(files)s exists already and is never overwritten: name another folder, or move it away")
            % {"files": ", ".join(there)}
        )


def _check(files: Mapping[Path, str]) -> None:
    """Check what will be written. Raises ConfigError."""
    for path, text in files.items():
        if path.name == "facility.toml":
            settings.check(parse(text, settings.Facility, str(path), _Anything()), str(path), mistakes)
        else:
            edge.check(parse(text, edge.EdgeSettings, str(path), _Anything()), str(path))


def _write(folder: Path, files: Mapping[Path, str], plan: Plan, _: Translate) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if plan.broker.ca_file and not (folder / Path(plan.broker.ca_file).name).exists():
            shutil.copyfile(plan.broker.ca_file, folder / Path(plan.broker.ca_file).name)
        secrets = _secrets(plan)
        if secrets:
            (folder / SECRETS).touch(mode=0o600, exist_ok=False)
            (folder / SECRETS).write_text(secrets, encoding="utf-8")
        for path, text in files.items():
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise ConfigError(_("cannot be written: %(error)s") % {"error": error}) from error


def _secrets(plan: Plan) -> str:
    found = {BROKER_PASSWORD: plan.broker.password} if plan.broker.username else {}
    if plan.mail is not None and plan.mail.username:
        found[MAIL_PASSWORD] = plan.mail.password
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in found.items())


def _next_steps(folder: Path, files: Mapping[Path, str], plan: Plan, _: Translate) -> list[str]:
    def command(text: str, *paths: Path) -> str:
        return f"  {text} {' '.join(shlex.quote(str(path)) for path in paths)}"

    main_file, *edges = files
    steps = [_("Next, on this server:")]
    if _secrets(plan):
        steps.append(f"  set -a; . {shlex.quote(str(folder / SECRETS))}; set +a")
    steps += [
        command("sukusuku check", *files),
        command("sukusuku doctor", main_file),
        command("sukusuku collector", main_file),
        command("sukusuku api", main_file),
    ]
    for path in edges:
        steps.append(_("On the Raspberry Pi, with %(file)s copied to it:") % {"file": path.name})
        steps.append(f"  sukusuku-edge check {path.name} && sukusuku-edge run {path.name}")
    return steps


_SCALARS = (
    ("operator", "id"), ("operator", "name"), ("operator", "name_en"),
    ("broker", "host"), ("broker", "port"), ("broker", "username"), ("broker", "ca_file"), ("broker", "edge_host"),
    ("mail", "host"), ("mail", "port"), ("mail", "security"), ("mail", "sender"), ("mail", "username"),
)  # fmt: skip
"""Tables and keys of the answers file that are options of one word. Passwords are none: others would see them."""


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku init",
        description="Ask a few questions and write a working facility.toml, and with --edge the edge.toml that fits. "
        "質問に答えると、動作する facility.toml と（--edge で）対応する edge.toml を作成します。",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="where to (default: here) · 作成先"
    )
    made.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="of the databases (default: DIR above) · データベースの置き場所",
    )
    made.add_argument("--edge", action="store_true", help="write edge-NODE.toml too · edge.toml も作成")
    made.add_argument("--answers", type=Path, metavar="FILE", help="TOML file with answers · 回答ファイル")
    made.add_argument("--yes", action="store_true", help="ask nothing: what is not said has its default · 質問しない")
    language.add_option(made)
    for table, key in _SCALARS:
        made.add_argument(f"--{table}-{key.replace('_', '-')}", metavar=key.upper())
    many: dict[str, Any] = {"action": "append", "default": []}
    made.add_argument("--site", metavar="'KEY=VALUE; ...'", help="a centre; may be repeated · センター", **many)
    made.add_argument("--contact", metavar="'KEY=VALUE; ...'", help="who is told; may be repeated · 連絡先", **many)
    made.add_argument("--sensors", metavar="ASSET=PROFILE,...", help="what senses a unit or room · センサー", **many)
    made.add_argument(
        "--at", metavar="DEVICE=PLACE", help="where a device is, as for sukusuku-edge probe · 機器の場所", **many
    )
    return made


if __name__ == "__main__":
    sys.exit(main())
