"""F9: the broker forgets everything, comes back with an old snapshot, loses the retained STATE, or keeps an old one.

Every case surely meets whom it is meant for: the snapshot is taken once it holds a STATE, and while an edge node comes
to a STATE that is lost or old the collector is stopped, since it would at once say the right one again.
"""

import asyncio
import logging
import random
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sukusuku_core.state import HostState
from sukusuku_core.time import HOUR_MS
from sukusuku_mqtt import MqttSession, MqttSettings
from tests.faults.half_open import STATE
from tests.faults.outcome import finish
from tests.faults.rig import Plan, Rig, now_ms, rig, until
from tests.faults.row import Outcome, Tier
from tests.support.mqtt_packets import Kind

ROUNDS = {Tier.PR: 1, Tier.NIGHTLY: 25, Tier.RELEASE: 25}
RECOVERY_P99 = 15.0
PATIENCE = 60.0
"""Seconds in which the broker must have written its memory, and an edge node must have come."""

_log = logging.getLogger("faults.F9")


def run(tier: Tier, chance: random.Random) -> Outcome:
    """The row."""
    cases = list(CASES) * ROUNDS[tier]
    chance.shuffle(cases)
    return asyncio.run(forget(cases))


def _holds_state(memory: Path) -> bool:
    return memory.exists() and STATE.encode() in memory.read_bytes()


async def forget(cases: list[str]) -> Outcome:
    """Each case once, over one rig."""
    recovery = []
    async with rig(Plan(persistent=True, proxied=True)) as it:
        await it.start()
        memory = it.folder / "broker" / "mosquitto.db"
        await until(lambda: _holds_state(memory), PATIENCE, "the broker did not write a STATE into its memory")
        shutil.copy(memory, it.folder / "snapshot.db")
        for case in cases:
            await CASES[case](it)
            recovery.append(await it.flowing())
            _log.info("%s: readings are stored again after %.1f s", case, recovery[-1])
        verdict = await it.settle()
        limit = RECOVERY_P99 + it.startup
    return finish("F9", "broker forgets, or remembers what is over", len(cases), verdict, recovery, limit)


async def _wiped(it: Rig) -> None:
    await it.broker.kill()
    (it.folder / "broker" / "mosquitto.db").unlink()
    await it.broker.start()


async def _old_snapshot(it: Rig) -> None:
    """As of an earlier session of the collector."""
    await it.collector.kill()
    await it.broker.kill()
    shutil.copy(it.folder / "snapshot.db", it.folder / "broker" / "mosquitto.db")
    await it.broker.start()
    await it.collector.start(wait=False)


async def _lost_state(it: Rig) -> None:
    """An edge node that comes now finds no STATE."""
    async with _collector_stopped(it):
        await _retain(it, b"")
        await _edge_comes(it)


async def _old_state(it: Rig) -> None:
    """An edge node that comes now finds the end of an earlier session."""
    async with _collector_stopped(it):
        await _retain(it, HostState(online=False, timestamp=now_ms() - HOUR_MS).encode())
        await _edge_comes(it)


@asynccontextmanager
async def _collector_stopped(it: Rig) -> AsyncIterator[None]:
    it.collector.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        it.collector.signal(signal.SIGCONT)


async def _edge_comes(it: Rig) -> None:
    """Anew, until the broker has told it what it holds."""
    await it.edge.kill()
    known = len(it.edge_proxy.packets)
    await it.edge.start()
    async with asyncio.timeout(PATIENCE):
        await it.edge_proxy.until(lambda packet: packet.kind is Kind.SUBACK, known)


async def _retain(it: Rig, payload: bytes) -> None:
    async with MqttSession(MqttSettings("127.0.0.1", it.port, "saboteur")) as mqtt:
        mqtt.publish(STATE, payload, 1, retain=True)
        await mqtt.flush()


CASES: dict[str, Callable[[Rig], Awaitable[None]]] = {
    "wiped": _wiped,
    "old snapshot": _old_snapshot,
    "lost retained STATE": _lost_state,
    "old retained STATE": _old_state,
}
