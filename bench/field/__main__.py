"""Figures of the derivation on histories of levels that come from elsewhere, with labels.

    python -m bench.field DIR [--days 60] [--only paper_2067 ...]

Derives every history as it was read and drawn every 30 minutes, two at a time; `histories.py` says what DIR has. Prints
the figures of each container, of each kind and of all; exits with 1 when a goal is missed. About ten seconds of
processor time a container and year. Nothing is learnt from one container for another, so each line is already one that
was left out; beside each figure of all stand its lowest and highest when any one container is left out. What was seen
of a bag is shown without a goal: crews empty these containers when they are nearly full, so that those that were
watched to the end are the slow ones.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from bench.field.histories import History, read
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.model.collection import Forecast, Method
from sukusuku_server.units.evaluation.history import derive, drawn
from sukusuku_server.units.evaluation.judgement import (
    Tally,
    Watched,
    better,
    called_full,
    inflow_scores,
    tally,
    watched,
)
from sukusuku_server.units.evaluation.truth import Course, course
from sukusuku_server.units.forecast_score import BESIDE, Scored, score

EVERY = 30 * MINUTE_MS
AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Goals:
    """What is to be reached at a pace of readings, over all containers."""

    found: float
    false: float
    better: float
    inside: tuple[float, float] = (0.75, 0.85)
    low: float = 0.02


AS_READ, DRAWN = "as read", "every 30 min"
GOALS = {AS_READ: Goals(0.95, 0.03, 0.15), DRAWN: Goals(0.98, 0.02, 0.25)}


@dataclass(slots=True)
class Figures:
    """What came of one history, or of several."""

    emptyings: Tally = field(default_factory=Tally)
    scored: list[Scored] = field(default_factory=list)
    seen: list[tuple[list[Forecast], Course]] = field(default_factory=list)
    called: float = 0.0
    low: float = 0.0

    def __add__(self, other: "Figures") -> "Figures":
        """All of both."""
        return Figures(
            self.emptyings + other.emptyings,
            self.scored + other.scored,
            self.seen + other.seen,
            self.called + other.called,
            self.low + other.low,
        )

    @property
    def inside(self) -> float | None:
        """Share of the outcomes by inflow inside the 80 % band."""
        return next((line.inside for line in score(self.scored) if line.inside is not None), None)

    @property
    def nominal(self) -> float:
        """Share that a right band would have inside: an end beyond the horizon is not told, and nothing lies beyond it.

        Each end that is told may be wrong once in ten times.
        """
        bands = [item.forecast for item in self.scored if item.forecast.method is Method.MODEL]
        told = sum((band.hours10 is not None) + (band.hours90 is not None) for band in bands)
        return 1 - BESIDE * told / max(len(bands), 1)

    @property
    def watched(self) -> Watched:
        """The same by what was seen."""
        return watched(self.seen)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("--days", type=int, help="only the last days of each history")
    parser.add_argument("--only", nargs="+", help="only these containers")
    args = parser.parse_args(argv)
    histories = [history for history in read(args.directory) if not args.only or history.name in args.only]
    if args.days:
        histories = [history.last(args.days) for history in histories]
    found = _measured(histories)
    good = True
    for pace, goals in GOALS.items():
        mine = {history.name: found[pace, history.name] for history in histories}
        print()
        for name, figures in mine.items():
            print(f"{pace}: {_line(name, figures)}")
        for kind in sorted({history.kind for history in histories}):
            same = sum((mine[history.name] for history in histories if history.kind == kind), Figures())
            print(f"{pace}: {_line(kind, same)}")
        total = sum(mine.values(), Figures())
        print(f"{pace}: {_line('all', total)}")
        without = [sum((other for other in mine.values() if other is not left), Figures()) for left in mine.values()]
        for goal in _goals(goals):
            value, others = goal.of(total), [goal.of(figures) for figures in without]
            reached = goal.reached(value)
            good &= reached
            said = f"{value:7.1%}  (one left out: {min(others):.1%} to {max(others):.1%})"
            print(f"{pace}: {goal.name:28} {said:42} goal {goal.said:12} {'ok' if reached else 'MISSED'}")
    return 0 if good else 1


def _measured(histories: Sequence[History]) -> dict[tuple[str, str], Figures]:
    """Return the figures by pace and container. Tells what is done, the longest histories first."""
    tasks = [(pace, history) for pace in GOALS for history in histories]
    tasks.sort(key=lambda task: (task[0] == AS_READ, -len(task[1].levels)))
    begun, found = time.monotonic(), dict[tuple[str, str], Figures]()
    with ProcessPoolExecutor(min(AT_ONCE, max(len(tasks), 1))) as pool:
        waiting = {pool.submit(measure, history, pace): (pace, history.name) for pace, history in tasks}
        for done in as_completed(waiting):
            pace, name = waiting[done]
            found[pace, name] = done.result()
            passed = time.monotonic() - begun
            print(f"... {passed:4.0f} s  {len(found)} of {len(tasks)}: {name} {pace}", flush=True)
    return found


def measure(history: History, pace: str) -> Figures:
    """Derive the levels of a history at a pace, and hold the result against its truth."""
    levels = history.levels if pace == AS_READ else drawn(history.levels, EVERY)
    truth = course(history.levels, history.labels)
    found = derive(history.name, levels)
    told = tally((emptying.time for emptying in found.emptyings), history.labels)
    called, low = called_full(found.estimates(), truth)
    return Figures(told, inflow_scores(found.forecasts, truth), [(found.forecasts, truth)], called, low)


def _line(name: str, figures: Figures) -> str:
    told, seen = figures.emptyings, figures.watched
    parts = [
        f"{name:13} emptyings {told.found:3} of {told.true:3} ({told.share:5.1%})",
        f"false {told.false} ({told.wrong:.1%})",
        f"error {_percent(better(score(figures.scored)))} below the better rule",
        f"inside {_percent(figures.inside)} by inflow (right: {figures.nominal:.1%}), {seen.inside:.1%} as seen",
        f"full by the early end {seen.early:.0%}, by the late {seen.late:.0%}",
        f"called full {figures.called:.0f} h, low {figures.low / max(figures.called, 1):.1%}",
    ]
    return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure of all containers, and between which values it must be."""

    name: str
    of: Callable[[Figures], float]
    low: float
    high: float

    @property
    def said(self) -> str:
        """For people."""
        if self.low <= 0:
            return f"<= {self.high:.0%}"
        return f">= {self.low:.0%}" if self.high >= 1 else f"{self.low:.0%} to {self.high:.0%}"

    def reached(self, value: float) -> bool:
        """Whether a value is good enough."""
        return self.low <= value <= self.high


def _goals(goals: Goals) -> tuple[Goal, ...]:
    return (
        Goal("emptyings found", lambda figures: figures.emptyings.share, goals.found, 1.0),
        Goal("false emptyings", lambda figures: figures.emptyings.wrong, 0.0, goals.false),
        Goal("error below the better rule", lambda figures: better(score(figures.scored)) or 0.0, goals.better, 1.0),
        Goal("inside the band, by inflow", lambda figures: figures.inside or 0.0, *goals.inside),
        Goal("called full at 40 % and less", lambda figures: figures.low / max(figures.called, 1.0), 0.0, goals.low),
    )


def _percent(share: float | None) -> str:
    return "no figure" if share is None else f"{share:.1%}"


if __name__ == "__main__":
    sys.exit(main())
