"""Shipping from a spool to a real InfluxDB."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.timeseries.influx import influx_facility
from tests.server.timeseries.influx.shipping_rig import MakeRig, Rig
from tests.support.influxd import Influxd


@pytest.fixture
def make_rig(influx: Influxd, tmp_path: Path) -> Iterator[MakeRig]:
    rigs: list[Rig] = []

    def make(server: Influxd = influx, **keys: object) -> Rig:
        database = influx_facility.new_database(server)
        rigs.append(
            Rig(influx_facility.facility(tmp_path / f"spool-{database}.db", server, database, **keys), server, database)
        )
        return rigs[-1]

    yield make
    influx.adapter.trouble = None
    for rig in rigs:
        rig.close()
