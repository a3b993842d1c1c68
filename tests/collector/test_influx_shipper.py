"""What is committed is in InfluxDB in the end, whatever happens in between: lost 0, nothing twice."""

import asyncio
import contextlib
import itertools
import random
import signal
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_collector.settings import Facility
from sukusuku_collector.store import HOUR_MS, Committed, Point
from sukusuku_collector.store.influx.buckets import REFUSED
from sukusuku_collector.store.influx.query import Query
from sukusuku_collector.store.influx.reader import InfluxReader
from sukusuku_collector.store.influx.shipper import LAG_MS, MARK_MS, PATIENCE, Shipper
from sukusuku_collector.store.influx.store import InfluxStore
from sukusuku_collector.store.influx.thinning import DELETED, delete_thinned
from sukusuku_collector.store.influx.writer import BusyError, Writer
from sukusuku_collector.store.sqlite import SqliteStore
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Quality, Reading
from tests.collector.influx_store import facility, new_database
from tests.support.broker import free_port
from tests.support.influx_v2 import Answer, Request
from tests.support.influxd import Influxd, influxd

START = 1_800_000_000_000 // HOUR_MS * HOUR_MS
DAY_MS = 86_400_000
MINUTE_MS = 60_000
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
        return self.store.commit(readings, [], self.now)

    def ship(self) -> None:
        self.now += MINUTE_MS
        self.shipper.drain()

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


@pytest.fixture
def make_rig(influx: Influxd, tmp_path: Path) -> Iterator[MakeRig]:
    rigs: list[Rig] = []

    def make(server: Influxd = influx, **keys: object) -> Rig:
        database = new_database(server)
        rigs.append(Rig(facility(tmp_path / f"spool-{database}.db", server, database, **keys), server, database))
        return rigs[-1]

    yield make
    influx.adapter.trouble = None
    for rig in rigs:
        rig.close()


def fills(times: range, asset: str = "unit-1") -> list[Reading]:
    return [Reading(asset, "Fill/Percent", time, 10 + time % 7_919 / 100) for time in times]


def busy(times: int, answer: Answer) -> Callable[[Request], Answer | None]:
    """So many writes get this answer, the next ones pass."""
    left = [times]

    def trouble(request: Request) -> Answer | None:
        left[0] -= 1
        return answer if left[0] >= 0 else None

    return trouble


def test_all_types_and_qualities_arrive(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.commit(
        Reading("unit-1", "Fill/Percent", START, 41.5),
        Reading("unit-1", "Fill/Percent", START + 1, 180.25, Quality.BAD),
        Reading("unit-1", "Fill/Percent", START + 2, float("inf"), Quality.BAD),
        Reading("unit-1", "Fill/Percent", START + 3, None, Quality.STALE),
        Reading("unit-1", "Cycles/Total", START, 2**63 - 1),
        Reading("unit-1", "Cycles/Total", START + 1, -(2**62) - 1, Quality.BAD),
        Reading("unit-1", "Lid/Open", START, value=True),
        Reading("unit-1", "Info/Serial", START, 'すく "1\\\n号', Quality.GOOD),
        Reading("unit-1", "Info/Serial", START + 1, "?", Quality.BAD),
        Reading("room", "Zones/食事 1,2=3\\/Count", START, 4),
    )
    rig.ship()
    found = rig.reader.scan(ASSETS[:2], 0, 1 << 62)
    expected = [it for it in rig.expected.values() if it.asset != "room"]
    assert sorted(found, key=in_order) == sorted(expected, key=in_order)
    assert rig.reader.raw("room", "Zones/食事 1,2=3\\/Count", START, START + 1, 9) == [Point(START, 4, Quality.GOOD)]
    tables = Query(rig.settings.store.influx).ask('SHOW TAG VALUES WITH KEY IN ("site", "kind", "zone")', "raw")
    assert {tuple(row) for table in tables for row in table.values} >= {
        ("site", "tobu"),
        ("kind", "unit"),
        ("kind", "room"),
        ("zone", "食事 1,2=3/"),
    }


def test_what_is_not_good_is_in_no_mean(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.commit(
        Reading("unit-1", "Fill/Percent", START, 40.0), Reading("unit-1", "Fill/Percent", START + 1, 999.0, Quality.BAD)
    )
    rig.ship()
    assert Query(rig.settings.store.influx).ask('SELECT mean("value") FROM "reading"', "raw")[0].values[0][1] == 40.0


def test_history_of_a_file_without_influxdb_is_shipped(make_rig: MakeRig) -> None:
    rig = make_rig(batch=100)
    rig.close()
    plain = SqliteStore.open(rig.settings.store.path)
    readings = [it for asset in ASSETS[:2] for it in fills(range(START - 2 * DAY_MS, START, 600_000), asset)]
    plain.commit(readings, [], START)
    plain.put_derived(
        "unit-1", 0, START, [Reading("unit-1", "Fill/Estimate", START - 300_000 * n, 5.0) for n in range(400)]
    )
    plain.close()
    rig.expected = {(it.asset, it.metric, it.time): it for it in readings}
    rig.open()
    assert rig.shipper.step()  # history and derived points are under way: live readings do not wait for them
    rig.commit(*fills(range(START, START + 1_000, 100)))
    rig.ship()
    rig.check()
    assert rig.shipper.progress().done


def test_late_readings_change_what_was_rolled_up(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.commit(*fills(range(START, START + 2 * HOUR_MS, 600_000)))
    rig.now += DAY_MS + 9 * HOUR_MS
    rig.ship()
    rig.check()
    rig.commit(*fills(range(START + 1, START + 2 * HOUR_MS, 60_000)), *fills(range(START, START + 10, 5), "unit-2"))
    assert rig.shipper.progress().late == 122
    rig.ship()
    rig.check()
    assert rig.shipper.progress().late == 0


@pytest.mark.parametrize("status", [429, 503, 500, 401, 404])
def test_a_server_that_does_not_take_anything_now_is_asked_again(make_rig: MakeRig, status: int) -> None:
    rig = make_rig()
    rig.commit(*fills(range(START, START + 1_000, 10)))
    rig.server.adapter.trouble = busy(2, Answer(status, {"Retry-After": "7"}, b'{"error": "not now"}'))
    rig.now += MINUTE_MS
    for _ in range(2):
        with pytest.raises(BusyError, match="not now") as caught:
            rig.shipper.drain()
        assert caught.value.wait == 7
    rig.shipper.drain()
    rig.check()
    assert rig.store.quarantine(9) == []


@pytest.mark.parametrize("zone", ["GMT", "-0000"])
def test_retry_after_may_be_a_date(make_rig: MakeRig, zone: str) -> None:
    rig = make_rig()
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True).replace("GMT", zone)
    rig.server.adapter.trouble = busy(1, Answer(503, {"Retry-After": moment}))
    with pytest.raises(BusyError) as caught:
        rig.shipper.step()
    assert caught.value.wait == pytest.approx(90, abs=30)


def test_the_pauses_are_those_the_server_asks_for_else_they_grow(make_rig: MakeRig) -> None:
    rig = make_rig()
    pauses: list[float] = []
    done = asyncio.Event()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 7:
            rig.server.adapter.trouble = busy(1, Answer(429, {"Retry-After": "100000"}))
        if len(pauses) == 9:
            done.set()
        await asyncio.sleep(0)

    async def main() -> None:
        rig.server.adapter.trouble = busy(7, Answer(503))
        job = asyncio.create_task(Shipper(rig.settings, rig.store, lambda: rig.now, sleep).run())
        await done.wait()
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job

    asyncio.run(main())
    for pause, expected in zip(pauses, [1, 2, 4, 8, 16, 32, 60], strict=False):
        assert 0.8 * expected <= pause <= 1.2 * expected
    assert pauses[7] == PATIENCE
    assert pauses[8] == 2.0


def test_a_slow_server_that_wrote_nevertheless_makes_nothing_twice(make_rig: MakeRig) -> None:
    rig = make_rig(timeout=0.2)
    rig.commit(*fills(range(START, START + 1_000, 10)))
    rig.shipper.step()
    rig.now += MINUTE_MS
    rig.shipper.step()
    rig.server.adapter.trouble = busy(1, Answer(204, delay=0.6))
    with pytest.raises(BusyError, match="does not answer"):
        rig.ship()
    rig.ship()
    rig.check()


def test_an_outage_with_a_crash_of_both_sides_loses_nothing(tmp_path: Path) -> None:
    with influxd() as server:
        rig = Rig(facility(tmp_path / "spool.db", server, new_database(server)), server, "test")
        rig.commit(*fills(range(START, START + 60_000, 100)))
        rig.ship()
        server.stop(signal.SIGKILL)
        for hour in range(1, 30):
            rig.commit(*fills(range(START + hour * HOUR_MS, START + hour * HOUR_MS + 60_000, 1_000)))
            rig.now = START + hour * HOUR_MS + 60_000
            with pytest.raises(TransientError, match="does not answer"):
                rig.shipper.step()
            if hour % 10 == 0:
                rig.restart()
        assert server.start()
        rig.ship()
        rig.check()
        rig.close()


def test_user_and_password_and_what_they_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with influxd() as server:
        database = new_database(server)
        server.ask("CREATE USER admin WITH PASSWORD 'x' WITH ALL PRIVILEGES")
        for user, may in (("collector", "ALL"), ("grafana", "READ")):
            server.ask(f"CREATE USER {user} WITH PASSWORD 'secret'; GRANT {may} ON \"{database}\" TO {user}")
        server.stop()
        monkeypatch.setenv("INFLUXDB_HTTP_AUTH_ENABLED", "true")
        assert server.start()
        for user, password, words in (
            ("collector", "wrong", "answers 401 .*authorization failed; check token, or username and password"),
            ("grafana", "secret", "answers 403 .*; the token or user may not write here"),
            ("collector", "secret", None),
        ):
            keys = facility(tmp_path / f"{user}-{password}.db", server, database, username=user, password=password)
            rig = Rig(keys, server, database)
            rig.commit(*fills(range(START, START + 1_000, 10)))
            if words is not None:
                with pytest.raises(BusyError, match=words):
                    rig.ship()
            else:
                rig.store.put_derived("unit-1", 0, START, [Reading("unit-1", "Fill/Estimate", START - 300_000, 5.0)])
                rig.ship()
                rig.store.put_derived("unit-1", 0, START, [Reading("unit-1", "Fill/Estimate", START - 600_000, 6.0)])
                rig.ship()
                rig.check()
            rig.close()


def test_a_point_that_is_refused_goes_to_the_quarantine_and_the_others_arrive(make_rig: MakeRig) -> None:
    rig = make_rig()
    write(rig, f"reading,asset=other text=1 {START}")  # a field of another type: our texts are refused, and only those
    rig.commit(
        *fills(range(START, START + 5_000, 10)), *(Reading("unit-1", "Info/Serial", START + n, "x") for n in (1, 2))
    )
    rig.now += MINUTE_MS
    rig.shipper.drain()
    found = rig.store.quarantine(9)
    assert {(it.reason, it.topic) for it in found} == {(REFUSED, f"influx/{rig.database}/raw")}
    assert all("field type conflict" in it.detail for it in found)
    assert sorted(it.payload.decode() for it in found) == [
        f'reading,asset=unit-1,kind=unit,metric=Info/Serial,site=tobu text="x" {START + n}' for n in (1, 2)
    ]
    assert rig.shipper.refused == 2
    assert len(rig.reader.raw("unit-1", "Fill/Percent", 0, 1 << 62, 1_000)) == 500
    rig.shipper.drain()
    assert rig.shipper.refused == 2


def test_a_bucket_that_takes_nothing_puts_nothing_into_the_quarantine(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.commit(*fills(range(START, START + 1_000, 10)))
    nothing = Answer(400, body=b'{"code": "invalid", "message": "Please provide either orgID or org"}')
    rig.server.adapter.trouble = lambda _: nothing
    with pytest.raises(BusyError, match="raw takes nothing: Please provide either orgID or org"):
        rig.ship()
    rig.server.adapter.trouble = None
    rig.shipper.step()
    rig.server.adapter.trouble = lambda _: nothing  # from one moment to the next
    rig.commit(*fills(range(START + 2_000, START + 3_000, 10)))
    with pytest.raises(BusyError, match="raw takes nothing"):
        rig.shipper.drain()
    rig.server.adapter.trouble = None
    rig.ship()
    rig.check()
    assert rig.store.quarantine(9) == []


def test_an_answer_that_is_no_text_at_all_is_waited_out(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.commit(*fills(range(START, START + 100, 10)))
    rig.server.adapter.trouble = busy(1, Answer(502, body="混雑しています".encode("shift_jis")))
    with pytest.raises(BusyError, match="what answers there is not InfluxDB"):
        rig.ship()
    rig.ship()
    rig.check()


def test_a_clock_that_jumps_does_not_make_it_look_as_if_readings_were_forgotten(
    make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    rig = make_rig()
    rig.commit(*fills(range(START, START + 1_000, 100)))
    rig.ship()
    for now in (START + 3_000 * DAY_MS, START + DAY_MS, 0, START + 2 * DAY_MS):
        rig.now = now
        rig.shipper.step()
        rig.now += MARK_MS
        rig.shipper.step()
        rig.commit(*fills(range(START + now % 999_983, START + now % 999_983 + 10)))
    rig.now = START + 3 * DAY_MS
    rig.ship()
    rig.check()
    assert "forgotten" not in caplog.text


def test_derived_points_of_one_time_are_more_than_a_portion(make_rig: MakeRig) -> None:
    rig = make_rig(batch=5)
    rig.shipper.step()
    points = [
        Reading("unit-1", f"Fill/Quantile{n}", START - DAY_MS + hour, float(n)) for hour in (0, 1) for n in range(23)
    ]
    rig.store.put_derived("unit-1", 0, START, points)
    rig.store.put_derived("unit-2", 0, START, [Reading("unit-2", "Fill/Estimate", START - DAY_MS, 5.0)])
    rig.ship()
    rig.check()
    assert rig.shipper.progress().done


def test_what_is_older_than_the_bucket_keeps_is_left_out_in_peace(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.server.ask(f'ALTER RETENTION POLICY "raw" ON "{rig.database}" DURATION 30d')
    now = int(datetime.now(UTC).timestamp() * 1000)
    rig.now = now
    old = fills(range(now - 60 * DAY_MS, now - 60 * DAY_MS + 100, 10))
    rig.store.commit(old, [], now)
    rig.commit(*fills(range(now - 1000, now, 100)))
    rig.ship()
    assert rig.store.quarantine(9) == []
    assert len(rig.reader.raw("unit-1", "Fill/Percent", 0, 1 << 62, 1_000)) == 10
    assert len(rig.reader.hourly("unit-1", "Fill/Percent", now - 61 * DAY_MS, now - 59 * DAY_MS)) == 1


def test_a_wiped_database_is_filled_again(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.commit(*fills(range(START - 3 * HOUR_MS, START, 60_000)))
    rig.store.put_derived("unit-1", 0, START, [Reading("unit-1", "Fill/Estimate", START - 300_000, 5.0)])
    rig.ship()
    rig.check()
    rig.server.drop(rig.database)
    rig.server.create(rig.database)
    rig.commit(*fills(range(START, START + 1_000, 100)))
    rig.now += MARK_MS
    rig.ship()
    rig.check()


def test_a_database_that_was_set_back_is_filled_again(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.ship()
    old = Query(rig.settings.store.influx).ask("SELECT value FROM spool", "raw")[0].values[0][1]
    rig.commit(*fills(range(START, START + 1_000, 100)))
    rig.now += MARK_MS
    rig.ship()
    rig.server.drop(rig.database)
    rig.server.create(rig.database)
    spool = rig.store.noted("ship/spool")
    for bucket in ("raw", "5m", "daily"):
        write(rig, f"spool,id={spool} value={old} {old // HOUR_MS * HOUR_MS}", bucket)
    rig.now += MARK_MS
    rig.ship()
    rig.check()


def test_what_is_not_shipped_is_not_pruned(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.now = START + 50 * DAY_MS
    rig.commit(*fills(range(START, START + 1_000, 100)))
    assert rig.store.prune(START + DAY_MS, 1_000) == 0
    rig.server.adapter.trouble = busy(1, Answer(503))
    with pytest.raises(BusyError):
        rig.shipper.drain()
    assert rig.store.prune(START + DAY_MS, 1_000) == 0
    rig.ship()
    rig.commit(*fills(range(START + 50, START + 1_000, 100)))
    assert rig.store.prune(START + DAY_MS, 1_000) == 1  # the one before the late ones
    rig.ship()
    assert rig.store.prune(START + DAY_MS, 1_000) == 19
    assert len(rig.reader.raw("unit-1", "Fill/Percent", 0, 1 << 62, 99)) == 20


def test_readings_of_rooms_that_are_thinned_out_go_from_both_sides(
    make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    rig = make_rig()
    rig.now = START + 50 * DAY_MS
    times = [START + n * DAY_MS + HOUR_MS for n in range(3)]
    rig.commit(*(Reading("room", "Occupancy/Count", time, 5) for time in times), *fills(range(times[0], times[0] + 1)))
    middle = START + 2 * DAY_MS
    assert not rig.store.drop_readings(["room"], START, middle), "they are not shipped yet"
    rig.ship()
    hours = rig.ask("daily", "hourly")

    assert rig.store.drop_readings(["room"], START, middle)
    rig.now += MARK_MS
    rig.ship()

    assert [it.time for it in rig.reader.raw("room", "Occupancy/Count", 0, 1 << 62, 99)] == times[2:]
    assert {(*key[:2], key[2] >= middle) for key in rig.ask("5m", "five_minutes")} == {
        ("room", "Occupancy/Count", True),
        ("unit-1", "Fill/Percent", False),
    }
    assert rig.ask("daily", "hourly") == hours
    assert len(rig.reader.raw("unit-1", "Fill/Percent", 0, 1 << 62, 99)) == 1
    assert "stay in InfluxDB" not in caplog.text

    rig.server.drop(rig.database)
    rig.server.create(rig.database)
    settings = rig.settings.store.influx
    backup = [f"reading,asset=room,kind=room,metric=Occupancy/Count,site=tobu value=5 {time}" for time in times]
    writer = Writer(settings)
    writer.write(settings.bucket("raw"), backup)
    writer.close()
    rig.now += MARK_MS
    rig.ship()
    assert [it.time for it in rig.reader.raw("room", "Occupancy/Count", 0, 1 << 62, 99)] == times[2:], "set back"


def test_what_was_not_deleted_in_time_is_deleted_later_and_what_cannot_be_is_told_once(
    make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    rig = make_rig()
    rig.now = START + 50 * DAY_MS
    rig.commit(Reading("room", "Occupancy/Count", START + HOUR_MS, 5))
    rig.ship()
    assert rig.store.drop_readings(["room"], START, START + 2 * DAY_MS)
    here = rig.settings.store.influx
    away = Query(msgspec.structs.replace(here, url=f"http://127.0.0.1:{free_port()}"))
    delete_thinned(rig.store, away)
    assert not rig.store.noted(DELETED)
    delete_thinned(rig.store, Query(here))
    assert rig.ask("raw", "reading") == {}
    assert rig.store.noted(DELETED)

    rig.store.note(DELETED, 0)
    delete_thinned(rig.store, Query(msgspec.structs.replace(here, prefix="nowhere/")))
    assert rig.store.noted(DELETED)
    assert caplog.text.count("stay in InfluxDB") == 1


def test_pruned_readings_are_asked_of_influxdb(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.now = START + DAY_MS
    rig.commit(*fills(range(START, START + 2_000, 100)), *fills(range(START, START + 2_000, 500), "unit-2"))
    rig.ship()
    rig.store.archive = rig.reader
    plain = rig.store.scan(ASSETS, START, START + 2_000), rig.store.raw("unit-1", "Fill/Percent", START, 1 << 62, 15)
    assert rig.store.prune(START + 1_000, 1_000) == 12
    rig.commit(*fills(range(START + 300, START + 301)), Reading("unit-1", "Fill/Percent", START + 350, 3.0))
    rig.ship()
    scanned = rig.store.scan(ASSETS, START, START + 2_000)
    assert {(it.asset, it.time) for it in scanned} == {(it.asset, it.time) for it in plain[0]} | {
        ("unit-1", START + 350)
    }
    assert len(rig.store.raw("unit-1", "Fill/Percent", START, 1 << 62, 15)) == 15
    assert [it.time for it in rig.store.raw("unit-1", "Fill/Percent", START + 1_000, 1 << 62, 99)] == list(
        range(START + 1_000, START + 2_000, 100)
    )
    assert rig.store.first() == START


def test_while_influxdb_is_away_the_file_knows_when_everything_began(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.now = START + DAY_MS
    rig.commit(*fills(range(START, START + 2_000, 100)))
    rig.ship()
    away = msgspec.structs.replace(rig.settings.store.influx, url=f"http://127.0.0.1:{free_port()}")
    rig.store.archive = InfluxReader(Query(away), rig.store.datatype_of)
    assert rig.store.prune(START, 1_000) == 0
    assert rig.store.first() == START
    for before, gone in ((START + 500, 5), (START + 1_000, 5)):
        assert rig.store.prune(before, 1_000) == gone
        assert rig.store.first() == START
    rig.commit(*fills(range(START - 60_000, START - 59_000, 1_000)))
    assert rig.store.first() == START - 60_000


def write(rig: Rig, line: str, bucket: str = "raw") -> None:
    """Past our own code."""
    url = f"http://127.0.0.1:{rig.server.port}/write?db={rig.database}&rp={bucket}&precision=ms"
    with build_opener(ProxyHandler({})).open(url, line.encode(), timeout=10):
        pass


def _live(rig: Rig, number: int) -> None:
    rig.commit(*fills(range(rig.now - 2_000, rig.now - 2_000 + number * 50, 50)))


def _late(rig: Rig, minutes: list[int]) -> None:
    times = [rig.now + minute * MINUTE_MS for minute in minutes]
    rig.commit(*(reading for time in times for reading in fills(range(time, time + 3), "unit-2")))


def _derive(rig: Rig, minutes: int) -> None:
    start = (rig.now + minutes * MINUTE_MS) // FIVE_MINUTES_MS * FIVE_MINUTES_MS
    grid = range(start, rig.now, FIVE_MINUTES_MS * (1 + minutes % 3))
    rig.store.put_derived(
        "unit-1", start - 1, rig.now, [Reading("unit-1", "Fill/Estimate", time, float(rig.now % 97)) for time in grid]
    )


def _pass(rig: Rig, ms: int) -> None:
    rig.now += ms


def _step(rig: Rig, number: int) -> None:
    with contextlib.suppress(TransientError):
        for _ in range(number):
            rig.shipper.step()


def _trouble(rig: Rig, writes: int) -> None:
    rig.server.adapter.trouble = busy(writes, Answer(503))


def _restart(rig: Rig, _: int) -> None:
    rig.restart()


def _wipe(rig: Rig, _: int) -> None:
    rig.server.drop(rig.database)
    rig.server.create(rig.database)


Event = Callable[[Rig, Any], None]
MINUTES = st.integers(-240, 0)
EVENTS: st.SearchStrategy[tuple[Event, Any]] = st.one_of(
    st.tuples(st.just(_live), st.integers(1, 40)),
    st.tuples(st.just(_late), st.lists(MINUTES, min_size=1, max_size=8)),
    st.tuples(st.just(_derive), MINUTES),
    st.tuples(st.just(_pass), st.sampled_from([1_000, 30_000, 400_000, 4_000_000, 50_000_000])),
    st.tuples(st.just(_step), st.integers(1, 4)),
    st.tuples(st.just(_trouble), st.integers(1, 3)),
    st.tuples(st.sampled_from([_restart, _wipe]), st.just(0)),
)


def test_any_course_of_events_loses_nothing(make_rig: MakeRig) -> None:
    @given(st.lists(EVENTS, min_size=3, max_size=20))
    @settings(max_examples=15, deadline=None)
    def check(events: list[tuple[Event, Any]]) -> None:
        rig = make_rig(batch=7)
        for event, how in events:
            event(rig, how)
        rig.server.adapter.trouble = None
        rig.now += MARK_MS
        rig.ship()
        rig.check()
        rig.server.drop(rig.database)

    check()


def test_readings_that_are_committed_while_others_are_shipped_arrive_too(make_rig: MakeRig) -> None:
    rig = make_rig(batch=50)
    chance = random.Random(11)
    ahead = threading.Semaphore(20)  # commits that may come before the next step, so that neither side starves
    shipped = threading.Event()

    def commit() -> None:
        for number in itertools.count():
            ahead.acquire()
            if shipped.is_set():
                break
            times = {rig.now - chance.randrange(2 * LAG_MS) for _ in range(8)}
            asset = ASSETS[number % 2]
            rig.commit(*(Reading(asset, "Fill/Percent", time, chance.random() * 100) for time in times))
            rig.now += chance.randrange(2_000)

    writer = threading.Thread(target=commit)
    writer.start()
    try:
        while rig.shipper.progress().until <= START + 10 * LAG_MS:
            rig.shipper.step()
            ahead.release(3)
    finally:
        shipped.set()
        ahead.release()
        writer.join()
    rig.ship()
    rig.check()
