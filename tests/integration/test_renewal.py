"""The programs as they run: the certificate of an edge node is renewed at its time, and no reading is lost.

The certificate of ninety days was made sixty days ago, but for some seconds: so long the agent works with it.
"""

import asyncio

from sukusuku_core.time import DAY_MS
from sukusuku_server.certificates.authority import EARLIER_MS
from tests.faults import certificates
from tests.faults.certificates import World
from tests.faults.rig import now_ms, until

SECONDS = 60.0
_THIRD = (certificates.DAYS * DAY_MS + EARLIER_MS) // 3


async def _at_work(world: World) -> int:
    """Have the agent work with a certificate that is not due yet; when it is (UTC ms). A busy machine needs longer."""
    for later in (8_000, 16_000, 32_000, 64_000):
        made = world.certify(now_ms() + later + _THIRD)
        due = made.ends - (made.ends - made.begins) // 3
        await world.it.start()
        asked = {row.serial for row in world.records.newest() if row.asked is not None}
        if world.certificate.serial in asked and now_ms() < due:
            assert world.certificate.serial == made.serial, "it was renewed before its time"
            return due
        await world.it.edge.stop()
    raise AssertionError("the agent was never at work before its certificate was due")


def test_an_agent_renews_its_certificate_when_a_third_of_its_life_is_left_and_loses_nothing() -> None:
    async def scenario() -> None:
        with certificates.authority("own") as own:
            async with certificates.certified(own, now_ms() + _THIRD) as world:
                it = world.it
                for one in (world.api, it.broker, it.collector):
                    await one.start()
                due, first = await _at_work(world), world.certificate
                await until(lambda: world.certificate.serial != first.serial, SECONDS, "the node does not renew")
                renewed = now_ms()
                await it.flowing()  # over a session with the new certificate
                verdict, said = await it.settle(), it.edge.said()
        assert renewed >= due
        assert "a new certificate holds until" in said
        assert verdict.accepted > 0
        assert (verdict.lost, verdict.faults) == (0, ())

    asyncio.run(scenario())
