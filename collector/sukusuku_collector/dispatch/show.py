"""`sukusuku rounds plan`: the plan as a table for people, or as JSON."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date
from gettext import NullTranslations

import msgspec

from sukusuku_core.clock import now_ms
from sukusuku_core.errors import ConfigError
from sukusuku_server.db import Operations
from sukusuku_server.facility_document import places
from sukusuku_server.i18n import texts
from sukusuku_server.model.rounds import Answer, Plan, Run, StopRecord
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.planner import Planner
from sukusuku_server.rounds.route_sheet import sheet
from sukusuku_server.rounds.texts import Speech, StopWords
from sukusuku_server.rounds.timetable import Timetable, timetables
from sukusuku_server.settings import FacilityIndex, Language
from sukusuku_server.terminal import columns
from sukusuku_server.timeseries import backends


def run(arguments: Namespace) -> str:
    """Plan with what is known now; nothing is stored or sent. Raises SukusukuError."""
    facility = places.read(arguments.facility)
    with (
        closing(Operations(facility.operations.address)) as operations,
        closing(backends.open_reader(facility)) as store,
    ):
        index, dates = FacilitySchedules(facility), timetables(facility)
        planner = Planner(index, dates, store, operations)
        now = now_ms()
        trips = chosen(dates, arguments.round, arguments.date, now)
        plans = [planner.plan(round_id, day, now) for round_id, day in trips]
    if arguments.json:
        return msgspec.json.format(msgspec.json.encode(plans), indent=2).decode()
    language: Language = arguments.lang
    words = texts("sukusuku_server", language)
    if not plans:
        return words.gettext("There is no round on that day.")
    return "\n\n\n".join(told(index, plan, language, words) for plan in plans)


def chosen(dates: Mapping[str, Timetable], round_id: str | None, day: date | None, now: int) -> list[tuple[str, date]]:
    """Return the rounds and dates that are meant: all rounds of a day, or each one's next trip. Raises ConfigError."""
    there = list(dates)
    if not there:
        raise ConfigError("facility.toml has no [[round]]; facility.example.toml shows one")
    if round_id is not None and round_id not in there:
        raise ConfigError(f"there is no round `{round_id}`; there are {there}")
    meant = there if round_id is None else [round_id]
    if day is not None:
        return [(each, day) for each in meant if round_id is not None or dates[each].goes(day)]
    coming = [(each, dates[each].coming(now)) for each in meant]
    return [(each, trip.date) for each, trip in coming if trip is not None]


def told(index: FacilityIndex, plan: Plan, language: Language, texts: NullTranslations) -> str:
    """Return a plan for people."""
    gettext = texts.gettext
    plan_run = Run(0, plan)
    records = [
        StopRecord(number, 0, stop, Answer.NONE, answered=None, answered_by=None, note="")
        for number, stop in enumerate(plan.stops, start=1)
    ]
    words = Speech(sheet(index, plan_run, records, language), texts, index.facility.web.map_link).round()
    parts = ["\n".join([words.headline, *(f"{label}: {value}" for label, value in words.facts)])]
    for title, stops in (
        (words.lead, words.stops),
        (gettext("Needs a visit, but not on this round"), words.unmet),
        (gettext("Not on this round"), words.others),
    ):
        if stops or title == words.lead:
            parts.append("\n".join([title, *([_table(stops, texts)] * bool(stops))]))
    found_by = gettext("Route computed by")
    parts.append(f"{found_by}: {plan.solver}")
    return "\n\n".join(parts)


def _table(stops: Sequence[StopWords], texts: NullTranslations) -> str:
    gettext = texts.gettext
    head = (
        gettext("Order"),
        gettext("Arrival"),
        gettext("Centre"),
        gettext("Unit"),
        gettext("Fill level"),
        gettext("Deadline"),
        gettext("Expected load"),
        gettext("Reason"),
    )
    rows = [head]
    for stop in stops:
        number = str(stop.line.number or "")
        row = (number, stop.arrives, stop.line.site, stop.line.unit, stop.level, stop.deadline, stop.load, stop.reason)
        rows.append(row)
    used = [column for column in zip(*rows, strict=True) if any(column[1:])]
    return columns(list(zip(*used, strict=True)))
