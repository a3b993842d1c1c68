"""Most looks of the deriver bring nothing of most units: those steps are left out."""

import random

import pytest

from sukusuku_core.model import Reading
from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_server.settings.collection import Collection
from sukusuku_server.units.chronology import GRID_MS
from sukusuku_server.units.derivation import UnitDerivation, UnitProgress
from sukusuku_sim.load import unit

T0 = 1_790_000_000_000
END = T0 + 6 * HOUR_MS


class Always:
    """A centre that never closes."""

    def is_open(self, ms: int) -> bool:
        return True

    def spans(self, start: int, end: int) -> list[tuple[int, int]]:
        return [(start, end)] if end > start else []


def course(seed: int) -> list[Reading]:
    """Return what a unit says that is silent now and then."""
    chance, time, found = random.Random(seed), T0, list[Reading]()
    while time < END:
        found += unit.readings("unit", seed, time)
        time += chance.choice((10_000, MINUTE_MS, 20 * MINUTE_MS))
    return found


def derived(readings: list[Reading], *, sleeps: bool) -> tuple[UnitProgress, list[object]]:
    derivation = UnitDerivation("unit", Collection(), Always())
    state, told, after, steps = derivation.start(T0 - 1), list[object](), T0 - 1, 0
    for until in range(T0 + 7_000, END, 10_000):
        new = [it for it in readings if after < it.time <= until]
        if new or not sleeps or derivation.wakes(state) <= until:
            advanced = derivation.advance(state, new, (), until)
            state, steps = advanced.state, steps + 1
            told += (*advanced.points, *advanced.emptyings, *advanced.forecasts, *advanced.outcomes)
        after = until
    assert sleeps == (steps < (END - T0) // 10_000 // 2)
    return derivation.advance(state, (), (), END).state, told


@pytest.mark.parametrize("seed", [1, 2])
def test_a_step_before_the_next_look_in_which_nothing_came_changes_nothing(seed: int) -> None:
    readings = course(seed)

    assert derived(readings, sleeps=True) == derived(readings, sleeps=False)
    assert UnitDerivation("unit", Collection(), Always()).wakes(derived(readings, sleeps=True)[0]) == (
        END // GRID_MS * GRID_MS + GRID_MS
    )
