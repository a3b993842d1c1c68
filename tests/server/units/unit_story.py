"""A unit by hand: readings written as a story, for tests of its derivation."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sukusuku_core.model import Quality, Reading, Value
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.calendar.opening_hours import OpeningHours
from sukusuku_server.model.collection import Emptying, EmptyingState, Evidence
from sukusuku_server.model.derivation import Advanced
from sukusuku_server.settings.collection import Collection
from sukusuku_server.settings.opening import Calendar, Opening
from sukusuku_server.units.derivation import UnitDerivation, UnitProgress

START = 1_775_433_600_000  # Monday 6 April 2026, 09:00 in Tokyo
HOUR = 60 * MINUTE_MS
UNIT = UnitDerivation(
    "unit",
    Collection(nappies_per_bag=50, nappies_per_cycle=1.5),
    OpeningHours(Calendar(), (Opening(sat=(), sun=()),)),
)
P = 3.0
"""Percent per cycle, by these settings."""


@dataclass
class Story:
    """Readings of a unit as time goes by; `percent` is what its level sensor says, `cycles` its counter."""

    level: bool = True
    counter: bool = True
    now: int = START
    percent: float = 0.0
    cycles: int = 1000
    readings: list[Reading] = field(default_factory=list)

    def tell(self, metric: str, value: Value | None, quality: Quality = Quality.GOOD) -> None:
        """A reading, now."""
        self.readings.append(Reading("unit", metric, self.now, value, quality))

    def rest(self, minutes: float, every: float = 10) -> None:
        """Nothing happens; the sensors say the same again and again."""
        end = self.now + round(minutes * MINUTE_MS)
        while self.now < end:
            self.now = min(end, self.now + round(every * MINUTE_MS))
            self._say()

    def hand(self, percent: float = P, *, counted: bool = True, minutes: float = 5) -> None:
        """Nappies come."""
        self.now += round(minutes * MINUTE_MS)
        self.percent += percent
        self.cycles += counted
        self._say()

    def fill(self, hands: int) -> None:
        """Nappies come and come."""
        for _ in range(hands):
            self.hand()

    def empty(self, percent: float = 0.0) -> None:
        """The bag is changed; nothing but level and counter tells, and an empty bag reads `percent`."""
        self.now += 2 * MINUTE_MS
        self.percent = percent
        self._say()

    def opened(self, metric: str = "Lid/Open", seconds: float = 60) -> None:
        """Lid or door are open for a while."""
        self.tell(metric, value=True)
        self.now += round(seconds * 1000)
        self.tell(metric, value=False)

    def _say(self) -> None:
        if self.counter:
            self.tell("Cycles/Total", self.cycles)
        if self.level:
            self.tell("Fill/Percent", self.percent)


def derive(story: Story, said: Sequence[Emptying] = (), until: int | None = None) -> Advanced[UnitProgress]:
    """Everything in one step."""
    end = story.now if until is None else until
    return UNIT.advance(UNIT.start(START - 1), story.readings, said, end)


def values(advanced: Advanced[UnitProgress], metric: str) -> list[float]:
    """A derived series."""
    return [float(point.value or 0) for point in advanced.points if point.metric == metric]


def word(time: int, state: EmptyingState, percent: float = 50.0) -> Emptying:
    """What a person said."""
    return Emptying("unit", time, percent, percent / 2, (Evidence.PERSON,), 1.0, state, "Sato", "", 7)
