"""F11: sequences of protocol events against the model: loss, gaps, wraps, cuts, repeats; real session rules on paper.

`tests.core` holds the model. Every sequence is one example of hypothesis, so a failure comes out as short as it can be.
"""

import logging
import random

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.core.link_events import Field
from tests.faults.row import Outcome, Tier

SEQUENCES = {Tier.PR: 5_000, Tier.NIGHTLY: 200_000, Tier.RELEASE: 1_000_000}
EVENTS = (5, 80)
"""Events of one sequence."""
BLOCK = 500
RESENDS = 4
"""Most times that everything may be sent again after the end of all faults, for the ways of the model."""

_log = logging.getLogger("faults.F11")


def run(tier: Tier, chance: random.Random) -> Outcome:
    """The row."""
    return play(SEQUENCES[tier], chance)


def play(count: int, chance: random.Random) -> Outcome:
    """So many sequences."""
    done = produced = delivered = 0

    def one(number: int, events: int) -> None:
        nonlocal done, produced, delivered
        field = Field(random.Random(number), events)
        try:
            resends = field.run()
        except BaseException as error:
            error.add_note(f"sequence {number} of {events} events:\n" + "\n".join(field.log))
            raise
        world = field.world
        assert resends <= RESENDS, f"sequence {number}: {resends} resends at the end"
        assert world.delivered == world.edge.next_row - 1, f"sequence {number}: rows were not delivered"
        done += 1
        produced += world.edge.next_row - 1
        delivered += world.delivered

    for start in range(0, count, BLOCK):
        examples = settings(
            max_examples=min(BLOCK, count - start),
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        block = given(st.integers(0, 2**63), st.integers(*EVENTS))(one)
        seed(chance.randrange(2**63))(examples(block))()
        _log.info("%d of %d sequences", start + BLOCK, count)
    return Outcome(
        "F11", "protocol sequences against the model", done, produced, delivered, produced - delivered, 0, passed=True
    )
