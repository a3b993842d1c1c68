"""From the use of rooms to the tables of a report. Pure."""

from collections.abc import Hashable, Iterator, Sequence
from datetime import timedelta

from sukusuku_api.queries.room_history import RoomUse
from sukusuku_api.reports import era, rooms, texts
from sukusuku_api.reports.columns import RATES, USE, Figure, cells, columns
from sukusuku_api.reports.model import (
    WITHHELD,
    Cell,
    Chart,
    Column,
    Definition,
    Kind,
    Report,
    Section,
    Shape,
    Table,
    Words,
)
from sukusuku_api.reports.period import Period, is_running
from sukusuku_api.reports.request import Asked
from sukusuku_api.reports.withheld import Withheld
from sukusuku_core.time import local_day
from sukusuku_server.model.withheld import Decision
from sukusuku_server.rooms.usage import Against
from sukusuku_server.rooms.usage_sums import UsageSums, total
from sukusuku_server.settings import Facility
from sukusuku_server.settings.rooms import Counted


def report(
    facility: Facility, uses: Sequence[RoomUse], asked: Asked, now: int, until: int, decision: Decision
) -> Report:
    """Return the whole report over the rooms `uses`, made at `now` (UTC ms) of what is known `until` then.

    `decision` is about what may be told in anything that is handed out.
    """
    translate, period, language = asked.translate, asked.period, asked.language
    parts = {use.room.id: _parts(use, period) for use in uses}
    running = is_running(period, until - 1)
    hidden = Withheld(decision, period, running, asked.outward)
    sections = [Section(translate("All rooms"), tuple(_overview(facility, uses, asked, hidden)))] if uses else []
    for use in uses:
        name = f"{use.site.name[language]} {use.room.name[language]}"
        begun = [(key, day) for key, day in period.parts() if day <= local_day(until - 1)]
        sections.append(Section(name, tuple(rooms.tables(use, parts[use.room.id], begun, asked, hidden))))
    simulated = any(use.simulated for use in uses)
    return Report(
        key=f"rooms-{period.key}" + (f"-{asked.site}" if asked.site else ""),
        language=language,
        title=translate("Use of the temporary-childcare rooms"),
        operator=facility.operator.name[language],
        period=period.name(translate, language),
        made=translate("made on %(day)s") % {"day": era.written(local_day(now), language)},
        notes=tuple(
            texts.notes(
                translate,
                until - 1,
                language,
                outward=asked.outward,
                simulated=simulated,
                running=running,
                unprotected=len(decision.open),
            )
        ),
        sections=tuple(sections),
        definitions=tuple(Definition(*(translate(text) for text in row)) for row in texts.DEFINITIONS),
        words=Words(
            gap="–",
            withheld=translate("withheld"),
            definitions=translate("Definitions"),
            name=translate("Figure"),
            formula=translate("Formula"),
            unit=translate("Measured in"),
            page=translate("Page"),
        ),
    )


def _parts(use: RoomUse, period: Period) -> dict[Hashable, UsageSums]:
    groups: dict[Hashable, list[UsageSums]] = {}
    for hour in use.hours:
        groups.setdefault(period.key_of(hour), []).append(hour.tally)
    return {key: total(tallies) for key, tallies in groups.items()}


def _overview(facility: Facility, uses: Sequence[RoomUse], asked: Asked, hidden: Withheld) -> list[Table]:
    found: list[Table] = []
    own: tuple[Counted, ...] = ("children", "people")
    for counted in own:
        rooms_of = [use for use in uses if use.channel == counted]
        if rooms_of or counted == "children":
            found += _compared(rooms_of, counted, asked, hidden)
    everything = total(use.tally for use in uses if use.channel == "children")
    plan = next((plan for plan in facility.ward_plan if plan.year == asked.period.fiscal_year), None)
    if plan is not None and asked.site is None:
        against = Against(everything.visits, plan.demand, plan.supply)
        found.append(_plan(against, everything, asked, hide=hidden.rooms(asked.site, everything)))
    return found


def _compared(uses: Sequence[RoomUse], counted: Counted, asked: Asked, hidden: Withheld) -> tuple[Table, Table]:
    """Rooms beside each other, with their sum where they count children."""
    language, translate = asked.language, asked.translate
    children = counted == "children"
    lines = [(f"{use.site.name[language]} {use.room.name[language]}", use.room.id, use.tally) for use in uses]
    summed = [(translate("All rooms"), None, total(use.tally for use in uses))] if children else []
    last = asked.period.end - timedelta(days=1)
    places = [use.room.capacity_on(last) for use in uses]
    capacities: list[Cell] = [*places, sum(places)]

    def row(name: str, key: str | None, tally: UsageSums, figures: Sequence[Figure], *more: Cell) -> tuple[Cell, ...]:
        several = key is None and len(uses) > 1
        hide = hidden.rooms(asked.site, tally) if key is None else hidden.room(key, tally)
        return (name, *more, *cells(tally, figures, outward=asked.outward, hide=hide, several=several))

    rows = [*lines, *summed]
    room, capacity_ = Column(translate("Room")), Column(translate("Capacity"), translate("children"), Kind.COUNT)
    return (
        Table(
            "use" if children else "use-people",
            translate("Use") if children else translate("Use of rooms in which all people are counted"),
            (room, *columns(USE, translate, counted)),
            tuple(row(name, key, tally, USE) for name, key, tally in rows),
            total=len(summed),
            chart=Chart(Shape.BARS, translate("Child-hours by room"), y=3) if children else None,
        ),
        Table(
            "utilisation" if children else "utilisation-people",
            translate("Utilisation") if children else translate("Utilisation where all people are counted"),
            (room, capacity_, *columns(RATES, translate, counted)),
            tuple(
                row(name, key, tally, RATES, capacity)
                for capacity, (name, key, tally) in zip(capacities, rows, strict=False)
            ),
            total=len(summed),
            notes=tuple(_new_capacities(uses, asked)),
        ),
    )


def _new_capacities(uses: Sequence[RoomUse], asked: Asked) -> Iterator[str]:
    for use in uses:
        for item in use.room.later:
            if item.capacity is not None and asked.period.first < item.since < asked.period.end:
                yield asked.translate(
                    "%(room)s: capacity %(places)s from %(day)s on. Earlier days count with the earlier capacity."
                ) % {
                    "room": use.room.name[asked.language],
                    "places": item.capacity,
                    "day": era.written(item.since, asked.language),
                }


def _plan(against: Against, everything: UsageSums, asked: Asked, *, hide: bool) -> Table:
    translate = asked.translate
    visits: Cell = WITHHELD if hide else against.visits if everything.known_ms else None
    rows: list[tuple[Cell, ...]] = []
    for name, planned, share in (
        (translate("Planned demand"), against.demand, against.of_demand),
        (translate("Planned supply"), against.supply, against.of_supply),
    ):
        reached = WITHHELD if hide else share if everything.known_ms else None
        rows.append((name, planned, visits, reached, everything.completeness))
    unit = translate("persons")
    return Table(
        "plan",
        translate("Compared with the plan of the ward for the fiscal year"),
        (
            Column(translate("Plan")),
            Column(translate("Planned for the year"), unit, Kind.COUNT),
            Column(translate("Child-visits in the period"), unit, Kind.COUNT),
            Column(translate("Reached"), "%", Kind.PERCENT),
            Column(translate("Completeness"), "%", Kind.PERCENT),
        ),
        tuple(rows),
        notes=(translate("The plan covers all facilities of the ward; this report counts only rooms with sensors."),),
    )
