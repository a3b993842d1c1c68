"""The tables of one room: by day or month, hour and weekday, zone, before and after changes, corrections. Pure."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import date

from sukusuku_api.queries.room_history import RoomUse
from sukusuku_api.reports import era
from sukusuku_api.reports.model import WITHHELD, Cell, Chart, Column, Kind, Shape, Sheet, Table
from sukusuku_api.reports.request import Asked
from sukusuku_api.reports.rooms import changes, withheld
from sukusuku_api.reports.rooms.columns import PARTS, cells, columns
from sukusuku_api.reports.rooms.withheld import Withheld
from sukusuku_api.timestamps import WEEKDAYS
from sukusuku_server.i18n import N_, Translate
from sukusuku_server.model.collection import FindingName
from sukusuku_server.rooms.usage import heat_map, ranked, zone_share
from sukusuku_server.rooms.usage_sums import UsageSums

UNSURE = {
    FindingName.MORE_LEAVE: N_(
        "Day after day, more people left by the counted door than came in by it. Who came in another way was added "
        "from the exits and the counts by staff: the figures of this room are less certain."
    ),
    FindingName.MORE_COME: N_(
        "Day after day, more people came in by the counted door than left by it. Who left another way was taken off "
        "by the counts of staff and at night: the figures of this room are less certain."
    ),
    FindingName.MANY_MISSED: N_(
        "Day after day, the door sensor overlooked many who passed. How many were in between two counts by staff is "
        "not known: the figures of this room are less certain."
    ),
}
"""What cannot be known of a room with another door is said beside its figures."""
SHOWN_HOURS = 3
"""So many of the busiest hours are named, and of the quietest."""
RARE = 0.05
"""An hour of the day that was open for less than this share of the one that was open most is no row of its own."""
_NOTHING = UsageSums()


def tables(
    use: RoomUse,
    parts: Mapping[Hashable, UsageSums],
    begun: Sequence[tuple[Hashable, date]],
    asked: Asked,
    hidden: Withheld,
) -> Iterator[Table]:
    """All of them. `begun` are the parts of the period that have begun, `hidden` what is withheld."""
    yield _by_part(use, parts, begun, asked, hidden)
    if use.room.zone:
        yield _zones(use, asked, hidden)
    yield _corrections(use, asked)
    yield _heat(use, asked, hidden)
    yield from changes.tables(use, asked, hidden)


def _by_part(
    use: RoomUse,
    parts: Mapping[Hashable, UsageSums],
    begun: Sequence[tuple[Hashable, date]],
    asked: Asked,
    hidden: Withheld,
) -> Table:
    translate, room = asked.translate, use.room.id
    rows = [
        (
            asked.period.dated(day, translate, asked.language),
            *cells(tally, PARTS, outward=asked.outward, hide=hidden.part(room, day, tally)),
        )
        for key, day in begun
        for tally in [parts.get(key, _NOTHING)]
    ]
    together = cells(use.tally, PARTS, outward=asked.outward, hide=hidden.room(room, use.tally))
    year = asked.period.whole_year
    notes = []
    if use.channel == "people":
        notes.append(
            translate(
                "The sensors of this room cannot tell children from adults: all people are counted. "
                "The room has no child-visits and is not part of the sums of all rooms."
            )
        )
    notes += [translate(text) for name, text in UNSURE.items() if name in use.findings]
    until = use.room.until
    if until is not None and asked.period.first <= until < asked.period.end:
        notes.append(translate("The last day of this room was %(day)s.") % {"day": era.written(until, asked.language)})
    return Table(
        f"{use.room.id}-{'months' if year else 'days'}",
        translate("By month") if year else translate("By day"),
        (Column(translate("Month") if year else translate("Day")), *columns(PARTS, translate, use.channel)),
        (*rows, (translate("Total"), *together)),
        total=1,
        notes=tuple(notes),
        chart=Chart(Shape.BARS, _chart_title(use, translate), y=4, line=7),
        sheet=_sheet(use, asked, sheet_of_parts(use, asked), translate("By month") if year else translate("By day")),
    )


def sheet_of_parts(use: RoomUse, asked: Asked) -> str:
    """Return the key of the sheet that has the days or months of a room: of children, or of all people."""
    return ("months" if asked.period.whole_year else "days") + ("-people" if use.channel == "people" else "")


def name_of(use: RoomUse, asked: Asked) -> str:
    """How a room is called where there are several."""
    return f"{use.site.name[asked.language]} {use.room.name[asked.language]}"


def _sheet(use: RoomUse, asked: Asked, key: str, title: str) -> Sheet:
    return Sheet(key, title, ((Column(asked.translate("Room")), name_of(use, asked)),))


def _chart_title(use: RoomUse, translate: Translate) -> str:
    if use.channel == "people":
        return translate("Person-hours, and average utilisation (line)")
    return translate("Child-hours, and average utilisation (line)")


def _heat(use: RoomUse, asked: Asked, known: Withheld) -> Table:
    translate = asked.translate
    cells = heat_map(use.hours)
    hidden = (
        withheld.heat_cells(use.hours, lambda hour: (hour.weekday, hour.hour), known, use.room.id)
        if asked.outward
        else frozenset[tuple[int, int]]()
    )
    rows, rare = [], _rare(cells)
    for hour in range(24):
        if hour not in rare and any((weekday, hour) in cells for weekday in range(7)):
            tallies = [((weekday, hour), cells.get((weekday, hour), _NOTHING)) for weekday in range(7)]
            line: list[Cell] = [WITHHELD if cell in hidden else tally.average_utilisation for cell, tally in tallies]
            rows.append((f"{hour}:00", *line))
    told = {cell: tally for cell, tally in cells.items() if cell not in hidden}
    notes = []
    for text, number in (
        (translate("Busiest: %(hours)s"), SHOWN_HOURS),
        (translate("Quietest: %(hours)s"), -SHOWN_HOURS),
    ):
        named = [f"{translate(WEEKDAYS[weekday])} {hour}:00" for weekday, hour in ranked(told, number)]
        if named:
            notes.append(text % {"hours": ", ".join(named)})
    if rare:
        hours = ", ".join(f"{hour}:00" for hour in rare)
        notes.append(
            translate("Left out, because the centre was open then on hardly any day: %(hours)s") % {"hours": hours}
        )
    completeness = use.tally.completeness
    if completeness is not None:
        notes.append(translate("Completeness of this table: %(n)s %%") % {"n": f"{completeness:.1f}"})
    days = tuple(Column(translate(name), "%", Kind.PERCENT) for name in WEEKDAYS)
    return Table(
        f"{use.room.id}-hours",
        translate("Average utilisation by hour and weekday"),
        (Column(translate("Hour")), *days),
        tuple(rows),
        notes=tuple(notes),
        chart=Chart(Shape.HEAT, translate("Average utilisation by hour and weekday (%)")),
        sheet=_sheet(use, asked, "hours", translate("Utilisation by hour")),
        crossed=(Column(translate("Weekday")), Column(translate("Average utilisation"), "%", Kind.PERCENT)),
    )


def _rare(found: Mapping[tuple[int, int], UsageSums]) -> list[int]:
    """Return the hours of the day at which the centre was open on hardly any day, such as once at night."""
    opened = [sum(tally.open_ms for (_, at), tally in found.items() if at == hour) for hour in range(24)]
    return [hour for hour, time in enumerate(opened) if 0 < time < RARE * max(opened)]


def _zones(use: RoomUse, asked: Asked, known: Withheld) -> Table:
    translate = asked.translate
    shares = zone_share(use.zones)
    hidden = withheld.zones(use.zone_hours, known, use.room.id, use.tally) if asked.outward else frozenset[str]()
    rows: list[tuple[Cell, ...]] = []
    for zone in use.room.zone:
        tally = use.zones[zone.id]
        own: list[Cell] = [tally.average_occupancy, tally.time_used, shares[zone.id]]
        if zone.id in hidden:
            own = [WITHHELD] * len(own)
        rows.append((zone.name[asked.language], zone.capacity, *own, tally.completeness))
    return Table(
        f"{use.room.id}-zones",
        translate("Zones"),
        (
            Column(translate("Zone")),
            Column(translate("Limit (house rule)"), translate("people"), Kind.COUNT),
            Column(translate("Average people"), translate("people"), Kind.DECIMAL),
            Column(translate("Time used"), "%", Kind.PERCENT),
            Column(translate("Zone share"), "%", Kind.PERCENT),
            Column(translate("Completeness"), "%", Kind.PERCENT),
        ),
        tuple(rows),
        sheet=_sheet(use, asked, "zones", translate("Zones")),
    )


def _corrections(use: RoomUse, asked: Asked) -> Table:
    translate = asked.translate
    rows = tuple((name, use.corrections[kind]) for kind, name in asked.corrections.items() if kind in use.corrections)
    return Table(
        f"{use.room.id}-corrections",
        translate("Corrections of the count"),
        (Column(translate("Reason")), Column(translate("Number"), "", Kind.COUNT)),
        rows,
        notes=() if rows else (translate("None."),),
        sheet=_sheet(use, asked, "corrections", translate("Corrections of the count")),
    )
