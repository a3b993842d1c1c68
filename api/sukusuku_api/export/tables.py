"""What a table of the export is: its columns with their meaning, and its rows piece by piece."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sukusuku_api.dependencies import Context

Cell = bool | int | float | str | None
Row = tuple[Cell, ...]
Pieces = Iterator[Sequence[Row]]
"""Rows in portions that fit into memory, whatever the length of the month."""


class Kind(StrEnum):
    """The type of a column."""

    TIME = "time"
    """UTC ms inside; at the border a moment with Japan's offset."""
    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; every cell may be empty unless the meaning says otherwise."""

    name: str
    kind: Kind
    meaning: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked for: `start` <= time < `end` (UTC ms), and only these centres."""

    start: int
    end: int
    sites: frozenset[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the export. `pieces` raises TransientError when the store does not answer."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    pieces: Callable[[Context, Scope], Pieces]
    whole_months: bool = False
    """Whether only months that are over are told, so that no small count is the difference of two files."""
