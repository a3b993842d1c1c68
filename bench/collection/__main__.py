"""All figures of collection: emptyings found, forecasts, alerts per incident, routes.

    python -m bench.collection [--seeds 1 2]

Simulates half a year of 20 units with faults, derives everything from its readings, and holds the result against the
simulator's truth. Prints each figure beside its goal; exits with 1 when one is missed. About five minutes per seed.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.collection import emptyings, forecasts, incidents, routes
from bench.collection.derived import derive
from bench.collection.forecasts import Figures
from bench.collection.world import simulate
from sukusuku_server.units.forecast_score import Scored, score


@dataclass(frozen=True, slots=True)
class Line:
    """A figure with its goal."""

    name: str
    found: str
    goal: str
    reached: bool


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="worlds to simulate")
    args = parser.parse_args(argv)
    found: list[Line] = []
    for seed in args.seeds:
        found += _world(seed)
    found += _routes()
    width = max(len(line.name) for line in found)
    for line in found:
        print(f"{line.name:{width}}  {line.found:<44} goal {line.goal:<32} {'ok' if line.reached else 'MISSED'}")
    return 0 if all(line.reached for line in found) else 1


def _world(seed: int) -> Iterator[Line]:
    begun = time.monotonic()
    _say(f"seed {seed}: simulating half a year of 20 units")
    world = simulate(seed)
    found, scored = {}, list[Scored]()
    for number, unit in enumerate(world.units, 1):
        _say(f"seed {seed}: deriving unit {number} of {len(world.units)} ({time.monotonic() - begun:.0f} s)")
        found[unit.id] = derived = derive(unit, world)
        scored += forecasts.judge(unit, derived)
    tallies = [emptyings.judge(unit, found[unit.id].emptyings) for unit in world.units]
    true, seen, false = (sum(getattr(tally, name) for tally in tallies) for name in ("true", "found", "false"))
    share, wrong = seen / max(true, 1), false / max(seen + false, 1)
    goals = emptyings.FOUND_GOAL, emptyings.FALSE_GOAL
    yield Line(f"seed {seed}: emptyings found", f"{share:.2%} of {true}", f">= {goals[0]:.0%}", share >= goals[0])
    yield Line(f"seed {seed}: false emptyings", f"{wrong:.2%}", f"<= {goals[1]:.0%}", wrong <= goals[1])
    yield from _forecasts(seed, Figures(score(scored)))
    _say(f"seed {seed}: alerts ({time.monotonic() - begun:.0f} s)")
    for kind in incidents.figures(world, {name: derived.points for name, derived in found.items()}):
        _say(incidents.line(kind))
        text = f"{kind.per_incident:.2f} of {kind.incidents}, about nothing {len(kind.false)}"
        yield Line(f"seed {seed}: alerts per incident, {kind.kind}", text, "1", kind.good)


def _forecasts(seed: int, figures: Figures) -> Iterator[Line]:
    for text in forecasts.lines(figures):
        _say(text)
    low, high = forecasts.INSIDE_GOAL
    inside, better = low <= figures.inside <= high, figures.better >= forecasts.BETTER_GOAL
    yield Line(f"seed {seed}: 80 % band covers", f"{figures.inside:.1%}", f"{low:.0%} to {high:.0%}", inside)
    text = f"{figures.better:.1%} below the better simple rule"
    yield Line(f"seed {seed}: forecast error", text, f">= {forecasts.BETTER_GOAL:.0%}", better)


def _routes() -> Iterator[Line]:
    _say(f"routes: {len(routes.SEEDS)} instances, OR-Tools has {routes.THEIR_SECONDS:.0f} s for each")
    for figure in routes.figures():
        text = f"cost {figure.ours} in {figure.seconds:.2f} s"
        goal = f"<= {figure.theirs} in {routes.OUR_SECONDS:.0f} s"
        yield Line(f"route of {routes.STOPS} stops, instance {figure.seed}", text, goal, figure.reached)


def _say(text: str) -> None:
    print(f"... {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
