"""Lines into the three buckets. What InfluxDB refuses for good goes to the quarantine.

A server may refuse for good and call it a trouble of its own (a status of 500 and more). So a bucket that gives the
same answer again and again, and takes a plain point all the same, does not take certain points: they are looked for by
halves and put aside, so that everything behind them goes on.
"""

import logging
import re
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

TRIES = 5
"""The same answer so often in a row is no passing trouble when the bucket takes a plain point."""

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
        self._answers: dict[str, tuple[str, int]] = {}
        """By bucket: what it has answered instead of taking the latest points, and how often in a row."""
        self.written = 0
        """Points that were taken since the start."""
        self.refused = 0
        """Points in the quarantine since then."""

    def write(self, bucket: str, lines: Sequence[str]) -> None:
        """Write all that can be written. Raises BusyError."""
        for start in range(0, len(lines), self._batch):
            batch = lines[start : start + self._batch]
            refused = self._written(bucket, batch)
            if refused:
                self._quarantine(bucket, refused)
            self.written += len(batch) - len(refused)

    def _written(self, bucket: str, lines: Sequence[str]) -> list[Refused]:
        """Write lines; return those that are refused for good. Raises BusyError."""
        try:
            refused = self._writer.write(self._name(bucket), lines)
        except BusyError as error:
            if not self._stuck(bucket, error):
                raise
            self._trial(bucket)
            _log.warning("InfluxDB takes a plain point but not others, so they are written by halves: %s", error)
            refused = self._by_halves(bucket, lines)
        self._answers.pop(bucket, None)
        return refused

    def _stuck(self, bucket: str, error: BusyError) -> bool:
        """Whether the bucket has given this answer too often in a row to be waited for."""
        if error.answer is None:
            return False
        answer = re.sub(r"\d+", "#", error.answer)  # numbers in it may differ: of points, of milliseconds
        before, times = self._answers.get(bucket, ("", 0))
        self._answers[bucket] = answer, times + 1 if answer == before else 1
        return self._answers[bucket][1] >= TRIES

    def _by_halves(self, bucket: str, lines: Sequence[str]) -> list[Refused]:
        """Write what can be written and return what cannot. Raises BusyError when nothing can."""
        answer = ""
        for _ in range(TRIES if len(lines) == 1 else 1):
            try:
                return self._writer.write(self._name(bucket), lines)
            except BusyError as error:
                if error.answer is None:
                    raise
                self._trial(bucket)
                answer = error.answer
        if len(lines) == 1:
            return [Refused(lines[0], f"{answer} (again and again, while other points were taken)")]
        half = len(lines) // 2
        return self._by_halves(bucket, lines[:half]) + self._by_halves(bucket, lines[half:])

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

    def _trial(self, bucket: str) -> None:
        """Make sure that the bucket takes a plain point. Raises BusyError."""
        now = self._clock()
        self._must(bucket, mark(TRIAL, now, now // HOUR_MS * HOUR_MS))

    def _quarantine(self, bucket: str, refused: Sequence[Refused]) -> None:
        """Put points aside; but when the bucket takes nothing at all, it is not for them."""
        now = self._clock()
        self._trial(bucket)
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
