"""Issues reports: a number, who issued it, hashes of settings and contents; and tells what would differ by now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import takewhile

import msgspec

from sukusuku_api.dependencies import Context
from sukusuku_api.reports import pdf, period
from sukusuku_api.reports.generate import WRITERS, asked, make
from sukusuku_api.reports.model import Cell, Dated, Kind, Moment, Report, Withheld
from sukusuku_core.errors import ConfigError
from sukusuku_core.time import japan_time
from sukusuku_server.db.issued_reports import IssuedReports
from sukusuku_server.i18n import texts
from sukusuku_server.model.issued import IssuedReport, ReportKind, UnknownReportError
from sukusuku_server.settings import Facility, Language

SHOWN = 12
"""Digits of a hash that are printed."""
LANGUAGES: dict[str, Language] = {"ja": "ja", "en": "en"}
WITHHELD = "×"
"""Stands in kept cells for what was withheld."""
_Value = str | float | None
_Cells = list[tuple[str, str, str, str, _Value]]
"""Section, table, row and column of each cell, and its value."""


class ReplacedError(ConfigError):
    """A corrected issue is of the same period, centre and language as the one that it replaces, which is the newest."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be issued, by whom; `replaces` is the number of the issue that it corrects."""

    kind: ReportKind
    period: str
    site: str | None
    language: Language
    by: str
    note: str = ""
    replaces: int | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell that would be another one by now. Values are as stored: None a gap, a text also for what is withheld."""

    section: str
    table: str
    row: str
    column: str
    was: _Value
    now: _Value


def issue(context: Context, wish: Wish) -> IssuedReport:
    """Make a report, number it and keep its files.

    Raises PeriodError, ReplacedError, UnknownReportError; MissingError and DrawingError where no PDF can be made:
    nothing is issued then, because a document without its pages would stay without them.
    """
    records, now = IssuedReports(context.operations), context.clock()
    pdf.check()
    if wish.replaces is not None:
        _check(context, records, wish)
    made = _make(context, wish.kind, wish.period, wish.site, wish.language)
    cells = msgspec.json.encode(_cells(made))
    issued = IssuedReport(
        number=0,
        kind=wish.kind,
        period=wish.period,
        site=wish.site,
        language=wish.language,
        issued=now,
        by=wish.by,
        note=wish.note,
        replaces=wish.replaces,
        settings=settings_digest(context.whole.facility, wish.kind),
        digest=sha256(cells).hexdigest(),
    )
    issued = replace(issued, number=records.reserve(issued))
    printed = replace(made, made=f"{made.made}  {said(issued)}", notes=(*_note(issued), *made.notes))
    files = {ending: write(printed) for ending, write in WRITERS.items()}
    with context.operations.together():  # of two at the same time one was first
        if wish.replaces is not None:
            _check_newest(records, wish.replaces)
        records.issue(issued.number, cells, files, wish.by, now)
    return records.one(issued.number)[0]


def said(issued: IssuedReport) -> str:
    """Return what is printed on an issued report: number, time, issuer and hashes."""
    translate = texts("sukusuku_api", issued.language).gettext
    return translate("No. %(number)s, issued at %(time)s by %(by)s (settings %(settings)s, contents %(digest)s)") % {
        "number": issued.number,
        "time": f"{japan_time(issued.issued):%Y-%m-%d %H:%M}",
        "by": issued.by,
        "settings": issued.settings[:SHOWN],
        "digest": issued.digest[:SHOWN],
    }


def differences(context: Context, number: int) -> list[Difference]:
    """Return the cells of an issued report that would be others by now. Raises UnknownReportError, PeriodError."""
    issued, stored = IssuedReports(context.operations).one(number)
    before = {(section, table, row, column): value for section, table, row, column, value in _decoded(stored)}
    made = _make(context, issued.kind, issued.period, issued.site, LANGUAGES[issued.language])
    after = {(section, table, row, column): value for section, table, row, column, value in _cells(made)}
    keys = [*before, *(key for key in after if key not in before)]
    return [Difference(*key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)]


def settings_digest(facility: Facility, kind: ReportKind) -> str:
    """Return the hash of the settings on which the figures of reports rest."""
    rounds = [msgspec.structs.replace(it, crew=()) for it in facility.round]
    of_rooms = (facility.ward_plan,)
    of_collection = (facility.depot, facility.vehicle, facility.routing, rounds, facility.alerts.fill_rise)
    parts = (facility.site, facility.calendar, *(of_rooms if kind is ReportKind.ROOMS else of_collection))
    return sha256(msgspec.json.encode(parts)).hexdigest()


def _check(context: Context, records: IssuedReports, wish: Wish) -> None:
    found, _ = records.one(wish.replaces or 0)
    if not context.sees_sum(found.site):
        raise UnknownReportError(f"no report {found.number} was issued")
    asked_for = (wish.kind, wish.period, wish.site, wish.language)
    if (found.kind, found.period, found.site, found.language) != asked_for:
        raise ReplacedError(f"report {found.number} is another report, or of another period, centre or language")
    _check_newest(records, found.number)


def _check_newest(records: IssuedReports, number: int) -> None:
    later = next((item.number for item in records.all() if item.replaces == number), None)
    if later is not None:
        raise ReplacedError(f"report {number} was replaced by {later} already; correct that one")


def _make(context: Context, kind: ReportKind, text: str, site: str | None, language: Language) -> Report:
    wanted = asked(kind, period.of_key(text), site, language, outward=True)
    return make(context.whole, context.store.history, context.operations, wanted, context.clock())


def _note(issued: IssuedReport) -> Iterator[str]:
    translate = texts("sukusuku_api", issued.language).gettext
    if issued.replaces is not None:
        yield translate("Corrected issue: it replaces No. %(number)s.") % {"number": issued.replaces}
    if issued.note:
        yield issued.note


def _cells(report: Report) -> _Cells:
    return [
        (section.title, table.title, _name(row[:names]), column.title, _value(cell))
        for section, table in report.tables
        if not table.long
        for names in [sum(1 for _ in takewhile(lambda column: column.kind is Kind.TEXT, table.columns))]
        for row in table.rows
        for column, cell in zip(table.columns[names:], row[names:], strict=True)
    ]


def _name(cells: Sequence[Cell]) -> str:
    """Return what a row is called: two rounds may depart at the same time."""
    return " ".join(str(cell) for cell in cells if cell is not None)


def _value(cell: Cell) -> _Value:
    if isinstance(cell, Withheld):
        return WITHHELD
    return str(cell) if isinstance(cell, Dated | Moment) else cell


def _decoded(stored: bytes) -> _Cells:
    return msgspec.json.decode(stored, type=_Cells)
