"""All figures of collection: emptyings found, forecasts, alerts per incident, routes.

    python -m bench.collection --seeds 8

For each seed, half a year of 20 units with faults is simulated as widely as containers in the field behave
(`knobs.py`), everything is derived from the readings, and the result is held against the simulator's truth, by kind of
sensing. Each figure is printed as the worst of the seeds, beside its goal; a figure that could not be measured misses
it. Two seeds run at a time. Ends with 1 when a goal is missed.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial

from bench.collection import routes
from bench.collection.goals import Goal
from bench.collection.seed_figures import Figure, measure
from bench.results import Line, conclude

AT_ONCE = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    args = parser().parse_args(argv)
    begun = time.monotonic()
    seeds = range(args.first, args.first + args.seeds)
    make = partial(measure, units=args.units, weeks=args.weeks, emptyings_only=args.emptyings)
    with ProcessPoolExecutor(min(AT_ONCE, len(seeds))) as pool:
        measured = list(pool.map(make, seeds))
    figures = [*_worst(measured, seeds), *([] if args.no_routes or args.emptyings else _routes())]
    if args.markdown:
        print("\n" + "\n".join(_markdown(figures)))
    minutes = (time.monotonic() - begun) / 60
    print(f"worst of {len(seeds)} seeds, {args.units} units, {args.weeks} weeks; {minutes:.0f} min")
    return conclude(
        Line(
            f"{figure.about}: {figure.name}",
            figure.said,
            figure.goal.said if figure.goal.judges else "",
            figure.goal.reached(figure.value) if figure.goal.judges else None,
        )
        for figure in figures
    )


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--seeds", type=int, default=1, metavar="N", help="how many worlds (default 1)")
    made.add_argument("--first", type=int, default=1, metavar="SEED", help="the first of them (default 1)")
    made.add_argument("--units", type=int, default=20)
    made.add_argument("--weeks", type=int, default=26)
    made.add_argument("--emptyings", action="store_true", help="emptyings alone: a fraction of the time")
    made.add_argument("--no-routes", action="store_true", help="leave out the routes")
    made.add_argument("--markdown", action="store_true", help="print the worst as a table for docs/measurements.md too")
    return made


def _markdown(figures: Sequence[Figure]) -> Iterator[str]:
    """Yield a row for each kind of sensing; what misses its goal is bold."""
    kinds: dict[str, list[Figure]] = {}
    for figure in figures:
        if figure.short:
            kinds.setdefault(figure.about, []).append(figure)
    head = [figure.short for figure in next(iter(kinds.values()), [])]
    yield f"| sensed by | {' | '.join(head)} |"
    yield f"|---|{'---:|' * len(head)}"
    for about, row in kinds.items():
        yield f"| {about} | {' | '.join(_cell(figure) for figure in row)} |"


def _cell(figure: Figure) -> str:
    text = "-" if figure.value is None else f"{100 * figure.value:.1f} %"
    return text if figure.goal.reached(figure.value) else f"**{text}**"


def _worst(measured: Sequence[Sequence[Figure]], seeds: Sequence[int]) -> Iterator[Figure]:
    """Yield each figure as it was in its worst seed; what a seed could not measure is worse than any value."""
    for rivals in zip(*measured, strict=True):
        place = max(range(len(rivals)), key=lambda n: rivals[n].goal.lacks(rivals[n].value))
        worst = rivals[place]
        yield replace(worst, said=f"{worst.said} (seed {seeds[place]})")


def _routes() -> Iterator[Figure]:
    print(f"... routes: {len(routes.SEEDS)} instances, OR-Tools has {routes.THEIR_SECONDS:.0f} s for each", flush=True)
    for figure in routes.figures():
        goal = Goal(high=0.0, said=f"<= {figure.theirs} in {routes.OUR_SECONDS:.0f} s")
        said = f"cost {figure.ours} in {figure.seconds:.2f} s"
        yield Figure(f"route of {routes.STOPS} stops", f"instance {figure.seed}", float(not figure.reached), said, goal)


if __name__ == "__main__":
    sys.exit(main())
