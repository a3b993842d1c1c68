"""Lines into the three buckets. What InfluxDB refuses for good goes to the quarantine.

A server may refuse for good and call it a trouble of its own (a status of 500 and more). So a bucket that gives the
same answer again and again, and takes a plain point all the same, does not take certain points: they are looked for by
halves and put aside, so that everything behind them goes on.

Points that the bucket no longer keeps are not for the quarantine, and every version has its own words for them. So age
is not read from words: a plain point of the same age is refused as well.
"""

import logging
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from sukusuku_core.clock import Clock
from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.series import Quarantined
from sukusuku_server.settings.influx import Influx
from sukusuku_server.timeseries.influx.line_protocol import TRIAL, mark
from sukusuku_server.timeseries.influx.store import InfluxStore
from sukusuku_server.timeseries.influx.writer import BusyError, Writer

REFUSED = "influx-refused"
"""The reason of quarantined lines."""

TRIES = 5
"""The same answer so often in a row is no passing trouble when the bucket takes a plain point."""

_log = logging.getLogger("sukusuku_server.timeseries.influx")


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that InfluxDB will never take, and why."""

    line: str
    reason: str


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
            refusal = self._writer.write(self._name(bucket), lines)
        except BusyError as error:
            if not self._stuck(bucket, error):
                raise
            refusal = error.answer
            self._trial(bucket)
            _log.warning("InfluxDB takes a plain point but not others, so they are written by halves: %s", error)
        refused = [] if refusal is None else self._by_halves(bucket, self._kept(bucket, lines))
        self._answers.pop(bucket, None)
        return refused

    def _kept(self, bucket: str, lines: Sequence[str]) -> Sequence[str]:
        """Leave out the lines that the bucket no longer keeps. Raises BusyError."""
        times = sorted({_time(line) for line in lines})
        if self._takes(bucket, times[0]):
            return lines
        self._trial(bucket)
        first = bisect_left(times, 1, lo=1, key=lambda time: int(self._takes(bucket, time)))
        left = [line for line in lines if first < len(times) and _time(line) >= times[first]]
        _log.info("InfluxDB no longer keeps %d points of %s in %s", len(lines) - len(left), times[0], bucket)
        return left

    def _takes(self, bucket: str, time: int) -> bool:
        """Whether a bucket that takes a plain point of now takes one of `time` (UTC ms). Raises BusyError."""
        line = mark(TRIAL, self._clock(), time)
        return self._answer(bucket, [line]) is None

    def _answer(self, bucket: str, lines: Sequence[str]) -> str | None:
        """Write lines; return why they are refused for good: in so many words, or by repetition if it is one line."""
        refusal = None
        for _ in range(TRIES if len(lines) == 1 else 1):
            try:
                return self._writer.write(self._name(bucket), lines)
            except BusyError as error:
                if error.answer is None:
                    raise
                self._trial(bucket)
                refusal = f"{error.answer} (again and again, while other points were taken)"
        return refusal

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
        refusal = self._answer(bucket, lines) if lines else None
        if refusal is None:
            return []
        if len(lines) == 1:
            return [Refused(lines[0], refusal)]
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
        refusal = self._writer.write(self._name(bucket), [line])
        if refusal is not None:
            raise BusyError(f"bucket {self._name(bucket)} takes nothing: {refusal}")

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


def _time(line: str) -> int:
    """Return the time (UTC ms) of a line."""
    return int(line.rpartition(" ")[2])
