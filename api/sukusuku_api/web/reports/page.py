"""The page of issued reports, for staff: a form to issue one, the list, and what would differ by now."""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, FastAPI, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, Field

from sukusuku_api import routes
from sukusuku_api.dependencies import Context, IssuingContext, ReportsContext, site_or_all
from sukusuku_api.drawing import DrawingError
from sukusuku_api.problems import ProblemError
from sukusuku_api.reports import download, period
from sukusuku_api.reports import issue as issuing
from sukusuku_api.reports.answering import Format, answer, queue
from sukusuku_api.reports.pdf import MissingError
from sukusuku_api.web import base, desk, forms
from sukusuku_api.web.reports import offers
from sukusuku_core.time import japan_time
from sukusuku_server.access.rights import Act
from sukusuku_server.db.issued_reports import IssuedReports
from sukusuku_server.model.issued import IssuedReport, ReportKind, UnknownReportError
from sukusuku_server.settings import Language

PATH = "/reports"
SHOWN_DIFFERENCES = 60
_LONGEST_NAME, _LONGEST_NOTE = 80, 200

router = APIRouter(include_in_schema=False, prefix=PATH)


class Entry(BaseModel):
    """What staff write into the form."""

    by: forms.Line = Field("", max_length=_LONGEST_NAME)
    kind: ReportKind = ReportKind.ROOMS
    period: forms.Line = Field("", max_length=10)
    site: forms.Line = Field(offers.ALL, max_length=63)
    note: forms.Line = Field("", max_length=_LONGEST_NOTE)
    replaces: Annotated[int, Field(ge=1, le=2**53)] | None = None


class Download(BaseModel):
    """Which file somebody wants."""

    kind: ReportKind
    period: forms.Line = Field(max_length=10)
    site: forms.Line = Field(offers.ALL, max_length=63)
    ending: Format


@dataclass(frozen=True, slots=True)
class IssueLine:
    """An issued report. `replaced` is the number of the corrected issue that took its place, None: it holds."""

    number: int
    about: str
    where: str
    period: str
    when: str
    by: str
    note: str
    replaces: int | None
    replaced: int | None
    kind: str
    site: str
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
    """Add the page."""
    routes.add(app, router)


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
        site = site_or_all(context, entry.site or None)
        note = (entry.note, entry.replaces)
        issuing.issue(context, issuing.Wish(entry.kind, entry.period, site, lang, by, *note))
    except (period.PeriodError, issuing.ReplacedError, UnknownReportError, ProblemError):
        return _page(
            context, lang, entry=entry, error=translate("No such report can be issued. Please choose it from the list.")
        )
    except (MissingError, DrawingError) as error:
        return _page(context, lang, entry=entry, error=_cannot(error, lang), status=HTTPStatus.SERVICE_UNAVAILABLE)
    return RedirectResponse(f"{PATH}?lang={lang}", HTTPStatus.SEE_OTHER)


@router.get("/file")
async def file(
    request: Request, context: ReportsContext, wish: Annotated[Download, Query()], lang: base.Lang = "ja"
) -> Response:
    """Return a report as a file; what is wrong is said on the page."""
    return await queue(request).run(partial(_file, context, wish, lang))


def _file(context: Context, wish: Download, lang: Language) -> Response:
    try:
        site = site_or_all(context, wish.site or None)
        made = download.file(context, wish.kind, period.of_key(wish.period), site, lang, wish.ending)
    except (period.PeriodError, ProblemError):
        error = base.texts(lang).gettext("There is no such report. Please choose it from the list.")
        return _page(context, lang, error=error, status=HTTPStatus.NOT_FOUND)
    except (MissingError, DrawingError) as error:
        return _page(context, lang, error=_cannot(error, lang), status=HTTPStatus.SERVICE_UNAVAILABLE)
    return answer(made, wish.ending)


def _cannot(error: MissingError | DrawingError, lang: Language) -> str:
    """Return what is said when no PDF can be made, with what to do."""
    translate = base.texts(lang).gettext
    if isinstance(error, MissingError):
        text = translate("This server cannot make PDF files. To be run on the server: %(command)s")
        return text % {"command": error.command}
    return translate("The charts could not be drawn. Please try again.")


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
    issued = [item for item in IssuedReports(context.operations).all() if context.sees_sum(item.site)]
    differing: list[Change] = []
    known = next((item for item in issued if item.number == changes), None)
    if known is not None:
        differing = [_change(item, translate("withheld")) for item in issuing.differences(context, known.number)]
    replaced = {item.replaces: item.number for item in issued if item.replaces is not None}
    values = {
        "clock": f"{japan_time(now):%H:%M}",
        "entry": Entry(by="", period="", note="", site=offers.ALL) if entry is None else entry,
        "error": error,
        "offer": offers.offer(context, lang),
        "issuing": offers.offer(context, lang, Act.ISSUE_REPORTS),
        "mailed": _mailed(context),
        "issued": [_line(item, replaced.get(item.number), context, lang) for item in issued],
        "changes": changes if known is not None else None,
        "differing": differing[:SHOWN_DIFFERENCES],
        "more": max(len(differing) - SHOWN_DIFFERENCES, 0),
    }
    wrong = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return desk.page(context, lang, "reports.html", PATH, values, status or wrong)


def _mailed(context: Context) -> list[str] | None:
    """Return who gets the reports of each month by mail; None: whoever asks may not know."""
    if context.principal is None or not context.principal.rights.may(Act.EDIT_SETTINGS):
        return None
    return [recipient.name for recipient in context.whole.facility.report_mail]


def _line(item: IssuedReport, replaced: int | None, context: Context, lang: Language) -> IssueLine:
    translate, sites = base.texts(lang).gettext, context.whole.sites
    site = None if item.site is None else sites.get(item.site)
    where = item.site or translate("All centres")
    return IssueLine(
        number=item.number,
        about=translate(offers.KINDS[item.kind]),
        where=where if site is None else site.name[lang],
        kind=item.kind.value,
        site=item.site or offers.ALL,
        period=period.of_key(item.period).name(translate, lang),
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
