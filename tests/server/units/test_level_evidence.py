"""What a level sensor says, under each thing that may have happened."""

from dataclasses import replace

import pytest

from sukusuku_core.time import HOUR_MS
from sukusuku_server.units import level_evidence as evidence
from sukusuku_server.units.level_evidence import Gap
from sukusuku_server.units.unit_learning import Learnt

HABITS = replace(Learnt(2.8).habits(), pace=6.0)


def test_a_fall_during_which_much_must_have_come_is_hardly_sinking() -> None:
    silent, closed = Gap(50.0, 13.0, -22.0), Gap(50.0, 0.0, -22.0)
    assert evidence.slipped(silent, 75.0, HABITS) < 0.3 * evidence.slipped(closed, 75.0, HABITS)
    assert evidence.slipped(silent, 98.0, HABITS) == evidence.slipped(closed, 98.0, HABITS)  # nothing more goes in


@pytest.mark.parametrize("held", [0, HOUR_MS, 6 * HOUR_MS])
def test_the_chance_of_an_error_reckons_once_with_how_long_it_has_lasted(held: int) -> None:
    gap = Gap(1.0, 0.0, -80.0)
    back = evidence.back(gap, 0.0, 0.02, held, held + HOUR_MS, HABITS, at_stop=True)
    ends = 1 - evidence.stays(held + HOUR_MS, at_stop=True) / evidence.stays(held, at_stop=True)
    anew = evidence.back(gap, 0.0, 0.02, 0, HOUR_MS, HABITS, at_stop=True)
    assert back / ends == pytest.approx(anew / (1 - evidence.stays(HOUR_MS, at_stop=True)))
