"""Figures of the derivation on histories of levels that come from elsewhere, with labels.

    python -m bench.field DIR [--days 60] [--only paper_2067 ...]

Derives every history as it was read and drawn every 30 minutes; `histories.py` says what DIR has. Prints the figures of
each container, of each kind and of all; exits with 1 when a goal is missed. About half a minute a container and year.
Nothing is learnt from one container for another, so each container's line is already one that was left out. What was
seen of a bag is shown without a goal: crews empty these containers when they are nearly full, so that those that were
watched to the end are the slow ones.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.field.histories import History, read
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.model.collection import Forecast
from sukusuku_server.units.evaluation.history import Levels, derive, drawn
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
from sukusuku_server.units.forecast_score import Scored, score

EVERY = 30 * MINUTE_MS


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
    good = True
    for pace, goals in GOALS.items():
        found: dict[str, Figures] = {}
        for history in histories:
            begun = time.process_time()
            found[history.name] = figures = measure(
                history, history.levels if pace == AS_READ else drawn(history.levels, EVERY)
            )
            print(f"{pace}: {_line(history.name, figures)} ({time.process_time() - begun:.0f} s)", flush=True)
        for kind in sorted({history.kind for history in histories}):
            same = sum((found[history.name] for history in histories if history.kind == kind), Figures())
            print(f"{pace}: {_line(kind, same)}")
        total = sum(found.values(), Figures())
        print(f"{pace}: {_line('all', total)}")
        for name, text, goal, reached in _goals(total, goals):
            good &= reached
            print(f"{pace}: {name:28} {text:>8}  goal {goal:16} {'ok' if reached else 'MISSED'}")
    return 0 if good else 1


def measure(history: History, levels: Levels) -> Figures:
    """Derive the levels of a history at some pace, and hold the result against its truth."""
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
        f"inside {_percent(figures.inside)} by inflow, {seen.inside:.1%} as seen",
        f"full by the early end {seen.early:.0%}, by the late {seen.late:.0%}",
        f"called full {figures.called:.0f} h, low {figures.low / max(figures.called, 1):.1%}",
    ]
    return "; ".join(parts)


def _goals(figures: Figures, goals: Goals) -> Iterator[tuple[str, str, str, bool]]:
    told, low = figures.emptyings, figures.low / max(figures.called, 1.0)
    gained, inside = better(score(figures.scored)) or 0.0, figures.inside or 0.0
    band = f"{goals.inside[0]:.0%} to {goals.inside[1]:.0%}"
    yield "emptyings found", f"{told.share:.1%}", f">= {goals.found:.0%}", told.share >= goals.found
    yield "false emptyings", f"{told.wrong:.1%}", f"<= {goals.false:.0%}", told.wrong <= goals.false
    yield "error below the better rule", f"{gained:.1%}", f">= {goals.better:.0%}", gained >= goals.better
    yield "inside the band, by inflow", f"{inside:.1%}", band, goals.inside[0] <= inside <= goals.inside[1]
    yield "called full at 40 % and less", f"{low:.1%}", f"<= {goals.low:.0%}", low <= goals.low


def _percent(share: float | None) -> str:
    return "no figure" if share is None else f"{share:.1%}"


if __name__ == "__main__":
    sys.exit(main())
