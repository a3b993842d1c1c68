"""What rounds on fixed days would have done with the same nappies, beside what really happened. Pure.

Both sides are computed in the same way from the same flow (`flow.py`): only the times of the visits differ. What the
method cannot know stands in `METHOD`, which is printed beside the numbers.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from sukusuku_core.time import MINUTE_MS, day_start, local_day
from sukusuku_server.kpi.disposal_fee import Fees
from sukusuku_server.kpi.inflow import Flow, Replayed, replay
from sukusuku_server.kpi.intervals import Spans
from sukusuku_server.kpi.visits import Spread, spread

WEEKS: Mapping[int, tuple[int, ...]] = {
    1: (2,),
    2: (1, 4),
    3: (0, 2, 4),
    4: (0, 1, 3, 4),
    5: (0, 1, 2, 3, 4),
    6: (0, 1, 2, 3, 4, 5),
    7: (0, 1, 2, 3, 4, 5, 6),
}
"""On which weekdays (0 is Monday) a round goes so many times a week."""
_FULL = 100.0
TICKET_LITRES = 45
"""The bag for which a paid ticket is reckoned."""

Kilometres = Callable[[str, str], float]
"""The way between two places, by their ids."""


def N_(text: str) -> str:  # noqa: N802 - gettext's usual mark for texts that are translated later
    """Mark a text for translation."""
    return text


METHOD = (
    N_("Both sides use the nappies that the units were seen to take in. Only the times of the visits differ."),
    N_(
        "Fixed rounds go to every unit at the same time on fixed days of the week. They skip a centre that is closed "
        "all day."
    ),
    N_("In the actual figures every emptying counts as a visit. A trip without any emptying is not counted."),
    N_("Full while open is the time during opening hours in which a bag holds 100 % or more."),
    N_(
        "Distances on both sides are those of the shortest route found from the depot to all centres of the day and "
        "back. Other trips of the vehicle are not known."
    ),
    N_("CO2 and cost per kilometre are those of the vehicle in the settings. The fee is the weight times the tariff."),
    N_("With paid tickets instead of the fee by weight: one 45-litre ticket for each visit."),
    N_(
        "Not known: nappies that were thrown away elsewhere while a unit was full, and other work of the crew on fixed "
        "rounds. On both sides a visit empties the unit completely."
    ),
)


@dataclass(frozen=True, slots=True)
class UnitFlow:
    """A unit for the replay: its flow, its bag in nappies, their weight, where it stands, when that is open."""

    asset: str
    site: str
    flow: Flow
    nappies_per_bag: float
    kg_per_nappy: Callable[[date], float]
    opened: Spans


@dataclass(frozen=True, slots=True)
class Travel:
    """How a way from the depot and back is measured, and becomes CO2 and money."""

    depot: str
    km: Kilometres
    yen_per_km: float
    kg_co2_per_km: float


@dataclass(frozen=True, slots=True)
class Terms:
    """By what visits are judged. One that finds less than `needless_percent` in the bag was needless."""

    needless_percent: float
    travel: Travel
    fees: Fees


@dataclass(frozen=True, slots=True)
class FixedRounds:
    """Rounds so many times a week, on fixed weekdays, `at_minute` after midnight."""

    per_week: int
    at_minute: int

    def visits(self, start: int, end: int, opened: Spans) -> list[int]:
        """When a round comes within start <= time < end: on its weekdays, on days with any opening."""
        days = {local_day(span[0]) for span in opened}
        found = []
        day = local_day(start)
        while (begins := day_start(day)) < end:
            time = begins + self.at_minute * MINUTE_MS
            if day.weekday() in WEEKS[self.per_week] and day in days and start <= time < end:
                found.append(time)
            day = date.fromordinal(day.toordinal() + 1)
        return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """One side of the comparison. `trips` are days on which somebody went; `needless` visits found little in the bag.

    `level` is in percent of the bag at the visits; `fee_yen` is for the weight that was taken away,
    `ticket_yen` what paid tickets would cost instead.
    """

    visits: int
    needless: int
    trips: int
    level: Spread | None
    overflow_hours: float
    kg: float
    km: float
    kg_co2: float
    travel_yen: float
    fee_yen: float
    ticket_yen: float

    @property
    def yen(self) -> float:
        """Travel and fee together."""
        return self.travel_yen + self.fee_yen


@dataclass(frozen=True, slots=True)
class Comparison:
    """What happened beside what rounds `per_week` times a week would have done, start <= time < end."""

    start: int
    end: int
    per_week: int
    actual: Outcome
    fixed: Outcome

    @property
    def last_day(self) -> date:
        """The last day of the comparison, whose fees are named beside it."""
        return local_day(self.end - 1)


def compare(
    units: Sequence[UnitFlow],
    really: Mapping[str, Sequence[int]],
    rounds: FixedRounds,
    terms: Terms,
    start: int,
    end: int,
) -> Comparison:
    """Both sides over start <= time < end. `really` has the times of the real visits by unit."""
    planned = {unit.asset: rounds.visits(start, end, unit.opened) for unit in units}
    return Comparison(start, end, rounds.per_week, outcome(units, really, terms), outcome(units, planned, terms))


def compare_alike(
    units: Sequence[UnitFlow], really: Mapping[str, Sequence[int]], at_minute: int, terms: Terms, start: int, end: int
) -> Comparison:
    """Both sides, as `compare`, where fixed rounds go as seldom as they can for the same service.

    That is, bags are full for no longer than they really were; if no rounds can do that, they go every day.
    """
    for per_week in WEEKS:
        found = compare(units, really, FixedRounds(per_week, at_minute), terms, start, end)
        if found.fixed.overflow_hours <= found.actual.overflow_hours:
            break
    return found


def outcome(units: Sequence[UnitFlow], visited: Mapping[str, Sequence[int]], terms: Terms) -> Outcome:
    """Return what these visits (times by unit) make of the flows."""
    percents: list[float] = []
    kg = overflow = fee_yen = ticket_yen = 0.0
    sites_of_day: dict[date, set[str]] = {}
    for unit in units:
        times = [time for time in visited.get(unit.asset, ()) if unit.flow.start <= time < unit.flow.end]
        done: Replayed = replay(unit.flow, times, unit.nappies_per_bag, unit.opened)
        percents += [_FULL * taken / unit.nappies_per_bag for taken in done.taken]
        for time, taken in zip(times, done.taken, strict=True):
            day = local_day(time)
            weight, fees = taken * unit.kg_per_nappy(day), terms.fees.on(day)
            kg += weight
            fee_yen += fees.by_weight(weight)
            ticket_yen += fees.by_ticket(1, TICKET_LITRES)
        overflow += done.overflow_hours
        for time in times:
            sites_of_day.setdefault(local_day(time), set()).add(unit.site)
    travel = terms.travel
    way = sum(tour_km(travel.depot, sites, travel.km) for sites in sites_of_day.values())
    return Outcome(
        visits=len(percents),
        needless=sum(percent < terms.needless_percent for percent in percents),
        trips=len(sites_of_day),
        level=spread(percents),
        overflow_hours=overflow,
        kg=kg,
        km=way,
        kg_co2=way * travel.kg_co2_per_km,
        travel_yen=way * travel.yen_per_km,
        fee_yen=fee_yen,
        ticket_yen=ticket_yen,
    )


def tour_km(depot: str, sites: Iterable[str], km: Kilometres) -> float:
    """Return the way from the depot past all sites and back: the nearest one next, then crossings taken out (2-opt)."""
    left, tour = sorted(set(sites)), [depot]
    while left:
        nearest = min(left, key=lambda site: (km(tour[-1], site), site))
        left.remove(nearest)
        tour.append(nearest)
    tour.append(depot)
    better = True
    while better:
        better = False
        for i in range(1, len(tour) - 2):
            for j in range(i + 1, len(tour) - 1):
                now = km(tour[i - 1], tour[i]) + km(tour[j], tour[j + 1])
                then = km(tour[i - 1], tour[j]) + km(tour[i], tour[j + 1])
                if then < now and not math.isclose(then, now):
                    tour[i : j + 1] = reversed(tour[i : j + 1])
                    better = True
    return sum(km(a, b) for a, b in pairwise(tour))
