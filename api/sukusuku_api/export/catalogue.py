"""The tables of the export. Names of people and notes are in none of them, nor are counts of less than a day."""

from collections.abc import Iterator
from datetime import date

from sukusuku_api.dependencies import Context
from sukusuku_api.export.series import Series, series_of
from sukusuku_api.export.tables import Column, Kind, Pieces, Row, Scope, Table
from sukusuku_api.queries.room_history import Gatherer
from sukusuku_api.queries.withheld import Withholding
from sukusuku_api.reports.period import fiscal_year_of
from sukusuku_core.catalogue import Role
from sukusuku_core.model import AssetKind, Quality
from sukusuku_core.time import day_start, local_day
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.model.withheld import Decision
from sukusuku_server.rooms.suppression import is_small
from sukusuku_server.rooms.usage import by_day, joined
from sukusuku_server.rooms.usage_sums import UsageSums
from sukusuku_server.settings import Room
from sukusuku_server.units.series import DERIVED

PAGE = 20_000
"""Readings that are asked of the store at once."""
PEOPLE = frozenset(
    {
        Role.PEOPLE_COUNT,
        Role.CHILD_COUNT,
        Role.STAFF_COUNT,
        Role.ZONE_COUNT,
        Role.ZONE_CHILD_COUNT,
        Role.PRESENCE,
        Role.FLOW_COUNTER,
    }
)
"""What tells of people. Of hours and minutes it would undo what reports withhold of days."""

_WHERE = (
    Column("site", Kind.TEXT, "id of the centre"),
    Column("asset", Kind.TEXT, "id of the unit, room or edge node"),
    Column("kind", Kind.TEXT, "`unit`, `room` or `edge_node`"),
    Column("metric", Kind.TEXT, "as in the metric catalogue, such as `Fill/Percent`"),
    Column("unit", Kind.TEXT, "unit of the values, UCUM-like; `1` is a number of things; may be empty"),
)


def _hours(context: Context, scope: Scope) -> Pieces:
    for series in series_of(context, scope.sites):
        for one in series:
            if one.role not in PEOPLE:
                hours = context.store.history.hourly(one.asset, one.metric, scope.start, scope.end)
                yield [(it.time, *_where(one), it.count, it.mean, it.low, it.high, it.last) for it in hours]


def _where(series: Series) -> tuple[str, str, str, str, str]:
    return series.site, series.asset, series.kind.value, series.metric, series.unit


def _readings(context: Context, scope: Scope) -> Pieces:
    for series in series_of(context, scope.sites):
        for one in series:
            if one.role not in PEOPLE:
                yield from _raw(context, scope, one)


def _raw(context: Context, scope: Scope, series: Series) -> Iterator[list[Row]]:
    start = scope.start
    while True:
        points = context.store.history.raw(series.asset, series.metric, start, scope.end, PAGE)
        yield [
            (
                it.time,
                *_where(series),
                None if isinstance(it.value, str | None) else float(it.value),
                _quality(it.quality),
            )
            for it in points
        ]
        if len(points) < PAGE:
            return
        start = points[-1].time + 1


def _quality(quality: Quality) -> str:
    return quality.name.lower()


def _estimates(context: Context, scope: Scope) -> Pieces:
    metrics = [it for it in DERIVED if it.kind is AssetKind.UNIT]
    for site, unit in context.index.units.values():
        if site.id in scope.sites:
            for it in metrics:
                points = context.store.history.derived(unit.id, it.name, scope.start, scope.end)
                where = (site.id, unit.id, AssetKind.UNIT.value, it.name, it.unit)
                yield [(point.time, *where, float(point.value or 0)) for point in points]


def _emptyings(context: Context, scope: Scope) -> Pieces:
    sites = {unit.id: site.id for site, unit in context.index.units.values()}
    yield [
        (
            it.time,
            sites[it.asset],
            it.asset,
            it.percent,
            it.nappies,
            it.state.value,
            it.confidence,
            "+".join(it.evidence),
        )
        for it in Emptyings(context.operations).of(None, scope.start, scope.end)
        if sites.get(it.asset) in scope.sites
    ]


def _room_days(context: Context, scope: Scope) -> Pieces:
    gatherer = Gatherer(context.whole, context.store.history, context.operations, scope.end)
    withholding = Withholding(context.whole, context.store.history, context.operations, context.clock())
    decision = withholding.of(fiscal_year_of(local_day(scope.start)))
    for site, room in context.index.rooms.values():
        if site.id in scope.sites:
            days = joined(gatherer.room(site, room, scope.start, scope.end).hours, by_day)
            yield [_room_day(site.id, room, day, days[day], decision) for day in sorted(days)]


def _room_day(site: str, room: Room, day: date, tally: UsageSums, decision: Decision) -> Row:
    where = (day_start(day), site, room.id, room.counting.counted, tally.completeness)
    cell = (f"room/{room.id}", day.isoformat())
    if is_small(tally.guarded) or decision.hides(cell, tally.guarded):
        return (*where, None, None, True)
    if not tally.completeness:
        return (*where, None, None, False)  # a gap is not 0
    return (*where, tally.visits, tally.person_hours, False)


TABLES = {
    table.name: table
    for table in (
        Table(
            "hours",
            "hours of every measured number that counts no people.",
            (
                Column("time", Kind.TIME, "beginning of the hour"),
                *_WHERE,
                Column("count", Kind.INTEGER, "good readings in the hour"),
                Column("mean", Kind.NUMBER, "mean of the readings, not weighted by time"),
                Column("low", Kind.NUMBER, "the lowest"),
                Column("high", Kind.NUMBER, "the highest"),
                Column("last", Kind.NUMBER, "the last"),
            ),
            _hours,
        ),
        Table(
            "readings",
            "raw readings, as far as they are kept, but for those that count people.",
            (
                Column("time", Kind.TIME, "when it was measured"),
                *_WHERE,
                Column("value", Kind.NUMBER, "number, or 1 and 0; may be empty unless quality is `good`"),
                Column("quality", Kind.TEXT, "`good`, `bad` or `stale`"),
            ),
            _readings,
        ),
        Table(
            "room_days",
            "use of rooms by day, with the counts withheld that reports withhold; only of months that are over.",
            (
                Column("time", Kind.TIME, "beginning of the day"),
                Column("site", Kind.TEXT, "id of the centre"),
                Column("asset", Kind.TEXT, "id of the room"),
                Column("counted", Kind.TEXT, "what is counted: `children`, or `people` where sensors cannot tell"),
                Column("completeness", Kind.NUMBER, "received of what was due in open hours, 0-1"),
                Column("visits", Kind.INTEGER, "who came, each time counted; empty when nothing was received"),
                Column("person_hours", Kind.NUMBER, "children, or people, times hours"),
                Column("withheld", Kind.FLAG, "whether the two values before are withheld, and empty for that"),
            ),
            _room_days,
            whole_months=True,
        ),
        Table(
            "estimates",
            "what the collector derives of units: fill level, confidence, age of the bag, forecast.",
            (Column("time", Kind.TIME, "of which it is true"), *_WHERE, Column("value", Kind.NUMBER, "the value")),
            _estimates,
        ),
        Table(
            "emptyings",
            "bags that were taken out, rejected ones too, without names and notes of people.",
            (
                Column("time", Kind.TIME, "best estimate of when"),
                Column("site", Kind.TEXT, "id of the centre"),
                Column("asset", Kind.TEXT, "id of the unit"),
                Column("percent", Kind.NUMBER, "fill level at the emptying in %"),
                Column("nappies", Kind.NUMBER, "nappies of ordinary size in the bag"),
                Column("state", Kind.TEXT, "`detected`, `confirmed`, `corrected`, `entered` or `rejected`"),
                Column("confidence", Kind.NUMBER, "0-1"),
                Column("evidence", Kind.TEXT, "what showed it, joined by `+`"),
            ),
            _emptyings,
        ),
    )
}
"""By name."""
