"""A spool, its shipper and a database of its own in a real influxd, for tests of what is shipped."""

import gzip
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest

from sukusuku_core.model import Quality, Reading
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS
from sukusuku_server.model.series import Committed
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries.influx.query import Query
from sukusuku_server.timeseries.influx.reader import InfluxReader
from sukusuku_server.timeseries.influx.shipper import LAG_MS, Shipper
from sukusuku_server.timeseries.influx.store import InfluxStore
from tests.support.influx_v2 import Answer, Request
from tests.support.influxd import Influxd
from tests.support.patience import PATIENCE
from tests.support.shipping import drain
from tests.support.stores import commit

START = 1_800_000_000_000 // HOUR_MS * HOUR_MS
FIVE_MINUTES_MS = 300_000
ASSETS = ("unit-1", "unit-2", "room")


def in_order(reading: Reading) -> tuple[int, str, str]:
    return reading.time, reading.asset, reading.metric


@dataclass
class Rig:
    """A spool, its shipper, a database of its own, and a clock that is set by hand."""

    settings: Facility
    server: Influxd
    database: str
    now: int = START
    expected: dict[tuple[str, str, int], Reading] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        self.store = InfluxStore.open(self.settings.store.path)
        self.shipper = Shipper(self.settings, self.store, lambda: self.now)
        self.reader = InfluxReader(Query(self.settings.store.influx), self.store.datatype_of)

    def close(self) -> None:
        self.shipper.close()
        self.store.close()

    def restart(self) -> None:
        """As after a crash: what was in memory is gone."""
        self.close()
        self.open()

    def commit(self, *readings: Reading) -> Committed:
        for item in readings:
            self.expected.setdefault((item.asset, item.metric, item.time), item)
        return commit(self.store, readings, self.now)

    def ship(self) -> None:
        self.now += MINUTE_MS
        self.drain()

    def drain(self) -> None:
        """Ship what may be shipped without any more time passing."""
        drain(self.shipper, self.now)

    def ask(self, bucket: str, measurement: str) -> dict[tuple[str, str, int], tuple[Any, ...]]:
        text = f'SELECT "asset", "metric", "count", "mean", "low", "high", "last" FROM "{measurement}"'  # noqa: S608 - no SQL
        tables = Query(self.settings.store.influx).ask(text, bucket)
        rows = tables[0].rows() if tables else []
        return {(it["asset"], it["metric"], it["time"]): tuple(it.values())[3:] for it in rows}

    def check(self) -> None:
        """Everything is there: readings, and the roll-ups as plain Python makes them."""
        found = self.reader.scan(ASSETS, 0, 1 << 62)
        assert sorted(found, key=in_order) == sorted(self.expected.values(), key=in_order)
        assert sum(self.reader.days(0, 1 << 62).values()) == len(self.expected)
        self.check_rollups("5m", "five_minutes", FIVE_MINUTES_MS)
        self.check_rollups("daily", "hourly", HOUR_MS)
        self.check_rollups("daily", "daily", DAY_MS, -9 * HOUR_MS)
        for asset in ASSETS:
            for metric in self.store.derived_latest().get(asset, {}):
                assert self.reader.derived(asset, metric, 0, 1 << 62) == self.store.derived(asset, metric, 0, 1 << 62)

    def check_rollups(self, bucket: str, measurement: str, span: int, shift: int = 0) -> None:
        end = (self.now - LAG_MS - shift) // span * span + shift
        found = {key: value for key, value in self.ask(bucket, measurement).items() if key[2] < end}
        assert found == {key: pytest.approx(value) for key, value in self.model(span, shift).items() if key[2] < end}

    def model(self, span: int, shift: int = 0) -> dict[tuple[str, str, int], tuple[Any, ...]]:
        spans: dict[tuple[str, str, int], list[Reading]] = defaultdict(list)
        for item in sorted(self.expected.values(), key=lambda it: it.time):
            if item.quality is Quality.GOOD and not isinstance(item.value, str):
                start = (item.time - shift) // span * span + shift
                spans[item.asset, item.metric, start].append(item)
        values = {key: [float(it.value or 0) for it in found] for key, found in spans.items()}
        return {key: (len(them), sum(them) / len(them), min(them), max(them), them[-1]) for key, them in values.items()}


MakeRig = Callable[..., Rig]


def fills(times: range, asset: str = "unit-1") -> list[Reading]:
    return [Reading(asset, "Fill/Percent", time, 10 + time % 7_919 / 100) for time in times]


def busy(times: int, answer: Answer) -> Callable[[Request], Answer | None]:
    """So many writes get this answer, the next ones pass."""
    left = [times]

    def trouble(request: Request) -> Answer | None:
        left[0] -= 1
        return answer if left[0] >= 0 else None

    return trouble


def write(rig: Rig, line: str, bucket: str = "raw") -> None:
    """Past our own code."""
    url = f"http://127.0.0.1:{rig.server.port}/write?db={rig.database}&rp={bucket}&precision=ms"
    with build_opener(ProxyHandler({})).open(url, line.encode(), timeout=PATIENCE):
        pass


def lines_of(request: Request) -> list[str]:
    """Return the points that a request brings, as they stand in it."""
    body = gzip.decompress(request.body) if request.body[:2] == b"\x1f\x8b" else request.body
    return body.decode().splitlines()
