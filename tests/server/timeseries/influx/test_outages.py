"""Whatever is wrong with InfluxDB: lost 0, nothing twice."""

import asyncio
import contextlib
import signal
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from sukusuku_core.errors import TransientError
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS
from sukusuku_server.timeseries.influx.buckets import TRIES
from sukusuku_server.timeseries.influx.query import Query
from sukusuku_server.timeseries.influx.shipper import MARK_MS, PATIENCE, SHIP_SECONDS, Shipper, Sleep
from sukusuku_server.timeseries.influx.writer import BusyError
from tests.server.timeseries.influx.influx_facility import facility, new_database
from tests.server.timeseries.influx.shipping_rig import START, MakeRig, Rig, busy, fills, lines_of, write
from tests.support.influx_v2 import Answer
from tests.support.influxd import influxd
from tests.support.stores import commit


async def shipped(rig: Rig, sleep: Sleep, done: asyncio.Event) -> None:
    """Run a shipper until `done` is set."""
    with contextlib.closing(Shipper(rig.settings, rig.store, lambda: rig.now, sleep)) as shipper:
        job = asyncio.create_task(shipper.run())
        await done.wait()
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job


@pytest.mark.parametrize("status", [429, 503, 500, 401, 404])
def test_a_server_that_does_not_take_anything_now_is_asked_again(make_rig: MakeRig, status: int) -> None:
    rig = make_rig()
    rig.commit(*fills(range(START, START + 1_000, 10)))
    rig.server.adapter.trouble = busy(2, Answer(status, {"Retry-After": "7"}, b'{"error": "not now"}'))
    rig.now += MINUTE_MS
    for _ in range(2):
        with pytest.raises(BusyError, match="not now") as caught:
            rig.drain()
        assert caught.value.wait == 7
    rig.drain()
    rig.check()
    assert rig.store.quarantine(9) == []


@pytest.mark.parametrize("status", [200, 202])
def test_a_page_to_log_in_at_has_written_nothing(make_rig: MakeRig, status: int) -> None:
    rig = make_rig()
    rig.commit(*fills(range(START, START + 1_000, 10)))
    rig.server.adapter.trouble = busy(1, Answer(status, {"Content-Type": "text/html"}, b"<html>Log in</html>"))
    rig.now += MINUTE_MS
    with pytest.raises(BusyError, match=f"expected the answer 204 of InfluxDB, found {status}: does a proxy"):
        rig.drain()
    rig.drain()
    rig.check()


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
        await shipped(rig, sleep, done)

    asyncio.run(main())
    for pause, expected in zip(pauses, [1, 2, 4, 8, 16, 32, 60], strict=False):
        assert 0.8 * expected <= pause <= 1.2 * expected
    assert pauses[7] == PATIENCE
    assert pauses[8] == 2.0


def test_a_slow_server_that_wrote_nevertheless_makes_nothing_twice(make_rig: MakeRig) -> None:
    rig = make_rig(timeout=2.0)
    rig.commit(*fills(range(START, START + 1_000, 10)))
    rig.shipper.step()
    rig.now += MINUTE_MS
    rig.shipper.step()
    rig.server.adapter.trouble = busy(1, Answer(204, delay=3.0))
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


@pytest.mark.parametrize(
    "answer", [Answer(429, body=b"quota"), Answer(503, {"Retry-After": "60"}, b"later"), Answer(401, body=b"token")]
)
def test_a_server_that_asks_for_patience_or_refuses_everything_is_waited_for(make_rig: MakeRig, answer: Answer) -> None:
    rig = make_rig()
    rig.commit(*fills(range(START, START + 1_000, 10)))
    everything = answer.status == 401
    rig.server.adapter.trouble = lambda request: answer if everything or len(lines_of(request)) > 1 else None
    rig.now += MINUTE_MS
    for _ in range(3 * TRIES):
        with pytest.raises(BusyError):
            rig.drain()
    assert rig.store.quarantine(9) == []
    rig.server.adapter.trouble = None
    rig.drain()
    rig.check()


def test_the_pauses_begin_again_after_a_success_with_nothing_more_to_ship(make_rig: MakeRig) -> None:
    rig = make_rig()
    pauses: list[float] = []
    done = asyncio.Event()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if seconds == SHIP_SECONDS:
            rig.server.adapter.trouble = busy(1, Answer(503))
            rig.now += MARK_MS
        if len(pauses) == 6:
            done.set()
        await asyncio.sleep(0)

    async def main() -> None:
        rig.server.adapter.trouble = busy(4, Answer(503))
        await shipped(rig, sleep, done)

    asyncio.run(main())
    for pause, expected in zip(pauses, [1, 2, 4, 8, SHIP_SECONDS, 1], strict=False):
        assert 0.8 * expected <= pause <= expected


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


def test_what_is_older_than_the_bucket_keeps_is_left_out_in_peace(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.server.ask(f'ALTER RETENTION POLICY "raw" ON "{rig.database}" DURATION 30d')
    now = int(datetime.now(UTC).timestamp() * 1000)
    rig.now = now
    old = fills(range(now - 60 * DAY_MS, now - 60 * DAY_MS + 100, 10))
    commit(rig.store, old, now)
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
