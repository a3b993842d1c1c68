"""Values over time from a table: levels, counts. Rows that cannot be read are left out and kept to be told. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from sukusuku_server.histories import cells
from sukusuku_server.histories.problems import BadRow, CellError, HistoryError
from sukusuku_server.histories.table import DISTANCE, LEVEL, TIME, Table, cell_of

LOWEST, HIGHEST = -20.0, 150.0
"""Percent. A level outside is no level."""
SHOWN = 5
"""Rows that could not be read and are shown."""
Value = Callable[[str], float]
"""Reads a cell. Raises CellError."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What the sensor reads above an empty and a full bag, in its own unit."""

    empty: float
    full: float

    def percent(self, raw: float) -> float:
        """Return the level, percent."""
        return 100.0 * (self.empty - raw) / (self.empty - self.full)


@dataclass(frozen=True, slots=True)
class Series:
    """(UTC ms, value) in order of time, a time once; rows that were left out; rows whose time came again later.

    Of several rows with one time the last one holds.
    """

    values: tuple[tuple[int, float], ...]
    bad: tuple[BadRow, ...]
    repeated: int


def levels(table: Table, zone: tzinfo, time: str | None, value: str | None, scale: Scale | None) -> Series:
    """Return the levels of a table in percent. Raises HistoryError when no row can be read."""
    place = table.column(value, DISTANCE if scale else LEVEL, "--value")
    return series(table, zone, time, place, lambda cell: level(cell, scale))


def level(cell: str, scale: Scale | None) -> float:
    """Return the level in a cell, percent. Raises CellError."""
    if scale is None:
        return cells.number(cell, LOWEST, HIGHEST, "a level in percent", "%")
    low, high = sorted(scale.empty + (scale.full - scale.empty) * part / 100 for part in (LOWEST, HIGHEST))
    return scale.percent(cells.number(cell, low, high, "a distance"))


def series(table: Table, zone: tzinfo, time: str | None, place: int, read: Value) -> Series:
    """Return the values of a column. Raises HistoryError when no row can be read."""
    at = table.column(time, TIME, "--time")
    values: dict[int, float] = {}
    bad: list[BadRow] = []
    repeated = 0
    for line, row in table.rows:
        column = at
        try:
            moment = cells.moment(cell_of(row, at), zone)
            column = place
            value = read(cell_of(row, place))
        except CellError as error:
            bad.append(BadRow(line, table.heading[column], str(error), cell_of(row, column)))
            continue
        repeated += moment in values
        values[moment] = value
    if not values:
        raise HistoryError(f"{table.name}: no row can be read; the first is {bad[0]}")
    return Series(tuple(sorted(values.items())), tuple(bad), repeated)


def told(name: str, found: Series) -> Iterator[str]:
    """Yield lines for people about what was read of a file, and what was left out of it."""
    if found.repeated:
        yield f"{name}: {found.repeated} rows have the time of another one; the last of them holds"
    yield from left_out(name, found.bad)


def left_out(name: str, bad: Sequence[BadRow]) -> Iterator[str]:
    """Yield lines for people about rows that could not be read."""
    if bad:
        yield f"{name}: {len(bad)} rows are left out:"
        yield from (f"  {row}" for row in bad[:SHOWN])
        if len(bad) > SHOWN:
            yield f"  and {len(bad) - SHOWN} more"
