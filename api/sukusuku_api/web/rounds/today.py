"""The rounds of today in words."""

from dataclasses import dataclass

from sukusuku_api.dependencies import Context
from sukusuku_api.queries.plans import seen_records
from sukusuku_api.web.base import Locale
from sukusuku_api.web.collection import texts as said
from sukusuku_api.web.silence_texts import moment
from sukusuku_core.time import DAY_MS, day_start, japan_time, local_day
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.model.rounds import Answer, Run, StopRecord
from sukusuku_server.model.run_state import GRACE_MS, state_of
from sukusuku_server.settings import Language


@dataclass(frozen=True, slots=True)
class RoundLine:
    """A round of one date. `run` is its id; 0: it has no plan yet."""

    run: int
    name: str
    when: str
    state: str
    stops: str
    goes: str


def rounds(context: Context, reader: Locale) -> list[RoundLine]:
    """Return those of today, and of yesterday those that still take answers; then what comes next of the others."""
    book, now = Rounds(context.operations), reader.now
    today = day_start(local_day(now))
    found = book.with_stops(book.runs(min(today, now - GRACE_MS - DAY_MS), today + DAY_MS))
    shown = [
        (run, seen)
        for run, records in reversed(found)
        if (run.plan.departs >= today or now < run.plan.returns + GRACE_MS)
        and ((seen := seen_records(context, records)) or context.key is None)
    ]
    planned = {run.plan.round for run, _ in found if run.plan.departs >= today}
    return [_planned(context, run, records, reader) for run, records in shown] + [
        line
        for settings in context.facility.round
        if settings.id not in planned and (line := _coming(context, settings.id, reader)) is not None
    ]


def _planned(context: Context, run: Run, records: list[StopRecord], reader: Locale) -> RoundLine:
    translate = reader.translate
    stops = [record for record in records if record.stop.joined]
    answered = sum(record.answer is not Answer.NONE for record in stops)
    counts = {"count": len(stops), "answered": answered}
    return RoundLine(
        run.id,
        _name(context, run.plan.round, reader.language),
        _when(run.plan.departs, run.plan.returns, reader),
        translate(said.RUNS[state_of(run, reader.now)]),
        translate("Stops: %(count)s, answered: %(answered)s") % counts if stops else translate("Nothing to collect"),
        "" if run.accepted_by is None else translate("%(who)s is doing this round.") % {"who": run.accepted_by},
    )


def _coming(context: Context, ident: str, reader: Locale) -> RoundLine | None:
    trip = context.timetables[ident].coming(reader.now)
    if trip is None:
        return None
    told = reader.translate("The plan is made: %(time)s") % {"time": moment(trip.mail_at, reader)}
    when = _when(trip.departs, trip.returns, reader)
    return RoundLine(0, _name(context, ident, reader.language), when, told, "", "")


def _name(context: Context, ident: str, language: Language) -> str:
    settings = context.whole.rounds.get(ident)
    return ident if settings is None else settings.name[language]


def _when(departs: int, returns: int, reader: Locale) -> str:
    return f"{moment(departs, reader)} – {japan_time(returns):%H:%M}"
