"""The shapes in which the API shows bookings: counts, and who imported them when."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from sukusuku_api.schemas.collection import Shape, at
from sukusuku_core.time import japan_time
from sukusuku_server.model.bookings import Booked, Import
from sukusuku_server.rooms.booked import Overbooked

_TIME = "2026-12-01T09:00:00+09:00"


class CoverOut(Shape):
    """The days of a room that an import speaks of, whole days."""

    room: str = Field(examples=["tobu-room"])
    start: datetime = Field(examples=[_TIME])
    end: datetime = Field(examples=[_TIME])


class ImportOut(Shape):
    """An import. Its newest word about a day holds; withdrawn, the one before holds again."""

    id: int
    source: str = Field(description="`upload`, `folder` or `url`")
    feed: str = Field(description="With `url`: the id of the feed")
    imported: datetime = Field(examples=[_TIME])
    imported_by: str
    withdrawn: datetime | None = Field(description="null: it holds")
    withdrawn_by: str | None
    covers: list[CoverOut]
    children: int = Field(description="Sum over all stretches")


class OverbookedOut(Shape):
    """More are booked than places, area and the planned staff allow."""

    room: str
    start: datetime = Field(examples=[_TIME])
    end: datetime = Field(examples=[_TIME])
    booked: int
    limit: int


class TakenOut(Shape):
    """What became of a file."""

    unchanged: bool = Field(description="The newest import said the same: nothing was stored")
    rows: int
    skipped: int = Field(description="Rows of cancelled bookings")
    taken: ImportOut | None
    overbooked: list[OverbookedOut]


class ImportsOut(Shape):
    """Imports, the newest first."""

    time: datetime = Field(examples=[_TIME])
    imports: list[ImportOut]


class BookedOut(Shape):
    """A stretch that is booked."""

    start: datetime = Field(examples=[_TIME])
    end: datetime = Field(examples=[_TIME])
    children: int


class BookingsOut(Shape):
    """The bookings of a room. A day that is not in `known` is not known, which is not the same as free."""

    room: str
    start: datetime
    end: datetime
    known: list[datetime] = Field(description="Beginnings of the days that some import speaks of")
    booked: list[BookedOut]
    overbooked: list[OverbookedOut]


def taken(done: Import) -> ImportOut:
    """Return an import for the border."""
    return ImportOut(
        id=done.id,
        source=done.source,
        feed=done.feed,
        imported=japan_time(done.imported),
        imported_by=done.imported_by,
        withdrawn=at(done.withdrawn),
        withdrawn_by=done.withdrawn_by,
        covers=[
            CoverOut(room=item.room, start=japan_time(item.start), end=japan_time(item.end)) for item in done.covers
        ],
        children=sum(item.children for item in done.spans),
    )


def overbooked(room: str, stretches: Sequence[Overbooked]) -> list[OverbookedOut]:
    """Return stretches with too many bookings for the border."""
    return [
        OverbookedOut(
            room=room,
            start=japan_time(item.start),
            end=japan_time(item.end),
            booked=item.booked,
            limit=item.limit,
        )
        for item in stretches
    ]


def booked(found: Booked) -> BookedOut:
    """Return a stretch for the border."""
    return BookedOut(start=japan_time(found.start), end=japan_time(found.end), children=found.children)
