"""From the use of rooms to the tables of a report. Pure."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sukusuku_api.queries.room_history import RoomUse
from sukusuku_api.reports import era, frame
from sukusuku_api.reports.model import WITHHELD, Cell, Chart, Column, Kind, Report, Section, Shape, Sheet, Table
from sukusuku_api.reports.period import Period, is_running
from sukusuku_api.reports.request import Asked
from sukusuku_api.reports.rooms import room, texts
from sukusuku_api.reports.rooms.columns import HEADLINES, PARTS, PEAK, RATES, USE, Figure, cells, columns
from sukusuku_api.reports.rooms.withheld import Withheld
from sukusuku_api.reports.rules import Gathered, Linked, Quotient, Sum
from sukusuku_core.time import local_day
from sukusuku_server.model.withheld import Decision
from sukusuku_server.rooms.usage import Against
from sukusuku_server.rooms.usage_sums import UsageSums, total
from sukusuku_server.settings import Facility
from sukusuku_server.settings.rooms import Counted


@dataclass(frozen=True, slots=True)
class RoomPeriod:
    """The rooms of a period, and what of them may be told in anything that is handed out."""

    period: Period
    uses: Sequence[RoomUse]
    decision: Decision


def report(
    facility: Facility, told: RoomPeriod, earlier: Sequence[RoomPeriod], asked: Asked, now: int, until: int
) -> Report:
    """Return the whole report, made at `now` (UTC ms) of what is known `until` then.

    `earlier` are the periods with which it is compared (`Period.earlier`).
    """
    period, uses = asked.period, told.uses
    parts = {use.room.id: _parts(use, period) for use in uses}
    running = is_running(period, until - 1)
    hidden = Withheld(told.decision, period, running, asked.outward)
    sections = []
    if uses:
        sections.append(Section(asked.translate("Summary"), (_summary([told, *earlier], asked, hidden),)))
        sections.append(Section(asked.translate("All rooms"), tuple(_overview(facility, uses, asked, hidden))))
    for use in uses:
        begun = [(key, day) for key, day in period.parts() if day <= local_day(until - 1)]
        found = room.tables(use, parts[use.room.id], begun, asked, hidden)
        sections.append(Section(room.name_of(use, asked), tuple(found)))
    notes = [
        *frame.common_notes(asked, until, simulated=any(use.simulated for use in uses), running=running),
        *texts.notes(asked.translate, outward=asked.outward, unprotected=len(told.decision.open)),
    ]
    title = asked.translate("Use of the temporary-childcare rooms")
    empty = not any(use.tally.known_ms for use in uses)
    return frame.framed(facility, asked, title, now, notes, sections, texts.DEFINITIONS, empty=empty)


def _summary(periods: Sequence[RoomPeriod], asked: Asked, hidden: Withheld) -> Table:
    """Return the sum of all rooms in each period; of rooms that count people where no room counts children."""
    uses = periods[0].uses
    counted: Counted = "children" if any(use.channel == "children" for use in uses) else "people"
    several = sum(use.channel == counted for use in uses) > 1
    figures = [figure for figure in HEADLINES if not (several and figure.single)]
    rows = []
    for told in periods:
        tally = total(use.tally for use in told.uses if use.channel == counted)
        over = Withheld(told.decision, told.period, running=False, outward=asked.outward)
        hide = (hidden if told.period == asked.period else over).rooms(asked.site, tally)
        known = cells(tally, figures, outward=asked.outward, hide=hide, several=several)
        rows.append((told.period, known if tally.open_ms else (None,) * len(figures)))
    linked = [
        replace(column, follows=column.follows or Linked(_sheet_of(figure), column.key), total=None)
        for figure, column in zip(figures, columns(figures, asked.translate, counted), strict=True)
    ]
    notes = [asked.translate("Rooms that count people are not part of these sums.")]
    return frame.summary(asked, linked, rows, notes if {use.channel for use in uses} > {counted} else ())


def _sheet_of(figure: Figure) -> str:
    """Return the sheet that has a figure of all rooms."""
    return "use" if figure in USE else "utilisation"


def _parts(use: RoomUse, period: Period) -> dict[Hashable, UsageSums]:
    groups: dict[Hashable, list[UsageSums]] = {}
    for hour in use.hours:
        groups.setdefault(period.key_of(hour), []).append(hour.tally)
    return {key: total(tallies) for key, tallies in groups.items()}


def _overview(facility: Facility, uses: Sequence[RoomUse], asked: Asked, hidden: Withheld) -> list[Table]:
    tables: list[Table] = []
    own: tuple[Counted, ...] = ("children", "people")
    for counted in own:
        rooms_of = [use for use in uses if use.channel == counted]
        if rooms_of or counted == "children":
            tables += _compared(rooms_of, counted, asked, hidden)
    everything = total(use.tally for use in uses if use.channel == "children")
    plan = next((plan for plan in facility.ward_plan if plan.year == asked.period.fiscal_year), None)
    if plan is not None and asked.site is None:
        against = Against(everything.visits, plan.demand, plan.supply)
        tables.append(_plan(against, everything, asked, hide=hidden.rooms(asked.site, everything)))
    return tables


def _compared(uses: Sequence[RoomUse], counted: Counted, asked: Asked, hidden: Withheld) -> tuple[Table, Table]:
    """Rooms beside each other, with their sum where they count children."""
    translate = asked.translate
    children = counted == "children"
    lines = [(room.name_of(use, asked), use.room.id, use.tally) for use in uses]
    summed = [(translate("All rooms"), None, total(use.tally for use in uses))] if children else []
    last = asked.period.end - timedelta(days=1)
    places = [use.room.capacity_on(last) for use in uses]
    capacities: list[Cell] = [*places, sum(places)]

    def row(name: str, key: str | None, tally: UsageSums, figures: Sequence[Figure], *more: Cell) -> tuple[Cell, ...]:
        several = key is None and len(uses) > 1
        hide = hidden.rooms(asked.site, tally) if key is None else hidden.room(key, tally)
        return (name, *more, *cells(tally, figures, outward=asked.outward, hide=hide, several=several))

    rows = [*lines, *summed]
    name = Column(translate("Room"))
    places_ = Column(translate("Capacity"), translate("children"), Kind.COUNT, total=Sum())
    return (
        Table(
            "use" if children else "use-people",
            translate("Use") if children else translate("Use of rooms in which all people are counted"),
            (name, *_gathered(USE, uses, asked, counted)),
            tuple(row(name, key, tally, USE) for name, key, tally in rows),
            total=len(summed),
            chart=Chart(Shape.BARS, translate("Child-hours by room"), y=4) if children else None,
        ),
        Table(
            "utilisation" if children else "utilisation-people",
            translate("Utilisation") if children else translate("Utilisation where all people are counted"),
            (name, places_, *columns(RATES, translate, counted)),
            tuple(
                row(name, key, tally, RATES, capacity)
                for capacity, (name, key, tally) in zip(capacities, rows, strict=False)
            ),
            total=len(summed),
            notes=tuple(_new_capacities(uses, asked)),
        ),
    )


def _gathered(figures: Sequence[Figure], uses: Sequence[RoomUse], asked: Asked, counted: Counted) -> Iterator[Column]:
    """Columns whose cells are what the days or months of the rooms add up to."""
    sheet = room.sheet_of_parts(uses[0], asked) if uses else ""
    for figure, column in zip(figures, columns(figures, asked.translate, counted), strict=True):
        adds = figure in PARTS and (isinstance(figure.total, Sum) or figure is PEAK)
        rule = Gathered(sheet, figure.key, highest=figure is PEAK) if adds else figure.follows
        yield replace(column, follows=rule, total=figure.total)


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
    reached_ = Column(translate("Reached"), "%", Kind.PERCENT, follows=Quotient("visits", "planned", 100))
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
            Column(translate("Planned for the year"), unit, Kind.COUNT, "planned"),
            Column(translate("Child-visits in the period"), unit, Kind.COUNT, "visits"),
            reached_,
            Column(translate("Completeness"), "%", Kind.PERCENT),
        ),
        tuple(rows),
        sheet=Sheet("plan", translate("Plan of the ward")),
        notes=(translate("The plan covers all facilities of the ward; this report counts only rooms with sensors."),),
    )
