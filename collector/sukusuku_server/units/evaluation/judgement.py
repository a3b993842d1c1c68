"""What was derived, held against the truth: emptyings, forecasts by two judgements, bags called full. Pure."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.collection import HORIZON_HOURS, Forecast, Method
from sukusuku_server.units.evaluation.truth import FULL, SEEN_FULL, Course, Label
from sukusuku_server.units.forecast_score import Score, Scored

SLACK_MS = HOUR_MS
"""An emptying is found when it is told within its label, or so near to it."""
CALLED_FULL, TRULY_LOW = 85.0, 40.0
TOLD_MS = 6 * HOUR_MS
"""An estimate that was told longer ago is told no more."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Emptyings that there were, that were found of them, and that were told of nothing. What is doubtful is neither.

    `missed` and `invented` are their times (UTC ms).
    """

    true: int = 0
    found: int = 0
    false: int = 0
    missed: tuple[int, ...] = ()
    invented: tuple[int, ...] = ()

    @property
    def share(self) -> float:
        """Found of the true ones."""
        return self.found / self.true if self.true else 1.0

    @property
    def wrong(self) -> float:
        """False of those told that were not doubtful."""
        told = self.found + self.false
        return self.false / told if told else 0.0

    def __add__(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(
            self.true + other.true,
            self.found + other.found,
            self.false + other.false,
            self.missed + other.missed,
            self.invented + other.invented,
        )


def tally(told: Iterable[int], labels: Sequence[Label], slack: int = SLACK_MS) -> Tally:
    """Match emptyings with labels, each with one: those nearest in time first, clear labels before doubtful ones."""
    left = sorted(told)
    true = sum(label.clear for label in labels)
    missed: list[int] = []
    for label in sorted(labels, key=lambda label: (not label.clear, label.before)):
        near = [at for at in left if label.after - slack <= at <= label.before + slack]
        if near:
            left.remove(min(near, key=lambda at: abs(at - label.before)))
        elif label.clear:
            missed.append(label.before)
    return Tally(true, true - len(missed), len(left), tuple(missed), tuple(left))


@dataclass(frozen=True, slots=True)
class Watched:
    """Forecasts judged by what was seen: the share of bags that were full by the early and by the late end.

    A bag that was changed early was watched until then (`censored`); what it would have done is estimated from the
    others (life table; Kaplan and Meier 1958), so that no forecast is judged by inflow that somebody measured.
    """

    judged: int
    censored: int
    early: float
    late: float

    @property
    def full(self) -> int:
        """How many were seen full."""
        return self.judged - self.censored

    @property
    def inside(self) -> float:
        """Share inside the 80 % band."""
        return self.late - self.early


class Truth(Protocol):
    """The true level of a unit, seen from afterwards or known to a simulator."""

    def percent(self, time: int) -> float:
        """Return the true level at a moment."""

    def full_after(self, time: int) -> int | None:
        """When the bag would have been full, seen from a moment, had nobody changed it; None: not known."""


def inflow_scores(forecasts: Iterable[Forecast], truth: Truth) -> list[Scored]:
    """Forecasts with the time at which what came would have filled the bag, whether or not it was changed before."""
    found: list[Scored] = []
    for forecast in forecasts:
        if truth.percent(forecast.issued) >= FULL:
            continue
        full = truth.full_after(forecast.issued)
        if full is not None:
            found.append(Scored(forecast, min((full - forecast.issued) / HOUR_MS, HORIZON_HOURS)))
    return found


def watched(issued: Iterable[tuple[Iterable[Forecast], Course]]) -> Watched:
    """Judge the model's bands by what was seen of each bag, over units: (its forecasts, its truth).

    Time runs in parts of each band: 1 is its early end, 2 its late one.
    """
    seen: list[tuple[float, bool]] = []
    for forecasts, truth in issued:
        for forecast in forecasts:
            if forecast.method is Method.MODEL and truth.percent(forecast.issued) < SEEN_FULL:
                bag = truth.seen_after(forecast.issued)
                seen.append((_part(forecast, bag.hours), not bag.full))
    stays, by = 1.0, {1.0: 0.0, 2.0: 0.0}
    watching = len(seen)
    for part, gone in sorted(seen):
        if not gone:
            stays *= 1 - 1 / watching
            by.update((mark, 1 - stays) for mark in by if part <= mark)
        watching -= 1
    return Watched(len(seen), sum(gone for _, gone in seen), by[1.0], by[2.0])


def _part(forecast: Forecast, hours: float) -> float:
    """Return where a time lies in a band: up to 1 before it, up to 2 inside, more after it."""
    early = HORIZON_HOURS if forecast.hours10 is None else forecast.hours10
    late = math.inf if forecast.hours90 is None else forecast.hours90
    if hours < early:
        return hours / early
    if hours > late:
        return 2 + (hours - late) / max(late, 1.0)
    return 1.0 if late <= early else 1 + (hours - early) / (late - early) if late < math.inf else 1.5


def better(scores: Iterable[Score]) -> float | None:
    """By which share the model's error is below that of the better simple rule; None: nothing to compare."""
    errors = {line.method: line.error for line in scores}
    mine = errors.pop(Method.MODEL, None)
    rules = [error for error in errors.values() if error is not None]
    return None if mine is None or not rules else 1 - mine / max(min(rules), 1e-9)


def called_full(estimates: Sequence[tuple[int, float]], truth: Course) -> tuple[float, float]:
    """Hours called 85 % and more, and those of them at a true level of 40 % and less. Looked at every half hour."""
    times = [time for time, _ in estimates]
    called = low = 0
    for at in range(truth.times[0], truth.times[-1], HOUR_MS // 2):
        place = bisect_right(times, at) - 1
        if place >= 0 and at - times[place] <= TOLD_MS and estimates[place][1] >= CALLED_FULL:
            called += 1
            low += truth.percent(at) <= TRULY_LOW
    return called / 2, low / 2
