"""Excel workbooks: the counts of the CSV file that Excel would save, of every kind of cell; and what is refused."""

import subprocess
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from io import BytesIO

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from sukusuku_core.time import DAY_MS
from sukusuku_server.bookings import file, workbook
from tests.server.bookings.test_files import BOOKINGS, DAY, ONE, facility, span, told

Row = tuple[object, ...]


def moment(text: str) -> datetime:
    """As a cell has it, without a time zone."""
    return datetime.fromisoformat(text)


def xlsx(*rows: Row) -> bytes:
    """A workbook whose first sheet has these rows, and whose second one nobody reads."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in rows:
        sheet.append(list(row))
    book.create_sheet("作業用").append(["氏名", "鈴木 はな"])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


HEADER = ("氏名", "利用日", "開始時刻", "終了時刻", "人数")


@pytest.mark.parametrize(
    ("day", "start", "end", "count"),
    [
        (date(2026, 12, 1), time(9), time(12), 4),
        (moment("2026-12-01"), time(8, 59, 59), timedelta(hours=12), 4.0),
        (moment("2026-12-01"), timedelta(hours=9), time(12), "4名"),
        ("令和8年12月1日(火)", "9時", "12:00", "4"),
        (46357, 0.375, 0.5, 4),
    ],
)
def test_days_and_times_of_every_kind_of_cell(day: object, start: object, end: object, count: object) -> None:
    found = file.read(xlsx(HEADER, ("鈴木 はな", day, start, end, count)), facility(), DAY)
    assert found.spans == (span(9, 12, 4),)
    assert "鈴木" not in repr(found)


def test_moments_blank_lines_and_own_names_of_slots() -> None:
    moments = xlsx((), ("開始日時", "終了日時"), (), (moment("2026-12-01 09:00"), moment("2026-12-01 12:00:00.400")))
    assert file.read(moments, facility(), DAY).spans == (span(9, 12, 1),)
    slots = xlsx(("日付", "区分", "こども"), (date(2026, 12, 2), "午前", 3))
    assert file.read(slots, facility(ONE + BOOKINGS), DAY).spans == (span(9, 12, 3, day=1),)


def test_the_last_moment_of_the_calendar_in_a_column_that_is_not_read_harms_nothing() -> None:
    header, end = (*HEADER, "有効期限"), moment("9999-12-31 23:59:59")
    found = file.read(xlsx(header, ("鈴木 はな", date(2026, 12, 1), time(9), time(12), 4, end)), facility(), DAY)
    assert found.spans == (span(9, 12, 4),)


def test_only_who_reads_a_workbook_loads_what_reads_it() -> None:
    """It takes 20 MB and a third of a second, also in the collector, which may never see one."""
    program = "import sys, sukusuku_server.bookings.file; sys.exit('openpyxl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_it_is_the_same_as_the_csv_file() -> None:
    rows = [(date(2026, 12, 1 + n), f"{9 + n}:00〜13:00", n + 1) for n in range(3)]
    csv = "利用日,時間帯,人数\n" + "".join(f"{day},{slot},{count}\n" for day, slot, count in rows)
    found = file.read(xlsx(("利用日", "時間帯", "人数"), *rows), facility(), DAY)
    assert found == file.read(csv.encode(), facility(), DAY)
    assert found.covers[0].end - found.covers[0].start == 3 * DAY_MS


def test_wrong_lines_have_the_numbers_of_the_sheet() -> None:
    wrong = xlsx(("date", "slot", "children"), ("2026-12-01", "9:00-12:00", 1), (), ("soon", "9:00-12:00", 1))
    (line,) = told(wrong)
    assert line.startswith("line 4: ")
    assert "`soon` is no date" in line


def test_a_workbook_that_unpacks_to_far_more_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/workbook.xml", b"\0" * 3_000_000)
    monkeypatch.setattr(workbook, "LARGEST", 2_000_000)
    assert "The workbook is too large" in told(out.getvalue())[0]


def test_a_sheet_of_blank_lines_ends_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "LAST_ROW", 50)
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet["A1"], sheet["B1"], sheet["A900"] = "date", "slot", "2026-12-01"
    out = BytesIO()
    book.save(out)
    assert "more than 50 lines" in told(out.getvalue())[0]


@pytest.mark.parametrize("cut", [100, 2_000, -30])
def test_a_workbook_that_is_cut_off_is_said(cut: int) -> None:
    assert "The workbook cannot be read" in told(xlsx(HEADER)[:cut])[0]
