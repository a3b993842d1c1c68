"""Reports as records: issue one, print it again to the byte, and see what would differ by now."""

from datetime import datetime
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import Path, Request, Response
from pydantic import Field

from sukusuku_api.dependencies import Context, IssuingContext, ReportsContext, invalid, site_or_all
from sukusuku_api.drawing import DrawingError
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.reports import issue as issuing
from sukusuku_api.reports.answering import queue
from sukusuku_api.reports.generate import MEDIA
from sukusuku_api.reports.pdf import MissingError
from sukusuku_api.reports.period import PeriodError
from sukusuku_api.routes import resource
from sukusuku_api.schemas.collection import Asked, Shape
from sukusuku_core.time import japan_time
from sukusuku_server.db.issued_reports import IssuedReports
from sukusuku_server.model.issued import IssuedReport, ReportKind, UnknownReportError
from sukusuku_server.settings import Language

router = resource("/reports/issued", "reports")


class KeptFormat(StrEnum):
    """The kind of a file of an issued report."""

    XLSX = "xlsx"
    PDF = "pdf"
    ZIP = "zip"
    CSV = "csv"


Number = Annotated[int, Path(ge=1, le=2**53, description="The number of the report")]
_ERRORS = documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)


class Issuing(Asked):
    """A report to be issued."""

    kind: ReportKind = ReportKind.ROOMS
    period: str = Field(pattern=r"^(20\d\d-(0[1-9]|1[0-2])|fy20\d\d)$", examples=["2026-11", "fy2026"])
    site: str | None = Field(None, max_length=63, description="Only this centre")
    lang: Language = "ja"
    note: str = Field("", max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
    replaces: int | None = Field(None, ge=1, le=2**53, description="The number of the issue that this one corrects")


class IssuedOut(Shape):
    """An issued report."""

    number: int
    kind: ReportKind
    period: str
    site: str | None
    lang: str
    issued: datetime
    by: str
    note: str
    replaces: int | None
    settings: str = Field(description="SHA-256 of the settings that the figures rest on")
    digest: str = Field(description="SHA-256 of the cells")
    files: tuple[str, ...] = Field(
        description="The endings of its files; reports of earlier versions may lack `pdf`, and have `csv` for `zip`",
        examples=[["xlsx", "pdf", "zip"]],
    )


class IssuedListOut(Shape):
    """Issued reports, the newest first."""

    reports: list[IssuedOut]


class DifferenceOut(Shape):
    """A cell that would be another one by now; null: a gap, or not there; a text also for what is withheld."""

    section: str
    table: str
    row: str
    column: str
    was: str | float | None
    now: str | float | None


class DifferencesOut(Shape):
    """What would differ by now."""

    number: int
    settings_changed: bool
    differences: list[DifferenceOut]


@router.get("", summary="Issued reports")
def issued(context: ReportsContext) -> IssuedListOut:
    """List the reports that were issued, the newest first."""
    return IssuedListOut(
        reports=[_out(item) for item in IssuedReports(context.operations).all() if context.sees_sum(item.site)]
    )


@router.post("", summary="Issue a report", responses=_ERRORS | documented(HTTPStatus.SERVICE_UNAVAILABLE))
async def issue(request: Request, context: IssuingContext, body: Issuing) -> IssuedOut:
    """Make a report of a month or fiscal year, give it a number and keep its files. The audit log records it."""
    site = site_or_all(context, body.site)
    wish = issuing.Wish(body.kind, body.period, site, body.lang, context.name(body.by), body.note, body.replaces)
    try:
        return _out(await queue(request).run(partial(issuing.issue, context, wish)))
    except UnknownReportError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"{error}.") from error
    except (PeriodError, issuing.ReplacedError) as error:
        raise invalid("body", str(error)) from error
    except (MissingError, DrawingError) as error:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error


@router.get("/{number}/changes", summary="What would differ by now", responses=_ERRORS)
def changes(context: ReportsContext, number: Number) -> DifferencesOut:
    """Make the report again and list every cell that would be another one, with both values."""
    try:
        found = _known(context, number)
        differences = issuing.differences(context, number)
    except UnknownReportError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"{error}.") from error
    return DifferencesOut(
        number=number,
        settings_changed=found.settings != issuing.settings_digest(context.whole.facility, found.kind),
        differences=[
            DifferenceOut(
                section=item.section, table=item.table, row=item.row, column=item.column, was=item.was, now=item.now
            )
            for item in differences
        ],
    )


@router.get("/{number}.{ending}", summary="An issued report", response_class=Response, responses=_ERRORS)
def file(
    context: ReportsContext,
    number: Number,
    ending: Annotated[KeptFormat, Path(description="Kind of the file; `csv`: of reports from before there was `zip`")],
) -> Response:
    """Return the file as it was issued, to the byte."""
    try:
        _known(context, number)
        content = IssuedReports(context.operations).file(number, ending)
    except UnknownReportError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"{error}.") from error
    headers = {"Content-Disposition": f'attachment; filename="report-{number}.{ending}"', "Cache-Control": "no-store"}
    return Response(content, media_type=MEDIA[ending], headers=headers)


def _known(context: Context, number: int) -> IssuedReport:
    found, _ = IssuedReports(context.operations).one(number)
    if not context.sees_sum(found.site):
        raise UnknownReportError(f"no report {number} was issued")
    return found


def _out(issued: IssuedReport) -> IssuedOut:
    return IssuedOut(
        number=issued.number,
        kind=issued.kind,
        period=issued.period,
        site=issued.site,
        lang=issued.language,
        issued=japan_time(issued.issued),
        by=issued.by,
        note=issued.note,
        replaces=issued.replaces,
        settings=issued.settings,
        digest=issued.digest,
        files=issued.files,
    )
