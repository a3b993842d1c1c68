"""Data for analysts: tables of a month as CSV or Parquet."""

from enum import StrEnum
from http import HTTPStatus
from itertools import chain
from typing import Annotated, Any

from fastapi import Path, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from sukusuku_api.dependencies import ReportsContext, invalid, known_site, site_or_all
from sukusuku_api.export.catalogue import TABLES
from sukusuku_api.export.files import Writer, csv_file
from sukusuku_api.export.parquet import MissingError, parquet_file
from sukusuku_api.export.tables import Kind, Pieces, Scope
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.queries.withheld import whole_months
from sukusuku_api.reports import period
from sukusuku_api.routes import resource
from sukusuku_api.schemas.collection import Shape
from sukusuku_core.time import day_start

router = resource("/export", "export")


class ExportFormat(StrEnum):
    """The kind of a file."""

    CSV = "csv"
    PARQUET = "parquet"


_MEDIA = {
    ExportFormat.CSV: "text/csv; charset=utf-8; header=present",
    ExportFormat.PARQUET: "application/vnd.apache.parquet",
}
_WRITERS: dict[ExportFormat, Writer] = {ExportFormat.CSV: csv_file, ExportFormat.PARQUET: parquet_file}
_FILE: dict[int | str, dict[str, Any]] = {
    HTTPStatus.OK.value: {"content": {media.partition(";")[0]: {} for media in _MEDIA.values()}}
}
_RESPONSES = _FILE | documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)


class ColumnOut(Shape):
    """A column of a table."""

    name: str = Field(examples=["mean"])
    kind: Kind
    meaning: str


class TableOut(Shape):
    """A table with its columns."""

    name: str = Field(examples=["hours"])
    meaning: str
    columns: list[ColumnOut]


class TablesOut(Shape):
    """The tables that can be exported."""

    tables: list[TableOut]


@router.get("", summary="Tables")
def tables() -> TablesOut:
    """List the tables with the names, kinds and meanings of their columns."""
    return TablesOut(
        tables=[
            TableOut(
                name=table.name,
                meaning=table.meaning,
                columns=[ColumnOut(name=it.name, kind=it.kind, meaning=it.meaning) for it in table.columns],
            )
            for table in TABLES.values()
        ]
    )


@router.get("/{table}/{month}.{ending}", summary="A month", response_class=StreamingResponse, responses=_RESPONSES)
def month(
    context: ReportsContext,
    table: Annotated[str, Path(description="Name of a table", examples=["hours"])],
    month: Annotated[str, Path(description="YYYY-MM, days of Japan", examples=["2026-11"])],
    ending: Annotated[ExportFormat, Path(description="Kind of the file")],
    site: Annotated[str | None, Query(description="Only this centre")] = None,
) -> StreamingResponse:
    """Stream a table of one month. Small counts of people are withheld; names and notes of people are in no table.

    A file that breaks off is not whole: its transfer ends with an error then.
    """
    if table not in TABLES:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no table {table!r}.", available=list(TABLES))
    try:
        asked = period.month(month)
    except period.PeriodError as error:
        raise invalid("path.month", str(error)) from error
    of = site_or_all(context, site) if TABLES[table].whole_months else site
    sites = frozenset(context.index.sites if of is None else [known_site(context, of).id])
    scope = Scope(day_start(asked.first), day_start(asked.end), sites)
    if TABLES[table].whole_months and scope.end > whole_months(context.clock()):
        raise ProblemError(HTTPStatus.NOT_FOUND, f"{month} is not over; `{table}` covers whole months.")
    pieces = TABLES[table].pieces(context, scope)
    try:
        parts = _WRITERS[ending](TABLES[table], _begun(pieces))
    except MissingError as error:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
    name = f"{table}-{asked.key}{'' if site is None else '-' + site}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(parts, media_type=_MEDIA[ending], headers=headers)


def _begun(pieces: Pieces) -> Pieces:
    """Return the pieces, of which the first has been read: a store that does not answer is an answer of its own."""
    return chain([next(pieces, [])], pieces)
