"""The page of issued reports, for staff: a form to issue one, the list, and what would differ by now."""

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, FastAPI, Form, Query, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, Field

from sukusuku_api.dependencies import Context, IssuingContext, ReportsContext, site_or_all
from sukusuku_api.reports import issue as issuing
from sukusuku_api.reports import period
from sukusuku_api.web import base, desk, forms
from sukusuku_core.time import japan_time, local_day
from sukusuku_server.db.issued_reports import IssuedReports
from sukusuku_server.model.issued import IssuedReport, ReportKind, UnknownReportError
from sukusuku_server.settings import Language

PATH = "/reports"
OFFERED_MONTHS = 14
SHOWN_DIFFERENCES = 60
_LONGEST_NAME, _LONGEST_NOTE = 80, 200

router = APIRouter(include_in_schema=False, prefix=PATH)


class Entry(BaseModel):
    """What staff write into the form."""

    by: forms.Line = Field("", max_length=_LONGEST_NAME)
    period: forms.Line = Field("", max_length=10)
    note: forms.Line = Field("", max_length=_LONGEST_NOTE)
    replaces: Annotated[int, Field(ge=1, le=2**53)] | None = None


@dataclass(frozen=True, slots=True)
class IssueLine:
    """An issued report. `replaced` is the number of the corrected issue that took its place, None: it holds."""

    number: int
    period: str
    when: str
    by: str
    note: str
    replaces: int | None
    replaced: int | None
    key: str
    files: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Change:
    """A cell that would be another one by now, as people read it."""

    where: str
    column: str
    was: str
    now: str
    difference: str


def install(app: FastAPI) -> None:
    """Add the page, and load its template now: a broken one should show at the start."""
    for language in base.LANGUAGES:
        base.environment(language).get_template("reports.html")
    app.include_router(router)


@router.get("")
def reports(
    context: ReportsContext, lang: base.Lang = "ja", changes: Annotated[int | None, Query(ge=1, le=2**53)] = None
) -> HTMLResponse:
    """Return the page; with `changes`, a number, also what would differ by now in that report."""
    return _page(context, lang, changes=changes)


@router.post("")
def issue(context: IssuingContext, entry: Annotated[Entry, Form()], lang: base.Lang = "ja") -> Response:
    """Issue a report; then back to the page. What is wrong is said on the page."""
    translate = base.texts(lang).gettext
    by = forms.by(context, entry.by)
    if not by:
        return _page(context, lang, entry=entry, error=translate("Please enter your name."))
    try:
        issuing.issue(
            context,
            issuing.Wish(
                ReportKind.ROOMS, entry.period, site_or_all(context, None), lang, by, entry.note, entry.replaces
            ),
        )
    except (period.PeriodError, issuing.ReplacedError, UnknownReportError):
        return _page(
            context, lang, entry=entry, error=translate("No such report can be issued. Please choose it from the list.")
        )
    return RedirectResponse(f"{PATH}?lang={lang}", HTTPStatus.SEE_OTHER)


def _page(
    context: Context,
    lang: Language,
    *,
    entry: Entry | None = None,
    error: str = "",
    changes: int | None = None,
    status: HTTPStatus | None = None,
) -> HTMLResponse:
    now, translate = context.clock(), base.texts(lang).gettext
    found = [item for item in IssuedReports(context.operations).all() if context.sees_sum(item.site)]
    differing: list[Change] = []
    known = next((item for item in found if item.number == changes), None)
    if known is not None:
        differing = [_change(item, translate("withheld")) for item in issuing.differences(context, known.number)]
    replaced = {item.replaces: item.number for item in found if item.replaces is not None}
    values = {
        "clock": f"{japan_time(now):%H:%M}",
        "entry": Entry(by="", period="", note="") if entry is None else entry,
        "error": error,
        "offered": [(item.key, item.name(translate, lang)) for item in _offered(now)],
        "issued": [_line(item, replaced.get(item.number), lang) for item in found],
        "changes": changes if known is not None else None,
        "differing": differing[:SHOWN_DIFFERENCES],
        "more": max(len(differing) - SHOWN_DIFFERENCES, 0),
    }
    wrong = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return desk.page(context, lang, "reports.html", PATH, values, status or wrong)


def _offered(now: int) -> list[period.Period]:
    """Return the months that are over, the newest first, and the fiscal years that they belong to."""
    months, first = [], local_day(now).replace(day=1)
    for _ in range(OFFERED_MONTHS):
        first = (first - timedelta(days=1)).replace(day=1)
        months.append(period.month(f"{first:%Y-%m}"))
    years = sorted({item.fiscal_year for item in months}, reverse=True)
    return [*months, *(period.fiscal_year(str(year)) for year in years)]


def _line(item: IssuedReport, replaced: int | None, lang: Language) -> IssueLine:
    return IssueLine(
        number=item.number,
        period=period.of_key(item.period).name(base.texts(lang).gettext, lang),
        when=f"{japan_time(item.issued):%Y-%m-%d %H:%M}",
        by=item.by,
        note=item.note,
        replaces=item.replaces,
        replaced=replaced,
        key=item.period,
        files=item.files,
        digest=item.digest[: issuing.SHOWN],
    )


def _change(item: issuing.Difference, withheld: str) -> Change:
    was, now = (withheld if value == issuing.WITHHELD else _value(value) for value in (item.was, item.now))
    off = ""
    if isinstance(item.was, int | float) and isinstance(item.now, int | float):
        off = f"{item.now - item.was:+,.1f}".replace("-", "\u2212")
    return Change(f"{item.section} / {item.table} / {item.row}", item.column, was, now, off)


def _value(value: str | float | None) -> str:
    if value is None:
        return "\u2013"
    return value if isinstance(value, str) else f"{value:,.1f}"
