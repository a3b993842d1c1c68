"""F15: a device that comes and goes all the time, over simulated hours: births, deaths and warnings stay few."""

import random
from collections.abc import Iterator

from sukusuku_core.model import Quality
from sukusuku_core.registers import Decoded
from sukusuku_core.settings import parse
from sukusuku_edge.binding import Binder
from sukusuku_edge.events import Event, Failure, Sample
from sukusuku_edge.settings import EdgeSettings, check
from tests.faults.row import Outcome, Tier

HOURS = {Tier.PR: 1, Tier.NIGHTLY: 24, Tier.RELEASE: 7 * 24}
PERIODS = (5, 10, 30, 60, 90, 120, 180, 300)
"""Seconds from one return of the device to the next."""
POLL = 1
"""Seconds."""
WINDOW = 600
CHANGES = 5
"""Births and deaths that may be announced in a window: the fifth makes the device unstable."""
TOLD = 2
"""Lines for people in a window: unstable, stable again."""
BEGIN = 1_790_000_000
SETTINGS = """
group = "toshima"
node = "pi-1"
[[device]]
id = "board"
profile = "sukusuku-retrofit-board"
host = "127.0.0.1"
[[asset]]
id = "unit-1"
kind = "unit"
[[asset.binding]]
metric = "Cycles/Total"
device = "board"
point = "cycle_counter"
"""


def run(tier: Tier, chance: random.Random) -> Outcome:
    """The row."""
    flaps = readings = 0
    faults: list[str] = []
    for period in PERIODS:
        for share in (0.2, 0.5, chance.uniform(0.3, 0.9)):
            result = _Flapping(HOURS[tier] * 3600, period, share)
            faults += result.faults
            flaps += result.flaps
            readings += result.readings
    return Outcome(
        "F15", "devices that come and go", flaps, readings, readings, 0, 0, passed=not faults, why="; ".join(faults[:5])
    )


class _Flapping:
    """One device on a simulated clock. `up` is the share of a period for which it answers."""

    def __init__(self, seconds: int, period: int, up: float) -> None:
        settings = check(parse(SETTINGS, EdgeSettings, "edge.toml"), "edge.toml")
        binder = Binder(settings, {})
        self.flaps = seconds // period
        self.readings = 0
        changes: list[int] = []
        told: list[int] = []
        total = 0
        for now in range(0, seconds, POLL):
            outcome = binder.take([_event(now, period, up)])
            changes += [now] * (len(outcome.up) + len(outcome.down))
            told += [now] * len(outcome.findings)
            for reading in outcome.readings:
                if reading.quality is Quality.GOOD and isinstance(reading.value, int):
                    total = reading.value
            self.readings += len(outcome.readings)
        name = f"period {period} s, up {up:.0%}"
        self.faults = [
            *_crowded(f"{name}: births and deaths", changes, CHANGES),
            *_crowded(f"{name}: warnings", told, TOLD),
        ]
        if total < self.flaps - 2:
            self.faults.append(f"{name}: the counter stands at {total}, the device counted to {self.flaps}")


def _event(now: int, period: int, up: float) -> Event:
    time = (BEGIN + now) * 1000
    if now % period < up * period:
        return Sample("board", time, {"cycle_counter": Decoded(now // period, Quality.GOOD)})
    return Failure("board", time, "no answer")


def _crowded(what: str, moments: list[int], most: int) -> Iterator[str]:
    worst = max((sum(at <= other < at + WINDOW for other in moments) for at in moments), default=0)
    if worst > most:
        yield f"{what}: {worst} in {WINDOW} s, allowed are {most}"
