"""From the use of rooms to the tables of a report. Pure."""

from collections.abc import Hashable, Mapping, Sequence

from sukusuku_api.queries.room_history import RoomUse
from sukusuku_api.reports import era, rooms, texts
from sukusuku_api.reports.columns import RATES, USE, cells, columns
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
from sukusuku_api.reports.period import Period, has_begun, is_running
from sukusuku_api.reports.request import Asked
from sukusuku_core.time import local_day
from sukusuku_server.rooms.suppression import withheld
from sukusuku_server.rooms.usage import Against
from sukusuku_server.rooms.usage_sums import UsageSums, total
from sukusuku_server.settings import Facility


def report(facility: Facility, uses: Sequence[RoomUse], asked: Asked, now: int) -> Report:
    """Return the whole report over the rooms `uses`, as it is known at `now` (UTC ms)."""
    translate, period, language = asked.translate, asked.period, asked.language
    parts = {use.room.id: _parts(use, period) for use in uses}
    hidden = _withheld(uses, parts) if asked.outward else frozenset[Hashable]()
    sections = [Section(translate("All rooms"), tuple(_overview(facility, uses, asked, hidden)))] if uses else []
    for use in uses:
        name = f"{use.site.name[language]} {use.room.name[language]}"
        begun = [(key, day) for key, day in period.parts() if day <= local_day(now)]
        sections.append(Section(name, tuple(rooms.tables(use, parts[use.room.id], begun, asked, hidden))))
    made = local_day(now)
    running = has_begun(period, now) and is_running(period, now)
    simulated = any(use.simulated for use in uses)
    return Report(
        key=f"rooms-{period.key}" + (f"-{asked.site}" if asked.site else ""),
        language=language,
        title=translate("Use of the temporary-childcare rooms"),
        operator=facility.operator.name[language],
        period=period.name(translate, language),
        made=translate("made on %(day)s") % {"day": era.full(made) if language == "ja" else made.isoformat()},
        notes=tuple(texts.notes(translate, now, language, outward=asked.outward, simulated=simulated, running=running)),
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


def _withheld(uses: Sequence[RoomUse], parts: Mapping[str, Mapping[Hashable, UsageSums]]) -> frozenset[Hashable]:
    """Keys of what is withheld: `None` all rooms, an id a room, an id with a part the part of a room."""
    counts: dict[Hashable, float | None] = {None: float(sum(use.tally.visits for use in uses))}
    sums: list[tuple[Hashable, list[Hashable]]] = [(None, [use.room.id for use in uses])]
    for use in uses:
        room = use.room.id
        counts[room] = float(use.tally.visits)
        counts |= {(room, key): float(tally.visits) for key, tally in parts[room].items()}
        sums.append((room, [(room, key) for key in parts[room]]))
    return withheld(counts, sums)


def _overview(facility: Facility, uses: Sequence[RoomUse], asked: Asked, hidden: frozenset[Hashable]) -> list[Table]:
    language, translate = asked.language, asked.translate
    lines = [(f"{use.site.name[language]} {use.room.name[language]}", use.room.id, use.tally) for use in uses]
    everything = total(use.tally for use in uses)
    all_rooms = (translate("All rooms"), None, everything)
    use_rows = tuple(
        (name, *cells(tally, USE, outward=asked.outward, hide=key in hidden))
        for name, key, tally in [*lines, all_rooms]
    )
    capacities: list[Cell] = [*(use.room.capacity for use in uses), sum(use.room.capacity for use in uses)]
    rate_rows = tuple(
        (name, capacity, *cells(tally, RATES, outward=asked.outward, hide=key in hidden))
        for capacity, (name, key, tally) in zip(capacities, [*lines, all_rooms], strict=True)
    )
    room = Column(translate("Room"))
    found = [
        Table(
            "use",
            translate("Use"),
            (room, *columns(USE, translate)),
            use_rows,
            total=1,
            chart=Chart(Shape.BARS, translate("Child-hours by room"), y=3),
        ),
        Table(
            "utilisation",
            translate("Utilisation"),
            (room, Column(translate("Capacity"), translate("children"), Kind.COUNT), *columns(RATES, translate)),
            rate_rows,
            total=1,
        ),
    ]
    plan = next((plan for plan in facility.ward_plan if plan.year == asked.period.fiscal_year), None)
    if plan is not None and asked.site is None:
        against = Against(everything.visits, plan.demand, plan.supply)
        found.append(_plan(against, everything, asked, hide=None in hidden))
    return found


def _plan(against: Against, everything: UsageSums, asked: Asked, *, hide: bool) -> Table:
    translate = asked.translate
    visits: Cell = WITHHELD if hide else against.visits
    rows: list[tuple[Cell, ...]] = []
    for name, planned, share in (
        (translate("Planned demand"), against.demand, against.of_demand),
        (translate("Planned supply"), against.supply, against.of_supply),
    ):
        rows.append((name, planned, visits, WITHHELD if hide else share, everything.completeness))
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
