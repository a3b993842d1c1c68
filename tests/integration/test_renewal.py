"""The programs as they run: the certificate of an edge node is renewed at its time, and no reading is lost.

The certificate of ninety days was made sixty days ago, but for some seconds: so long the agent works with it.
"""

import asyncio

from sukusuku_core.time import DAY_MS, SECOND_MS
from sukusuku_server.certificates.authority import EARLIER_MS
from tests.faults import certificates
from tests.faults.rig import now_ms, until

LATER = 12 * SECOND_MS
"""So long (ms) after the node was enrolled a third of its certificate's life is left: the agent must run by then."""
SECONDS = 60.0
_THIRD = (certificates.DAYS * DAY_MS + EARLIER_MS) // 3


def test_an_agent_renews_its_certificate_when_a_third_of_its_life_is_left_and_loses_nothing() -> None:
    async def scenario() -> None:
        with certificates.authority("own") as own:
            async with certificates.certified(own, now_ms() + LATER + _THIRD) as world:
                it, first = world.it, world.certificate
                due = first.ends - (first.ends - first.begins) // 3
                await world.api.start()
                await it.start()
                serial, now = world.certificate.serial, now_ms()
                assert now >= due or serial == first.serial, "it was renewed before its time"
                await until(lambda: world.certificate.serial != first.serial, SECONDS, "the node does not renew")
                renewed = now_ms()
                await it.flowing()  # over a session with the new certificate
                verdict, said = await it.settle(), it.edge.said()
        assert renewed >= due
        assert "a new certificate holds until" in said
        assert verdict.accepted > 0
        assert (verdict.lost, verdict.faults) == (0, ())

    asyncio.run(scenario())
