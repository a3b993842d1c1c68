"""A report as files: workbook, tables for programs, charts, PDF."""

import contextlib
import csv
import dataclasses
import io
import re
import resource
import subprocess
import zlib
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest

from sukusuku_api.reports import fonts
from sukusuku_api.reports.charts import picture, render
from sukusuku_api.reports.generate import WRITERS
from sukusuku_server.settings import Language
from tests.api.reports.report_cases import World, report_of, table_of


def test_the_workbook_has_a_sheet_for_each_table_and_text_that_stays_text(november: World) -> None:
    book = openpyxl.load_workbook(io.BytesIO(WRITERS["xlsx"](report_of(november))))

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


def test_the_foot_of_a_sheet_names_the_operator_whatever_is_in_its_name(november: World) -> None:
    report = dataclasses.replace(report_of(november), operator="3丁目 A&B")
    book = openpyxl.load_workbook(io.BytesIO(WRITERS["xlsx"](report)))
    foot = book.worksheets[0].oddFooter
    assert foot is not None
    assert (foot.left.text, foot.left.size) == ("3丁目 A&&B  一時保育室 利用状況報告", 8)


DAYS = {"ja": '[$-411]m"/"d" ("aaa")"', "en": '[$-409]m"/"d" ("ddd")"'}
MONTHS = {"ja": '[$-411]ggge"年"m"月"', "en": 'yyyy"-"mm'}


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("year", [False, True])
def test_days_and_months_of_the_workbook_are_dates_and_totals_are_words(
    november: World, language: Language, *, year: bool
) -> None:
    book = openpyxl.load_workbook(io.BytesIO(WRITERS["xlsx"](report_of(november, language, year=year))))
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


def test_the_tables_for_programs_have_one_head_iso_days_no_totals_and_no_formula(november: World) -> None:
    tables = tables_of(WRITERS["zip"](report_of(november)))

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


def test_a_chart_has_holes_where_nothing_may_be_told_or_is_known(november: World) -> None:
    found = picture(table_of(report_of(november), "tobu-room-days"))

    assert found is not None
    assert dict(zip(found.names, found.y, strict=True))["11/4 (水)"] is None
    assert dict(zip(found.names, found.y, strict=True))["11/5 (木)"] is None
    assert dict(zip(found.names, found.y, strict=True))["11/6 (金)"] == 40.0


def test_charts_are_drawn_in_the_order_of_their_tables(november: World) -> None:
    report = report_of(november, "en")
    drawn = [found for key in ("days", "hours") if (found := picture(table_of(report, f"tobu-room-{key}"))) is not None]

    bars, heat = (re.findall(r">([^<>]+)</text>", svg) for svg in render(drawn))

    days = [text for text in bars if re.match(r"11/", text)]
    assert days == list(drawn[0].names)
    assert [text for text in heat if text in drawn[1].columns] == list(drawn[1].columns)


def test_names_below_an_axis_are_broken_at_spaces_and_where_they_must() -> None:
    from sukusuku_api.reports.chart_renderer import in_lines  # noqa: PLC0415 - Altair takes long to load

    assert in_lines("Baby room", 200) == "Baby room"
    assert in_lines("Tobu Child and Family Centre Baby room", 100) == "Tobu Child and\nFamily Centre\nBaby room"
    assert in_lines("東部子ども家庭支援センター 一時保育室", 130) == "東部子ども家庭支援センター\n一時保育室"
    assert in_lines("子ども家庭支援センター", 60) == "子ども家庭支\n援センター"
    assert in_lines("a" * 30, 60).split("\n") == ["a" * 10] * 3


def said_of(path: Path, program: str, *options: str) -> str:
    return subprocess.run([program, *options, str(path)], capture_output=True, text=True, check=True).stdout


def test_the_pdf_is_tagged_has_japanese_fonts_charts_that_are_drawn_and_no_empty_page(
    november: World, tmp_path: Path
) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(WRITERS["pdf"](report_of(november)))

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
    assert len(re.findall(r"^ *TH\b", parts, re.MULTILINE)) == parts.count("/Scope"), "and each head what it is of"
    assert {"/Column", "/Row"} == set(re.findall(r"/Scope (/\w+)", parts))
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
