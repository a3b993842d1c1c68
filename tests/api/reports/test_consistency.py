"""The same figures in the files of a report, on the page, in the API and as they follow from the series."""

import io
import re
import subprocess
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path

import httpx
import openpyxl
import pytest

from sukusuku_api.lazy_store import LazyStore
from sukusuku_api.reports import period
from sukusuku_api.reports.generate import WRITERS, asked, make
from sukusuku_api.reports.model import Cell, Dated, Report, Withheld, shown
from sukusuku_api.reports.rooms.columns import PARTS
from sukusuku_api.reports.sheets import stacked
from sukusuku_api.web.rooms.history import FIGURES
from sukusuku_core.time import HOUR_MS, MINUTE_MS, day_start, japan_time
from sukusuku_server.db import Operations
from sukusuku_server.model.issued import ReportKind
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rooms.usage_hours import SERIES
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.api.applications import create_app
from tests.api.in_process import client
from tests.api.reports import report_cases
from tests.api.reports.test_files import tables_of
from tests.support.databases import READINGS

NOW = day_start(date(2026, 11, 30))
"""The 28 days before it, of which the page tells, are the days of November that anything is known of."""
ROOM = "tobu-room"
FIELDS = {
    "Open hours": "open_hours",
    "Child-visits": "visits",
    "Child-hours": "child_hours",
    "Average children": "average",
    "Most children at once": "peak",
    "Average utilisation": "average_utilisation",
    "Time used": "time_used",
    "Completeness": "completeness",
}
"""What the API calls the figures."""
Data = tuple[SqliteStore, Operations]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Data]]:
    folder = tmp_path_factory.mktemp("consistency")
    _, readings, operations = report_cases.write(folder)
    yield folder, (readings, operations)
    readings.close()
    operations.close()


@pytest.fixture(scope="module")
def api(data: tuple[Path, Data]) -> Iterator[httpx.Client]:
    folder, (_, operations) = data
    store = LazyStore(folder / READINGS)
    with client(create_app(report_cases.facility(), store, operations, lambda: NOW)) as found:
        yield found
    store.close()


def report(data: tuple[Path, Data], wanted: period.Period, now: int, *, outward: bool) -> Report:
    index = FacilitySchedules(report_cases.facility())
    return make(index, *data[1], asked(ReportKind.ROOMS, wanted, None, "en", outward=outward), now)


def whole(found: Report, key: str) -> tuple[object, ...]:
    return next(table.rows[-1] for _, table in found.tables if table.key == key)[1:]


@pytest.mark.parametrize(("wanted", "outward"), [(period.month("2026-11"), True), (period.fiscal_year("2026"), False)])
def test_all_files_tell_each_cell_alike(
    data: tuple[Path, Data], wanted: period.Period, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, outward: bool
) -> None:
    monkeypatch.setattr("sukusuku_api.reports.pdf.render", lambda pictures: ["<svg/>"] * len(pictures))
    found = report(data, wanted, report_cases.MADE, outward=outward)
    plain = tables_of(WRITERS["zip"](found))
    book = openpyxl.load_workbook(io.BytesIO(WRITERS["xlsx"](found)), data_only=True)
    sheets: dict[str, list[tuple[object, ...]]] = {
        str(sheet["A3"].value): [*sheet.iter_rows(min_row=4, values_only=True)] for sheet in book
    }
    (tmp_path / "report.pdf").write_bytes(WRITERS["pdf"](found))
    told = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / "report.pdf"), "-"], capture_output=True, text=True, check=True
    )
    printed = "".join(told.stdout.split())
    for _, table in found.tables:
        for row in table.rows:
            words = [shown(cell, column.kind, found.words) for cell, column in zip(row, table.columns, strict=True)]
            assert table.upright or "".join("".join(words[1:]).split()) in printed, words
    compared = 0
    for sheet in stacked(found):
        table, (head, *in_book) = sheet.table, sheets[sheet.title]
        titles = [column.title for column in table.columns]
        if table.upright:
            head, in_book = _turned([head, *in_book], titles)
        assert list(head[1 : len(titles)]) == titles[1:]
        in_csv = plain[sheet.key][1:]
        if table.crossed is None:
            assert plain[sheet.key][0] == titles
            assert len(in_csv) == len(table.body), "without totals"
        for n, row in enumerate(table.rows):
            for column, cell in enumerate(row):
                assert _same_in_book(in_book[n][column], cell, found.words.withheld)
                compared += isinstance(cell, int | float)
                if table.crossed is None and n < len(table.body):
                    assert _same(in_csv[n][column], cell, found.words.withheld)
    assert compared > 60, "or nothing was compared"


def _turned(rows: list[tuple[object, ...]], titles: list[str]) -> tuple[tuple[object, ...], list[tuple[object, ...]]]:
    """Return head and rows of a sheet that has its columns as rows."""
    head, *turned = zip(*rows[: len(titles)], strict=True)
    return head, turned


def _same_in_book(value: object, cell: Cell, withheld: str) -> bool:
    match cell:
        case Withheld():
            return value == withheld
        case Dated(day=day):
            return value == datetime.combine(day, time())
        case int() | float():
            return value == pytest.approx(cell, rel=1e-12)
    return value == cell


def _same(text: str, cell: Cell, withheld: str) -> bool:
    match cell:
        case None:
            return text == ""
        case Withheld():
            return text == withheld
        case Dated():
            return text == cell.iso
        case str():
            return text.lstrip("'") == cell.lstrip("'")
        case int() | float():
            return float(text) == pytest.approx(cell, abs=0.005 + 1e-9)
    return False


def test_report_api_page_and_series_tell_the_same_month_and_year(data: tuple[Path, Data], api: httpx.Client) -> None:
    month = report(data, period.month("2026-11"), NOW, outward=False)
    year = report(data, period.fiscal_year("2026"), NOW, outward=False)
    headings = [figure.heading for figure in PARTS]
    of_month = dict(zip(headings, whole(month, f"{ROOM}-days"), strict=True))
    of_year = dict(zip(headings, whole(year, f"{ROOM}-months"), strict=True))
    november = next(
        row
        for _, table in year.tables
        if table.key == f"{ROOM}-months"
        for row in table.rows
        if str(row[0]) == "2026-11"
    )
    assert november[1:] == tuple(of_month.values()), "the month in the report of the year"

    for begin, reported in (("2026-11-01", of_month), ("2026-04-01", of_year)):
        answer = api.get(f"/api/v1/rooms/{ROOM}/metrics", params={"from": begin, "to": "2026-11-30"}).json()["figures"]
        for heading, field in FIELDS.items():
            assert answer[field] == pytest.approx(reported[heading], abs=0.006), (begin, heading)
        first = day_start(date.fromisoformat(begin))
        opened = FacilitySchedules(report_cases.facility()).hours[ROOM].spans(first, NOW)
        points = [
            point
            for point in data[1][0].derived(ROOM, SERIES["children"], first, NOW)
            if any(start <= point.time < end for start, end in opened)
        ]
        children = [float(point.value or 0) for point in points]
        assert sum(children) * 15 * MINUTE_MS / HOUR_MS == pytest.approx(reported["Child-hours"]), "told every 15 min"
        assert max(children) == reported["Most children at once"]
        days = [(japan_time(one.time).date(), int(one.value or 0)) for one in points]
        assert sum({day: n for day, n in days if n}.values()) == reported["Child-visits"], "all come at once"

    page = api.get("/rooms?lang=en").text
    latest = api.get(f"/api/v1/rooms/{ROOM}/metrics").json()["figures"]
    for figure in FIGURES:
        value = float(str(of_month[figure.heading]))
        assert latest[FIELDS[figure.heading]] == pytest.approx(value, abs=0.006), figure.heading
        there = re.search(rf"<dt>{figure.heading}</dt><dd[^>]*>([\d,.]+)<small>", page)
        assert there is not None, figure.heading
        digits = len(there[1].partition(".")[2])
        assert float(there[1].replace(",", "")) == pytest.approx(value, abs=0.5 * 10**-digits + 1e-9), figure.heading
