"""Totals and shares of the workbooks are formulas, and what they give is what API and page tell."""

import io
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import httpx
import openpyxl
import pytest
from msgspec.structs import replace

from sukusuku_api.lazy_store import LazyStore
from sukusuku_api.reports import period
from sukusuku_api.reports.formulas import Placed, formula
from sukusuku_api.reports.generate import WRITERS, asked, make
from sukusuku_api.reports.model import WITHHELD, Cell, Column, Kind, Table
from sukusuku_api.reports.rules import Mean, Quotient, Share, Sum
from sukusuku_core.time import day_start
from sukusuku_server.db import Operations
from sukusuku_server.kpi.disposal_fee import all_fees
from sukusuku_server.model.issued import ReportKind
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Facility, Place
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.api import eight_weeks, two_centres
from tests.api.applications import create_app
from tests.api.in_process import client
from tests.api.reports import report_cases
from tests.api.reports.spreadsheet import Spreadsheet

NOW = day_start(date(2026, 11, 18))
OCTOBER = {"from": "2026-10-01", "to": "2026-11-01"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[two_centres.World]:
    """Eight weeks of collection at one of two centres, with rounds and forecasts."""

    def fill(store: SqliteStore, operations: Operations) -> None:
        eight_weeks.live(store, operations)
        eight_weeks.forecast(operations)
        for days in (-20, -18, -15):
            eight_weeks.planned(operations, days)

    made = two_centres.make(tmp_path_factory.mktemp("collection"), eight_weeks.ROUNDS, fill)
    yield made
    made.close()


@pytest.fixture(scope="module")
def facility(world: two_centres.World) -> Facility:
    """With both centres on the map, so that distances are known."""
    places = [Place(lat=35.74, lon=139.72), Place(lat=35.75, lon=139.70)]
    sites = (replace(site, place=place) for site, place in zip(world.facility.site, places, strict=True))
    return replace(world.facility, site=tuple(sites))


@pytest.fixture(scope="module")
def books(world: two_centres.World, facility: Facility) -> Callable[[period.Period], Spreadsheet]:
    """The workbook of a period, in English."""

    def book(wanted: period.Period) -> Spreadsheet:
        what = asked(ReportKind.COLLECTION, wanted, None, "en", outward=True)
        made = make(FacilitySchedules(facility), world.store, world.operations, what, NOW)
        return opened(WRITERS["xlsx"](made))

    return book


@pytest.fixture(scope="module")
def api(world: two_centres.World, facility: Facility) -> Iterator[httpx.Client]:
    store = LazyStore(world.path)
    with client(create_app(facility, store, world.operations, lambda: NOW)) as found:
        yield found
    store.close()


def opened(written: bytes) -> Spreadsheet:
    return Spreadsheet(
        openpyxl.load_workbook(io.BytesIO(written)), openpyxl.load_workbook(io.BytesIO(written), data_only=True)
    )


def row(book: Spreadsheet, sheet: str, name: str) -> dict[str, object]:
    """Return a row of a sheet by its heads, without their units."""
    found = book.told[sheet]
    heads = [str(cell.value).partition(" (")[0] for cell in found[4]]
    line = next(line for line in found.iter_rows(min_row=5, values_only=True) if name in line[:2])
    return dict(zip(heads, line, strict=True))


def the_same(book: Spreadsheet) -> list[str]:
    """Compute every formula again, hold it against the value beside it, and return where they are."""
    found = list(book.computed())
    for item in found:
        assert item.value == pytest.approx(book.told[item.sheet][item.address].value, rel=1e-9, abs=1e-9), item
    return [f"{item.sheet}!{item.address}" for item in found]


@pytest.mark.parametrize("wanted", [period.month("2026-10"), period.fiscal_year("2026")], ids=["month", "year"])
def test_the_workbook_on_collection_computes_what_the_report_says(
    books: Callable[[period.Period], Spreadsheet], wanted: period.Period
) -> None:
    where = the_same(books(wanted))
    sheets = {address.partition("!")[0] for address in where}
    parts = "By month" if wanted.whole_year else "By day"
    assert sheets >= {"Summary", "Centres", "Visits by kind", "Fill level at emptying", parts, "Rounds that went"}
    assert len(where) > 60


def test_its_totals_are_those_of_the_api(books: Callable[[period.Period], Spreadsheet], api: httpx.Client) -> None:
    book = books(period.month("2026-10"))
    kpi = api.get("/api/v1/kpi", params={"month": "2026-10"}).json()
    total, tobu = row(book, "Centres", "Total"), row(book, "Centres", "Tobu Child and Family Centre")
    assert total["Emptyings"] == kpi["total"]["emptyings"] == 14
    assert total["Weight"] == pytest.approx(kpi["total"]["kg"], abs=0.5)
    assert total["Fill level at emptying"] == pytest.approx(kpi["total"]["level_at_emptying"]["mean"], abs=0.05)
    assert total["Disposal fee"] == pytest.approx(46 * float(str(total["Weight"])))
    site = next(site for site in kpi["sites"] if site["site"] == "tobu")
    assert tobu["Weight a day"] == pytest.approx(site["kg_per_day"], abs=0.05)
    assert tobu["Most on one day"] == pytest.approx(site["most_kg"], abs=0.005)
    assert tobu["Days at the limit"] == site["days_at_limit"]
    visits = row(book, "Visits by kind", "Total")
    assert visits["Missed visits"] == kpi["total"]["visits"]["missed"]
    assert visits["Emptied outside rounds"] == kpi["total"]["visits"]["unplanned"]

    compared = api.get("/api/v1/counterfactual", params=OCTOBER).json()
    compared_ = book.told["Compared with fixed rounds"]
    actual = {str(line[0]).partition(" (")[0]: line[1] for line in compared_.iter_rows(min_row=5, values_only=True)}
    for head, field, within in (
        ("Distance", "km", 0.05),
        ("CO₂", "kg_co2", 0.005),
        ("Disposal fee, replayed", "fee_yen", 0.5),
        ("Cost", "yen", 0.5),
        ("Weight, replayed", "kg", 0.05),
    ):
        assert actual[head] == pytest.approx(compared["actual"][field], abs=within), head
    assert f"Fixed rounds: {compared['per_week']} a week" in [cell.value for cell in compared_[4]]
    assert any(str(line).startswith("As often as needed:") for line in actual)
    november = books(period.month("2026-11"))
    score = api.get("/api/v1/score", params={"from": "2026-11-01", "to": "2026-11-18"}).json()["methods"][0]
    told = row(november, "Forecasts", "Sukusuku")
    assert told["Mean error of forecasts"] == pytest.approx(score["mean_absolute_error_hours"], abs=0.005)
    assert told["Within the range"] == pytest.approx(100 * score["inside"], abs=0.05)
    assert told["Forecasts"] == score["judged"] == 14


def test_days_are_held_against_the_wards_limit_and_what_was_not_heard_is_a_gap(
    books: Callable[[period.Period], Spreadsheet],
) -> None:
    sheet = books(period.month("2026-10")).told["By day"]
    days = {line[1]: line for line in sheet.iter_rows(min_row=5, max_row=35, values_only=True)}
    limit = all_fees().on(date(2026, 10, 1)).daily_limit_kg
    centre, _, emptyings, level, kg, ward, share = days[datetime(2026, 10, 8)]  # noqa: DTZ001 - a workbook knows no zones
    assert (centre, emptyings, ward) == ("Tobu Child and Family Centre", 2, limit)
    assert share == pytest.approx(100 * float(str(kg)) / limit)
    assert level == pytest.approx(85.0)
    unheard = days[datetime(2026, 10, 9)]  # noqa: DTZ001
    assert unheard[2:] == (None, None, None, limit, None), "no unit was heard: a gap, and not 0 kg"


def test_a_centre_of_which_nothing_is_known_is_told_so(world: two_centres.World, facility: Facility) -> None:
    index = FacilitySchedules(facility)
    what = asked(ReportKind.COLLECTION, period.month("2026-10"), "seibu", "en", outward=True)
    nothing = make(index, world.store, world.operations, what, NOW)
    assert nothing.empty
    assert WRITERS["xlsx"](nothing)
    both = make(index, world.store, world.operations, asked(what.kind, what.period, None, "en", outward=True), NOW)
    (table,) = next(section.tables for section in both.sections if section.title.startswith("Seibu"))
    assert table.notes == ("Nothing is known of this centre in the period.",)


@pytest.mark.parametrize("outward", [False, True])
def test_the_workbook_on_rooms_computes_what_it_says_and_never_around_a_withheld_count(
    tmp_path: Path, *, outward: bool
) -> None:
    facility, store, operations = report_cases.write(tmp_path)
    what = asked(ReportKind.ROOMS, period.month("2026-11"), None, "en", outward=outward)
    book = opened(WRITERS["xlsx"](make(FacilitySchedules(facility), store, operations, what, report_cases.MADE)))
    store.close()
    operations.close()
    where = the_same(book)
    total = row(book, "By day", "Total")
    assert total["Child-visits"] == 74
    visits = f"By day!E{4 + 30 + 1}"
    assert (visits in where) != outward, "the sum of what is shown is not the total when days are withheld"


ROWS: tuple[tuple[Cell, ...], ...] = (
    ("a", 2, 4.0, 50.0, 25.0),
    ("b", None, 8.0, None, 50.0),
    ("c", 3, 4.0, 75.0, 25.0),
)
COLUMNS = (
    Column("name"),
    Column("n", "", Kind.COUNT, "n", total=Sum()),
    Column("h", "", Kind.DECIMAL, "h", total=Sum()),
    Column("of", "%", Kind.PERCENT, "of", Quotient("n", "h", 100)),
    Column("share", "%", Kind.PERCENT, "share", Share("h")),
)


def written(total: tuple[Cell, ...], columns: tuple[Column, ...] = COLUMNS) -> list[str | None]:
    place = Placed("S", Table("t", "T", columns, (*ROWS, total), total=1), 4)
    return [formula(place, 3, n, {}) for n in range(len(columns))]


def test_a_formula_is_written_only_where_it_gives_what_the_report_tells() -> None:
    assert written(("all", 5, 16.0, 31.25, 100.0)) == [
        None,
        "=SUM($B$5:$B$7)",
        "=SUM($C$5:$C$7)",
        "=100*B8/C8",
        "=100*C8/SUM($C$5:$C$7)",
    ]
    assert written(("all", 6, 16.0, WITHHELD, None))[1:] == [None, "=SUM($C$5:$C$7)", None, None]
    mean = (*COLUMNS[:3], Column("of", "%", Kind.PERCENT, "of", total=Mean("h")), COLUMNS[4])
    assert written(("all", 5, 16.0, 62.5, 100.0), mean)[3] == (
        "=SUMPRODUCT($D$5:$D$7,$C$5:$C$7)/SUMPRODUCT(--ISNUMBER($D$5:$D$7),$C$5:$C$7)"
    )


def test_a_comparison_has_its_figures_as_rows_and_subtracts_columns() -> None:
    columns = (Column("period"), Column("n", "", Kind.COUNT, "n"))
    rows = (("now", 5), ("before", 3), ("year before", None), ("change", 2), ("change", None))
    place = Placed("S", Table("t", "T", columns, rows, total=2, upright=True), 4)
    assert formula(place, 3, 1, {}) == "=B5-C5"
    assert formula(place, 4, 1, {}) is None
