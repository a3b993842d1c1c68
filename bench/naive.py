"""The data path as one writes it first, to measure ours against: correct and durable, one message at a time."""

import sqlite3
from pathlib import Path

from sukusuku_core import catalogue, sparkplug
from sukusuku_core.model import AssetKind
from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_mqtt import Message

_SCHEMA = """
CREATE TABLE reading (series INTEGER, time INTEGER, value, quality INTEGER);
CREATE UNIQUE INDEX one_reading ON reading (series, time);
CREATE TABLE hourly (series INTEGER, hour INTEGER, count INTEGER, sum REAL, low REAL, high REAL, last REAL,
    last_time INTEGER, PRIMARY KEY (series, hour));
CREATE TABLE latest (series INTEGER PRIMARY KEY, time INTEGER, value, quality INTEGER);
"""
_ROLL_UP = """
INSERT INTO hourly VALUES (?, ?, 1, ?, ?, ?, ?, ?) ON CONFLICT (series, hour) DO UPDATE SET
    count = count + 1, sum = sum + excluded.sum, low = min(low, excluded.low), high = max(high, excluded.high),
    last = CASE WHEN excluded.last_time > last_time THEN excluded.last ELSE last END,
    last_time = max(last_time, excluded.last_time)
"""
_LATEST = """
INSERT INTO latest VALUES (?, ?, ?, ?) ON CONFLICT (series) DO UPDATE SET
    time = excluded.time, value = excluded.value, quality = excluded.quality WHERE excluded.time > time
"""


class NaiveCollector:
    """Decode with `WhichOneof`, validate, insert, roll up row by row, commit and acknowledge every message."""

    def __init__(self, path: Path, now: int) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + _SCHEMA)
        self._now = now
        self._series: dict[tuple[str, str], int] = {}
        self._count = 0
        self.stored = 0

    def process(self, message: Message) -> bytes:
        """Store one data message durably and build its acknowledgement."""
        asset = message.topic.split("/")[4]
        body = sparkplug.parse(message.payload)
        run = self._connection
        run.execute("BEGIN")
        for metric in body.metrics:
            known = catalogue.find(AssetKind.UNIT, metric.name)
            field = metric.WhichOneof("value")
            if known is None or field is None or metric.is_null:
                continue
            value = getattr(metric, field)
            low, high = known.low, known.high
            if not 1_577_836_800_000 <= metric.timestamp <= self._now + 5 * MINUTE_MS:
                continue
            good = (low is None or value >= low) and (high is None or value <= high)
            quality = int(sparkplug.read_quality(metric)) if good else 0
            series = self._series.setdefault((asset, metric.name), len(self._series))
            found = run.execute(
                "INSERT OR IGNORE INTO reading VALUES (?, ?, ?, ?)", (series, metric.timestamp, value, quality)
            )
            if found.rowcount:
                self.stored += 1
                hour = metric.timestamp // HOUR_MS
                run.execute(_ROLL_UP, (series, hour, value, value, value, value, metric.timestamp))
                run.execute(_LATEST, (series, metric.timestamp, value, quality))
        run.execute("COMMIT")
        self._count += 1
        return sparkplug.command([(sparkplug.ACK_BIRTH, self._now), (sparkplug.ACK_COUNT, self._count)], self._now)

    def close(self) -> None:
        """Give back the file."""
        self._connection.close()
