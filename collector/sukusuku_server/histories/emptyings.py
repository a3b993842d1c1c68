"""Labels of emptyings from a table: at a moment, or between two readings. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from sukusuku_server.histories import cells
from sukusuku_server.histories.problems import BadRow, CellError, HistoryError
from sukusuku_server.histories.table import TIME, Table, cell_of
from sukusuku_server.units.evaluation.truth import Label

AFTER = ("last_reading_before_s", "after", "from")
BEFORE = ("first_reading_after_s", "before", "to")
KIND = ("kind", "種別")
DOUBTFUL = ("doubtful", "不明")
EMPTIED = ("emptied", *TIME, "交換日時", "回収日時")


@dataclass(frozen=True, slots=True)
class Labels:
    """Emptyings in order of time, and rows that were left out."""

    labels: tuple[Label, ...]
    bad: tuple[BadRow, ...]


def labels(table: Table, zone: tzinfo, time: str | None, moments: Sequence[int]) -> Labels:
    """Return the labels of a table; a single moment becomes the stretch between the readings around it.

    `moments` are the times (UTC ms) of the readings, in order. Raises HistoryError when no row can be read.
    """
    after, before = table.find(None, AFTER), table.find(None, BEFORE)
    between = time is None and after is not None and before is not None
    places = (after, before) if between else (table.column(time, EMPTIED, "--emptied-time"),)
    kind = table.find(None, KIND)
    read_labels: list[Label] = []
    bad: list[BadRow] = []
    for line, row in table.rows:
        clear = kind is None or cell_of(row, kind).casefold() not in DOUBTFUL
        ends: list[int] = []
        try:
            for place in places:
                column = place or 0
                ends.append(cells.moment(cell_of(row, column), zone))
        except CellError as error:
            bad.append(BadRow(line, table.heading[column], str(error), cell_of(row, column)))
            continue
        start, end = ends if between else around(ends[0], moments)
        read_labels.append(Label(start, end, clear))
    if not read_labels:
        raise HistoryError(f"{table.name}: no row can be read; the first is {bad[0]}")
    return Labels(tuple(sorted(read_labels, key=lambda label: label.before)), tuple(bad))


def around(time: int, moments: Sequence[int]) -> tuple[int, int]:
    """Return the readings between which a moment lies."""
    before = bisect_right(moments, time - 1) - 1
    after = bisect_left(moments, time)
    return moments[max(before, 0)], moments[min(after, len(moments) - 1)]
