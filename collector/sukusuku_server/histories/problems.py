"""What is wrong with a file, or with a row of it, in words that say what to do."""

from dataclasses import dataclass

from sukusuku_core.errors import ConfigError

SHOWN = 40
"""Characters of a cell that are shown."""


class HistoryError(ConfigError):
    """A file cannot be read as a history at all. The message says where, what was expected, found and to be done."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out. `line` counts from 1, as editors do."""

    line: int
    column: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: expected {self.expected}, found {self.found[:SHOWN]!r}"


class CellError(Exception):
    """A cell cannot be read; it holds what was expected."""
