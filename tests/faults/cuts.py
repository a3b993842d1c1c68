"""F8: the connection is cut at every offset of a session, from the first byte of CONNECT to the last of DISCONNECT."""

import asyncio
import logging
import random
from collections.abc import Sequence

from tests.faults.outcome import finish
from tests.faults.rig import Plan, Rig, rig
from tests.faults.row import Outcome, Tier
from tests.faults.wire import breaches
from tests.support.mqtt_packets import Direction, Kind, Packet
from tests.support.mqtt_proxy import MqttProxy

OFFSETS = {Tier.PR: 200, Tier.NIGHTLY: 5_000, Tier.RELEASE: 5_000}
EDGES = 4
"""Agents whose sessions are cut side by side."""
SESSION = 2.0
"""Seconds of the session that is recorded for its length."""
CONVERGED = 10.0
GIVE_UP = 40.0

_log = logging.getLogger("faults.F8")


def run(tier: Tier, chance: random.Random) -> Outcome:
    """The row."""
    return asyncio.run(cut(OFFSETS[tier], chance))


async def cut(count: int, chance: random.Random) -> Outcome:
    """So many offsets, a twentieth of them in the collector's sessions and another while an agent leaves."""
    recovery: list[float] = []
    async with rig(Plan(edges=EDGES, units=1, proxied=True)) as it:
        await it.start()
        of_host = leaving = max(1, count // 20)
        of_edges = await _offsets(it.edge_proxies[0], count - of_host - leaving, chance)
        _log.info("an edge session of %s bytes", dict(it.edge_proxies[0].links[-1].passed))
        shares = [of_edges[n::EDGES] for n in range(EDGES)]
        await asyncio.gather(
            *(_cut_all(proxy, share, recovery) for proxy, share in zip(it.edge_proxies, shares, strict=True))
        )
        await _cut_all(it.host_proxy, await _offsets(it.host_proxy, of_host, chance), recovery)
        _log.info("while leaving")
        recovery += [await _cut_leaving(it, n % EDGES, n) for n in range(leaving)]
        verdict = await it.settle()
        faults = [fault for proxy in it.edge_proxies for fault in breaches(proxy.packets)]
    return finish("F8", "cut at byte offsets of a session", count, verdict, recovery, CONVERGED, faults[:5])


async def _offsets(proxy: MqttProxy, count: int, chance: random.Random) -> list[tuple[Direction, int]]:
    """Places spread over both directions of a session, which is recorded for its length."""
    proxy.reset_all()
    known = len(proxy.packets)
    await proxy.until(lambda packet: packet.kind is Kind.CONNECT, known)
    await asyncio.sleep(SESSION)
    passed = proxy.links[-1].passed
    total = sum(passed.values())
    places = [round(n * (total - 1) / max(1, count - 1)) for n in range(count)]
    up = passed[Direction.UP]
    found = [(Direction.UP, place) if place < up else (Direction.DOWN, place - up) for place in places]
    chance.shuffle(found)
    return found


async def _cut_all(proxy: MqttProxy, offsets: Sequence[tuple[Direction, int]], recovery: list[float]) -> None:
    """One session after another is cut; the one that follows must come to an acknowledgement."""
    for n, offset in enumerate(offsets):
        proxy.cut_next = offset
        proxy.reset_all()
        known = len(proxy.links)
        async with asyncio.timeout(GIVE_UP):
            while len(proxy.links) == known:
                await proxy.until(lambda _: True, len(proxy.packets))
            link = proxy.links[known]
            await link.gone.wait()
            assert link.ended is not None
            good = await proxy.until(_acknowledges, len(proxy.packets))
            # The proxy has seen it, the program not yet: cut now, the session would have come to nothing.
            await proxy.until(_publishes, len(proxy.packets))
        recovery.append(good.time - link.ended)
        if n % 20 == 19:
            _log.info("%d of %d", n + 1, len(offsets))


def _acknowledges(packet: Packet) -> bool:
    return packet.kind is Kind.PUBLISH and "/NCMD/" in packet.topic


def _publishes(packet: Packet) -> bool:
    return packet.kind is Kind.PUBLISH and packet.direction is Direction.UP


async def _cut_leaving(it: Rig, edge: int, offset: int) -> float:
    """The agent ends; the connection is cut in its NDEATH or DISCONNECT. Then it is started again."""
    proxy, program = it.edge_proxies[edge], it.edges[edge]

    def inside(packet: Packet) -> int | None:
        if packet.direction is Direction.UP and packet.kind is Kind.DISCONNECT and offset % 2:
            return offset // 2 % len(packet.raw)
        if _leaves(packet) and not offset % 2:
            return offset * 7 % len(packet.raw)
        return None

    proxy.cut_in = inside
    await program.stop()
    proxy.cut_in = None
    known = len(proxy.packets)
    await program.start()
    begin = asyncio.get_running_loop().time()
    async with asyncio.timeout(GIVE_UP):
        await proxy.until(_acknowledges, known)
    return asyncio.get_running_loop().time() - begin


def _leaves(packet: Packet) -> bool:
    return packet.direction is Direction.UP and packet.kind is Kind.PUBLISH and "/NDEATH/" in packet.topic
