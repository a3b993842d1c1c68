"""`[bookings]`: where booked places come from. Without the table no bookings are taken."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Self

import msgspec

from sukusuku_core.errors import Mistake
from sukusuku_core.settings import Id, PositiveSeconds, Settings
from sukusuku_server.settings import authority
from sukusuku_server.settings.base import Name
from sukusuku_server.settings.opening import Slot
from sukusuku_server.settings.secret import Secret


class Columns(Settings, frozen=True, kw_only=True):
    """Headings of your tables, where they are others than the known ones."""

    date: Name | None = None
    """The day."""
    slot: Name | None = None
    """A time slot such as 09:00-12:00, or a name that `slots` explains."""
    start: Name | None = None
    """When it begins: a time, or a day and a time."""
    end: Name | None = None
    room: Name | None = None
    site: Name | None = None
    """The centre, where several have rooms of the same name."""
    children: Name | None = None
    """How many; without such a column each row is one child."""
    status: Name | None = None
    """Rows that say キャンセル, 取消 or cancelled are not counted."""


class Feed(Settings, frozen=True, kw_only=True):
    """An address that always answers with all bookings from today on, as CSV or iCalendar."""

    id: Id
    url: Secret
    room: Id | None = None
    """The room that is meant where a row or event names none."""
    every: Annotated[float, msgspec.Meta(ge=60, le=86_400)] = 900.0
    """Seconds between two looks."""
    timeout: PositiveSeconds = 20.0
    ca_file: str | None = None
    """PEM of the authority that signed the server's certificate, where that is one of your own."""


class BookingSettings(Settings, frozen=True, kw_only=True):
    """Bookings are counts of children: nothing else of a file is kept."""

    folder: str | None = None
    """A watched folder, relative to this file: whatever is put there is read, then deleted; what cannot be read stays,
    with a note beside it that says why."""
    folder_room: Id | None = None
    """The room that is meant where a file in the folder names none."""
    feed: tuple[Feed, ...] = ()
    stale_hours: Annotated[float, msgspec.Meta(ge=0.25, le=168)] = 6.0
    """A feed that was not taken for so long after its turn makes health `degraded`: its old bookings still count."""
    columns: Columns = Columns()
    slots: dict[str, Slot] = msgspec.field(default_factory=dict)
    """Names of time slots in your tables, such as "午前" = "09:00-12:00"."""
    keep_days: Annotated[int, msgspec.Meta(ge=14, le=3650)] = 90
    """Counts of days that have passed are deleted after so long; the forecast learns from them."""

    def resolved(self, folder: Path, where: str) -> Self:
        """Return the same with its paths. `where` is the key path of this table. Raises ConfigError."""
        feeds = []
        for n, feed in enumerate(self.feed):
            given = feed.ca_file
            path = None if given is None else authority.checked(folder, given, f"{where}.feed[{n}].ca_file")
            feeds.append(msgspec.structs.replace(feed, ca_file=path))
        own = None if self.folder is None else str((folder / self.folder).resolve())
        return msgspec.structs.replace(self, folder=own, feed=tuple(feeds))


def check_bookings(settings: BookingSettings, rooms: set[str]) -> Iterator[Mistake]:
    """Yield mistakes between the keys; `rooms` are the ids that there are."""
    where = "bookings"
    ids = [feed.id for feed in settings.feed]
    for n, feed in enumerate(settings.feed):
        if feed.id in ids[:n]:
            yield Mistake(f"{where}.feed[{n}].id", f"`{feed.id}` is already used at feed[{ids.index(feed.id)}]")
        if feed.room is not None and feed.room not in rooms:
            yield Mistake(f"{where}.feed[{n}].room", f"no room `{feed.room}`; there are {sorted(rooms)}")
    if settings.folder_room is not None and settings.folder_room not in rooms:
        yield Mistake(f"{where}.folder_room", f"no room `{settings.folder_room}`; there are {sorted(rooms)}")
