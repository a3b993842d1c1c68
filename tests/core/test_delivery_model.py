"""Edge and host sessions joined by a channel that loses, cuts and delays: no row is ever deleted unstored.

Chance is seeded. On a failure the events of the run stand in the error's notes.
"""

from random import Random

import pytest

from tests.core.link_events import Field

RUNS = 200


@pytest.mark.parametrize("block", range(8))
def test_every_row_is_delivered_in_the_end_and_none_before_it_is_stored(block: int) -> None:
    size = RUNS // 8
    for seed in range(block * size, (block + 1) * size):
        field = Field(Random(seed))
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
