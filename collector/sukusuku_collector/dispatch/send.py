"""`sukusuku rounds send`: what the scheduler does at the round's time, now. The mails wait in the outbox as always."""

from argparse import Namespace
from gettext import NullTranslations

import msgspec

from sukusuku_collector.dispatch.sender import Sender
from sukusuku_collector.dispatch.show import chosen
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import ConfigError
from sukusuku_server.db import Operations
from sukusuku_server.facility_document import places
from sukusuku_server.i18n import texts
from sukusuku_server.model.rounds import Run
from sukusuku_server.model.run_state import state_of
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.planner import Planner
from sukusuku_server.rounds.route_sheet import sheet
from sukusuku_server.rounds.texts import Speech
from sukusuku_server.rounds.timetable import timetables
from sukusuku_server.settings import FacilityIndex, Language
from sukusuku_server.timeseries import backends


def run(arguments: Namespace) -> str:
    """Send what was not sent yet. Raises SukusukuError."""
    facility = places.read(arguments.facility)
    if facility.mail is None:
        raise ConfigError(f"{arguments.facility}: there is no [mail]; facility.example.toml shows one")
    operations = Operations(facility.operations.address)
    store = backends.open_reader(facility)
    try:
        index, dates = FacilitySchedules(facility), timetables(facility)
        planner = Planner(index, dates, store, operations)
        sender = Sender(index, dates, store, operations, planner)
        now = now_ms()
        results = []
        for round_id, day in chosen(dates, arguments.round, arguments.date, now):
            sent = sender.issue(index.rounds[round_id], day, now)
            results.append((sent is not None, sent or sender.rounds.of(round_id, day)))
    finally:
        store.close()
        operations.close()
    if arguments.json:
        rows = [
            {"sent_now": fresh, "state": None if run is None else state_of(run, now), "run": run}
            for fresh, run in results
        ]
        return msgspec.json.format(msgspec.json.encode(rows), indent=2).decode()
    language: Language = arguments.lang
    words = texts("sukusuku_server", language)
    lines = [_line(index, run, language, words, fresh=fresh) for fresh, run in results if run is not None]
    return "\n".join(lines) or words.gettext("There is no round on that day.")


def _line(index: FacilityIndex, run: Run, language: Language, texts: NullTranslations, *, fresh: bool) -> str:
    speech = Speech(sheet(index, run, (), language), texts, index.facility.web.map_link)
    values = {
        "round": speech.name,
        "day": speech.day(run.plan.date),
        "stops": speech.stops(len(run.plan.joined)),
    }
    if not fresh:
        return texts.gettext("%(day)s, %(round)s: already sent, nothing to do") % values
    if not run.told:
        return texts.gettext("%(day)s, %(round)s: not sent, there is no crew and no contact") % values
    return texts.gettext("%(day)s, %(round)s: mail queued (%(stops)s)") % values
