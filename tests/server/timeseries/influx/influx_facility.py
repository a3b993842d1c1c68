"""A store of which every stretch of time is answered by InfluxDB, whatever the file still has."""

from collections.abc import Collection
from itertools import count
from pathlib import Path

import msgspec

from sukusuku_core.model import Reading
from sukusuku_server.model.series import Bucket, Point
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries.influx.query import Query
from sukusuku_server.timeseries.influx.reader import InfluxReader
from sukusuku_server.timeseries.influx.shipper import Shipper
from sukusuku_server.timeseries.influx.store import InfluxStore
from tests.support.influxd import Influxd
from tests.support.shipping import drain

LATER = 1_900_000_000_000
"""The present of tests that have no other one: all their readings are old enough to be shipped."""

_databases = count(1)


def facility(path: Path, server: Influxd, database: str, **keys: object) -> Facility:
    """One centre with two units and a room; its readings go to a database of that server."""
    name = {"ja": "東部", "en": "Tobu"}
    units = [{"id": unit, "name": name, "edge": "tobu-pi"} for unit in ("unit-1", "unit-2")]
    room = {"id": "room", "name": name, "edge": "tobu-pi", "capacity": 10}
    influx = {"url": server.url, "prefix": f"{database}/", "timeout": 2.0} | keys
    return msgspec.convert(
        {
            "operator": {"id": "toshima", "name": name},
            "store": {"kind": "influx", "path": str(path), "influx": influx},
            "site": [{"id": "tobu", "name": name, "unit": units, "room": [room]}],
        },
        Facility,
    )


def new_database(server: Influxd) -> str:
    """The name of a database that is made now."""
    name = f"test{next(_databases)}"
    server.create(name)
    return name


class ShippedStore(InfluxStore):
    """Ships everything before it answers, and answers from InfluxDB."""

    shipper: Shipper
    reader: InfluxReader
    _numbers = count()

    @classmethod
    def make(cls, folder: Path, server: Influxd) -> "ShippedStore":
        """A new store with a database of its own."""
        settings = facility(folder / f"spool-{next(cls._numbers)}.db", server, new_database(server))
        store = cls.open(settings.store.path)
        store.shipper = Shipper(settings, store, lambda: LATER)
        store.reader = InfluxReader(Query(settings.store.influx), store.datatype_of)
        return store

    def raw(self, asset: str, metric: str, start: int, end: int, limit: int) -> list[Point]:
        """See Store."""
        drain(self.shipper, LATER)
        return self.reader.raw(asset, metric, start, end, limit)

    def scan(self, assets: Collection[str], start: int, end: int) -> list[Reading]:
        """See Store."""
        drain(self.shipper, LATER)
        return self.reader.scan(assets, start, end)

    def first(self) -> int | None:
        """See Store."""
        drain(self.shipper, LATER)
        return self.reader.first()

    def hourly(self, asset: str, metric: str, start: int, end: int) -> list[Bucket]:
        """See Store."""
        drain(self.shipper, LATER)
        return self.reader.hourly(asset, metric, start, end)

    def derived(self, asset: str, metric: str, start: int, end: int) -> list[Point]:
        """See Store."""
        drain(self.shipper, LATER)
        return self.reader.derived(asset, metric, start, end)

    def close(self) -> None:
        """Give back everything."""
        self.shipper.close()
        super().close()
