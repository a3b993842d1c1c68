"""The first sheet of an Excel workbook (.xlsx), as the rows of text that a CSV file would have. Pure.

The one file that knows openpyxl. A small file can unpack to a very large one, so what is unpacked has a limit too.
"""

import zipfile
from datetime import datetime, time, timedelta
from io import BytesIO

from sukusuku_server.bookings.problems import BookingsError, Problem
from sukusuku_server.i18n import N_

LARGEST = 64_000_000
"""Bytes that a workbook may unpack to."""
LAST_ROW, LAST_COLUMN = 100_000, 100
"""What lies farther down or to the right is not looked at, or refused."""
_MINUTE = timedelta(minutes=1)
_LATEST = datetime.max - _MINUTE  # noqa: DTZ901 - a workbook knows no zones
"""Exports write the last moment of a calendar where something has no end; it cannot be rounded up."""


class Rows:
    """See `table.Rows`: the rows of the first sheet, and the number of the one that was given last."""

    def __init__(self, content: bytes) -> None:
        """Raise BookingsError."""
        from openpyxl import load_workbook  # noqa: PLC0415 - it takes 20 MB and a third of a second, and few send these

        if _unpacked(content) > LARGEST:
            raise _problem("size", N_("The workbook is too large; save its first sheet as CSV (UTF-8)"))
        try:
            book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
            self._rows = iter(book.worksheets[0].iter_rows(max_col=LAST_COLUMN, values_only=True))
        except Exception as error:
            raise _unreadable() from error
        self.line_num = 0

    def __iter__(self) -> "Rows":
        return self

    def __next__(self) -> list[str]:
        try:
            row = [_text(cell) for cell in next(self._rows)]
        except StopIteration:
            raise
        except Exception as error:
            raise _unreadable() from error
        self.line_num += 1
        if self.line_num > LAST_ROW:
            raise _problem("rows", N_("The sheet has more than %(most)d lines, blank ones included"), most=LAST_ROW)
        return row


def _unpacked(content: bytes) -> int:
    """Return how many bytes the parts of a workbook say they unpack to; no more is read of them."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as parts:
            return sum(part.file_size for part in parts.infolist())
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise _unreadable() from error


def _text(cell: object) -> str:
    """Return a cell as a CSV file would have it. Excel keeps times as fractions, a little beside the minute."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        near = (min(cell, _LATEST) + _MINUTE / 2).replace(second=0, microsecond=0)
        return str(near.date()) if near.time() == time() else f"{near:%Y-%m-%d %H:%M}"
    if isinstance(cell, time):
        return _clock(timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second))
    if isinstance(cell, timedelta):
        return _clock(cell)
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _clock(since_midnight: timedelta) -> str:
    hours, minutes = divmod(round(since_midnight / _MINUTE), 60)
    return f"{hours}:{minutes:02}"


def _problem(kind: str, text: str, **values: int) -> BookingsError:
    return BookingsError([Problem(0, kind, text, values)])


def _unreadable() -> BookingsError:
    return _problem("xlsx", N_("The workbook cannot be read; open it in Excel and save it again, or as CSV (UTF-8)"))
