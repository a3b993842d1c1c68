"""A centre, a unit with a known pace, and what has been learnt of it, for the tests of forecasts."""

from random import Random

from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.calendar.opening_hours import OpeningHours
from sukusuku_server.model.collection import FillEstimate
from sukusuku_server.settings.opening import Calendar, Opening
from sukusuku_server.units import rate_learning
from sukusuku_server.units.arrival_rates import Rates
from sukusuku_server.units.forecast import Outlook

MONDAY = 1_775_401_200_000
"""Monday 2026-04-06 00:00 in Tokyo, in UTC ms."""
OPENING = OpeningHours(Calendar(), (Opening(),))
"""Monday to Saturday, 9 to 18, but for national holidays."""
CAPACITY = 60.0


def pace(time: int) -> float:
    """Nappies per open hour: more in the morning, most on Saturday."""
    hour = (time + 9 * HOUR_MS) // HOUR_MS
    return (8.0 if hour % 24 < 13 else 4.0) * (1.5 if (hour + 72) % 168 >= 120 else 1.0)


def lived(weeks: float, seed: int | None = 1, factor: float = 1.0, start: int = MONDAY) -> Rates:
    """What has been learnt after so many weeks; without a seed nothing is left to chance."""
    rng = None if seed is None else Random(seed)
    rates = rate_learning.begin(start)
    for time in range(start, start + round(weeks * 7 * DAY_MS), HOUR_MS):
        nappies = 0.0
        if OPENING.is_open(time):
            mean = pace(time) * factor
            nappies = mean if rng is None else float(sum(rng.random() < mean / 50 for _ in range(50)))
        rates = rate_learning.observe(rates, time, time + HOUR_MS, nappies, OPENING)
    return rates


def outlook(rates: Rates, time: int, percent: float = 20.0, sigma: float = 2.0) -> Outlook:
    """A unit of which so much is known at `time`."""
    estimate = FillEstimate(time, percent, percent / 100 * CAPACITY, sigma, 100.0, percent, percent, None)
    return Outlook(estimate, rates, CAPACITY, OPENING)
