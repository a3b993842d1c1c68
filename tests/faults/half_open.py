"""F7: a connection goes silent, both ways and without a FIN, at each state of the protocol."""

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.files import HOST
from tests.faults.outcome import finish
from tests.faults.rig import Plan, Rig, rig
from tests.faults.row import Outcome, Tier
from tests.support.mqtt_packets import Direction, Kind, Packet
from tests.support.mqtt_proxy import MqttProxy

ROUNDS = {Tier.PR: 1, Tier.NIGHTLY: 20, Tier.RELEASE: 20}
KEEPALIVE = 4
DETECTED = 1.5 * KEEPALIVE + 2
"""Seconds within which the client must have closed the silent connection."""
RECOVERY_P99 = 20.0
REACHED = 30.0
"""Seconds in which a new session comes to the state."""
STATE = f"spBv1.0/STATE/{HOST}"

_log = logging.getLogger("faults.F7")


@dataclass(frozen=True, slots=True)
class State:
    """The packet that is the first to be swallowed, and the connection that it is on."""

    name: str
    side: str
    """`edge` or `collector`: whose connection it is."""
    swallowed: Callable[[Packet], bool]


def _publish(packet: Packet, kind: str) -> bool:
    return packet.kind is Kind.PUBLISH and f"/{kind}/" in packet.topic


def _command(packet: Packet) -> bool:
    return _publish(packet, "NCMD")


STATES = (
    State("CONNECT", "edge", lambda it: it.kind is Kind.CONNECT),
    State("CONNACK", "edge", lambda it: it.kind is Kind.CONNACK),
    State("SUBSCRIBE", "edge", lambda it: it.kind is Kind.SUBSCRIBE),
    State("SUBACK", "edge", lambda it: it.kind is Kind.SUBACK),
    State("STATE of the host", "edge", lambda it: it.topic == STATE),
    State("NBIRTH", "edge", lambda it: _publish(it, "NBIRTH")),
    State("DBIRTH", "edge", lambda it: _publish(it, "DBIRTH")),
    State("DDATA", "edge", lambda it: _publish(it, "DDATA")),
    State("acknowledgement", "edge", _command),
    State("CONNECT", "collector", lambda it: it.kind is Kind.CONNECT),
    State("SUBACK", "collector", lambda it: it.kind is Kind.SUBACK),
    State("own STATE", "collector", lambda it: it.topic == STATE and it.direction is Direction.UP),
    State("PUBACK", "collector", lambda it: it.kind is Kind.PUBACK),
    State("DDATA", "collector", lambda it: _publish(it, "DDATA")),
    State("acknowledgement", "collector", _command),
)


def run(tier: Tier, chance: random.Random) -> Outcome:
    """The row."""
    states = list(STATES) * ROUNDS[tier]
    chance.shuffle(states)
    return asyncio.run(silence(states))


async def silence(states: list[State]) -> Outcome:
    """Each state once."""
    recovery: list[float] = []
    faults: list[str] = []
    async with rig(Plan(proxied=True, keepalive=KEEPALIVE)) as it:
        await it.start()
        for state in states:
            seconds = await _detected(it, it.edge_proxy if state.side == "edge" else it.host_proxy, state)
            _log.info("%s, %s: noticed after %.1f s", state.side, state.name, seconds)
            if seconds > DETECTED:
                faults.append(f"{state.side}, {state.name}: noticed after {seconds:.1f} s, the limit is {DETECTED:g} s")
            recovery.append(await it.flowing())
        verdict = await it.settle()
    return finish("F7", "half-open connections", len(states), verdict, recovery, RECOVERY_P99, faults)


async def _detected(it: Rig, proxy: MqttProxy, state: State) -> float:
    """Seconds from the silence until the client has closed the connection."""
    proxy.silence_at = state.swallowed
    proxy.reset_all()
    async with asyncio.timeout(REACHED):
        link = await proxy.silenced.get()
    try:
        async with asyncio.timeout(3 * DETECTED):
            await link.gone.wait()
    except TimeoutError:
        link.abort()
        return 3 * DETECTED
    assert link.ended is not None
    assert link.silent_since is not None
    return link.ended - link.silent_since
