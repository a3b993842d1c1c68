"""Whether InfluxDB is there, is the right one, and has what the collector needs; said in words."""

import re
from collections.abc import Iterator
from contextlib import closing

from sukusuku_core.errors import TransientError
from sukusuku_core.time import DAY_MS, HOUR_MS, day_number, japan_time, midnight
from sukusuku_server.settings import Facility
from sukusuku_server.settings.influx import DAYS, MINUTES, RAW, Influx
from sukusuku_server.timeseries.influx.line_protocol import SPOOL, TRIAL, mark
from sukusuku_server.timeseries.influx.query import Query, quoted
from sukusuku_server.timeseries.influx.reader import InfluxReader
from sukusuku_server.timeseries.influx.store import InfluxStore
from sukusuku_server.timeseries.influx.thinning import DELETED, overdue
from sukusuku_server.timeseries.influx.writer import Writer
from sukusuku_server.timeseries.shipping_queue import HISTORY, ORIGIN, UNTIL, Outgoing
from sukusuku_server.timeseries.verdict import Verdict

COMPARED = 7
"""Whole days that are counted on both sides."""
OLDEST = (1, 8)
"""The first version with /api/v2/write."""


def examine(facility: Facility, now: int) -> Iterator[Verdict]:
    """One verdict after the other; ends early where nothing more can be said. `now`: UTC ms."""
    settings = facility.store.influx
    query, writer = Query(settings), Writer(settings)
    try:
        try:
            version = query.version()
        except TransientError as error:
            yield Verdict(good=False, text=f"{error}; is it started, and is `url` right?")
            return
        yield _version(settings, version)
        good = True
        for bucket in (RAW, MINUTES, DAYS):
            verdict = _bucket(settings, query, writer, bucket, now)
            good = good and verdict.good
            yield verdict
        if good:
            yield from _shipping(facility, query)
            yield from _thinned(facility, now)
    finally:
        writer.close()
        query.close()


def _version(settings: Influx, version: str) -> Verdict:
    parts = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    old = "" if parts >= OLDEST else "; that is older than 1.8: without a proxy it has no /api/v2/write"
    return Verdict(good=True, text=f"{settings.url} is InfluxDB {version}{old}")


def _bucket(settings: Influx, query: Query, writer: Writer, bucket: str, now: int) -> Verdict:
    """Write a point and read it again: that needs the bucket and both rights."""
    name, hour = settings.bucket(bucket), now // HOUR_MS * HOUR_MS
    try:
        refusal = writer.write(name, [mark(TRIAL, now, hour)])
        if refusal is not None:
            return Verdict(good=False, text=f"bucket {name} takes nothing: {refusal}")
        where = f'"id" = {quoted(str(TRIAL))} AND time = {hour}ms'
        found = query.ask(f'SELECT "value" FROM {query.source(bucket, SPOOL)} WHERE {where}', bucket)
    except TransientError as error:
        return Verdict(good=False, text=str(error))
    if not found or found[0].values[0][1] != now:
        return Verdict(
            good=False, text=f"bucket {name} takes points, but /query does not show them; see docs/influxdb.md"
        )
    return Verdict(good=True, text=f"bucket {name} can be written and read")


def _shipping(facility: Facility, query: Query) -> Iterator[Verdict]:
    """How far shipping is, and whether both sides count the same."""
    try:
        outgoing = Outgoing.open(facility.store.path)
        store = InfluxStore.open_reader(facility.store.path)
    except TransientError:
        yield Verdict(good=True, text=f"{facility.store.path} is not there yet; the collector makes it")
        return
    try:
        until, origin = outgoing.noted(UNTIL), outgoing.noted(ORIGIN) or 0
        if until is None:
            yield Verdict(good=True, text=f"nothing of {facility.store.path} is shipped yet")
            return
        history = outgoing.noted(HISTORY) or 0
        yield Verdict(good=True, text=f"readings until {_moment(until)} are shipped")
        if history < origin:
            yield Verdict(good=True, text=f"history is under way, it has come to {_moment(history)}")
            return
        listed = outgoing.length()
        if listed:
            yield Verdict(good=True, text=f"{listed} readings that came late are on their way")
            return
        end = midnight(day_number(until))
        start = end - COMPARED * DAY_MS
        here, there = outgoing.days(start, end), InfluxReader(query, store.datatype_of).days(start, end)
        for day in sorted(here.keys() | there.keys()):
            if here.get(day, 0) != there.get(day, 0):
                text = f"{_moment(day)[:10]}: {here.get(day, 0)} readings in the file, {there.get(day, 0)} in InfluxDB"
                yield Verdict(good=False, text=text)
        yield Verdict(good=True, text=f"{sum(here.values())} readings of the last {COMPARED} whole days were compared")
    finally:
        store.close()
        outgoing.close()


def _thinned(facility: Facility, now: int) -> Iterator[Verdict]:
    """Whether what the file has deleted of the counts of rooms is gone on the other side."""
    try:
        outgoing = Outgoing.open(facility.store.path)
    except TransientError:
        return
    with closing(outgoing):
        late, done = overdue(outgoing, now), outgoing.noted(DELETED) or 0
    if late is not None:
        text = f"raw counts of rooms from before {_moment(late)} are still in InfluxDB; the collector's log says why"
        yield Verdict(good=False, text=text)
    elif done:
        yield Verdict(good=True, text=f"raw counts of rooms from before {_moment(done)} are deleted")


def _moment(ms: int) -> str:
    return japan_time(ms).strftime("%Y-%m-%d %H:%M")
