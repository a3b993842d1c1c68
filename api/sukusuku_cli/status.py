"""`sukusuku status [FACILITY.toml]`: how the server is now, whether its programs run or not.

What it says is what `GET /api/v1/health` says, read from the databases, and besides whether collector and API run.
`sukusuku doctor` looks further, at everything around.
"""

import argparse
import json
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime

from sukusuku_api.access.view import Views
from sukusuku_api.certificates import late_certificates
from sukusuku_api.dependencies import Context
from sukusuku_api.health import health
from sukusuku_api.lazy_store import LazyStore
from sukusuku_api.schemas.health import CollectorOut, EdgeOut, HealthOut
from sukusuku_cli import language, settings_argument
from sukusuku_cli.doctor.computer import duration
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import ConfigError
from sukusuku_core.text_table import columns
from sukusuku_server.db import Operations
from sukusuku_server.facility_document import places
from sukusuku_server.i18n import N_, Translate
from sukusuku_server.live.views import Condition
from sukusuku_server.model import doors
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.timetable import timetables
from sukusuku_server.settings import Facility, Web
from sukusuku_server.timeseries import backends

_Running = Mapping[str, bool | None]
"""Whether programs run, by name; None: that is not known."""

_SECONDS = 2.0
_DOORS = {
    doors.BOOKINGS: N_("bookings"),
    doors.BACKUP: N_("backup"),
    doors.REPORTS: N_("reports by mail"),
    doors.NGSI_LD: "NGSI-LD",
}
_ALONE = {doors.FOLDER, doors.BROKER, doors.OUTBOX}
"""Sources that need no name beside that of their door."""
_EPILOG = """examples 例:
  sudo -u sukusuku sukusuku status /etc/sukusuku/facility.toml
  sukusuku status --json | jq .health.edges
Exit status 終了コード: 0 all is well, 1 something is not
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 all is well, 1 something is not."""
    options = parser().parse_args(argv)
    facility = places.read(options.facility)
    running = {"collector": backends.is_written(facility), "api": _answers(facility.web)}
    found, silent = _looked(facility)
    if options.json:
        told = {"running": running, "silent": silent, "health": found.model_dump(mode="json")}
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        print(_shown(running, found, silent, options.lang, language.told(options)))
    return 0 if _is_well(running, found, silent) else 1


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku status",
        description="How the server is now: programs, readings, edge nodes, mails, backup. "
        "サーバーの現在の状態（プログラム・計測値・エッジ・メール・バックアップ）。",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    settings_argument.add(made)
    made.add_argument("--json", action="store_true", help="for programs · プログラム用")
    language.add_option(made)
    return made


def _answers(web: Web) -> bool:
    """Whether something listens where the API should."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(web.host, web.host)  # noqa: S104 - compared, not bound
    try:
        socket.create_connection((host, web.port), _SECONDS).close()
    except OSError:
        return False
    return True


def _is_well(running: _Running, found: HealthOut, silent: Sequence[str]) -> bool:
    return all(running.values()) and found.status == "ok" and not silent


def _looked(facility: Facility) -> tuple[HealthOut, list[str]]:
    """Return what the API would say, and the units and rooms of which no data come.

    Raises ConfigError when there are no data yet.
    """
    file = facility.operations.file
    if file is not None and not file.exists():
        raise ConfigError(f"operations.url: {file} is not there: no collector has run with these settings")
    index = FacilitySchedules(facility)
    with (
        closing(LazyStore.configured(facility)) as store,
        closing(Operations(facility.operations.address)) as operations,
    ):
        context = Context(index, timetables(facility), store, operations, now_ms, index, Views(index))
        views = context.views(now_ms()) if store.live.available() else []
        return health(context), [view.id for view in views if view.condition is Condition.SILENT]


def _shown(
    running: Mapping[str, bool | None], health: HealthOut, silent: Sequence[str], language: str, _: Translate
) -> str:
    words = {
        True: _("runs"),
        False: _("does not run"),
        None: _("not known: the server of the readings does not respond"),
    }
    well = _is_well(running, health, silent)
    programs = {name: words[value] for name, value in running.items()}
    if running["collector"] and not health.collector:
        programs["collector"] = _("runs, and has not heard its broker for a while")
    facts = [
        *programs.items(),
        *_facts(health, language, _),
        (_("no data"), ", ".join(silent) or _("none")),
        (_("in all"), _("all is well") if well else _("something is wrong; `sukusuku doctor` says more")),
    ]
    return "\n\n".join([columns(facts), columns([*_edges(health.edges, _)])])


def _facts(health: HealthOut, language: str, _: Translate) -> Iterator[tuple[str, str]]:
    for group, lease in (("", health.lease), *((f" {it.id}", it.lease) for it in health.groups)):
        if lease is not None:
            holder = lease.holder
            yield _("holds the lease") + group, _("nobody") if holder is None else _collector(holder, health.time, _)
            standbys = [_collector(standby, health.time, _) for standby in lease.standbys]
            yield _("stand by") + group, "; ".join(standbys) or _("none: nobody takes over when the collector dies")
    newest = _("none") if health.newest is None else _ago(health.newest.age, _)
    yield _("readings"), newest if health.store else _("cannot be read")
    yield _("clock"), _("believed") if health.clock.believed else _("not believed (%s)") % health.clock.cause
    yield _("settings"), _("right") if health.document.right else _("wrong; those of before are in use")
    if health.mails is None:
        yield _("mails"), _("cannot be read")
    else:
        counts = {"waiting": health.mails.waiting, "dead": health.mails.dead}
        yield _("mails"), _("%(waiting)d waiting, %(dead)d refused for good") % counts
    for channel in health.channels:
        yield channel.id, channel.reason or _("well")
    for door in health.doors:
        taken = _("not yet") if door.taken is None else _ago((health.time - door.taken).total_seconds(), _)
        note = "; ".join(filter(None, (_("late") if door.late else "", door.reason)))
        name = _(_DOORS[door.door])
        yield name if door.id in _ALONE else f"{name} {door.id}", f"{taken}; {note}" if note else taken
    late = [said for said, _cure in late_certificates(health, language)]
    if health.certificates:
        yield _("certificates"), "; ".join(late) or _("none ends soon")
    if health.second_copy is not None:
        since = _ago((health.time - health.second_copy.since).total_seconds(), _)
        yield "InfluxDB", _("lacks readings, so edge nodes keep them; waiting since %s") % since
    if health.unassigned:
        count = sum(item.count for item in health.unassigned)
        yield _("unassigned"), _("%d messages wait for facility.toml to name their asset") % count


def _collector(told: CollectorOut, now: datetime, _: Translate) -> str:
    shown = _("%(name)s, since %(ago)s") % {"name": told.name, "ago": _ago((now - told.since).total_seconds(), _)}
    return shown if told.trouble is None else _("%(who)s (cannot work: %(why)s)") % {"who": shown, "why": told.trouble}


def _edges(edges: Sequence[EdgeOut], _: Translate) -> Iterator[tuple[str, str, str, str, str]]:
    yield _("edge node"), _("version"), _("heard"), _("not acknowledged yet"), _("what to do")
    for edge in edges:
        heard = _("never") if edge.last is None else _ago(edge.last.age, _)
        waiting = "-" if edge.waiting is None else str(edge.waiting)
        yield edge.id, edge.version or "-", heard, waiting, "; ".join(_todo(edge, _))


def _todo(edge: EdgeOut, _: Translate) -> Iterator[str]:
    if edge.duplicate:
        yield _("two edge nodes use this identity")
    if edge.unreadable:
        reasons = ", ".join(item.reason for item in edge.unreadable)
        yield _("what it sends cannot be read (%s): see `unreadable` in /api/v1/health") % reasons
    if edge.proofs is not None and edge.proofs.cure:
        yield _("no key in use: `sukusuku nodes FACILITY.toml list`")
    if edge.update is not None and " failed" in edge.update:
        yield _("its update failed: %s") % edge.update


def _ago(seconds: float, _: Translate) -> str:
    return _("%s ago") % duration(round(seconds * 1000), _)


if __name__ == "__main__":
    sys.exit(main())
