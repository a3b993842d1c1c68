"""The InfluxQL of the panels. `$timeFilter` and `$__interval` are Grafana's."""

from collections.abc import Sequence

from sukusuku_core.errors import ConfigError
from sukusuku_server.kpi.series import level_at_emptying
from sukusuku_server.settings.influx import MINUTES, RAW, Influx
from sukusuku_server.timeseries.influx.line_protocol import DERIVED, FIVE_MINUTES, READING
from sukusuku_server.timeseries.influx.query import quoted


class Queries:
    """Questions about the buckets of one `[store.influx]`."""

    def __init__(self, influx: Influx) -> None:
        if not influx.prefix.endswith("/"):
            raise ConfigError(f"store.influx.prefix: found `{influx.prefix}`; dashboards need one that ends with `/`")
        self.database = influx.prefix.rstrip("/")

    def newest(self, metric: str, site: str | None, by: str = "asset") -> str:
        """Return the newest value of each series of a metric."""
        return f'SELECT last("value") FROM "{RAW}"."{READING}" WHERE {_where(metric, site)} GROUP BY "{by}"'

    def newest_of_zones(self, asset: str) -> str:
        """Return the newest number of people of each zone of a room."""
        return (
            f'SELECT last("value") FROM "{RAW}"."{READING}" '
            rf'WHERE "asset" = {quoted(asset)} AND "metric" =~ /^Zones\/.*\/Count$/ AND $timeFilter GROUP BY "zone"'
        )

    def newest_of(self, metric: str, asset: str) -> str:
        """Return the newest value of one asset."""
        return (
            f'SELECT last("value") FROM "{RAW}"."{READING}" '
            f'WHERE "asset" = {quoted(asset)} AND "metric" = {quoted(metric)} AND $timeFilter GROUP BY "asset"'
        )

    def every(self, metric: str, site: str | None) -> str:
        """Every reading of a metric: for states, which have no mean."""
        return f'SELECT "value" FROM "{RAW}"."{READING}" WHERE {_where(metric, site)} GROUP BY "asset"'

    def course(self, metric: str, site: str | None) -> str:
        """Return the course of a metric, of five-minute values."""
        return (
            f'SELECT mean("mean") FROM "{MINUTES}"."{FIVE_MINUTES}" WHERE {_where(metric, site)} '
            'GROUP BY time($__interval), "asset" fill(none)'
        )

    def derived_course(self, metric: str) -> str:
        """Return the course of a derived series."""
        return (
            f'SELECT mean("value") FROM "{MINUTES}"."{DERIVED}" WHERE {_where(metric, None)} '
            'GROUP BY time($__interval), "asset" fill(none)'
        )

    def newest_derived(self, metric: str, site: str | None = None) -> str:
        """Return the newest value of a derived series of each asset."""
        return f'SELECT last("value") FROM "{MINUTES}"."{DERIVED}" WHERE {_where(metric, site)} GROUP BY "asset"'

    def newest_derived_of(self, metric: str, asset: str) -> str:
        """Return the newest value of a derived series of one asset."""
        return (
            f'SELECT last("value") FROM "{MINUTES}"."{DERIVED}" '
            f'WHERE "asset" = {quoted(asset)} AND "metric" = {quoted(metric)} AND $timeFilter GROUP BY "asset"'
        )

    def derived_of(self, asset: str, metrics: Sequence[str]) -> str:
        """Return the courses of several derived series of one asset."""
        wanted = " OR ".join(f'"metric" = {quoted(metric)}' for metric in metrics)
        return (
            f'SELECT mean("value") FROM "{MINUTES}"."{DERIVED}" WHERE "asset" = {quoted(asset)} AND ({wanted}) '
            'AND $timeFilter GROUP BY time($__interval), "metric" fill(none)'
        )

    def derived_zones(self, asset: str) -> str:
        """Return the corrected number of people of each zone of a room."""
        return (
            f'SELECT mean("value") FROM "{MINUTES}"."{DERIVED}" '
            rf'WHERE "asset" = {quoted(asset)} AND "metric" =~ /^Zones\/.*\/Corrected$/ AND $timeFilter '
            'GROUP BY time($__interval), "zone" fill(none)'
        )

    def total(self, metric: str) -> str:
        """Return the sum of a series of days for each of those that it is about."""
        return f'SELECT sum("value") FROM "{MINUTES}"."{DERIVED}" WHERE {_where(metric, None)} GROUP BY "asset"'

    def totals(self, metrics: Sequence[str]) -> str:
        """Return the sums of several series of days, each of all that it is about."""
        wanted = " OR ".join(f'"metric" = {quoted(metric)}' for metric in metrics)
        return f'SELECT sum("value") FROM "{MINUTES}"."{DERIVED}" WHERE ({wanted}) AND $timeFilter GROUP BY "metric"'

    def days(self, metric: str) -> str:
        """Return the sums of a series for each day of Japan."""
        return (
            f'SELECT sum("value") FROM "{MINUTES}"."{DERIVED}" WHERE {_where(metric, None)} '
            "GROUP BY time(1d), \"asset\" fill(none) tz('Asia/Tokyo')"
        )

    def levels_at_emptying(self) -> str:
        """Return the level of each bag when it was taken away, by unit."""
        metrics = level_at_emptying(".*").replace("/", r"\/")
        return (
            f'SELECT "value" FROM "{MINUTES}"."{DERIVED}" '
            f'WHERE "metric" =~ /^{metrics}$/ AND $timeFilter GROUP BY "metric"'
        )

    def derived_means(self, asset: str, metric: str, every: str) -> str:
        """Return the means of a derived series for every hour (`1h`) or day (`1d`) of Japan."""
        return (
            f'SELECT mean("value") FROM "{MINUTES}"."{DERIVED}" WHERE "asset" = {quoted(asset)} '
            f'AND "metric" = {quoted(metric)} AND $timeFilter '
            f"GROUP BY time({every}), \"asset\" fill(none) tz('Asia/Tokyo')"
        )


def _where(metric: str, site: str | None) -> str:
    of_site = "" if site is None else f' AND "site" = {quoted(site)}'
    return f'"metric" = {quoted(metric)}{of_site} AND $timeFilter'
