"""Histories that people have brought into the store."""

from dataclasses import dataclass

FOREVER = 1 << 62
"""No time (UTC ms) is later."""


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

    def derived_stretches(self, gone: int) -> tuple[tuple[int, int], ...]:
        """Return after < time <= until of what was derived of the asset and goes with the import.

        That is all since its first reading. What lies between its last one and `gone`, before which nothing can be
        derived anew, stays: it was derived of other readings.
        """
        after = self.first - 1
        if gone <= self.last + 1:
            return ((after, FOREVER),)
        return ((after, self.last), (gone - 1, FOREVER))
