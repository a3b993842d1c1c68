"""Reads what the page of rooms shows of one room: its count now, today's course, its limits, what people have said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sukusuku_api.dependencies import Context
from sukusuku_api.queries.room_history import Gatherer, RoomUse
from sukusuku_api.queries.room_use import comparable, past
from sukusuku_core.time import DAY_MS, MINUTE_MS, day_start, local_day
from sukusuku_server.db.findings import Findings
from sukusuku_server.db.rooms import RoomRecords
from sukusuku_server.live.views import RoomView
from sukusuku_server.model.collection import Calibration, Correction, Finding
from sukusuku_server.model.series import Point
from sukusuku_server.rooms.capacity_limit import RoomLimit
from sukusuku_server.rooms.current import FRESH_MS, limit_now, limit_planned
from sukusuku_server.rooms.expected_use import WEEKS, Expected, outlook
from sukusuku_server.rooms.intervals import of_room
from sukusuku_server.rooms.schedule import Timetable
from sukusuku_server.rooms.usage_hours import COMPLETENESS, SERIES
from sukusuku_server.settings import Room, Site

FIGURE_DAYS = 28
CORRECTION_DAYS = 7
_STEP_MS = 15 * MINUTE_MS
"""Shifts and bands are looked at so often to draw the limit of a day."""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of time (UTC ms, `end` excluded) in which nothing changes; None: a gap."""

    start: int
    end: int
    value: float | None


@dataclass(frozen=True, slots=True)
class Count:
    """The corrected count now; None: not known. `completeness` in percent of the last hour."""

    children: int | None
    people: int | None
    completeness: float | None


@dataclass(frozen=True, slots=True)
class Day:
    """The course of a local day that begins at `start` (UTC ms), over its opening hours."""

    start: int
    spans: tuple[tuple[int, int], ...]
    children: tuple[Run, ...]
    people: tuple[Run, ...]
    limit: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """What changes slowly: figures of the last four weeks, and the coming week with the limit of each of its hours."""

    month: RoomUse
    ahead: tuple[Expected, ...]
    limits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """Everything about a room at the moment `now` (UTC ms).

    `limit` is that of now, or of the next opening (`opens`) while the room is closed.
    """

    site: Site
    room: Room
    view: RoomView
    now: int
    opens: int | None
    """When it is open again; `now` while it is, None: not within a year."""
    count: Count
    limit: RoomLimit
    warn: float
    """Percent of the limit from which on the room counts as full."""
    places: int
    day: Day
    corrections: tuple[Correction, ...]
    said: tuple[Calibration, ...]
    findings: tuple[Finding, ...]
    """Those that are open."""

    @property
    def is_open(self) -> bool:
        """Whether the centre is open."""
        return self.opens == self.now


def read(context: Context, site: Site, room: Room, view: RoomView, series: Mapping[str, Point], now: int) -> RoomFacts:
    """Return the room as it is now, with the newest points of its derived series; quick."""
    timetable = context.index.schedules[room.id]
    opens = timetable.next_opening(now)
    at = now if opens is None else opens
    records = RoomRecords(context.operations)
    begin = now - CORRECTION_DAYS * DAY_MS
    is_open = opens == now
    planned = limit_planned(timetable, at)
    return RoomFacts(
        site=site,
        room=room,
        view=view,
        now=now,
        opens=opens,
        count=_count(series, now, is_open=is_open),
        limit=limit_now(timetable, context.store.live.latest().get(room.id, {}), now) if is_open else planned,
        warn=context.facility.levels(room).room_warn,
        places=timetable.places(at),
        day=_day(context, room, timetable, now),
        corrections=tuple(records.corrections(room.id, begin, now + 1)),
        said=tuple(records.said(room.id, begin, now)),
        findings=tuple(Findings(context.operations).open(room.id)),
    )


def use(context: Context, site: Site, room: Room, now: int) -> Use:
    """Figures and outlook; takes some tenths of a second."""
    timetable = context.index.schedules[room.id]
    gatherer = Gatherer(context.index, context.store.history, context.operations, now)
    hours = past(context, site, room, now - WEEKS * 7 * DAY_MS, now)
    ahead = tuple(outlook(hours, timetable.hours, now, booked=comparable(context, room, now)))
    return Use(
        month=gatherer.room(site, room, now - FIGURE_DAYS * DAY_MS, now),
        ahead=ahead,
        limits=tuple(_limit(timetable, max(item.start, now)) for item in ahead),
    )


def _count(series: Mapping[str, Point], now: int, *, is_open: bool) -> Count:
    """While the room is open every known series is told again within minutes; what is older tells nothing about now."""
    known = {name: point for name, point in series.items() if not is_open or now - point.time <= FRESH_MS}
    completeness = _number(known.get(COMPLETENESS))
    if completeness == 0.0:
        return Count(None, None, completeness)
    children, people = (_number(known.get(SERIES[channel])) for channel in ("children", "people"))
    return Count(None if children is None else round(children), None if people is None else round(people), completeness)


def _number(point: Point | None) -> float | None:
    return float(point.value) if point is not None and isinstance(point.value, int | float) else None


def _day(context: Context, room: Room, timetable: Timetable, now: int) -> Day:
    start = day_start(local_day(now))
    spans = timetable.hours.spans(start, start + DAY_MS)
    sofar = [(opens, min(closes, now)) for opens, closes in spans if opens < now]

    def points(metric: str) -> list[Point]:
        return context.store.history.derived(room.id, metric, start - _STEP_MS, now)

    complete = points(COMPLETENESS)

    def course(metric: str) -> tuple[Run, ...]:
        found = of_room(room, points(metric), complete, sofar)
        return joined([Run(part.start, part.end, part.people) for part in found])

    limits = [
        Run(at, min(at + _STEP_MS, closes), _limit(timetable, at))
        for opens, closes in spans
        for at in range(opens, closes, _STEP_MS)
    ]
    return Day(start, tuple(spans), course(SERIES["children"]), course(SERIES["people"]), joined(limits))


def _limit(timetable: Timetable, at: int) -> int:
    return limit_planned(timetable, at).children


def joined(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Run in order, those that touch and have the same value made one."""
    if not runs:
        return ()
    edges = [
        0,
        *(n for n, (a, b) in enumerate(pairwise(runs), 1) if a.end != b.start or a.value != b.value),
        len(runs),
    ]
    return tuple(Run(runs[a].start, runs[b - 1].end, runs[a].value) for a, b in pairwise(edges))
