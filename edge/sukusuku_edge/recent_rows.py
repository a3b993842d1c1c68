"""The newest waiting rows, in memory: what is sent while all is well is never read from the disk. No I/O."""

from collections.abc import Iterable
from itertools import islice

from sukusuku_core.model import Reading
from sukusuku_edge.readings import Row

LIMIT = 4096
"""Rows that are kept; older ones are read from the file."""


class RecentRows:
    """Every waiting row whose id is above `floor`, by id."""

    def __init__(self, floor: int) -> None:
        self.floor = floor
        self._rows = dict[int, Reading]()

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def oldest(self) -> int | None:
        """The time of the first row."""
        return next((reading.time for reading in self._rows.values()), None)

    def add(self, rows: Iterable[Row]) -> None:
        """Note rows with ids above all others, or other times of rows that are here."""
        self._rows.update(row for row in rows if row[0] > self.floor)

    def shorten(self) -> None:
        """Forget the oldest beyond the limit; they must be in the file."""
        for row in list(islice(self._rows, max(0, len(self._rows) - LIMIT))):
            del self._rows[row]
            self.floor = row

    def begin_anew(self, floor: int) -> None:
        """Forget all: rows up to `floor` are to be read from the file."""
        self.floor = floor
        self._rows.clear()

    def take(self, ids: Iterable[int]) -> None:
        """Remove rows."""
        for row in ids:
            self._rows.pop(row, None)

    def peek(self, after: int, limit: int, until: int | None) -> list[Row]:
        """Return the first rows above `after`, which is not below `floor`."""
        wanted = (item for item in self._rows.items() if item[0] > after and (until is None or item[0] <= until))
        return list(islice(wanted, limit))
