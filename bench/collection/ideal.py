"""How many emptyings an ideal observer would find: one who knows the simulator's model and all its parameters.

    python -m bench.collection.ideal --seeds 4 [--kind "level only"]

A forward-backward smoother over the content of the bag (Rabiner 1989) gives, every ten minutes, how likely the bag was
changed, from all readings before and after. It is told what no derivation can know (`ideal_model.py`), the faults of
the sensor among it. It reports where that chance is highest, down to the least chance at which no more are false than
the goal allows; that least is chosen with the truth at hand. `emptyings.judge` judges it like the derivation.

There are two observers: one knows when people usually come and which bags they take, the other only how often they do.
What the better of the two does not find, hardly anybody can. They are approximations: contents settle as they do on the
average, and neither the luck of a day nor the season is known.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from bench.collection import emptyings
from bench.collection.emptyings import Tally
from bench.collection.goals import BY_KIND, Goals
from bench.collection.ideal_model import Model, Weights
from bench.collection.ideal_steps import Step, steps
from bench.collection.knobs import WIDE
from bench.collection.simulated_sensors import Witness
from bench.collection.world import SimulatedUnit, World, simulate
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.model.collection import Emptying

NEAR_MS = 30 * MINUTE_MS
"""What is nearer to each other is reported as one emptying."""
LEAST = 0.05
CHANCES = (*(place / 20 for place in range(1, 20)), 0.98, 0.99, 0.995, 0.999)
"""Chance below which nothing is reported, and the least ones that are tried."""


def reports(unit: SimulatedUnit, world: World, *, habits: bool) -> list[tuple[int, float]]:
    """Return (time, chance) of what an observer takes for emptyings, the likeliest first."""
    taken = list(steps(unit, world))
    chances = smoothed(Model(unit, world, habits=habits), taken)
    times = np.array([step.time - step.ms // 2 for step in taken])
    reach = NEAR_MS + (0 if habits else unit.pace_ms // 2)
    low, high = np.searchsorted(times, times - reach), np.searchsorted(times, times + reach, side="right")
    found = list[tuple[int, float]]()
    while True:
        sums = np.concatenate(([0.0], np.cumsum(chances)))
        near = sums[high] - sums[low]
        best = int(np.argmax(near))
        if near[best] < LEAST:
            return found
        here = slice(low[best], high[best])
        found.append((int(times[here] @ chances[here] / near[best]), float(near[best])))
        chances[here] = 0.0


def smoothed(model: Model, taken: Sequence[Step]) -> Weights:
    """Return the chance of an emptying in each step."""
    ahead = [model.begins()]
    for step in taken:
        now = model.reads(model.brings(model.empties(ahead[-1], step), step), step)
        ahead.append(now / max(now.sum(), 1e-300))
    chances, back = np.zeros(len(taken)), np.ones_like(ahead[0])
    for number in range(len(taken) - 1, -1, -1):
        step = taken[number]
        back = model.brings_back(model.reads_back(back, step), step)
        chances[number], back = model.empties_back(ahead[number], back, step)
        back /= max(back.max(), 1e-300)
    return chances


def best(
    units: Sequence[SimulatedUnit], told: Sequence[Sequence[tuple[int, float]]], most_false: float
) -> Tally | None:
    """Return what is found of a kind at the least chance at which no more are false than may be; None: at no chance."""
    tallies = [
        _sum(emptyings.judge(unit, _said(unit, said, least)) for unit, said in zip(units, told, strict=True))
        for least in CHANCES
    ]
    good = [tally for tally in tallies if tally.false <= most_false * (tally.found + tally.false)]
    return max(good, key=lambda tally: tally.found, default=None)


def _said(unit: SimulatedUnit, told: Sequence[tuple[int, float]], least: float) -> list[Emptying]:
    return [Emptying(unit.id, time, 0.0, 0.0, (), chance) for time, chance in told if chance >= least]


def _sum(tallies: Iterable[Tally]) -> Tally:
    every = list(tallies)
    return Tally(sum(t.true for t in every), sum(t.found for t in every), sum(t.false for t in every), ())


def measure(seed: int, kinds: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return by kind the shares that are found with and without knowing when people come."""
    world, found = simulate(seed, knobs=WIDE), dict[str, tuple[float, float]]()
    for name in dict.fromkeys(unit.kind.name for unit in world.units):
        units = [unit for unit in world.units if unit.kind.name == name and Witness.LEVEL in unit.witnesses]
        if not units or (kinds and name not in kinds):
            continue
        most_false = (BY_KIND.get(name, Goals()) or Goals()).false
        shares = []
        for habits in (True, False):
            tally = best(units, [reports(unit, world, habits=habits) for unit in units], most_false)
            shares.append(0.0 if tally is None else tally.found / max(tally.true, 1))
        found[name] = shares[0], shares[1]
        print(f"... seed {seed}: {name}: {shares[0]:.1%}, {shares[1]:.1%}", flush=True)
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Print the worst of the seeds by kind; 1 when a goal is beyond both observers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="how many worlds (default 1)")
    parser.add_argument("--first", type=int, default=1, metavar="SEED", help="the first of them (default 1)")
    parser.add_argument("--kind", nargs="+", default=[], help="only these kinds of sensing")
    parser.add_argument("--at-once", type=int, default=2, metavar="N", help="processes (default 2)")
    args = parser.parse_args(argv)
    seeds = range(args.first, args.first + args.seeds)
    with ProcessPoolExecutor(min(args.at_once, len(seeds))) as pool:
        measured = list(pool.map(partial(measure, kinds=args.kind), seeds))
    good = True
    for name in measured[0]:
        goals = BY_KIND.get(name, Goals())
        knows, guesses = (min(found[name][place] for found in measured) for place in (0, 1))
        good &= goals is None or max(knows, guesses) >= goals.found
        goal = "" if goals is None else f"goal {goals.found:.0%}, false {goals.false:.0%}"
        print(f"{name:50} knows when people come {knows:6.1%}, does not {guesses:6.1%}; {goal}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
