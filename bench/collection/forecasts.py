"""Forecasts that derivation issues in the simulated half year, against the truth and against two simple rules.

    python -m bench.collection.forecasts [--seed 1 2 3] [--units]

The truth of a forecast is when the bag would have been full, had nobody emptied it: the simulator knows all that was
brought. Every forecast counts whose truth lies within the half year, but those of bags that were full already. The
rules begin from the same estimated level and know the same measured past. The errors are compared over the moments at
which all of them had a figure; the first week, of which there is no week before, is not among them.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.collection.derived import derive
from bench.collection.world import simulate
from sukusuku_server.model.collection import Method
from sukusuku_server.units.evaluation.judgement import better, inflow_scores
from sukusuku_server.units.forecast_score import Score, Scored, score

INSIDE_GOAL = (0.75, 0.85)
BETTER_GOAL = 0.25


@dataclass(frozen=True, slots=True)
class Figures:
    """The score cards of the model and of the rules."""

    scores: tuple[Score, ...]

    @property
    def inside(self) -> float:
        """Share of the true times inside the 80 % band."""
        return next((score.inside or 0.0 for score in self.scores if score.method is Method.MODEL), 0.0)

    @property
    def better(self) -> float:
        """By which share the model's error is below that of the better rule."""
        return better(self.scores) or 0.0

    @property
    def good(self) -> bool:
        """Both goals reached."""
        return INSIDE_GOAL[0] <= self.inside <= INSIDE_GOAL[1] and self.better >= BETTER_GOAL


def lines(found: Figures) -> Iterator[str]:
    """For people."""
    for line in found.scores:
        error = "no figure" if line.error is None else f"{line.error:.2f} h"
        band = ""
        if line.inside is not None:
            band = f"; inside the 80 % band {line.inside:.1%}, earlier {line.early:.1%}, later {line.late:.1%}"
        yield f"{line.method:>12}: mean absolute error {error} of {line.compared} forecasts{band}"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures; 1 when one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, nargs="+", default=[1], help="worlds to simulate")
    parser.add_argument("--units", action="store_true", help="one line per unit as well")
    args = parser.parse_args(argv)
    good = True
    for seed in args.seed:
        world = simulate(seed)
        scored: list[Scored] = []
        for unit in world.units:
            own = inflow_scores(derive(unit, world).forecasts, unit.truth)
            scored += own
            if args.units:
                figures = Figures(score(own))
                print(
                    f"{unit.id:8} {unit.habit:10} inside {figures.inside:.1%}, better by {figures.better:.1%}",
                    flush=True,
                )
        figures = Figures(score(scored))
        print(f"seed {seed}: inside {figures.inside:.1%}, error {figures.better:.1%} below the better rule")
        print("\n".join(lines(figures)), flush=True)
        good &= figures.good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
