"""Whole files: encodings, columns, rooms, what is wrong line by line, and that nobody's name survives."""

from datetime import date

import pytest

from sukusuku_core.settings import parse
from sukusuku_core.time import DAY_MS, HOUR_MS, day_start
from sukusuku_server.bookings import file
from sukusuku_server.bookings.problems import BookingsError
from sukusuku_server.i18n import texts
from sukusuku_server.model.bookings import Booked, Cover
from sukusuku_server.settings import Facility

DAY = day_start(date(2026, 12, 1))
ROOM = '[[site.room]]\nid = "{id}"\nname = {{ja = "{ja}", en = "{en}"}}\nedge = "pi"\ncapacity = 10\n'
SITE = '[[site]]\nid = "{id}"\nname = {{ja = "{ja}", en = "{en}"}}\n'
HEAD = '[operator]\nid = "toshima"\nname = {ja = "豊島区", en = "Toshima"}\n'
ONE = (
    HEAD
    + SITE.format(id="tobu", ja="東部センター", en="Tobu")
    + ROOM.format(id="tobu-room", ja="一時保育室", en="Care room")
)
TWO = ONE + SITE.format(id="seibu", ja="西部センター", en="Seibu")
TWO += ROOM.format(id="seibu-room", ja="一時保育室", en="Care room")
BOOKINGS = '[bookings]\nslots = {"午前" = "09:00-12:00"}\ncolumns = {children = "こども"}\n'


def facility(text: str = ONE) -> Facility:
    return parse(text, Facility, "facility.toml")


def span(start: float, end: float, children: int, day: int = 0, room: str = "tobu-room") -> Booked:
    base = DAY + day * DAY_MS
    return Booked(room, base + round(start * HOUR_MS), base + round(end * HOUR_MS), children)


COUNTS = "利用日,時間帯,人数\r\n2026/12/1,9:00〜12:00,4\r\n2026/12/3,13:00〜17:00,6名\r\n2026/12/1,9:00〜12:00,1\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_a_table_of_counts_in_every_encoding_that_excel_writes(encoding: str, mark: str) -> None:
    found = file.read(COUNTS.replace(",", mark).encode(encoding), facility(), DAY)
    assert found.spans == (span(9, 12, 5), span(13, 17, 6, day=2))
    assert found.covers == (Cover("tobu-room", DAY, DAY + 3 * DAY_MS),)
    assert (found.rows, found.skipped) == (3, 0)


BY_CHILD = """予約番号,氏名,生年月日,利用日,開始時刻,終了時刻,状態
1,鈴木 はな,R5.4.2,令和8年12月1日(火),9時,12時,確定
2,佐藤 そら,R6.1.9,令和8年12月1日(火),9時,12時,キャンセル
3,田中 うみ,R5.8.8,令和8年12月1日(火),10:30,12:00,確定
4,鈴木 はな,R5.4.2,46358,0.375,0.5,確定
"""


def test_a_list_of_single_bookings_becomes_counts_without_names() -> None:
    found = file.read(BY_CHILD.encode("cp932"), facility(), DAY)
    assert found.spans == (span(9, 12, 1), span(10.5, 12, 1), span(9, 12, 1, day=1))
    assert found.skipped == 1
    assert "鈴木" not in repr(found)
    assert "佐藤" not in repr(found)


def test_a_day_on_which_all_is_cancelled_is_known_to_be_empty() -> None:
    found = file.read(b"date,slot,status\n2026-12-01,9:00-12:00,cancelled\n", facility(), DAY)
    assert (found.spans, found.covers) == ((), (Cover("tobu-room", DAY, DAY + DAY_MS),))


def test_own_headings_and_names_of_slots() -> None:
    found = file.read(
        "日付,区分,こども\n12/1,午前,3\n".replace("12/1", "2026-12-01").encode(), facility(ONE + BOOKINGS), DAY
    )
    assert found.spans == (span(9, 12, 3),)


def test_rooms_by_id_by_name_and_by_centre() -> None:
    table = "date,slot,site,room\n2026-12-01,9:00-12:00,西部センター,一時保育室\n2026-12-01,9:00-12:00,,tobu-room\n"
    table += "2026-12-01,9:00-12:00,Seibu,\n"
    found = file.read(table.encode(), facility(TWO), DAY)
    assert found.spans == (span(9, 12, 2, room="seibu-room"), span(9, 12, 1))
    assert {cover.room for cover in found.covers} == {"tobu-room", "seibu-room"}


def told(content: bytes, text: str = ONE, language: str = "en") -> list[str]:
    with pytest.raises(BookingsError) as failed:
        file.read(content, facility(text), DAY)
    return failed.value.told(texts("sukusuku_server", language))


def test_every_wrong_line_is_told_with_what_was_found_and_expected() -> None:
    table = "日付,開始,終了,人数\n2026-12-01,9:00,12:00,2\n12/2,9:00,12:00,2\n2026-12-03,9,12:00,2\n"
    table += "2026-12-04,12:00,9:00,2\n2026-12-05,9:00,12:00,多数\n"
    english = told(table.encode())
    assert [line.partition(":")[0] for line in english] == ["line 3", "line 4", "line 5", "line 6"]
    assert "`12/2` is no date; write 2026-12-01" in english[0]
    japanese = told(table.encode(), language="ja")
    assert "3行目: 「12/2」は日付として読めません" in japanese[0]
    assert "6行目: 「多数」は人数として読めません" in japanese[3]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the first line must name the columns"),
        ("氏名,電話\n鈴木,03\n".encode(), "the first line must name the columns"),
        (b"date,slot\n", "The file has no rows"),
        (b"PK\x03\x04rest", "The workbook cannot be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old or a protected Excel workbook"),
        (b"\xff\xfe\xff", "The file is no text in UTF-8"),
        (b"date,slot\n\x81\x20\xff", "The file is no text in UTF-8"),
        (b"x" * 4_000_001, "more than 4 MB"),
    ],
)
def test_what_is_no_table_of_bookings_is_said(content: bytes, said: str) -> None:
    assert said in told(content)[0]


def test_a_room_that_is_not_clear_is_asked_for() -> None:
    row = "date,slot,room\n2026-12-01,9:00-12:00,{}\n"
    assert "`一時保育室` means several rooms" in told(row.format("一時保育室").encode(), TWO)[0]
    assert "`北部` is no room or centre" in told(row.format("北部").encode(), TWO)[0]
    assert "no room: name it" in told(row.format("").encode(), TWO)[0]


def test_the_error_for_the_log_says_lines_and_never_what_stands_in_them() -> None:
    with pytest.raises(BookingsError) as failed:
        file.read("date,slot\n鈴木はな,9:00-12:00\n".encode(), facility(), DAY)
    assert str(failed.value) == "1 problems: line 2 date"


def calendar(*events: str) -> bytes:
    inside = "".join(f"BEGIN:VEVENT\r\nUID:{n}\r\n{event}\r\nEND:VEVENT\r\n" for n, event in enumerate(events))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//JA\r\n{inside}END:VCALENDAR\r\n".encode()


def test_a_calendar_with_zones_floating_times_and_whole_days() -> None:
    found = file.read(
        calendar(
            "DTSTART:20261201T000000Z\r\nDTEND:20261201T030000Z\r\nSUMMARY:鈴木 はな",
            "DTSTART;TZID=Asia/Tokyo:20261201T090000\r\nDTEND;TZID=Asia/Tokyo:20261201T120000",
            "DTSTART:20261201T090000\r\nDURATION:PT3H\r\nX-CHILDREN:2",
            "DTSTART:20261202T090000\r\nDTEND:20261202T120000\r\nSTATUS:CANCELLED",
            "DTSTART;VALUE=DATE:20261203",
        ),
        facility(),
        DAY,
    )
    assert found.spans == (span(9, 12, 4), span(0, 24, 1, day=2))
    assert found.covers == (Cover("tobu-room", DAY, DAY + 3 * DAY_MS),)
    assert found.skipped == 1
    assert "鈴木" not in repr(found)


def test_what_is_wrong_in_a_calendar_is_told_event_by_event() -> None:
    lines = told(
        calendar(
            "DTSTART:20261201T090000\r\nDTEND:20261201T120000\r\nRRULE:FREQ=HOURLY",
            "SUMMARY:x",
            "DTSTART:20261201T120000\r\nDTEND:20261201T090000",
            "DTSTART:20261201T090000\r\nDTEND:20261201T120000\r\nLOCATION:北部",
        )
    )
    assert [line.partition(":")[0] for line in lines] == ["event 1", "event 2", "event 3", "event 4"]
    assert "how the event repeats cannot be read" in lines[0]
    assert "no DTSTART" in lines[1]
    assert "is no room or centre" in lines[3]
    japanese = told(calendar("SUMMARY:x"), language="ja")
    assert japanese[0].startswith("1件目の予定: ")


HOURS = "DTSTART:20261201T090000\r\nDTEND:20261201T120000"


@pytest.mark.parametrize("cut", [1, 9, 17, 40, 90])
def test_a_calendar_that_is_cut_off_is_never_one_with_fewer_bookings(cut: int) -> None:
    assert "The calendar is cut off" in told(calendar(HOURS, HOURS).rstrip()[:-cut])[0]


def test_a_calendar_with_an_event_that_does_not_end_is_cut_off() -> None:
    content = calendar(HOURS, HOURS)
    last = content.rindex(b"END:VEVENT")
    assert "The calendar is cut off" in told(content[:last] + content[last + 12 :])[0]


def test_only_a_feed_may_say_that_nothing_is_booked() -> None:
    assert told(calendar()) == ["The calendar has no events"]
    assert file.read(calendar(), facility(), DAY, may_be_empty=True).covers == ()


@pytest.mark.parametrize(
    "times",
    [
        "DTSTART;VALUE=DATE:99991231",
        "DTSTART:99991231T090000\r\nDURATION:P30D",
        "DTSTART:00010101T000000\r\nDTEND:00010101T010000",
        "DTSTART;VALUE=TIME:090000\r\nDTEND:20261201T100000",
        "DTSTART;VALUE=TIME:090000",
        "DTSTART;VALUE=TEXT:20261201T090000\r\nDTEND:20261201T100000",
        "DTSTART;VALUE=PERIOD:20261201T090000Z/PT1H",
        HOURS + "\r\nDTSTART:20261201T090000",
        HOURS + "\r\nDTEND:20261201T120000",
        "DTSTART:20261201T090000\r\nDURATION:1H",
        "DTSTART:20261201T090000\r\nDURATION:PT1H\r\nDURATION:PT1H",
        "DTSTART:20280601T090000\r\nDTEND:20280601T100000",
    ],
)
def test_whatever_stands_for_a_time_is_told_as_wrong(times: str) -> None:
    assert told(calendar(times))[0].startswith("event 1: ")


@pytest.mark.parametrize("day", ["9999-12-31", "9999-12-30", "2028-01-06", "2025-10-26", "0001-01-01"])
def test_a_day_that_is_too_far_from_today_is_a_slip_of_the_pen(day: str) -> None:
    assert "too far from today" in told(f"date,slot\n{day},9:00-12:00\n".encode())[0]


@pytest.mark.parametrize("day", ["2028-01-05", "2025-10-27"])
def test_days_of_the_year_around_today_are_taken(day: str) -> None:
    assert file.read(f"date,slot\n{day},9:00-12:00\n".encode(), facility(), DAY).rows == 1


@pytest.mark.parametrize("word", ["ｷｬﾝｾﾙ", "取り下げ", "取下げ", "ＣＡＮＣＥＬＬＥＤ", "キャンセル済"])
def test_cancelled_is_understood_however_it_is_written(word: str) -> None:
    table = (
        f"日付,時間帯,状態\n2026-12-01,9:00-12:00,確定\n2026-12-01,9:00-12:00,{word}\n,,{word}\n2026-12-02,,{word}\n"
    )
    found = file.read(table.encode(), facility(), DAY)
    assert (found.spans, found.rows, found.skipped) == ((span(9, 12, 1),), 4, 3)


def test_blank_times_are_forgiven_to_cancelled_rows_only() -> None:
    assert told("日付,時間帯,状態\n2026-12-01,,確定\n".encode())[0].startswith("line 2: ")
    assert told("日付,時間帯,状態\n,,取消\n".encode()) == ["The file has no rows with a day and a time"]


def test_midnight_of_the_next_day_is_the_end_of_the_day() -> None:
    found = file.read("開始日時,終了日時\n2026-12-01 20:00,2026-12-02 0:00\n".encode(), facility(), DAY)
    assert found.spans == (span(20, 24, 1),)
    assert "on the day on which it begins" in told("開始日時,終了日時\n2026-12-01 20:00,2026-12-02 0:30\n".encode())[0]
