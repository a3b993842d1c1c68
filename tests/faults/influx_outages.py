"""F20: InfluxDB is down, hangs, answers 429, 503 or 400, or has forgotten everything, while the collector runs.

What was accepted must be in InfluxDB once in the end; only points that it refused by themselves may stand in the
quarantine instead.
"""

import asyncio
import gzip
import logging
import random
import re
import shutil
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from sukusuku_demo.judge import judge_archive
from sukusuku_server.timeseries.influx.buckets import REFUSED
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.faults.judge import Moment, Verdict, read_all
from tests.faults.outcome import finish
from tests.faults.rig import LOOK_SECONDS, SETTLE_SECONDS, Plan, Rig, now_ms, rig, until
from tests.faults.row import Outcome, Tier
from tests.support.influx_v2 import Answer, Request
from tests.support.influxd import Influxd, influxd

ROUNDS = {Tier.PR: 1, Tier.NIGHTLY: 10, Tier.RELEASE: 20}
DATABASE = "sukusuku"
OUTAGE = 3.0
"""Seconds of every fault; longer than the shipper waits between two looks."""
PATIENCE = 60.0
"""Seconds in which an answer that is no good must have been given, and a point must have been refused."""
TIMEOUT = 1.0
RECOVERY_P99 = 30.0
"""Shipping lags 5 s on purpose, and waits up to some seconds after so short an outage."""
LOATHED = "Motor/Power"
"""The metric of which points are refused."""
SETTINGS = '[store]\nkind = "influx"\n[store.influx]\nurl = "{url}"\ntimeout = {timeout}\n'

COLUMNS = '"asset", "metric", "value", "exact", "text", "quality", "suspect", "suspect_text"'
_LINE = re.compile(rb"reading,asset=([^,]+),.*metric=([^,]+),.* (\d+)$")
_log = logging.getLogger("faults.F20")


def run(tier: Tier, chance: random.Random) -> Outcome:
    """The row."""
    cases = list(CASES) * ROUNDS[tier]
    chance.shuffle(cases)
    return lose_contact(cases)


def lose_contact(cases: Sequence[str]) -> Outcome:
    """Each case once, over one rig."""
    with influxd() as server:
        server.create(DATABASE)
        return asyncio.run(_over(server, cases))


async def _over(server: Influxd, cases: Sequence[str]) -> Outcome:
    recovery = []
    plan = Plan(facility_tail=SETTINGS.format(url=server.url, timeout=TIMEOUT))
    async with rig(plan) as it:
        await it.start()
        await arriving(server)
        for case in cases:
            await CASES[case](it, server)
            recovery.append(await arriving(server))
            _log.info("%s: readings are in InfluxDB again after %.1f s", case, recovery[-1])
        verdict = await it.settle()
        verdict, refused = await _archived(it, server, verdict)
    title = f"InfluxDB down, slow, refusing, wiped ({refused} points in quarantine)"
    return finish("F20", title, len(cases), verdict, recovery, RECOVERY_P99)


async def arriving(server: Influxd) -> float:
    """Wait until a reading that is taken from now on is in InfluxDB; how long that took."""
    begin = time.monotonic()
    question = f'SELECT "value" FROM "{DATABASE}"."raw"."reading" WHERE time >= {now_ms()}ms LIMIT 1'  # noqa: S608 - no SQL
    while not await asyncio.to_thread(server.ask, question):
        if time.monotonic() - begin > SETTLE_SECONDS:
            raise AssertionError(f"nothing new came to InfluxDB within {SETTLE_SECONDS:g} s")
        await asyncio.sleep(LOOK_SECONDS)
    return time.monotonic() - begin


async def _archived(it: Rig, server: Influxd, verdict: Verdict) -> tuple[Verdict, int]:
    """The verdict over both stores, as soon as nothing is missing any more; and how many points were refused."""
    deadline = time.monotonic() + SETTLE_SECONDS
    accepted = dict(read_all(it.logs))
    while True:
        rows = await asyncio.to_thread(server.ask, f'SELECT {COLUMNS} FROM "{DATABASE}"."raw"."reading"')  # noqa: S608 - no SQL
        refused = _quarantined(it)
        kept = refused - {(row["asset"], row["metric"], row["time"]) for row in rows}
        there = [(at[:2], at[2], value) for at, value in accepted.items() if at not in kept]
        found = judge_archive(there, rows, now_ms())
        if not found.lost or time.monotonic() > deadline:
            break
        await asyncio.sleep(LOOK_SECONDS)
    strange = [f"{at} is in the quarantine and was never accepted" for at in refused if at not in accepted]
    faults = (*verdict.faults, *found.missing[:3], *strange[:3])
    return replace(
        verdict,
        stored=found.stored + len(kept),
        lost=verdict.lost + found.lost,
        duplicates=verdict.duplicates + found.duplicates,
        faults=faults,
    ), len(refused)


def _quarantined(it: Rig) -> set[Moment]:
    """The points that InfluxDB refused."""
    store = SqliteStore.open_reader(it.store, wait=5.0)
    try:
        lines = [row.payload for row in store.quarantine(1 << 20) if row.reason == REFUSED]
    finally:
        store.close()
    found = [_LINE.fullmatch(line) for line in lines]
    return {(match[1].decode(), match[2].decode(), int(match[3])) for match in found if match is not None}


# ------------------------------------------------------------ the cases


async def _killed(_: Rig, server: Influxd) -> None:
    await asyncio.to_thread(server.stop, signal.SIGKILL)
    await _comes_back(server)


async def _restarted(_: Rig, server: Influxd) -> None:
    await asyncio.to_thread(server.stop)
    await _comes_back(server)


async def _both_killed(it: Rig, server: Influxd) -> None:
    await asyncio.to_thread(server.stop, signal.SIGKILL)
    await it.collector.kill()
    await it.collector.start()
    await _comes_back(server)


async def _emptied(_: Rig, server: Influxd) -> None:
    await asyncio.to_thread(server.stop, signal.SIGKILL)
    for name in ("meta", "data", "wal"):
        shutil.rmtree(server.folder / name)
    await _comes_back(server)
    await asyncio.to_thread(server.create, DATABASE)


async def _comes_back(server: Influxd) -> None:
    await asyncio.sleep(OUTAGE)
    if not await asyncio.to_thread(server.start):
        raise AssertionError("influxd did not start again")


async def _dropped(_: Rig, server: Influxd) -> None:
    await asyncio.to_thread(server.drop, DATABASE)
    await asyncio.sleep(OUTAGE)
    await asyncio.to_thread(server.create, DATABASE)


async def _hangs(_: Rig, server: Influxd) -> None:
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(OUTAGE)
    server.process.send_signal(signal.SIGCONT)


def _late(_: Request) -> None:
    """It is written, but who wrote has given up by then."""
    time.sleep(2 * TIMEOUT)


def _refuse(request: Request) -> Answer | None:
    raw = request.query["bucket"].endswith("/raw") and LOATHED.encode() in gzip.decompress(request.body)
    return Answer(400, body=b'{"error": "partial write: field type conflict"}') if raw else None


async def _refused(it: Rig, server: Influxd) -> None:
    """At least until a point has gone into the quarantine: only then something was refused by itself."""
    known = await asyncio.to_thread(_quarantined, it)
    server.adapter.trouble = _refuse
    await asyncio.sleep(OUTAGE)
    await until(lambda: _quarantined(it) != known, PATIENCE, "no point came into the quarantine")
    server.adapter.trouble = None


def _troubled(trouble: Callable[[Request], Answer | None]) -> "Case":
    async def case(_: Rig, server: Influxd) -> None:
        met = threading.Event()

        def meet(request: Request) -> Answer | None:
            met.set()
            return trouble(request)

        server.adapter.trouble = meet
        if not await asyncio.to_thread(met.wait, PATIENCE):
            raise AssertionError(f"nobody wrote to InfluxDB within {PATIENCE:g} s, so that was not tested")
        await asyncio.sleep(OUTAGE)
        server.adapter.trouble = None

    return case


Case = Callable[[Rig, Influxd], Awaitable[None]]
CASES: dict[str, Case] = {
    "killed": _killed,
    "restarted": _restarted,
    "killed, and the collector too": _both_killed,
    "disk emptied": _emptied,
    "database dropped": _dropped,
    "hangs": _hangs,
    "slow": _troubled(_late),
    "503": _troubled(lambda _: Answer(503)),
    "429": _troubled(lambda _: Answer(429, {"Retry-After": "2"})),
    "points refused": _refused,
}
