"""The derivation over a plain history of levels: nothing counts cycles, nothing tells of lids. Pure.

found = derive("paper", levels)                  # as read
found = derive("paper", drawn(levels, 30 * MINUTE_MS))
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.model.collection import Emptying, Finding, Forecast, Outcome
from sukusuku_server.settings.collection import Collection
from sukusuku_server.units.derivation import Hours, UnitDerivation, UnitProgress

Levels = Sequence[tuple[int, float]]
"""(UTC ms, percent) as the sensor said it, in order of time, a time once."""

HELD_MS = 6 * HOUR_MS
"""A value is repeated for so long at most; what lies beyond is a silence."""


class AlwaysOpen:
    """A place without opening hours: something may come at any time."""

    def is_open(self, ms: int) -> bool:  # noqa: ARG002 - the answer is the same for each moment
        """See `derivation.Hours`."""
        return True

    def spans(self, start: int, end: int) -> list[tuple[int, int]]:
        """See `derivation.Hours`."""
        return [(start, end)] if start < end else []


@dataclass(slots=True)
class Derived:
    """Everything that was derived of a unit, in order. Of a finding that stayed open only the last word is kept."""

    points: list[Reading] = field(default_factory=list)
    emptyings: list[Emptying] = field(default_factory=list)
    forecasts: list[Forecast] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    state: UnitProgress | None = None
    """What is known in the end."""

    def estimates(self) -> list[tuple[int, float]]:
        """(time, percent) of the fill level."""
        return [(point.time, float(point.value or 0)) for point in self.points if point.metric == "Fill/Estimate"]


def drawn(levels: Levels, every: int) -> list[tuple[int, float]]:
    """Return what a sensor that repeats itself every `every` ms would have said: the last value, held.

    Silences of more than `HELD_MS` stay silences.
    """
    found: list[tuple[int, float]] = []
    for (time, percent), (after, _) in zip(levels, [*levels[1:], (levels[-1][0] + 1, 0.0)], strict=True):
        begin = -(-time // every) * every
        found += ((at, percent) for at in range(begin, min(after, time + HELD_MS), every))
    return found


def derive(asset: str, levels: Levels, settings: Collection | None = None, opening: Hours | None = None) -> Derived:
    """Derive a history day by day, as the collector would have done; everything is taken for GOOD."""
    derivation = UnitDerivation(asset, settings or Collection(), opening or AlwaysOpen())
    found, open_findings = Derived(), dict[tuple[str, int], Finding]()
    if not levels:
        return found
    until = levels[0][0] - 1
    state, place = derivation.start(until), 0
    while place < len(levels):
        until += DAY_MS
        begin = place
        while place < len(levels) and levels[place][0] <= until:
            place += 1
        day = [Reading(asset, "Fill/Percent", time, percent) for time, percent in levels[begin:place]]
        advanced = derivation.advance(state, day, (), until)
        state = advanced.state
        found.points += advanced.points
        found.emptyings += advanced.emptyings
        found.forecasts += advanced.forecasts
        found.outcomes += advanced.outcomes
        open_findings.update(((finding.name, finding.since), finding) for finding in advanced.findings)
    found.state = state
    found.findings = sorted(open_findings.values(), key=lambda finding: finding.since)
    return found
