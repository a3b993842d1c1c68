"""What a level sensor says, under each thing that may have happened."""

import pytest

from sukusuku_core.time import HOUR_MS
from sukusuku_server.units import level_evidence as evidence
from sukusuku_server.units.level_evidence import Gap
from sukusuku_server.units.unit_learning import Learnt

HABITS = Learnt(2.8).habits()


@pytest.mark.parametrize("held", [0, HOUR_MS, 6 * HOUR_MS])
def test_the_chance_of_an_error_reckons_once_with_how_long_it_has_lasted(held: int) -> None:
    gap = Gap(1.0, 0.0, -80.0)
    back = evidence.back(gap, 0.0, 0.02, held, held + HOUR_MS, HABITS, at_stop=True)
    ends = 1 - evidence.stays(held + HOUR_MS, at_stop=True) / evidence.stays(held, at_stop=True)
    anew = evidence.back(gap, 0.0, 0.02, 0, HOUR_MS, HABITS, at_stop=True)
    assert back / ends == pytest.approx(anew / (1 - evidence.stays(HOUR_MS, at_stop=True)))
