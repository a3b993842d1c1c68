"""What the page of bookings shows: the coming days of each room with their time slots, and the imports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sukusuku_api.dependencies import Context
from sukusuku_api.timestamps import WEEKDAYS
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, day_start, japan_time, local_day
from sukusuku_server.db.doors import DoorRecords
from sukusuku_server.i18n import N_, Translate
from sukusuku_server.live.doors import Source, sources
from sukusuku_server.model import doors
from sukusuku_server.model.bookings import Import
from sukusuku_server.rooms.booked import Plan, plan
from sukusuku_server.rooms.current import limit_planned
from sukusuku_server.rooms.schedule import Timetable
from sukusuku_server.rooms.vacancy import bands_of
from sukusuku_server.settings import Language, Room, left

DAYS = 14
SHOWN = 20
"""Imports on the page."""
SOURCES = {"upload": N_("Upload"), "folder": N_("Folder"), "url": N_("Feed")}


@dataclass(frozen=True, slots=True)
class Slot:
    """A time slot of a day: the most who are booked at once, and the smallest limit; None: nobody has said."""

    hours: str
    booked: int | None
    limit: int

    @property
    def tone(self) -> str:
        """What the colours say: `unknown`, `free`, `full` or `over`."""
        if self.booked is None:
            return "unknown"
        return "over" if self.booked > self.limit else "full" if self.booked == self.limit else "free"


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a room."""

    name: str
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class RoomCard:
    """A room with its coming open days."""

    id: str
    name: str
    site: str
    days: tuple[Day, ...]


@dataclass(frozen=True, slots=True)
class ImportLine:
    """An import, and whether it still holds."""

    id: int
    when: str
    source: str
    by: str
    what: str
    withdrawn: str


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A folder or feed, and when it was last taken. `tone`: `free` well, `full` failing, `over` for too long."""

    name: str
    taken: str
    trouble: str
    reason: str
    tone: str
    counts: bool
    """Something was taken once, and still counts though nothing newer comes."""


def source_lines(context: Context, translate: Translate) -> list[SourceLine]:
    """Return the folder and the feeds of the settings."""
    now = context.clock()
    noted = DoorRecords(context.operations).all()
    return [_source(it, now, translate) for it in sources(context.facility, noted, now) if it.door == doors.BOOKINGS]


def _source(source: Source, now: int, translate: Translate) -> SourceLine:
    said = source.exchanged
    taken, trouble = translate("never"), ""
    if said.taken is not None:
        hours = max(0, now - said.taken) // HOUR_MS
        taken = translate("%(time)s (%(hours)s h ago)") % {
            "time": f"{japan_time(said.taken):%m/%d %H:%M}",
            "hours": hours,
        }
    if said.failing is not None:
        trouble = translate("cannot be taken since %(time)s") % {"time": f"{japan_time(said.failing):%m/%d %H:%M}"}
    elif source.late:
        trouble = translate("nothing was taken for too long")
    kind, _, ident = source.id.partition("/")
    name = f"{translate('Feed')} {ident}" if kind == "feed" else translate("Folder")
    tone = "over" if source.late else "full" if trouble else "free"
    return SourceLine(name, taken, trouble, said.reason, tone, counts=bool(trouble) and said.taken is not None)


def rooms(context: Context, imports: Sequence[Import], language: Language, translate: Translate) -> list[RoomCard]:
    """Return every room."""
    now = context.clock()
    return [
        RoomCard(
            room.id,
            room.name[language],
            site.name[language],
            tuple(_days(room, context.index.schedules[room.id], plan(room.id, imports, now), now, translate)),
        )
        for site, room in context.index.rooms.values()
        if not left(room, now)
    ]


def lines(context: Context, imports: Sequence[Import], language: Language, translate: Translate) -> list[ImportLine]:
    """Return the newest imports."""
    return [_line(context, item, language, translate) for item in imports[:SHOWN]]


def _line(context: Context, done: Import, language: Language, translate: Translate) -> ImportLine:
    parts = []
    for cover in done.covers:
        room = context.index.rooms.get(cover.room)
        name = cover.room if room is None else f"{room[0].name[language]} {room[1].name[language]}"
        children = sum(item.children for item in done.spans if item.room == cover.room)
        first, last = local_day(cover.start), local_day(cover.end - 1)
        said = translate("%(room)s: %(first)s–%(last)s, %(n)s children")
        parts.append(said % {"room": name, "first": _short(first), "last": _short(last), "n": children})
    withdrawn = ""
    if done.withdrawn is not None:
        values = {"who": done.withdrawn_by, "time": f"{japan_time(done.withdrawn):%m/%d %H:%M}"}
        withdrawn = translate("withdrawn by %(who)s, %(time)s") % values
    source = translate(SOURCES[done.source])
    when = f"{japan_time(done.imported):%m/%d %H:%M}"
    return ImportLine(done.id, when, source, done.imported_by, " · ".join(parts), withdrawn)


def _short(day: date) -> str:
    return f"{day.month}/{day.day}"


def _days(room: Room, timetable: Timetable, booked: Plan, now: int, translate: Translate) -> Sequence[Day]:
    today = local_day(now)
    days = []
    for n in range(DAYS):
        day = date.fromordinal(today.toordinal() + n)
        start = day_start(day)
        edges: list[tuple[int, int]] = []
        for service in room.service or (None,):
            hours = timetable.hours if service is None else timetable.services[service.id]
            edges += bands_of(service, day, hours.spans(start, start + DAY_MS))
        if edges:
            name = f"{_short(day)} {translate(WEEKDAYS[day.weekday()])}"
            days.append(Day(name, tuple(_slot(timetable, booked, *edge) for edge in sorted(edges))))
    return days


def _slot(timetable: Timetable, booked: Plan, start: int, end: int) -> Slot:
    steps = range(start, end, 15 * MINUTE_MS)
    counts = [booked.children(at) for at in steps]
    known = [count for count in counts if count is not None]
    hours = f"{japan_time(start):%H:%M}–{japan_time(end):%H:%M}"
    limit = min(limit_planned(timetable, at).children for at in steps)
    return Slot(hours, max(known) if len(known) == len(counts) else None, limit)
