"""Lines into the three buckets. What InfluxDB refuses for good goes to the quarantine."""

import logging
from collections.abc import Sequence

from sukusuku_core.clock import Clock
from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.series import Quarantined
from sukusuku_server.settings.influx import Influx
from sukusuku_server.timeseries.influx.line_protocol import TRIAL, mark
from sukusuku_server.timeseries.influx.store import InfluxStore
from sukusuku_server.timeseries.influx.writer import BusyError, Refused, Writer

REFUSED = "influx-refused"
"""The reason of quarantined lines."""

_log = logging.getLogger("sukusuku_server.timeseries.influx")


class Buckets:
    """Not for several threads."""

    def __init__(self, settings: Influx, store: InfluxStore, clock: Clock) -> None:
        self._name = settings.bucket
        self._batch = settings.batch
        self._store = store
        self._clock = clock
        self._writer = Writer(settings)
        self._told = 0
        self.written = 0
        """Points that were taken since the start."""
        self.refused = 0
        """Points in the quarantine since then."""

    def write(self, bucket: str, lines: Sequence[str]) -> None:
        """Write all that can be written. Raises BusyError."""
        for start in range(0, len(lines), self._batch):
            batch = lines[start : start + self._batch]
            refused = self._writer.write(self._name(bucket), batch)
            if refused:
                self._quarantine(bucket, refused)
            self.written += len(batch) - len(refused)

    def mark(self, bucket: str, spool: int, value: int) -> None:
        """Write the point by which the bucket is recognised. `value`: UTC ms or a bit more; it only goes up.

        The time of the point follows the value, so that it never goes back, whatever the clock does. Raises BusyError,
        also when the point is refused.
        """
        self._must(bucket, mark(spool, value, value // HOUR_MS * HOUR_MS))

    def _must(self, bucket: str, line: str) -> None:
        """Write a line that any bucket takes. Raises BusyError when it is refused."""
        refused = self._writer.write(self._name(bucket), [line])
        if refused:
            raise BusyError(f"bucket {self._name(bucket)} takes nothing: {refused[0].reason}")

    def _quarantine(self, bucket: str, refused: Sequence[Refused]) -> None:
        """Put points aside; but when the bucket takes nothing at all, it is not for them."""
        now = self._clock()
        self._must(bucket, mark(TRIAL, now, now // HOUR_MS * HOUR_MS))
        if not 0 <= now - self._told < HOUR_MS:
            _log.error("InfluxDB refuses points, as in: %s (%s)", refused[0].line, refused[0].reason)
            self._told = now
        topic = f"influx/{self._name(bucket)}"
        rows = [Quarantined(now, topic, REFUSED, item.reason, item.line.encode()) for item in refused]
        self._store.commit_rows([], rows, now)
        self.refused += len(refused)

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()
