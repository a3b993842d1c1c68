"""Reports as files: on the use of rooms, and on collection."""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Path, Query, Request, Response

from sukusuku_api.dependencies import Context, ReportsContext, invalid, site_or_all
from sukusuku_api.drawing import DrawingError
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.reports import download, period
from sukusuku_api.reports.answering import Format, answer, queue
from sukusuku_api.reports.generate import MEDIA
from sukusuku_api.reports.pdf import MissingError
from sukusuku_api.routes import resource
from sukusuku_server.model.issued import ReportKind
from sukusuku_server.settings import Language

router = resource("/reports", "reports")


Kind = Annotated[ReportKind, Path(description="What it is about")]
Ending = Annotated[Format, Path(description="Kind of the file")]
Site = Annotated[str | None, Query(description="Only this centre")]
_FILE: dict[int | str, dict[str, Any]] = {HTTPStatus.OK.value: {"content": {media: {} for media in MEDIA.values()}}}
_RESPONSES: dict[int | str, dict[str, Any]] = _FILE | documented(
    HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE
)


@router.get("/{kind}/month/{month}.{ending}", summary="A month", response_class=Response, responses=_RESPONSES)
async def month(
    request: Request,
    context: ReportsContext,
    kind: Kind,
    month: Annotated[str, Path(examples=["2026-11"])],
    ending: Ending,
    lang: Language = "ja",
    site: Site = None,
) -> Response:
    """Return the report of a month as XLSX, PDF or a zip of CSV tables. Counts of children below 5 are withheld."""
    return await queue(request).run(partial(_file, context, kind, _period("month", month), ending, lang, site))


@router.get("/{kind}/year/{year}.{ending}", summary="A fiscal year", response_class=Response, responses=_RESPONSES)
async def year(
    request: Request,
    context: ReportsContext,
    kind: Kind,
    year: Annotated[str, Path(description="The year in which it begins", examples=["2026"])],
    ending: Ending,
    lang: Language = "ja",
    site: Site = None,
) -> Response:
    """Return the report of a fiscal year, April to March, as XLSX, PDF or a zip of CSV tables; as that of a month."""
    return await queue(request).run(partial(_file, context, kind, _period("year", year), ending, lang, site))


def _period(kind: str, text: str) -> period.Period:
    try:
        return period.month(text) if kind == "month" else period.fiscal_year(text)
    except period.PeriodError as error:
        raise invalid(f"path.{kind}", str(error)) from error


def _file(
    context: Context, kind: ReportKind, wanted: period.Period, ending: Format, lang: Language, site: str | None
) -> Response:
    site = site_or_all(context, site)
    try:
        made = download.file(context, kind, wanted, site, lang, ending)
    except period.PeriodError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, str(error)) from error
    except (MissingError, DrawingError) as error:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
    return answer(made, ending)
