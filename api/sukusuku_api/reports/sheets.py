"""A report as sheets, one table each: what sections tell of rooms or centres one by one is one table there. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sukusuku_api.reports.model import Cell, Column, Report, Sheet, Table


@dataclass(frozen=True, slots=True)
class Stacked:
    """A sheet: one table made of `parts`, each with the number of its first row in it and what it is about."""

    key: str
    title: str
    table: Table
    parts: tuple[tuple[Table, int, str], ...]
    subjects: int
    """How many of its columns tell what a row is about."""


def stacked(report: Report) -> list[Stacked]:
    """Return the sheets in the order in which they first occur. Tables of one sheet have the same columns."""
    groups: dict[tuple[str, tuple[Column, ...]], list[Table]] = {}
    for _, table in report.tables:
        key = (_sheet(table).key, table.columns)
        groups.setdefault(key, []).append(table)
    return [_joined(tables) for tables in groups.values() if any(table.rows for table in tables)]


def _sheet(table: Table) -> Sheet:
    return table.sheet or Sheet(table.key, table.title)


def _joined(tables: Sequence[Table]) -> Stacked:
    """Totals are left out where there are several tables: a sheet that tells each by name has them."""
    first, several = tables[0], len(tables) > 1
    about = _sheet(first)
    columns = tuple(column for column, _ in about.subject)
    rows: list[tuple[Cell, ...]] = []
    parts: list[tuple[Table, int, str]] = []
    notes: list[str] = []
    for table in tables:
        subject = tuple(name for _, name in _sheet(table).subject)
        name = " ".join(subject)
        parts.append((table, len(rows), name))
        rows += [(*subject, *row) for row in (table.body if several else table.rows)]
        notes += [f"{name}: {note}" if several and name else note for note in table.notes]
    table = replace(
        first,
        title=about.title,
        columns=(*columns, *first.columns),
        rows=tuple(rows),
        total=0 if several else first.total,
        notes=tuple(dict.fromkeys(notes)),
        sheet=None,
    )
    return Stacked(about.key, about.title, table, tuple(parts), len(columns))
