"""Bookings as a table: CSV or tabs, UTF-8 (with or without BOM), UTF-16 or CP932. Pure.

A row is either a count (a column `children`) or one booking. Columns that no heading of ours names are not read.
"""

import csv
from collections import Counter
from collections.abc import Mapping
from datetime import date
from io import StringIO
from typing import Protocol

from sukusuku_core.time import DAY_MS, MINUTE_MS, day_start, local_day
from sukusuku_server import text_encoding
from sukusuku_server.bookings import cells
from sukusuku_server.bookings.days import Days
from sukusuku_server.bookings.places import Places
from sukusuku_server.bookings.problems import BookingsError, CellError, Problem
from sukusuku_server.i18n import N_
from sukusuku_server.model.bookings import Booked, Bookings, Cover

MOST_ROWS = 50_000
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "date": ("date", "day", "日付", "利用日", "予約日", "年月日", "利用年月日", "日"),
    "slot": ("slot", "band", "time slot", "時間帯", "利用時間", "利用時間帯", "時間", "区分", "枠"),
    "start": ("start", "from", "begin", "開始", "開始時刻", "開始時間", "利用開始", "利用開始時刻", "開始日時"),
    "end": ("end", "to", "until", "終了", "終了時刻", "終了時間", "利用終了", "利用終了時刻", "終了日時"),
    "room": ("room", "部屋", "室", "室名", "部屋名"),
    "site": ("site", "centre", "center", "施設", "施設名", "センター", "センター名", "実施施設"),
    "children": ("children", "count", "booked", "人数", "予約数", "予約人数", "児童数", "件数", "利用人数", "予約件数"),
    "status": ("status", "state", "状態", "状況", "予約状況", "ステータス"),
}
_CANCELLED = ("cancel", "キャンセル", "取消", "取り消し", "取下", "取り下げ", "辞退", "不承諾", "無効")
_TIMES = ("date", "slot", "start", "end")


def decoded(content: bytes) -> str:
    """Return the text of a file. Raises BookingsError when no encoding fits."""
    text = text_encoding.decoded(content)
    if text is None:
        raise BookingsError(
            [
                Problem(
                    0, "encoding", N_("The file is no text in UTF-8, UTF-16 or Shift_JIS (CP932); save it as CSV first")
                )
            ]
        )
    return text


def read(text: str, places: Places, columns: Mapping[str, str], slots: dict[str, str], days: Days) -> Bookings:
    """Return the counts in a text. See `read_rows`."""
    rows = csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        return read_rows(rows, places, columns, slots, days)
    except csv.Error as error:
        raise BookingsError(
            [Problem(rows.line_num, "csv", N_("the quotes of this line do not fit together"))]
        ) from error


def read_rows(rows: "Rows", places: Places, columns: Mapping[str, str], slots: dict[str, str], days: Days) -> Bookings:
    """Return the counts in a table. `columns` has headings of this operator, `slots` its names of time slots.

    Raises BookingsError with every line that cannot be read; nothing of the file is taken then.
    """
    header = next((row for row in rows if any(cell.strip() for cell in row)), [])
    where = _columns(header, columns)
    return _sum(rows, _Row(where, places, {cells.plain(name): slot for name, slot in slots.items()}, days))


def _delimiter(text: str) -> str:
    first = text.lstrip().partition("\n")[0]
    return max(",\t;", key=first.count)


def _columns(header: list[str], columns: Mapping[str, str]) -> dict[str, int]:
    names = [cells.plain(cell).casefold() for cell in header]
    found: dict[str, int] = {}
    for column, known in HEADINGS.items():
        own = columns.get(column)
        wanted = known if own is None else (cells.plain(own),)
        at = next((names.index(name.casefold()) for name in wanted if name.casefold() in names), None)
        if at is not None:
            found[column] = at
    if ("date" in found or "start" in found) and ("slot" in found or {"start", "end"} <= found.keys()):
        return found
    raise BookingsError(
        [
            Problem(
                1,
                "columns",
                N_(
                    "the first line must name the columns: date (日付), and slot (時間帯) or start (開始) and "
                    "end (終了); [bookings.columns] can name others"
                ),
            )
        ]
    )


class Rows(Protocol):
    """What `csv.reader` gives: rows, and the number of the line that was read last."""

    line_num: int

    def __iter__(self) -> "Rows": ...

    def __next__(self) -> list[str]: ...


class _Row:
    """Reads one row after another."""

    def __init__(self, where: Mapping[str, int], places: Places, slots: dict[str, str], days: Days) -> None:
        self._where = where
        self._places = places
        self._slots = slots
        self._days = days

    def cancelled(self, row: list[str]) -> bool:
        status = cells.plain(self._cell(row, "status")).casefold()
        return any(word in status for word in _CANCELLED)

    def timeless(self, row: list[str]) -> bool:
        """Whether a time is blank, as some systems leave those of cancelled bookings."""
        return not all(self._cell(row, column) for column in _TIMES if column in self._where)

    def booked(self, row: list[str]) -> Booked:
        """Raise CellError."""
        room = self._places.find(self._cell(row, "site"), self._cell(row, "room"))
        if "slot" in self._where:
            day = cells.day(self._cell(row, "date") or self._cell(row, "start"))
            start, end = cells.slot(self._cell(row, "slot"), self._slots)
        else:
            day, start, end = self._times(row)
        if start >= end:
            raise CellError("order", N_("it ends (%(found)s) before it begins"), f"{end // 60}:{end % 60:02}")
        children = cells.count(self._cell(row, "children")) if "children" in self._where else 1
        base = day_start(day)
        self._days.check(base, base + DAY_MS, str(day))
        return Booked(room, base + start * MINUTE_MS, base + end * MINUTE_MS, children)

    def _times(self, row: list[str]) -> tuple[date, int, int]:
        start, end = self._cell(row, "start"), self._cell(row, "end")
        if "date" in self._where:
            return cells.day(self._cell(row, "date")), cells.clock(start), cells.clock(end)
        day, begins = cells.moment(start)
        if begins is None:
            raise CellError("time", N_("`%(found)s` has no time; write 2026-12-01 9:00"), start)
        try:
            last, ends = cells.moment(end)
        except CellError:
            return day, begins, cells.clock(end)
        if (last - day).days == 1 and ends == 0:
            return day, begins, DAY_MS // MINUTE_MS
        if last != day or ends is None:
            raise CellError("order", N_("it must end on the day on which it begins, found `%(found)s`"), end)
        return day, begins, ends

    def _cell(self, row: list[str], column: str) -> str:
        at = self._where.get(column)
        return row[at].strip() if at is not None and at < len(row) else ""


def _sum(rows: Rows, reader: _Row) -> Bookings:
    counts: Counter[tuple[str, int, int]] = Counter()
    seen: dict[str, list[int]] = {}
    problems: list[Problem] = []
    number = skipped = 0
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        number += 1
        line = rows.line_num
        if number > MOST_ROWS:
            raise BookingsError([Problem(line, "rows", N_("more than %(most)d rows"), {"most": MOST_ROWS})])
        cancelled = reader.cancelled(row)
        try:
            booked = reader.booked(row)
        except CellError as error:
            if cancelled and reader.timeless(row):
                skipped += 1
                continue
            problems.append(Problem(line, error.kind, error.text, {"found": error.found}))
            continue
        days = seen.setdefault(booked.room, [booked.start, booked.start])
        days[:] = [min(days[0], booked.start), max(days[1], booked.start)]
        if cancelled:
            skipped += 1
        else:
            counts[booked.room, booked.start, booked.end] += booked.children
    if not seen and not problems:
        problems.append(Problem(0, "empty", N_("The file has no rows with a day and a time")))
    if problems:
        raise BookingsError(problems)
    return Bookings(spans(counts), covers(seen), number, skipped)


def spans(counts: Counter[tuple[str, int, int]]) -> tuple[Booked, ...]:
    """Return the counts in order."""
    return tuple(Booked(*key, children) for key, children in sorted(counts.items()))


def covers(seen: Mapping[str, list[int]]) -> tuple[Cover, ...]:
    """Return the whole days from the first to the last moment of each room."""
    days = ((room, day_start(local_day(first)), day_start(local_day(last))) for room, (first, last) in seen.items())
    return tuple(Cover(room, first, last + DAY_MS) for room, first, last in sorted(days))
