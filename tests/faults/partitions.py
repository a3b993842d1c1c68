"""F6: the line between edge and broker, or between broker and collector, is cut one way or both, for a while.

Partitions come from nftables between network namespaces where root allows, the others from the proxy, which holds
everything back. Then a backlog is drained while live readings go on.
"""

import asyncio
import contextlib
import json
import logging
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable

from sukusuku_core.model import Quality, Reading
from sukusuku_edge.outbox import Outbox
from tests.faults.judge import read_accepted
from tests.faults.namespaces import missing, namespaces
from tests.faults.outcome import finish, joined, quantile
from tests.faults.rig import Plan, Rig, now_ms, rig
from tests.faults.row import Outcome, Tier
from tests.support.mqtt_packets import Direction
from tests.support.mqtt_proxy import Flow

PARTITIONS = {Tier.PR: 10, Tier.NIGHTLY: 200, Tier.RELEASE: 500}
LENGTH = (1.0, 8.0)
"""Seconds: shorter and longer than the keep-alive of 4 s and its one and a half."""
WAYS = ((True, False), (False, True), (True, True))
"""Whether what goes up to the broker is lost, and what comes down."""
RECOVERY_P99 = 10.0
BACKLOG = 100_000
DRAIN_RATIO = 20.0
"""How many times faster than live readings come in a backlog must go out."""
LATENCY_P99 = 5.0
DRAIN_SECONDS = 150.0
CHUNK = 5_000

_log = logging.getLogger("faults.F6")


def run(tier: Tier, chance: random.Random) -> Outcome:
    """The row."""
    return asyncio.run(_all(PARTITIONS[tier], BACKLOG, chance))


async def _all(times: int, backlog: int, chance: random.Random) -> Outcome:
    why = missing()
    if why is not None:
        _log.info("no network namespaces (%s): all partitions come from the proxy", why)
        parts = [await by_proxy(times, chance)]
    else:
        parts = [await by_proxy(times // 2, chance), await by_nftables(times - times // 2, chance)]
    title = "partitions, one way and both" + ("" if why is None else f" (by proxy only: {why})")
    return joined("F6", title, [*parts, await drain(backlog)])


async def by_proxy(times: int, chance: random.Random) -> Outcome:
    """The proxy holds back what one side or both send."""
    async with rig(Plan(proxied=True)) as it:

        async def cut(side: str, *, up: bool, down: bool) -> None:
            proxy = it.edge_proxy if side == "edge" else it.host_proxy
            proxy.set_flow(Flow.HOLD, *[way for way, lost in ((Direction.UP, up), (Direction.DOWN, down)) if lost])

        async def heal() -> None:
            it.edge_proxy.set_flow(Flow.OPEN)
            it.host_proxy.set_flow(Flow.OPEN)

        return await _partitions(it, times, chance, cut, heal)


async def by_nftables(times: int, chance: random.Random) -> Outcome:
    """The kernel drops packets between network namespaces."""
    async with namespaces() as net, rig(Plan(network=net)) as it:

        async def cut(side: str, *, up: bool, down: bool) -> None:
            await net.drop(side, incoming=up, outgoing=down)

        return await _partitions(it, times, chance, cut, net.heal)


async def _partitions(
    it: Rig,
    times: int,
    chance: random.Random,
    cut: Callable[..., Awaitable[None]],
    heal: Callable[[], Awaitable[None]],
) -> Outcome:
    recovery: list[float] = []
    await it.start()
    for n in range(times):
        side, (up, down), length = ("edge", "collector")[n % 2], WAYS[n // 2 % 3], chance.uniform(*LENGTH)
        _log.info("%s, up %s, down %s, for %.1f s", side, _word(up), _word(down), length)
        await cut(side, up=up, down=down)
        await asyncio.sleep(length)
        await heal()
        recovery.append(await it.flowing())
        await asyncio.sleep(chance.uniform(0.0, 1.0))
    verdict = await it.settle()
    return finish("F6", "partitions", times, verdict, recovery, RECOVERY_P99)


def _word(lost: bool) -> str:  # noqa: FBT001 - a word for a truth value
    return "lost" if lost else "open"


# ------------------------------------------------------------ backlog


async def drain(count: int) -> Outcome:
    """Readings that waited for long go out beside the live ones."""
    faults = []
    async with rig(Plan(units=4, poll=0.1, work_every=0.1)) as it:
        begin = now_ms()
        await _fill(it, count, begin)
        await it.broker.start()
        await it.collector.start()
        started = time.monotonic()
        await it.edge.start()
        took = await _drained(it, count, begin, started)
        until = now_ms()
        await it.flowing()  # so that the last live readings have been seen
        live = [at for at, _ in read_accepted(it.logs[0]) if begin <= at[2] < until]
        rate = len(live) / ((until - begin) / 1000)
        late = [_latency(it, at[2]) for at in live if at[0] == it.watch.asset]
        if took is None:
            faults.append(f"a backlog of {count} readings was not drained within {DRAIN_SECONDS:g} s")
        else:
            _log.info("backlog: %d readings in %.1f s, %.0f a second; live %.0f", count, took, count / took, rate)
            _log.info("live latency meanwhile: p50 %.2f s, p99 %.2f s", quantile(late, 0.5), quantile(late, 0.99))
            if count / took < DRAIN_RATIO * rate:
                faults.append(f"the backlog drained at {count / took:.0f} readings a second, live were {rate:.0f}")
        if quantile(late, 0.99) > LATENCY_P99:
            faults.append(f"live latency p99 was {quantile(late, 0.99):.1f} s while the backlog drained")
        verdict = await it.settle()
    return finish("F6", "backlog", 1, verdict, faults=faults)


async def _fill(it: Rig, count: int, until: int) -> None:
    """Readings of the past in the outbox, accepted as the agent accepts them."""
    units = list(it.boards)
    async with Outbox(it.outbox()) as outbox:
        for start in range(0, count, CHUNK):
            readings = [
                Reading(units[n % len(units)], "Fill/Percent", until - (count - n) * 50, n % 1000 / 10, Quality.GOOD)
                for n in range(start, min(start + CHUNK, count))
            ]
            await outbox.add(readings, {})
            names = ("asset", "metric", "time", "value", "quality")
            lines = [json.dumps({name: getattr(reading, name) for name in names}) + "\n" for reading in readings]
            with it.logs[0].open("a", encoding="utf-8") as log:
                log.writelines(lines)


async def _drained(it: Rig, count: int, before: int, started: float) -> float | None:
    """Seconds until so many readings from before that moment are stored."""
    with contextlib.closing(sqlite3.connect(f"file:{it.store}?mode=ro", uri=True)) as store:
        while (took := time.monotonic() - started) < DRAIN_SECONDS:
            found = store.execute("SELECT count(*) FROM reading WHERE time < ?", (before,)).fetchone()[0]
            if found >= count:
                return took
            await asyncio.sleep(0.25)
    return None


def _latency(it: Rig, taken: int) -> float:
    """Seconds from a reading until it, or a later one, was seen in the store."""
    wall = next((sight.wall for sight in it.watch.sights if sight.taken >= taken), None)
    return DRAIN_SECONDS if wall is None else (wall - taken) / 1000
