"""What is done to the cluster: each fault once, one after the other."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.cluster import cut
from tests.cluster.stage import Stage

LASTS = 25.0
"""Seconds that something hangs or is cut off: longer than a lease, a keep-alive and Patroni's ttl."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`injected` does it and returns what it was done to, when it is over.

    `promised`: for how long (s) readings may wait.
    """

    name: str
    injected: Callable[[Stage], Awaitable[str]]
    promised: float
    rules: bool = False
    """Whether it needs packet filter rules."""


def killed(whom: Callable[[Stage], str]) -> Callable[[Stage], Awaitable[str]]:
    """Return what kills a child."""

    async def injected(stage: Stage) -> str:
        name = whom(stage)
        stage.kill(name)
        return name

    return injected


def hung(whom: Callable[[Stage], str]) -> Callable[[Stage], Awaitable[str]]:
    """Return what stops a child in the middle of its work, and lets it go on after others have taken its place."""

    async def injected(stage: Stage) -> str:
        name = whom(stage)
        stage.send(name, signal.SIGSTOP)
        try:
            await asyncio.sleep(LASTS)
        finally:
            stage.send(name, signal.SIGCONT)
        return name

    return injected


async def _cut_off(stage: Stage) -> str:
    number = stage.broker_of(stage.holder())
    cut.cut(stage.servers, stage.processes, number)
    try:
        await asyncio.sleep(LASTS)
    finally:
        cut.heal()
    return f"nats-{number}"


def _primary(stage: Stage) -> str:
    return f"patroni-{stage.server('leader')}"


FAULTS = (
    Fault("broker server killed, with the collector at it", killed(lambda it: f"nats-{it.broker_of(it.holder())}"), 15),
    Fault("broker server killed, with an edge node at it", killed(lambda it: f"nats-{it.broker_of('edge-tobu')}"), 15),
    Fault("broker server hangs", hung(lambda it: f"nats-{it.broker_of(it.holder())}"), 45),
    Fault("broker server cut off from the others", _cut_off, 45, rules=True),
    Fault("primary of the database killed", killed(_primary), 60),
    Fault("primary of the database hangs and comes back", hung(_primary), 60),
    Fault("synchronous standby of the database killed", killed(lambda it: f"patroni-{it.server('sync_standby')}"), 30),
    Fault("other replica of the database killed", killed(lambda it: f"patroni-{it.server('replica')}"), 15),
    Fault("etcd killed", killed(lambda _: "etcd-1"), 30),
    Fault("collector that holds the lease killed", killed(Stage.holder), 15),
    Fault("collector that holds the lease hangs, believes that it still does", hung(Stage.holder), 15),
    Fault("standby collector killed", killed(Stage.standby), 15),
    Fault("API killed", killed(lambda _: "api-1"), 15),
)
