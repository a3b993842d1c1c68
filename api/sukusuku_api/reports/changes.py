"""The tables of what was changed in a room: its use and that of its zones before and after. Pure."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from operator import attrgetter

from sukusuku_api.queries.room_history import Changed, RoomUse
from sukusuku_api.reports import era
from sukusuku_api.reports.model import WITHHELD, Cell, Column, Kind, Table
from sukusuku_api.reports.request import Asked
from sukusuku_core.time import day_start, local_day
from sukusuku_server.rooms.change_effect import Effect
from sukusuku_server.rooms.suppression import is_small
from sukusuku_server.rooms.usage import zone_share
from sukusuku_server.rooms.usage_sums import UsageSums

_BEFORE: Callable[[Effect], UsageSums] = attrgetter("before")
_AFTER: Callable[[Effect], UsageSums] = attrgetter("after")


def tables(use: RoomUse, asked: Asked, hidden: frozenset[Hashable]) -> Iterator[Table]:
    """One for each change. `hidden` is what is withheld of the room and its parts."""
    for changed in use.changes:
        room, zones = _few(use, changed, asked, hidden) if asked.outward else (False, False)
        yield _table(use, changed, asked, hide_room=room, hide_zones=zones)


def _table(use: RoomUse, changed: Changed, asked: Asked, *, hide_room: bool, hide_zones: bool) -> Table:
    translate, people = asked.translate, asked.translate("people")
    zones = changed.zones
    before, after = (zone_share({zone: of(found) for zone, found in zones.items()}) for of in (_BEFORE, _AFTER))
    rows = [(translate("Whole room"), *_cells(changed.room, asked, (None, None), hide=hide_room))]
    for zone in use.room.zone:
        shares = before[zone.id], after[zone.id]
        rows.append((zone.name[asked.language], *_cells(zones[zone.id], asked, shares, hide=hide_zones)))
    title = translate("Before and after %(day)s") % {"day": _day(changed.day, asked)}
    return Table(
        f"{use.room.id}-change-{changed.day.isoformat()}",
        title if changed.note is None else f"{title}: {changed.note[asked.language]}",
        (
            Column(translate("Where")),
            Column(translate("Average before"), people, Kind.DECIMAL),
            Column(translate("Average after"), people, Kind.DECIMAL),
            Column(translate("Change"), people, Kind.DECIMAL),
            Column(translate("At least"), people, Kind.DECIMAL),
            Column(translate("At most"), people, Kind.DECIMAL),
            Column(translate("Zone share before"), "%", Kind.PERCENT),
            Column(translate("Zone share after"), "%", Kind.PERCENT),
            Column(translate("Result")),
        ),
        tuple(rows),
        notes=tuple(_notes(changed, asked)),
    )


def _cells(found: Effect, asked: Asked, shares: tuple[Cell, Cell], *, hide: bool) -> tuple[Cell, ...]:
    average = (found.before.average_occupancy, found.after.average_occupancy)
    cells = (*average, found.change, found.low, found.high, *shares, _said(found, asked))
    return tuple(WITHHELD if hide and cell is not None else cell for cell in cells)


def _said(found: Effect, asked: Asked) -> str:
    translate = asked.translate
    if found.low is None or found.high is None:
        return translate("too few days")
    if found.low > 0:
        return translate("more than before")
    return translate("fewer than before") if found.high < 0 else translate("may be chance")


def _notes(changed: Changed, asked: Asked) -> Iterator[str]:
    translate = asked.translate
    days = (local_day(changed.start), changed.day - timedelta(days=1), changed.day, local_day(changed.end - 1))
    names = ("start", "before", "after", "end")
    yield translate("Compared: %(start)s to %(before)s with %(after)s to %(end)s, matching weekdays.") % {
        name: _day(day, asked) for name, day in zip(names, days, strict=True)
    }
    before, after = changed.room.before.completeness, changed.room.after.completeness
    if before is not None and after is not None:
        shares = {"before": f"{before:.1f}", "after": f"{after:.1f}"}
        yield translate("Completeness: %(before)s %% before, %(after)s %% after") % shares


def _few(use: RoomUse, changed: Changed, asked: Asked, hidden: frozenset[Hashable]) -> tuple[bool, bool]:
    """Whether few people stand behind a side of the room, and of a zone, or a side would give a few away.

    Only a side that lies within the period of the report, or around it, can be subtracted from what that tells.
    """
    begin, end, middle = day_start(asked.period.first), use.end, day_start(changed.day)
    parts = [(day_start(first), day_start(last)) for key, first, last in _parts(asked) if (use.room.id, key) in hidden]
    room, zones = use.room.id in hidden, False
    for start, stop, of in ((changed.start, middle, _BEFORE), (middle, changed.end, _AFTER)):
        nested = (begin <= start and stop <= end) or (start <= begin and end <= stop)
        counts = [(float(of(changed.room).visits), float(use.tally.visits))]
        room |= _small(counts, nested=nested) or (nested and _gives_away(parts, start, stop))
        counts = [(of(found).person_hours, use.zones[zone].person_hours) for zone, found in changed.zones.items()]
        zones |= _small(counts, nested=nested)
    return room, room or zones


def _small(counts: Iterable[tuple[float, float]], *, nested: bool) -> bool:
    """Whether a count of a side is small, or nearly that of the period within or around which it lies."""
    return any(is_small(side) or (nested and is_small(abs(side - whole))) for side, whole in counts)


def _gives_away(parts: Sequence[tuple[int, int]], start: int, stop: int) -> bool:
    """Whether a side holds a single withheld part of the period, or all but one."""
    touched = sum(first < stop and last > start for first, last in parts)
    left = sum(first < start or last > stop for first, last in parts)
    return touched == 1 or left == 1


def _parts(asked: Asked) -> Iterator[tuple[Hashable, date, date]]:
    """Yield the parts of the period: key, first day, and first day of the next."""
    for (key, first), (_, after) in pairwise([*asked.period.parts(), (None, asked.period.end)]):
        yield key, first, after


def _day(day: date, asked: Asked) -> str:
    return era.full(day) if asked.language == "ja" else day.isoformat()
