"""A CSV file as a table with a heading: commas, semicolons or tabs; columns are found by name."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from sukusuku_server import text_encoding
from sukusuku_server.histories.problems import HistoryError

TIME = ("utc_s", "time", "timestamp", "datetime", "date_time", "日時", "計測日時", "時刻")
LEVEL = ("percent", "fill_percent", "fill", "level", "充填率")
DISTANCE = ("distance_mm", "distance", "距離")
CYCLES = ("cycles", "cycles_total", "圧縮回数")
CHILDREN = ("children", "児童数", "人数")
PEOPLE = ("people", "count", "在室人数")


@dataclass(frozen=True, slots=True)
class Table:
    """A file's rows below its heading, each with its line number."""

    name: str
    heading: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def column(self, asked: str | None, known: Sequence[str], option: str) -> int:
        """Return the place of a column: the one asked for, or the first one known. Raises HistoryError."""
        found = self.find(asked, known)
        if found is None:
            wanted = f"a column named {asked}" if asked else f"a column named {', '.join(known)}"
            raise HistoryError(
                f"{self.name}: line 1: expected {wanted}; found {', '.join(self.heading)}; name it with {option}"
            )
        return found

    def find(self, asked: str | None, known: Sequence[str]) -> int | None:
        """Return the place of a column like `column`; None when it is not there."""
        names = [cell.strip().casefold() for cell in self.heading]
        return next(
            (names.index(name.casefold()) for name in ([asked] if asked else known) if name.casefold() in names), None
        )

    def only(self, wanted: Mapping[str, str]) -> "Table":
        """Return the rows whose columns have these values. Raises HistoryError when none has."""
        places = {self.column(name, (), "--only"): value for name, value in wanted.items()}
        rows = tuple(
            row for row in self.rows if all(cell_of(row[1], place) == value for place, value in places.items())
        )
        if places and not rows:
            raise HistoryError(
                f"{self.name}: no row has {', '.join(f'{name} = {value}' for name, value in wanted.items())}; "
                "look at --only"
            )
        return Table(self.name, self.heading, rows)


def cell_of(row: Sequence[str], place: int) -> str:
    """Return a cell of a row that may be too short."""
    return row[place].strip() if place < len(row) else ""


def read(path: Path) -> Table:
    """Return the table in a file. Raises HistoryError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise HistoryError(f"{path}: cannot be read: {error.strerror}") from error
    text = text_encoding.decoded(content)
    if text is None:
        raise HistoryError(f"{path}: expected text in {text_encoding.ENCODINGS}; save it as CSV first")
    first = text.lstrip().partition("\n")[0]
    lines = csv.reader(StringIO(text, newline=""), delimiter=max(",\t;", key=first.count))
    try:
        rows = [(lines.line_num, tuple(row)) for row in lines if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise HistoryError(f"{path}: line {lines.line_num}: the quotes do not fit together ({error})") from error
    if len(rows) < 2:  # noqa: PLR2004 - a heading and a row
        raise HistoryError(f"{path}: expected a line with the names of the columns and rows below it; found neither")
    heading = rows[0][1]
    return Table(str(path), heading, tuple(rows[1:]))
