"""Booked places: counts of children per stretch of time, and the imports that told them. All times are UTC ms."""

from dataclasses import dataclass

from sukusuku_core.errors import SukusukuError


class UnknownImportError(SukusukuError):
    """There is no import with this id."""


@dataclass(frozen=True, slots=True)
class Booked:
    """So many children are booked into a room from `start` until `end`, within one local day."""

    room: str
    start: int
    end: int
    children: int


@dataclass(frozen=True, slots=True)
class Cover:
    """An import says everything that is booked in a room from `start` until `end`: whole local days."""

    room: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Bookings:
    """What a file says: `skipped` rows were of bookings that had been cancelled."""

    spans: tuple[Booked, ...]
    covers: tuple[Cover, ...]
    rows: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Import:
    """A file that was taken, by whom and when. Withdrawn, it is as if it had never been.

    `source` is `folder`, `url` or `upload`; `feed` tells feeds apart. Its name is not kept: it might say whose it is.
    """

    id: int
    source: str
    feed: str
    imported: int
    imported_by: str
    withdrawn: int | None
    withdrawn_by: str | None
    covers: tuple[Cover, ...]
    spans: tuple[Booked, ...]

    def holds(self, at: int) -> bool:
        """Whether it was known and held at a moment."""
        return self.imported <= at and (self.withdrawn is None or self.withdrawn > at)
