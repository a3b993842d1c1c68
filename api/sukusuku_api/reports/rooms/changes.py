"""The tables of what was changed in a room: its use and that of its zones before and after. Pure."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from operator import attrgetter

from sukusuku_api.queries.room_history import Changed, RoomUse
from sukusuku_api.reports import era
from sukusuku_api.reports.model import WITHHELD, Cell, Column, Kind, Sheet, Table
from sukusuku_api.reports.request import Asked
from sukusuku_api.reports.rooms.withheld import Withheld
from sukusuku_core.time import day_start, local_day
from sukusuku_server.rooms.change_effect import Effect
from sukusuku_server.rooms.suppression import is_small
from sukusuku_server.rooms.usage import zone_share
from sukusuku_server.rooms.usage_sums import UsageSums

_BEFORE: Callable[[Effect], UsageSums] = attrgetter("before")
_AFTER: Callable[[Effect], UsageSums] = attrgetter("after")


def tables(use: RoomUse, asked: Asked, hidden: Withheld) -> Iterator[Table]:
    """One for each change. `hidden` is what is withheld of the room and its parts."""
    for changed in use.changes:
        room, zones = _few(use, changed, hidden) if asked.outward else (False, False)
        yield _table(use, changed, asked, hide_room=room, hide_zones=zones)


def _table(use: RoomUse, changed: Changed, asked: Asked, *, hide_room: bool, hide_zones: bool) -> Table:
    translate, people = asked.translate, asked.translate("people")
    zones = changed.zones
    before, after = (zone_share({zone: of(found) for zone, found in zones.items()}) for of in (_BEFORE, _AFTER))
    rows = [(translate("Whole room"), *_cells(changed.room, asked, (None, None), hide=hide_room))]
    for zone in use.room.zone:
        shares = before[zone.id], after[zone.id]
        rows.append((zone.name[asked.language], *_cells(zones[zone.id], asked, shares, hide=hide_zones)))
    title = translate("Before and after %(day)s") % {"day": era.written(changed.day, asked.language)}
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
        sheet=Sheet(
            "changes",
            translate("Before and after changes"),
            (
                (Column(translate("Room")), f"{use.site.name[asked.language]} {use.room.name[asked.language]}"),
                (Column(translate("First day")), changed.day.isoformat()),
            ),
        ),
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
        name: era.written(day, asked.language) for name, day in zip(names, days, strict=True)
    }
    before, after = changed.room.before.completeness, changed.room.after.completeness
    if before is not None and after is not None:
        shares = {"before": f"{before:.1f}", "after": f"{after:.1f}"}
        yield translate("Completeness: %(before)s %% before, %(after)s %% after") % shares


def _few(use: RoomUse, changed: Changed, hidden: Withheld) -> tuple[bool, bool]:
    """Whether few people stand behind a side of the room, and of a zone, or a side would give a few away."""
    middle, room, zones = day_start(changed.day), False, False
    for start, stop, of in ((changed.start, middle, _BEFORE), (middle, changed.end, _AFTER)):
        room |= is_small(of(changed.room).visits)
        room |= hidden.side(use.room.id, local_day(start), local_day(stop - 1))
        zones |= any(is_small(of(found).person_hours) for found in changed.zones.values())
    return room, room or zones
