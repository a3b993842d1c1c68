"""Edge and host sessions joined by a channel that loses, cuts and delays: no row is ever deleted unstored.

Chance is seeded. On a failure the events of the run stand in the error's notes.
"""

from random import Random

import pytest

from sukusuku_core.proof import ProofKey
from tests.core.link_events import Field
from tests.core.rogue import Attacked

RUNS = 120
ATTACKS = 40
KEY = ProofKey(bytes(range(32)))


@pytest.mark.parametrize("block", range(8))
def test_every_row_is_delivered_in_the_end_and_none_before_it_is_stored(block: int) -> None:
    size = RUNS // 8
    for seed in range(block * size, (block + 1) * size):
        field = Field(Random(seed), key=KEY if seed % 2 else None)
        try:
            assert field.run() <= 4
        except Exception as error:
            error.add_note(f"seed {seed}:\n" + "\n".join(field.log))
            raise
        assert field.world.delivered == field.world.edge.next_row - 1


def test_a_message_that_comes_twice_hides_no_loss() -> None:
    """Of 256 lost messages the host missed 255, as an old one came again where its `seq` fitted."""
    field = Field(Random(288_230_376_151_711_744), 73)
    assert field.run() <= 4


def attacked(seeds: range, key: ProofKey | None) -> int:
    """How many words of the attacker were refused. Raises AssertionError when a row was deleted unstored."""
    refused = 0
    for seed in seeds:
        field = Attacked(Random(seed), key=key)
        try:
            field.run()
        except Exception as error:
            error.add_note(f"seed {seed}:\n" + "\n".join(field.log))
            raise
        assert field.world.delivered == field.world.edge.next_row - 1
        refused += field.world.refused
    return refused


@pytest.mark.parametrize("block", range(4))
def test_whoever_forges_replays_and_speaks_for_both_sides_deletes_nothing(block: int) -> None:
    """And when he is gone, everything is delivered."""
    size = ATTACKS // 4
    assert attacked(range(block * size, (block + 1) * size), KEY) > size


def test_without_a_key_the_same_attacker_deletes_what_nobody_has_stored() -> None:
    with pytest.raises(AssertionError, match="is deleted but was never stored"):
        attacked(range(ATTACKS), None)
