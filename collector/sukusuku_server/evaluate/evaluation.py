"""What is derived of a history, and how good that is. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import median

from sukusuku_core.time import DAY_MS, MINUTE_MS
from sukusuku_server.histories.emptyings import around
from sukusuku_server.model.collection import Emptying, Method
from sukusuku_server.units.evaluation import history
from sukusuku_server.units.evaluation.history import Derived, Levels, Shown
from sukusuku_server.units.evaluation.judgement import (
    Tally,
    Watched,
    better,
    called_full,
    inflow_scores,
    tally,
    watched,
)
from sukusuku_server.units.evaluation.truth import Course, Label, course
from sukusuku_server.units.forecast_score import Score, score


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All figures of a history, with what they were made of.

    `tally` is None without labels; forecasts are then judged as if the emptyings that were found were all true.
    `pace` is the median time between two readings in minutes; `better` the share by which the error of the forecast is
    below that of the better simple rule (None: nothing to compare); `called`, `low` hours called 85 % and more, and
    those of them at a true level of 40 % and less.
    """

    levels: Levels
    derived: Derived
    truth: Course
    labels: tuple[Label, ...]
    tally: Tally | None
    pace: float
    scores: tuple[Score, ...]
    better: float | None
    watched: Watched
    called: float
    low: float

    @property
    def days(self) -> float:
        """Length of the history."""
        return (self.levels[-1][0] - self.levels[0][0]) / DAY_MS

    @property
    def emptyings(self) -> Sequence[Emptying]:
        """Emptyings that were found."""
        return self.derived.emptyings

    def error(self, method: Method) -> float | None:
        """Return the mean absolute error of a method, hours; None: nothing to compare."""
        return next((line.error for line in self.scores if line.method is method), None)

    @property
    def inside(self) -> float | None:
        """Share of the outcomes inside the 80 % range, by all that came in; None: there were none."""
        return next((line.inside for line in self.scores if line.method is Method.MODEL), None)

    @property
    def judged(self) -> int:
        """Forecasts of the model that were compared with the simple rules."""
        return next((line.compared for line in self.scores if line.method is Method.MODEL), 0)


class Mark(StrEnum):
    """What an emptying is: found, missed, or found where there was none."""

    FOUND = "found"
    MISSED = "missed"
    FALSE = "false"


@dataclass(frozen=True, slots=True)
class Marked:
    """An emptying on the list: its time (UTC ms) and what was in the bag, percent; None: it was missed."""

    time: int
    percent: float | None
    mark: Mark


def marks(found: Evaluation) -> list[Marked]:
    """Return all emptyings, found or missed, in order of time. A missed one has the time of the reading after it."""
    missed, false = ((), ()) if found.tally is None else (found.tally.missed, found.tally.invented)
    told = [
        Marked(item.time, item.percent, Mark.FALSE if item.time in false else Mark.FOUND) for item in found.emptyings
    ]
    return sorted([*told, *(Marked(time, None, Mark.MISSED) for time in missed)], key=lambda item: item.time)


def evaluate(name: str, levels: Levels, labels: Sequence[Label] | None, shown: Shown) -> Evaluation:
    """Derive a history of at least two levels (UTC ms, percent) as the collector would have, and judge the result."""
    derived = history.derive(name, levels, shown=shown)
    told = None if labels is None else tally((emptying.time for emptying in derived.emptyings), labels)
    moments = [time for time, _ in levels]
    known = tuple(labels or (Label(*around(emptying.time, moments)) for emptying in derived.emptyings))
    truth = course(levels, known)
    scores = score(inflow_scores(derived.forecasts, truth))
    called, low = called_full(derived.estimates(), truth)
    pace = median(late - early for early, late in pairwise(moments)) / MINUTE_MS
    seen = watched([(derived.forecasts, truth)])
    return Evaluation(levels, derived, truth, known, told, pace, scores, better(scores), seen, called, low)
