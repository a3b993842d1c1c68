"""The InfluxQL of the panels. `$timeFilter`, `$__interval` and `${__to}` are Grafana's."""

from collections.abc import Collection, Mapping, Sequence

from sukusuku_core.errors import ConfigError
from sukusuku_dashboards.board import SILENT
from sukusuku_server.kpi.series import level_at_emptying
from sukusuku_server.settings.influx import MINUTES, RAW, Influx
from sukusuku_server.timeseries.influx.line_protocol import DERIVED, FIVE_MINUTES, READING
from sukusuku_server.timeseries.influx.query import quoted

LEVEL, STATE = "Fill/Percent", "State"
CHILDREN, PEOPLE, LIMIT = "Occupancy/ChildrenCorrected", "Occupancy/Corrected", "Occupancy/Limit"
USE = "Occupancy/Utilisation"
HEARD = "14d"
"""How far back a silent series is still told of, with the time of its newest reading."""
NOW = "${__to}ms"
"""The end of what a board shows; Grafana's macro for it has the moment at which it asks."""


class Queries:
    """Questions about the buckets of one `[store.influx]`."""

    def __init__(self, influx: Influx) -> None:
        if not influx.prefix.endswith("/"):
            raise ConfigError(f"store.influx.prefix: found `{influx.prefix}`; dashboards need one that ends with `/`")
        self.database = influx.prefix.rstrip("/")
        self._readings = influx.source(RAW, READING)
        self._five_minutes = influx.source(MINUTES, FIVE_MINUTES)
        self._derived = influx.source(MINUTES, DERIVED)

    def now(self, metric: str, assets: Collection[str], silent_after: float) -> str:
        """Return a row for each asset: the newest reading of a metric, or `SILENT`, and when it was heard last.

        `silent_after` is in seconds. An asset that has been silent for longer than `HEARD` has no row.
        """
        return _rows(self._readings, f"{_any('asset', assets)} AND {_is(metric)}", "asset", silent_after)

    def derived_now(self, metric: str, assets: Collection[str], silent_after: float) -> str:
        """Return the same for a derived series."""
        where = f"{_any('asset', assets)} AND {_is(metric)}"
        return _rows(self._derived, where, "asset", silent_after)

    def heard(self, assets: Collection[str], silent_after: float) -> str:
        """Return the same for whatever an asset has sent."""
        return _rows(self._readings, _any("asset", assets), "asset", silent_after)

    def zones_now(self, asset: str, zones: Collection[str], silent_after: float) -> str:
        """Return the same for the people in zones of a room, as they are corrected."""
        return _rows(self._derived, _zones(asset, zones), "zone", silent_after)

    def zones_use_now(self, asset: str, capacities: Mapping[str, int], silent_after: float) -> str:
        """Return the same in percent of the capacity of each zone."""
        parts = [(_zones(asset, [zone]), f" * 100 / {capacity}") for zone, capacity in capacities.items()]
        return _rows(self._derived, _zones(asset, capacities), "zone", silent_after, parts)

    def every(self, metric: str, site: str | None) -> str:
        """Every reading of a metric: for states, which have no mean."""
        return f'SELECT "value" FROM {self._readings} WHERE {_where(metric, site)} GROUP BY "asset"'

    def course(self, metric: str, site: str | None) -> str:
        """Return the course of a metric, of five-minute values."""
        return (
            f'SELECT mean("mean") FROM {self._five_minutes} WHERE {_where(metric, site)} '
            'GROUP BY time($__interval), "asset" fill(none)'
        )

    def derived_course(self, metric: str) -> str:
        """Return the course of a derived series."""
        return (
            f'SELECT mean("value") FROM {self._derived} WHERE {_where(metric, None)} '
            'GROUP BY time($__interval), "asset" fill(none)'
        )

    def derived_of(self, asset: str, metrics: Sequence[str]) -> str:
        """Return the courses of several derived series of one asset."""
        wanted = " OR ".join(f'"metric" = {quoted(metric)}' for metric in metrics)
        return (
            f'SELECT mean("value") FROM {self._derived} WHERE "asset" = {quoted(asset)} AND ({wanted}) '
            'AND $timeFilter GROUP BY time($__interval), "metric" fill(none)'
        )

    def derived_zones(self, asset: str) -> str:
        """Return the corrected number of people of each zone of a room."""
        return (
            f'SELECT mean("value") FROM {self._derived} '
            rf'WHERE "asset" = {quoted(asset)} AND "metric" =~ /^Zones\/.*\/Corrected$/ AND $timeFilter '
            'GROUP BY time($__interval), "zone" fill(none)'
        )

    def total(self, metric: str) -> str:
        """Return the sum of a series of days for each of those that it is about."""
        return f'SELECT sum("value") FROM {self._derived} WHERE {_where(metric, None)} GROUP BY "asset"'

    def totals(self, metrics: Sequence[str]) -> str:
        """Return the sums of several series of days, each of all that it is about."""
        wanted = " OR ".join(f'"metric" = {quoted(metric)}' for metric in metrics)
        return f'SELECT sum("value") FROM {self._derived} WHERE ({wanted}) AND $timeFilter GROUP BY "metric"'

    def days(self, metric: str) -> str:
        """Return the sums of a series for each day of Japan."""
        return (
            f'SELECT sum("value") FROM {self._derived} WHERE {_where(metric, None)} '
            "GROUP BY time(1d), \"asset\" fill(none) tz('Asia/Tokyo')"
        )

    def levels_at_emptying(self) -> str:
        """Return the level of each bag when it was taken away, by unit."""
        metrics = level_at_emptying(".*").replace("/", r"\/")
        return f'SELECT "value" FROM {self._derived} WHERE "metric" =~ /^{metrics}$/ AND $timeFilter GROUP BY "metric"'

    def derived_means(self, asset: str, metric: str, every: str) -> str:
        """Return the means of a derived series for every hour (`1h`) or day (`1d`) of Japan."""
        return (
            f'SELECT mean("value") FROM {self._derived} WHERE "asset" = {quoted(asset)} '
            f'AND "metric" = {quoted(metric)} AND $timeFilter '
            f"GROUP BY time({every}), \"asset\" fill(none) tz('Asia/Tokyo')"
        )


def _where(metric: str, site: str | None) -> str:
    of_site = "" if site is None else f' AND "site" = {quoted(site)}'
    return f"{_is(metric)}{of_site} AND $timeFilter"


def _rows(source: str, where: str, tag: str, silent_after: float, parts: Sequence[tuple[str, str]] = ()) -> str:
    """Return the newest point of each series; where it is older than `silent_after`, its value is `SILENT`.

    Both are asked for at once, so that there is a row even when every series is silent. `parts` are series of which
    the value is reckoned with, and how.
    """
    edge = f"{NOW} - {round(silent_after)}s"
    young = [
        f'SELECT last("value"){reckoned} AS "now" FROM {source} WHERE {part} AND time >= {edge} AND time < {NOW}'
        for part, reckoned in parts or ((where, ""),)
    ]
    old = (
        f'SELECT last("value") * 0 + {SILENT} AS "now" FROM {source} '
        f"WHERE {where} AND time >= {NOW} - {HEARD} AND time < {edge}"
    )
    by = f'GROUP BY "{tag}"'
    asked = ", ".join(f"({one} {by})" for one in (*young, old))
    return f'SELECT last("now") AS "now" FROM {asked} {by}'


def _zones(asset: str, zones: Collection[str]) -> str:
    return rf'"asset" = {quoted(asset)} AND {_any("zone", zones)} AND "metric" =~ /^Zones\/.*\/Corrected$/'


def _is(metric: str) -> str:
    return f'"metric" = {quoted(metric)}'


def _any(tag: str, values: Collection[str]) -> str:
    """Return that a tag has one of some values."""
    wanted = " OR ".join(f'"{tag}" = {quoted(value)}' for value in values)
    return f"({wanted})"
