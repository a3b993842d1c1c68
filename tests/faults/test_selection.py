"""A few minutes of the fault matrix in every test run; `make faults` runs all of it."""

import asyncio
import random
import secrets
from collections.abc import Callable

import pytest

from tests.faults import (
    broker_memory,
    control,
    flapping,
    identities,
    influx_outages,
    kills,
    orders,
    partitions,
    rogue,
    sequences,
)
from tests.faults.row import Outcome, Tier

SELECTION: dict[str, Callable[[random.Random], Outcome]] = {
    "F1": lambda chance: asyncio.run(kills.kill(3, chance)),
    "F6": lambda chance: asyncio.run(partitions.by_proxy(2, chance)),
    "F9": lambda _: asyncio.run(broker_memory.forget(list(broker_memory.CASES))),
    "F11": lambda chance: sequences.play(100, chance),
    "F12": lambda chance: orders.run(Tier.PR, chance),
    "F15": lambda chance: flapping.run(Tier.PR, chance),
    "F20": lambda _: influx_outages.lose_contact(["disk emptied"]),  # the others: server/timeseries/influx/test_outages
    "F23": lambda _: asyncio.run(identities.double(1, 0)),
    "F25": lambda chance: asyncio.run(control.lose(2, chance)),
    "F27": lambda _: asyncio.run(rogue.lose()),  # F26 itself: integration/test_forged_words
}


@pytest.mark.parametrize("fault", SELECTION)
def test_nothing_is_lost(fault: str) -> None:
    seed = secrets.randbits(32)
    outcome = SELECTION[fault](random.Random(seed))
    assert outcome.passed, f"seed {seed}: {outcome.why}"
