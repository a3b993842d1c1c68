"""What InfluxDB answers to the panels of the boards."""

import re
from typing import Any, NamedTuple

from sukusuku_server.timeseries.influx.query import Table
from tests.dashboards import grafana_query
from tests.dashboards.history import (
    STATELESS,
)


class Asked(NamedTuple):
    """A panel and what InfluxDB answers to it."""

    uid: str
    board: dict[str, Any]
    panel: dict[str, Any]
    tables: list[Table]

    @property
    def query(self) -> str:
        """As it stands in the panel."""
        text: str = self.panel["targets"][0]["query"]
        return text

    @property
    def series(self) -> dict[str, Table]:
        """The answer by what Grafana calls each series, or by the id of each row."""
        alias = self.panel["targets"][0]["alias"]
        if grafana_query.is_of_rows(self.panel):
            return {next(iter(table.tags.values())): table for table in self.tables}
        return {grafana_query.series_name(alias, table.tags): table for table in self.tables}

    @property
    def without_state(self) -> set[str]:
        """The units that have no sensor of a state, where states are asked for."""
        return {STATELESS} if "'State'" in self.query else set()

    @property
    def metric(self) -> str:
        """The one metric that is asked for."""
        (found,) = set(re.findall(r"\"metric\" = '([^']+)'", self.query))
        return str(found)


def of_kind(answers: list[Asked], *kinds: str) -> list[Asked]:
    found = [it for it in answers if it.panel["type"] in kinds]
    assert found
    return found


def silent_ms(panel: dict[str, Any]) -> int:
    """After how many ms a row of a panel counts as silent."""
    (seconds,) = set(re.findall(r"time >= \$\{__to\}ms - (\d+)s", panel["targets"][0]["query"]))
    return int(seconds) * 1_000
