"""`sukusuku doctor [FACILITY.toml]`: one line for everything around the server, ok or what to do."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from sukusuku_cli import language, settings_argument
from sukusuku_cli.doctor import computer as local
from sukusuku_cli.doctor import servers as remote
from sukusuku_cli.doctor.backups import judge_backups
from sukusuku_cli.doctor.finding import Finding, Status, note, ok, wrong
from sukusuku_cli.doctor.probe_computer import ThisComputer
from sukusuku_cli.doctor.probe_servers import RealServers
from sukusuku_cli.safety import risks
from sukusuku_collector.facility_checks import mistakes
from sukusuku_core import toml_text
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import SukusukuError
from sukusuku_server import settings
from sukusuku_server.facility_document import places
from sukusuku_server.i18n import Translate
from sukusuku_server.model.doors import Exchanged
from sukusuku_server.settings import Facility

ZONE = "Asia/Tokyo"
_EXAMPLES = """examples 例:
  sukusuku doctor                                        with ./facility.toml
  sudo -u sukusuku sukusuku doctor /etc/sukusuku/facility.toml --json | jq '.[] | select(.status == "wrong")'
Nothing is changed and no mail is sent. 何も変更せず、メールも送りません。
Exit status 終了コード: 0 nothing is wrong, 1 something is
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 nothing is wrong, 1 something is."""
    options = parser().parse_args(argv)
    found = list(examined(options.facility, language.told(options), RealServers(), ThisComputer(), now_ms()))
    if options.json:
        print(json.dumps([asdict(finding) for finding in found], ensure_ascii=False, indent=2))
    else:
        for finding in found:
            print(f"{finding.status:<6} {finding.subject}: {finding.said}")
            if finding.todo:
                print(f"{'':<6} -> {finding.todo}")
    return 1 if any(finding.status is Status.WRONG for finding in found) else 0


def examined(
    path: Path, _: Translate, servers: remote.Servers, computer: local.Computer, now: int
) -> Iterator[Finding]:
    """Yield all findings; settings that are wrong end it, for nothing else is known without them."""
    try:
        with places.one(path, mistakes) as source:
            text = source.read().text
            facility = source.check(text)
    except SukusukuError as error:
        yield wrong(
            "settings", str(error), _("`sukusuku check` names every mistake; `sukusuku init` writes new settings.")
        )
        return
    yield ok("settings", _("%(path)s is right") % {"path": path})
    for risk in risks(facility, toml_text.loads(text), _):
        yield wrong(f"settings {risk.where}", risk.said, risk.todo)
    for server in facility.broker.each():
        yield from remote.judge_broker(server, servers.broker(server), now, _)
    yield from _databases(facility, computer, now, _)
    mail = facility.mail
    yield from remote.judge_mail(mail, None if mail is None else servers.mail(mail), now, _)
    yield from local.judge_fonts(computer.japanese_fonts(), computer.missing_for_pdf(), _)
    yield local.judge_zone(ZONE, _, known=computer.knows_zone(ZONE))
    for subject, file in _certificates(facility):
        yield local.judge_certificate(subject, computer.certificate(Path(file)), now, _)
    operations = facility.operations.file
    noted = Exchanged() if operations is None else computer.backups(operations)
    yield judge_backups(facility.backup, noted, now, _)
    yield local.judge_versions(computer.versions(), _)


def _databases(facility: Facility, computer: local.Computer, now: int, _: Translate) -> Iterator[Finding]:
    if facility.store.kind == "postgres":
        yield note("store", _("another database server, which is not looked at"), _("See that it is backed up."))
    else:
        yield from local.judge_database("store", computer.database(Path(facility.store.path)), _)
    seen = computer.store(facility)
    here = settings.present(facility, now).assets()
    patience = {asset.id: facility.levels(asset.settings).silent_after for asset in here}
    yield from local.judge_readings(seen, patience, now, _)
    yield from local.judge_proofs(seen, _)
    operations = facility.operations.file
    if operations is not None:
        yield from local.judge_database("operations", computer.database(operations), _)
        yield from local.judge_accounts(computer.accounts(operations), _)
    else:
        yield note("operations", _("another database server, which is not looked at"), _("See that it is backed up."))
    yield from local.judge_clock(seen, _, ntp=computer.ntp())


def _certificates(facility: Facility) -> Iterator[tuple[str, str]]:
    """Yield the certificates that the settings name."""
    broker, mail, ngsi = facility.broker, facility.mail, facility.ngsi_ld
    named = {
        "certificate broker.ca_file": broker.ca_file,
        "certificate broker.cert_file": broker.cert_file,
        "certificate mail.ca_file": None if mail is None else mail.ca_file,
        "certificate store.influx.ca_file": facility.store.influx.ca_file,
        "certificate ngsi_ld.ca_file": None if ngsi is None else ngsi.ca_file,
    }
    yield from ((subject, file) for subject, file in named.items() if file is not None)


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku doctor",
        description="Look at everything around the server: settings, broker, store, mail server, fonts, clock, disk, "
        "certificates. Each line is ok, or says what is wrong and what to do. "
        "サーバーの周辺（設定・ブローカー・データベース・メール・フォント・時計・ディスク・証明書）を点検し、対処を示します。",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    settings_argument.add(made)
    made.add_argument("--json", action="store_true", help="for programs · プログラム用")
    language.add_option(made)
    return made


if __name__ == "__main__":
    sys.exit(main())
