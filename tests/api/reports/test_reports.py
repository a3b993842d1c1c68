import contextlib
import csv
import dataclasses
import io
import re
import resource
import subprocess
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from msgspec.structs import replace

from sukusuku_api.reports import fonts, period
from sukusuku_api.reports.chart_renderer import in_lines
from sukusuku_api.reports.charts import picture, render
from sukusuku_api.reports.generate import WRITERS, asked, make
from sukusuku_api.reports.model import WITHHELD, Report, Table, shown
from sukusuku_api.reports.request import Asked
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS
from sukusuku_server.db import Operations
from sukusuku_server.model.issued import ReportKind
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rooms.usage_hours import SERIES
from sukusuku_server.settings import Change, Facility, Language, Text
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.api.reports import report_cases

World = tuple[Facility, SqliteStore, Operations]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    found = report_cases.write(tmp_path_factory.mktemp("reports"))
    yield found
    found[1].close()
    found[2].close()


def _made(world: World, wanted: Asked) -> Report:
    facility, store, operations = world
    return make(FacilitySchedules(facility), store, operations, wanted, report_cases.MADE)


def _report(world: World, language: Language = "ja", *, year: bool = False, outward: bool = True) -> Report:
    wanted = period.fiscal_year("2026") if year else period.month("2026-11")
    return _made(world, asked(ReportKind.ROOMS, wanted, None, language, outward=outward))


def _changed(world: World, *days: date) -> World:
    """The same world with other changes of its room."""
    facility, store, operations = world
    (site,) = facility.site
    (room,) = site.room
    room = replace(room, change=tuple(Change(date=day, note=Text(ja="棚", en="Shelves")) for day in days))
    return replace(facility, site=(replace(site, room=(room,)),)), store, operations


def _table(report: Report, key: str) -> Table:
    return next(table for _, table in report.tables if table.key == key)


def _rows(report: Report, key: str) -> dict[str, tuple[str, ...]]:
    table = _table(report, key)
    kinds = [column.kind for column in table.columns]
    return {
        str(row[0]): tuple(shown(cell, kind, report.words) for cell, kind in zip(row, kinds, strict=True))[1:]
        for row in table.rows
    }


def test_a_month_by_day_withholds_small_counts_and_their_neighbour_and_keeps_gaps(world: World) -> None:
    days = _rows(_report(world, "en"), "tobu-room-days")

    few = ("withheld",) * 6
    assert days["11/4 (Wed)"] == ("9.0", "9.0", *few, "100.0")  # two children
    withheld = [day for day, cells in days.items() if cells[2:8] == few]
    assert len(withheld) == 2, "or the two could be computed from the total"
    assert days["11/6 (Fri)"] == ("9.0", "9.0", "8", "40.0", "4.4", "8", "44.4", "55.6", "100.0")
    assert days["11/5 (Thu)"] == ("9.0", "0.0", *("–",) * 6, "0.0")  # a gap, not 0
    assert days["11/3 (Tue)"] == ("0.0", "0.0", *("–",) * 7)  # a holiday
    assert days["Total"][2:4] == ("74", "370.0")
    assert days["11/23 (Mon)"][2:4] == ("–", "–")


def test_for_staff_nothing_is_withheld(world: World) -> None:
    report = _report(world, "en", outward=False)

    assert _rows(report, "tobu-room-days")["11/4 (Wed)"][2:4] == ("2", "10.0")
    assert all(cell is not WITHHELD for _, table in report.tables for row in table.rows for cell in row)
    assert any("For staff only" in note for note in report.notes)


def test_a_fiscal_year_by_month_against_the_plan_of_the_ward(world: World) -> None:
    report = _report(world, year=True)

    assert report.period == "令和8年度（2026年度）"
    assert list(_rows(report, "tobu-room-months")) == [f"令和8年{month}月" for month in range(4, 12)] + ["合計"]
    assert _rows(report, "plan")["確保量"][:3] == ("4,800", "188", "3.9")


def test_zones_hours_and_corrections(world: World) -> None:
    report = _report(world, "en")

    assert _rows(report, "tobu-room-zones")["Eating"][3] == "33.3"
    ten = _rows(report, "tobu-room-hours")["10:00"]
    assert ten[2] == "50.0", "the two days that are withheld are both Wednesdays"
    assert _rows(report, "tobu-room-hours")["9:00"][4] == "0.0"
    assert _rows(report, "tobu-room-corrections") == {"Daily reset": ("1",)}
    assert any(note.startswith("Busiest: ") for note in _table(report, "tobu-room-hours").notes)


def test_hours_that_were_open_on_one_odd_day_are_no_rows_of_their_own(world: World) -> None:
    facility, store, operations = world
    (site,) = facility.site
    opening = replace(site.opening, special={"2026-11-06": ("05:00-18:00",)})
    report = _report((replace(facility, site=(replace(site, opening=opening),)), store, operations), "en")
    table = _table(report, "tobu-room-hours")
    assert table.rows[0][0] == "9:00"
    assert "open then on hardly any day: 5:00, 6:00, 7:00, 8:00" in " ".join(table.notes)


def test_a_change_of_the_room_is_shown_before_and_after_by_zone(world: World) -> None:
    report = _report(world, "en")

    table = _table(report, "tobu-room-change-2026-10-19")
    assert table.title == "Before and after 2026-10-19: Shelves moved"
    rows = _rows(report, "tobu-room-change-2026-10-19")
    assert rows["Whole room"][:2] == ("3.3", "3.7")
    assert rows["Play"][5:] == ("50.0", "65.8", "more than before")
    assert table.notes[0].startswith("Compared: 2026-08-24 to 2026-10-18 with 2026-10-19 to 2026-11-30")
    october = _made(world, asked(ReportKind.ROOMS, period.month("2026-10"), None, "ja", outward=True))
    assert _table(october, "tobu-room-change-2026-10-19").title == "変更の前後（令和8年10月19日 から）: 棚を移動"
    assert _rows(october, "tobu-room-change-2026-10-19")["遊び"][7] == "増えた"
    june = _made(world, asked(ReportKind.ROOMS, period.month("2026-06"), None, "ja", outward=True))
    assert not [table for _, table in june.tables if "change" in table.key]


def test_a_change_is_withheld_where_a_side_gives_a_few_away(world: World) -> None:
    for day, told in ((date(2026, 11, 3), True), (date(2026, 11, 5), False)):
        key = f"tobu-room-change-{day}"
        report = _report(_changed(world, day), "en")
        assert (_rows(report, key)["Whole room"][2] != "withheld") == told, "the 4th and a later day are withheld"
        assert WITHHELD not in _table(_report(_changed(world, day), "en", outward=False), key).rows[0]
    few = _report(_changed(world, date(2026, 11, 4), date(2026, 11, 6)), "en")
    assert _rows(few, "tobu-room-change-2026-11-04")["Whole room"][1] == "withheld", "two children on two days"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_report_prints_its_definitions(world: World, language: Language) -> None:
    report = _report(world, language)
    headings = {column.heading for _, table in report.tables for column in table.columns if column.unit == "%"}
    defined = {definition.name for definition in report.definitions}

    left = {name for name in headings if not any(known in name for known in defined)}
    assert {name for name in left if len(name) > 3} <= {"Reached"}
    assert all(definition.formula.isascii() == (language == "en") for definition in report.definitions)


def test_the_workbook_has_a_sheet_for_each_table_and_text_that_stays_text(world: World) -> None:
    book = openpyxl.load_workbook(io.BytesIO(WRITERS["xlsx"](_report(world))))

    assert book.sheetnames[:4] == ["概要", "利用実績", "利用率", "区の年度計画"]
    assert book.sheetnames[4:7] == ["日別", "ゾーン", "人数の補正"]
    assert book.sheetnames[7:] == ["時間帯別の利用率", "変更の前後", "グラフ", "用語と計算式"]
    use = {cell.value: cell for row in book["利用実績"].iter_rows() for cell in row if cell.value is not None}
    assert use["東部こども家庭センター =一時保育室"].data_type == "s"
    assert len(book["グラフ"]._charts) == 2  # type: ignore[attr-defined] # openpyxl tells of charts nowhere else
    assert {cell.value for row in book["日別"].iter_rows() for cell in row} >= {"秘匿", "日別"}
    for sheet in book.worksheets[:9]:
        assert sheet.freeze_panes is not None
        assert sheet.print_title_rows == "$4:$4"
        assert (sheet.auto_filter.ref is None) == (sheet.title == "概要")
        assert sheet.print_area


def test_the_foot_of_a_sheet_names_the_operator_whatever_is_in_its_name(world: World) -> None:
    report = dataclasses.replace(_report(world), operator="3丁目 A&B")
    book = openpyxl.load_workbook(io.BytesIO(WRITERS["xlsx"](report)))
    foot = book.worksheets[0].oddFooter
    assert foot is not None
    assert (foot.left.text, foot.left.size) == ("3丁目 A&&B  一時保育室 利用状況報告", 8)


DAYS = {"ja": '[$-411]m"/"d" ("aaa")"', "en": '[$-409]m"/"d" ("ddd")"'}
MONTHS = {"ja": '[$-411]ggge"年"m"月"', "en": 'yyyy"-"mm'}


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("year", [False, True])
def test_days_and_months_of_the_workbook_are_dates_and_totals_are_words(
    world: World, language: Language, *, year: bool
) -> None:
    book = openpyxl.load_workbook(io.BytesIO(WRITERS["xlsx"](_report(world, language, year=year))))
    sheet = next(sheet for sheet in book if sheet.title in {"日別", "月別", "By day", "By month"})
    names = [row[0] for row in sheet.iter_rows(min_col=2, max_col=2)]
    dates = {n: cell for n, cell in enumerate(names) if isinstance(cell.value, datetime)}

    first = [datetime(2026, month, 1) for month in range(4, 12)]  # noqa: DTZ001 - a workbook knows no zones
    days = [datetime(2026, 11, day) for day in range(1, 31)]  # noqa: DTZ001
    assert [cell.value for cell in dates.values()] == (first if year else days)
    assert {cell.number_format for cell in dates.values()} == {(MONTHS if year else DAYS)[language]}
    below = names[max(dates) + 1]
    assert (below.value, below.data_type) == ("合計" if language == "ja" else "Total", "s")


def tables_of(written: bytes) -> dict[str, list[list[str]]]:
    """Return the tables of a zip by the last part of their names; each begins with a mark."""
    with ZipFile(io.BytesIO(written)) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    assert all(content.startswith("\ufeff".encode()) and b"\r\n" in content for content in found.values())
    return {
        re.sub(r"^.*-(?:\d\d|fy\d{4})-|\.csv$", "", name): list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        for name, content in found.items()
    }


def test_the_tables_for_programs_have_one_head_iso_days_no_totals_and_no_formula(world: World) -> None:
    tables = tables_of(WRITERS["zip"](_report(world)))

    assert set(tables) >= {"about", "summary", "use", "utilisation", "plan", "days", "hours", "zones", "definitions"}
    assert {len(row) for rows in tables.values() for row in rows[1:]} <= {len(rows[0]) for rows in tables.values()}, (
        "each table is a rectangle"
    )
    name = "'=一時保育室"
    room = f"東部こども家庭センター {name[1:]}"
    assert tables["days"][0][:3] == ["部屋", "日", "開館時間 (時間)"]
    assert [room, "2026-11-06", "9", "9", "8", "40", "4.44", "8", "44.44", "55.56", "100"] in tables["days"]
    assert [room, "2026-11-05", "9", "0", "", "", "", "", "", "", "0"] in tables["days"]
    assert len(tables["days"]) == 1 + 30, "no total"
    assert [room, "10:00", "水", "50"] in tables["hours"], "one value a row"
    number = re.compile(r"-?\d+(\.\d\d)?")
    cells = [cell for rows in tables.values() for row in rows for cell in row if not number.fullmatch(cell)]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "-"))]


def test_a_chart_has_holes_where_nothing_may_be_told_or_is_known(world: World) -> None:
    found = picture(_table(_report(world), "tobu-room-days"))

    assert found is not None
    assert dict(zip(found.names, found.y, strict=True))["11/4 (水)"] is None
    assert dict(zip(found.names, found.y, strict=True))["11/5 (木)"] is None
    assert dict(zip(found.names, found.y, strict=True))["11/6 (金)"] == 40.0


def test_charts_are_drawn_in_the_order_of_their_tables(world: World) -> None:
    report = _report(world, "en")
    drawn = [found for key in ("days", "hours") if (found := picture(_table(report, f"tobu-room-{key}"))) is not None]

    bars, heat = (re.findall(r">([^<>]+)</text>", svg) for svg in render(drawn))

    days = [text for text in bars if re.match(r"11/", text)]
    assert days == list(drawn[0].names)
    assert [text for text in heat if text in drawn[1].columns] == list(drawn[1].columns)


def test_names_below_an_axis_are_broken_at_spaces_and_where_they_must() -> None:
    assert in_lines("Baby room", 200) == "Baby room"
    assert in_lines("Tobu Child and Family Centre Baby room", 100) == "Tobu Child and\nFamily Centre\nBaby room"
    assert in_lines("東部子ども家庭支援センター 一時保育室", 130) == "東部子ども家庭支援センター\n一時保育室"
    assert in_lines("子ども家庭支援センター", 60) == "子ども家庭支\n援センター"
    assert in_lines("a" * 30, 60).split("\n") == ["a" * 10] * 3


def said_of(path: Path, program: str, *options: str) -> str:
    return subprocess.run([program, *options, str(path)], capture_output=True, text=True, check=True).stdout


def test_the_pdf_is_tagged_has_japanese_fonts_charts_that_are_drawn_and_no_empty_page(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(WRITERS["pdf"](_report(world)))

    text = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True).stdout
    subprocess.run(["pdftoppm", "-r", "40", str(path), str(tmp_path / "page")], check=True)
    assert "令和8年11月（2026年11月）" in text
    assert "延べ利用時間" in text
    assert "NotoSansCJK" in said_of(path, "pdffonts").replace("-", "")
    green = bytes((0x1D, 0x7A, 0x4B))
    assert sum(page.read_bytes().count(green) for page in tmp_path.glob("page-*.ppm")) > 1000
    *full, _ = text.rstrip("\f").split("\f")
    assert all(len(page.split()) > 60 for page in full), "only the last page may be short"

    about, parts = said_of(path, "pdfinfo"), said_of(path, "pdfinfo", "-struct")
    assert re.search(r"Tagged: +yes", about)
    assert re.search(r"Title: +一時保育室 利用状況報告 令和8年11月", about)
    heads = re.findall(r"^ *(H[1-6])\b", parts, re.MULTILINE)
    assert heads[:3] == ["H1", "H2", "H2"]
    assert {"H1", "H2", "H3"} == set(heads)
    assert parts.count("/Headers") > 100, "each cell names its heads"
    content = _unpacked(path.read_bytes())
    assert re.search(rb"/Lang ?\(ja\)", content)
    assert b'pdfuaid:part="1"' in content
    figures = re.findall(rb"/S ?/Figure.*?/Alt ?<feff([0-9a-f]+)>", content, re.DOTALL)
    told = [bytes.fromhex(alt.decode()).decode("utf-16-be") for alt in figures]
    assert len(told) == 3
    assert told[1].startswith("棒グラフ：延べ利用時間（棒）と平均利用率（線）。最小は 40.0（11/2 (月)）")


def _unpacked(pdf: bytes) -> bytes:
    """Return a PDF with all that is packed in it, so that it can be looked through."""
    found = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        with contextlib.suppress(zlib.error):
            found.append(zlib.decompress(stream))
    return b"\n".join(found)


def test_looking_for_characters_keeps_no_memory() -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()

    assert fonts.missing("東部 abc", "Noto Sans CJK JP") == ""
    before = resident()
    for _ in range(20):
        fonts.missing("東部 abc", "Noto Sans CJK JP")
    assert resident() - before < 10_000_000, "each look took 2.7 MB for good"


def test_wrong_periods_and_centres_are_refused(world: World) -> None:
    for text in ("2026-13", "2026", "26-1"):
        with pytest.raises(period.PeriodError, match="YYYY-MM"):
            period.month(text)
    with pytest.raises(period.PeriodError, match="such as 2026"):
        period.fiscal_year("R8")
    with pytest.raises(period.PeriodError, match="not begun"):
        _made(world, asked(ReportKind.ROOMS, period.month("2027-01"), None, "ja", outward=True))
    with pytest.raises(period.PeriodError, match="covers whole months"):
        _made(world, asked(ReportKind.ROOMS, period.month("2026-12"), None, "ja", outward=True))
    assert _made(world, asked(ReportKind.ROOMS, period.month("2026-12"), None, "ja", outward=False)).tables
    with pytest.raises(period.PeriodError, match="tobu"):
        _made(world, asked(ReportKind.ROOMS, period.month("2026-11"), "nowhere", "ja", outward=True))


def test_people_are_never_told_as_children(world: World) -> None:
    """A room that counts people has figures of its own, and no part in child-visits and plan."""
    facility, store, operations = world
    (site,) = facility.site
    (room,) = site.room
    counts_people = replace(room, counting=replace(room.counting, counted="people"))
    store.put_derived(
        room.id,
        report_cases.OCTOBER - 1,
        report_cases.NOW,
        [
            told
            for n in range(20)
            for reading in report_cases.day(report_cases.MONDAY + n * DAY_MS, 9)
            for told in (reading, *_as_people(reading))
        ],
    )
    changed = (replace(facility, site=(replace(site, room=(counts_people,)),)), store, operations)
    try:
        report = _report(changed, "en", year=True, outward=False)
    finally:
        report_cases.fill(store, operations)
    assert _rows(report, "plan")["Planned supply"][1] == "–"
    assert _rows(report, "use")["All rooms"][2:4] == ("–", "–")
    headings = [column.heading for column in _table(report, "use-people").columns]
    assert "Person-hours (with adults)" in headings
    assert not [heading for heading in headings if heading.startswith(("Child", "Average children"))]


def _as_people(reading: Reading) -> list[Reading]:
    if reading.metric != SERIES["children"]:
        return []
    return [Reading(reading.asset, SERIES["people"], reading.time, float(reading.value or 0) + 2)]


def test_a_month_without_counts_of_children_is_a_gap_in_month_and_year(world: World) -> None:
    """Whatever else is counted: the month report and its row in the year say the same."""
    _, store, operations = world
    people = [
        Reading("tobu-room", SERIES["people"], report_cases.MONDAY + n * DAY_MS + hour * report_cases.HOUR, 5.0)
        for n in range(12)
        for hour in range(9, 18)
    ]
    children = [item for n in range(5) for item in report_cases.day(report_cases.OCTOBER + n * DAY_MS, 6)]
    store.put_derived("tobu-room", report_cases.OCTOBER - 1, report_cases.NOW, [*children, *people])
    try:
        month = _report(world, "en", outward=False)
        year = _report(world, "en", year=True, outward=False)
    finally:
        report_cases.fill(store, operations)
    assert _rows(month, "tobu-room-days")["Total"][2:4] == ("–", "–")
    assert _rows(year, "tobu-room-months")["2026-11"][2:4] == ("–", "–")


def test_of_several_rooms_together_no_average_and_no_highest_number_is_told(tmp_path: Path) -> None:
    """Sixteen are in at once, eight in each of two rooms: neither 8 nor 4.4 would say so."""
    facility, store, operations = report_cases.write(tmp_path)
    (site,) = facility.site
    (room,) = site.room
    other = replace(room, id="other-room", zone=(), change=())
    days = [_told_of(told, other.id) for told in report_cases.day(report_cases.MONDAY, 8) if "Zones" not in told.metric]
    store.put_derived(other.id, report_cases.MONDAY, report_cases.NOW, days)
    both = replace(facility, site=(replace(site, room=(room, other)),))
    report = _report((both, store, operations), "en", outward=False)
    store.close()
    operations.close()
    headings = [column.heading for column in _table(report, "use").columns][1:]
    told = dict(zip(headings, _rows(report, "use")["All rooms"], strict=True))
    assert (told["Child-visits"], told["Child-hours"]) == ("82", "410.0")
    single = ("Average children", "Average when used", "Most children at once")
    assert [told[heading] for heading in single] == ["–"] * 3


def _told_of(reading: Reading, asset: str) -> Reading:
    """The same, told of another room."""
    return Reading(asset, reading.metric, reading.time, reading.value, reading.quality)


def test_a_room_counts_from_its_first_count_on(world: World) -> None:
    """Its months before that are empty, and no gap in its completeness."""
    months = _rows(_report(world, "en", year=True, outward=False), "tobu-room-months")
    assert months["2026-09"][0] == "0.0"
    assert months["2026-10"][0] != "0.0"
