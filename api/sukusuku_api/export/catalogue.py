"""The tables of the export. Names of people and notes are in none of them, nor is a count by the minute."""

from collections.abc import Iterator, Sequence

from sukusuku_api.dependencies import Context
from sukusuku_api.export.series import Series, series_of
from sukusuku_api.export.tables import Column, Kind, Pieces, Row, Scope, Table
from sukusuku_api.export.withholding import COUNTS, STATISTICS, told
from sukusuku_core.catalogue import Role
from sukusuku_core.model import AssetKind, Quality
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.model.series import Bucket
from sukusuku_server.units.series import DERIVED

PAGE = 20_000
"""Readings that are asked of the store at once."""

_WHERE = (
    Column("site", Kind.TEXT, "id of the centre"),
    Column("asset", Kind.TEXT, "id of the unit, room or edge node"),
    Column("kind", Kind.TEXT, "`unit`, `room` or `edge_node`"),
    Column("metric", Kind.TEXT, "as in the metric catalogue, such as `Fill/Percent`"),
    Column("unit", Kind.TEXT, "unit of the values, UCUM-like; `1` is a number of things; may be empty"),
)


def _hours(context: Context, scope: Scope) -> Pieces:
    for series in series_of(context, scope.sites):
        plain = [it for it in series if it.role not in COUNTS and not _counts_arrivals(it)]
        for one in plain:
            hours = context.store.history.hourly(one.asset, one.metric, scope.start, scope.end)
            yield [_hour(one, it, [getattr(it, name) for name in STATISTICS], withheld=False) for it in hours]
        yield _people(context, scope, [it for it in series if it.role in COUNTS])


def _counts_arrivals(series: Series) -> bool:
    """Whether the differences of a counter would tell when single people came and went."""
    return series.kind is AssetKind.ROOM and series.role is Role.FLOW_COUNTER


def _people(context: Context, scope: Scope, series: Sequence[Series]) -> list[Row]:
    """Return the counts of one room: what an hour tells depends on all of them."""
    hours: dict[int, dict[Series, Bucket]] = {}
    for one in series:
        for it in context.store.history.hourly(one.asset, one.metric, scope.start, scope.end):
            hours.setdefault(it.time, {})[one] = it
    rows: list[Row] = []
    for time in sorted(hours):
        for one, shown in told(hours[time]).items():
            values = [shown[name] for name in STATISTICS]
            rows.append(_hour(one, hours[time][one], values, withheld=None in values))
    return rows


def _hour(series: Series, bucket: Bucket, values: Sequence[float | None], *, withheld: bool) -> Row:
    return (bucket.time, *_where(series), bucket.count, *values, withheld)


def _where(series: Series) -> tuple[str, str, str, str, str]:
    return series.site, series.asset, series.kind.value, series.metric, series.unit


def _readings(context: Context, scope: Scope) -> Pieces:
    for series in series_of(context, scope.sites):
        for one in series:
            if one.kind is not AssetKind.ROOM:
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


TABLES = {
    table.name: table
    for table in (
        Table(
            "hours",
            "hours of every measured number. Counts of people of 1 to 4 are withheld, and those that would give them "
            "away. Counters of entries and exits are left out.",
            (
                Column("time", Kind.TIME, "beginning of the hour"),
                *_WHERE,
                Column("count", Kind.INTEGER, "good readings in the hour"),
                Column("mean", Kind.NUMBER, "mean of the readings, not weighted by time"),
                Column("low", Kind.NUMBER, "the lowest"),
                Column("high", Kind.NUMBER, "the highest"),
                Column("last", Kind.NUMBER, "the last"),
                Column("withheld", Kind.FLAG, "whether one of the four values before is withheld, and empty for that"),
            ),
            _hours,
        ),
        Table(
            "readings",
            "raw readings of units and edge nodes, as far as they are kept. Those of rooms are not told.",
            (
                Column("time", Kind.TIME, "when it was measured"),
                *_WHERE,
                Column("value", Kind.NUMBER, "number, or 1 and 0; may be empty unless quality is `good`"),
                Column("quality", Kind.TEXT, "`good`, `bad` or `stale`"),
            ),
            _readings,
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
