"""Routes: three seeded instances of 30 stops, PyVRP within 2 s against OR-Tools given 10 s.

OR-Tools asks for a protobuf that the rest of the project has left behind, so it lives in a virtual environment of its
own beside this one (made when it is first needed) and is asked by a small program. Both answers are checked and their
cost is computed by our own code: seconds of travel plus the prizes of the stops that were left out.
"""

import argparse
import json
import random
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sukusuku_server.rounds import pyvrp_solver, routing_problem
from sukusuku_server.rounds.routing_problem import Job, Problem, Route, Vehicle
from sukusuku_server.rounds.travel_matrix import Spot, estimated
from sukusuku_server.settings import Routing

SEEDS = (7, 8, 9)
STOPS = 30
OUR_SECONDS = 2.0
THEIR_SECONDS = 10.0
RIVAL = "ortools==9.15.6755"
_FOLDER = Path(__file__).parents[2] / ".venv-ortools"
_PROGRAM = Path(__file__).with_name("ortools_rival.py")
_HOUR = 3600
_SHIFT = 4 * _HOUR
_SERVICE = 8 * 60
_TRUCK_BAGS = 24
_TRUCK_GRAMS = 220_000
_BAG_GRAMS = 9_000


@dataclass(frozen=True, slots=True)
class Figure:
    """What came of one instance. Costs in seconds; `ours` after `seconds` of wall clock."""

    seed: int
    ours: int
    theirs: int
    simple: int
    """Cheapest insertion, for comparison."""
    seconds: float

    @property
    def reached(self) -> bool:
        """Within the time, and no worse."""
        return self.seconds <= OUR_SECONDS and self.ours <= self.theirs


def instance(seed: int) -> Problem:
    """30 stops in a ward and a few beyond it, 3 vehicles, mixed time windows; stops below 70 % may be left out."""
    dice = random.Random(seed)
    spots = [Spot("depot", 35.740, 139.690)]
    for n in range(STOPS):
        far = n % 6 == 5
        lat, lon = (35.80, 139.60) if far else (35.73, 139.72)
        spread = 0.012 if far else 0.045
        spots.append(Spot(f"stop-{n}", lat + dice.uniform(-spread, spread), lon + dice.uniform(-spread, spread)))
    jobs = []
    for place in range(1, STOPS + 1):
        percent = dice.uniform(30, 100)
        bags = dice.randint(1, 4)
        jobs.append(
            Job(
                place=place,
                service=_SERVICE,
                windows=dice.choice((((0, _SHIFT),), ((0, 2 * _HOUR),), ((2 * _HOUR, _SHIFT),), ((_HOUR, 3 * _HOUR),))),
                bags=bags,
                grams=round(bags * _BAG_GRAMS * percent / 100),
                prize=None if percent >= 70 else round(20 * percent),
            )
        )
    vehicles = (Vehicle(depot=0, bags=_TRUCK_BAGS, grams=_TRUCK_GRAMS, back_by=_SHIFT),) * 3
    return Problem(estimated(spots, Routing()).seconds, tuple(jobs), vehicles)


def figures() -> list[Figure]:
    """Solve every instance with both."""
    python = _rival()
    return [_measured(seed, python) for seed in SEEDS]


def table(found: list[Figure]) -> str:
    """Return the figures side by side."""
    lines = [f"{'seed':>4}  {'PyVRP':>7}  {'OR-Tools':>8}  {'insertion':>9}  {'seconds':>7}"]
    lines += [f"{f.seed:>4}  {f.ours:>7}  {f.theirs:>8}  {f.simple:>9}  {f.seconds:>7.2f}" for f in found]
    return "\n".join(lines)


def _measured(seed: int, python: Path) -> Figure:
    asked = instance(seed)
    started = time.perf_counter()
    ours = pyvrp_solver.solve(asked, OUR_SECONDS * 0.75, seed=1)
    seconds = time.perf_counter() - started
    assert ours is not None, f"no answer to instance {seed}"
    return Figure(
        seed,
        _cost(asked, ours),
        _cost(asked, _theirs(asked, python)),
        _cost(asked, routing_problem.inserted(asked)),
        seconds,
    )


def _cost(asked: Problem, routes: tuple[Route, ...]) -> int:
    found = routing_problem.cost(asked, routes)
    assert found is not None, "this answer may not be driven"
    return found


def _theirs(asked: Problem, python: Path) -> tuple[Route, ...]:
    request = json.dumps(asdict(asked) | {"seconds": THEIR_SECONDS})
    done = subprocess.run([python, _PROGRAM], input=request, capture_output=True, text=True, check=True)
    return tuple(tuple(route) for route in json.loads(done.stdout))


def _rival() -> Path:
    """Return the Python that has OR-Tools."""
    python = _FOLDER / "bin" / "python"
    if not python.exists():
        print(f"installing {RIVAL} into {_FOLDER.name} (about a minute) ...", file=sys.stderr)
        venv.create(_FOLDER, with_pip=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", RIVAL]
        subprocess.run(install, check=True)
    return python


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures; 1 when one is missed."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    found = figures()
    print(table(found))
    return 0 if all(figure.reached for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
