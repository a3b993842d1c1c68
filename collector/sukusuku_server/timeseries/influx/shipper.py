"""Brings what is committed to InfluxDB: live readings, late ones, derived points, and history when there is time.

Every step reads from the file, writes to InfluxDB, and only then notes durably how far it has come. A step that is
interrupted anywhere is done again; points are the same then, so nothing is lost and nothing counts twice.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from sukusuku_core.backoff import Backoff
from sukusuku_core.clock import Clock
from sukusuku_core.errors import TransientError
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, day_number, midnight
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.model.series import Row
from sukusuku_server.settings import Facility
from sukusuku_server.settings.influx import DAYS, MINUTES, RAW
from sukusuku_server.threads import unbroken
from sukusuku_server.timeseries import PRUNED, shipping_queue
from sukusuku_server.timeseries.influx import rollups
from sukusuku_server.timeseries.influx.buckets import Buckets
from sukusuku_server.timeseries.influx.line_protocol import (
    DAILY,
    DERIVED,
    FIVE_MINUTES,
    HOURLY,
    READING,
    SPOOL,
    Layout,
    Lines,
    tag_value,
)
from sukusuku_server.timeseries.influx.query import Query, RefusedError, quoted
from sukusuku_server.timeseries.influx.rollups import FIVE_MINUTES_MS
from sukusuku_server.timeseries.influx.store import InfluxStore
from sukusuku_server.timeseries.influx.thinning import DELETED, ThinnedReadings
from sukusuku_server.timeseries.influx.writer import BusyError
from sukusuku_server.timeseries.shipping_queue import Changed, Outgoing

LAG_MS = 5_000
"""Readings are claimed so long after their measurement; most are committed by then."""
SHIP_SECONDS = 2.0
"""Between two looks for new readings."""
AWAITED_LAG_MS, AWAITED_SECONDS = 500, 0.5
"""The same where edge nodes wait for it: they ask again after five seconds."""
SHORTEST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds that back-off begins and ends with."""
PATIENCE = 3_600.0
"""A server that asks for more patience than this (s) is asked again all the same."""
MARK_MS = MINUTE_MS
"""How often it is looked after that InfluxDB has not forgotten anything."""

Sleep = Callable[[float], Awaitable[None]]
"""Waits so many seconds."""

_log = logging.getLogger("sukusuku_server.timeseries.influx")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far shipping is; times are UTC ms.

    Live readings are shipped until `until`, history from `first` to `history`, of what lies before `origin`; `late`
    readings are listed.
    """

    first: int
    history: int
    origin: int
    until: int
    late: int
    derived: int

    @property
    def done(self) -> bool:
        """Whether all that was there when shipping began is shipped."""
        return self.history >= self.origin and not self.late and not self.derived

    @property
    def part(self) -> float:
        """Of the time that history spans, how much is shipped: 0 to 1."""
        return (
            1.0 if self.history >= self.origin else max(0.0, (self.history - self.first) / (self.origin - self.first))
        )


@dataclass(frozen=True, slots=True)
class _Trouble:
    """A step has failed; `asked`: the seconds that InfluxDB wants to be left alone, if it said so."""

    asked: float | None


class Shipper:
    """One per store that is open for writing. `run` in the collector, `step` where somebody waits for the end."""

    def __init__(self, facility: Facility, store: InfluxStore, clock: Clock, sleep: Sleep = asyncio.sleep) -> None:
        settings = facility.store.influx
        self._store = store
        self._path = facility.store.path
        self._clock = clock
        self._sleep = sleep
        awaited = facility.store.acknowledge == "replicated"
        self._lag, self._pause = (AWAITED_LAG_MS, AWAITED_SECONDS) if awaited else (LAG_MS, SHIP_SECONDS)
        self._batch = settings.batch
        self._buckets = Buckets(settings, store, clock)
        self._query = Query(settings)
        self._thinned = ThinnedReadings(store, self._query)
        self._outgoing = Outgoing.open(facility.store.path)
        self._lines = Lines(Layout(facility))
        self._looked = 0
        self._problems = TransitionLog(_log)
        self._keeps = False

    @property
    def shipped(self) -> int:
        """Points that InfluxDB has taken since the start."""
        return self._buckets.written

    @property
    def refused(self) -> int:
        """Points that it will never take."""
        return self._buckets.refused

    # ------------------------------------------------------------ when

    def take(self, facility: Facility) -> None:
        """Tag what is shipped from now on as other settings say. Where the archive is stays as it was."""
        self._lines = Lines(Layout(facility))

    async def run(self) -> None:
        """Ship until cancelled; a step that is under way is waited for."""
        backoff = Backoff(SHORTEST_WAIT, LONGEST_WAIT, jitter=0.2)
        while True:
            match await unbroken(self._try):
                case _Trouble(asked):
                    pause = backoff.next()
                    await self._sleep(pause if asked is None else min(max(SHORTEST_WAIT, asked), PATIENCE))
                case more:
                    backoff.reset()
                    if not more:
                        await self._sleep(self._pause)

    def _try(self) -> "bool | _Trouble":
        """One step: whether there is more to do, or that there was trouble."""
        try:
            more = self.step()
        except TransientError as error:
            self._problems.problem("InfluxDB", f"readings wait in {self._path}, retrying", error)
            return _Trouble(error.wait if isinstance(error, BusyError) else None)
        self._problems.recovered("InfluxDB", "takes readings again")
        return more

    def close(self) -> None:
        """Give back the connections."""
        self._buckets.close()
        self._query.close()
        self._outgoing.close()

    # ------------------------------------------------------------ what

    def step(self) -> bool:
        """Ship one portion of whatever is most urgent; whether there is more to do at once.

        Raises TransientError when InfluxDB or the file does not answer; nothing is lost then.
        """
        try:
            return self._step(self._clock())
        except TransientError:
            self._looked = 0
            raise

    def _step(self, now: int) -> bool:
        if self._store.noted(shipping_queue.CLAIMED) is None:
            self._store.begin_shipping(now - self._lag)
        if now - self._looked >= MARK_MS or now < self._looked:
            self.look(now)
            self._thinned.delete(now)
            self._looked = now
        return self._live(now) or self._gone() or self._late() or self._derived() or self._history()

    def until(self) -> int | None:
        """Up to when (UTC ms) live readings are shipped; None: shipping has not begun."""
        return self._store.noted(shipping_queue.UNTIL)

    def progress(self) -> Progress:
        """How far it is."""
        noted = self._store.noted
        return Progress(
            self._outgoing.first() or 0,
            noted(shipping_queue.HISTORY) or 0,
            noted(shipping_queue.ORIGIN) or 0,
            noted(shipping_queue.UNTIL) or 0,
            self._outgoing.length() + len(self._outgoing.gone()),
            len(self._outgoing.changed()),
        )

    def look(self, now: int) -> None:
        """Ship everything again when InfluxDB has forgotten what it was told last: it was wiped or set back."""
        spool, last = self._store.noted(shipping_queue.SPOOL) or 0, self._store.noted(shipping_queue.MARK)
        for bucket in (RAW, MINUTES, DAYS) if last is not None else ():
            found = self._query.ask(
                f'SELECT last("value") FROM {self._query.source(bucket, SPOOL)} WHERE "id" = {quoted(str(spool))}',
                bucket,
            )
            if not found or found[0].values[0][1] < last:
                _log.warning(
                    "InfluxDB has forgotten readings that it had taken (bucket %s): all are shipped again", bucket
                )
                self._store.begin_shipping(now - self._lag)
                self._store.note(DELETED, 0)  # a backup may hold what was deleted since
                break
        value = max(now, (last or 0) + 1)
        for bucket in (RAW, MINUTES, DAYS):
            self._buckets.mark(bucket, spool, value)
        self._store.note(shipping_queue.MARK, value)

    def _live(self, now: int) -> bool:
        until, claimed = self._store.noted(shipping_queue.UNTIL) or 0, self._store.noted(shipping_queue.CLAIMED) or 0
        done = self._stretch(until, claimed)
        self._store.advance({shipping_queue.UNTIL: done, shipping_queue.CLAIMED: max(claimed, now - self._lag)})
        return done < claimed

    def _history(self) -> bool:
        done, origin = self._store.noted(shipping_queue.HISTORY) or 0, self._store.noted(shipping_queue.ORIGIN) or 0
        if done >= origin:
            return False
        done = self._stretch(done, origin)
        self._store.advance({shipping_queue.HISTORY: done})
        if done >= origin:
            _log.info("everything that was stored before is in InfluxDB")
        return done < origin

    def _stretch(self, start: int, end: int) -> int:
        """Ship a portion of the readings with start <= time < end and what it completes; tells up to when."""
        rows, size = self._outgoing.rows(start, end, self._batch), self._batch
        while len(rows) == size and rows[0][0] == rows[-1][0]:  # a page ends between two times
            size *= 2
            rows = self._outgoing.rows(start, end, size)
        done = end
        if len(rows) == size:
            done = rows[-1][0]
            rows = [row for row in rows if row[0] < done]
        self._readings(rows)
        first, edge = start // FIVE_MINUTES_MS * FIVE_MINUTES_MS, done // FIVE_MINUTES_MS * FIVE_MINUTES_MS
        if edge > first:
            before = self._outgoing.rows(first, start) if first < start else []
            self._know(before)
            closed = [*before, *(row for row in rows if row[0] < edge)]
            self._buckets.write(MINUTES, self._five_minutes(closed))
            touched = rollups.keys(closed, self._lines.numeric, HOUR_MS)
            begun = start // HOUR_MS  # the series that had readings earlier in this hour are not among `closed`
            ended = touched | {(begun, number) for number in self._lines.numeric}
            self._hours(touched, {key for key in ended if (key[0] + 1) * HOUR_MS <= edge})
        return done

    def _gone(self) -> bool:
        """Delete readings that were taken back; what is left of their days is listed, and written again after this."""
        gone = self._outgoing.gone()
        for item in gone:
            series = next(series for series in self._outgoing.series() if series.number == item.series)
            asset, metric = (quoted(tag_value(text)) for text in (series.asset, series.metric))
            self._delete(RAW, READING, f'"asset" = {asset} AND "metric" = {metric}', item.begin, item.until + 1)
            for bucket, measurement, start in (
                (MINUTES, FIVE_MINUTES, item.begin // FIVE_MINUTES_MS * FIVE_MINUTES_MS),
                (DAYS, HOURLY, item.begin // HOUR_MS * HOUR_MS),
                (DAYS, DAILY, midnight(day_number(item.begin))),
            ):
                self._delete(bucket, measurement, f'"asset" = {asset} AND "metric" = {metric}', start, item.until + 1)
            self._store.settle_gone(item)
        return bool(gone)

    def _late(self) -> bool:
        keys, rows = self._outgoing.listed(self._batch)
        if not keys:
            return False
        self._readings(rows)
        pruned = self._store.noted(PRUNED) or 0
        lines: list[str] = []
        for number, series in rollups.by_number(rollups.keys(rows, self._lines.numeric, FIVE_MINUTES_MS)):
            start = number * FIVE_MINUTES_MS
            if start >= pruned:  # else what InfluxDB has of it is more than what we have
                lines += self._five_minutes(self._outgoing.rows_of(series, start, start + FIVE_MINUTES_MS))
        self._buckets.write(MINUTES, lines)
        touched = rollups.keys(rows, self._lines.numeric, HOUR_MS)
        self._hours(touched, touched)
        self._store.advance({}, keys)
        return True

    def _derived(self) -> bool:
        changed = self._outgoing.changed()
        for item in changed:
            if not self._points(item):
                break  # a long past: live readings do not wait for it
        return bool(changed)

    def _points(self, item: Changed) -> bool:
        """Ship a portion of the derived points of an asset; whether those were all."""
        if item.gone:
            self._forget(item)
        size = self._batch
        points = self._outgoing.points(item.asset, item.begin, item.until, size)
        while len(points) == size and points[0][0] == points[-1][0]:  # more at one time than a page holds
            size *= 2
            points = self._outgoing.points(item.asset, item.begin, item.until, size)
        self._buckets.write(MINUTES, self._lines.derived(item.asset, points))
        whole = len(points) < size
        self._store.settle_derived(item, None if whole else points[-1][0] - 1)
        return whole

    def _forget(self, item: Changed) -> None:
        """Delete derived points; those that are left are written again."""
        until = min(item.until, self._clock() + DAY_MS)
        self._delete(MINUTES, DERIVED, f'"asset" = {quoted(tag_value(item.asset))}', item.begin + 1, until + 1)

    def _delete(self, bucket: str, measurement: str, where: str, start: int, end: int) -> None:
        """Delete points of start <= time < end. Some servers cannot delete, which is told once."""
        try:
            self._query.delete(bucket, measurement, f"{where} AND time >= {start}ms AND time < {end}ms")
        except RefusedError as error:
            if not self._keeps:
                _log.warning("what is no longer true stays in InfluxDB: %s", error)
            self._keeps = True

    # ------------------------------------------------------------ how

    def _readings(self, rows: Sequence[Row]) -> None:
        self._know(rows)
        self._buckets.write(RAW, self._lines.readings(rows))

    def _five_minutes(self, rows: Sequence[Row]) -> list[str]:
        return self._lines.rollups(FIVE_MINUTES, rollups.five_minutes(rows, self._lines.numeric))

    def _hours(self, hours: Collection[tuple[int, int]], for_days: Collection[tuple[int, int]]) -> None:
        """Ship hours, given as (hour, series), and the days of those in `for_days`."""
        lines: list[str] = []
        for hour, series in rollups.by_number(hours):
            lines += self._lines.rollups(HOURLY, rollups.hourly(self._outgoing.hours(series, hour, hour + 1)))
        for day, series in rollups.by_number({(rollups.day_of(hour), number) for hour, number in for_days}):
            found = self._outgoing.hours(series, rollups.first_hour(day), rollups.first_hour(day + 1))
            lines += self._lines.rollups(DAILY, rollups.daily(found))
        self._buckets.write(DAYS, lines)

    def _know(self, rows: Sequence[Row]) -> None:
        if not self._lines.knows(row[1] for row in rows):
            self._lines.know(self._outgoing.series())
