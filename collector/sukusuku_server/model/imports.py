"""Histories that people have brought into the store."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NewImport:
    """A history on its way in: of which asset and metric, from which file (its name, and a digest of its readings)."""

    asset: str
    metric: str
    source: str
    digest: str


@dataclass(frozen=True, slots=True)
class Imported:
    """A history in the store. `time`, `first`, `last`, `undone` are UTC ms; `undone` is None while it holds."""

    number: int
    what: NewImport
    time: int
    first: int
    last: int
    readings: int
    undone: int | None = None
