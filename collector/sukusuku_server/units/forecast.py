"""When a bag will be full, with an interval. Pure.

From the time of the fill estimate on, the expected nappies L(t) add up over the coming open hours. With `room` nappies
still going into the bag, the number that has come by t is about normal with mean L and

    variance(L) = spread L + luck L min(L, one day) + doubt L^2 + sigma^2

(`rates.spread`, `rates.luck`, `rates.doubt`; sigma of the fill estimate in nappies). The bag is full by t with
probability Phi(z), z = (L(t) - room) / sqrt(variance). The 10, 50 and 90 % times are where z passes -1.28, 0 and 1.28,
each end stretched by what the unit's own past forecasts of such a reach have taught (`Stretch`). Where no level checks
what is counted, all of it may be off by the same factor, which those outcomes, counted likewise, do not tell: a part of
the capacity (`UNCHECKED`) is added after stretching. Because L begins at
the time of the estimate, everything widens while a unit is silent: what has come meanwhile is not known.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.model.collection import HORIZON_HOURS, FillEstimate, Forecast, Method
from sukusuku_server.units import arrival_rates as rate
from sukusuku_server.units.arrival_rates import WEEK, Children, Opening, Piece, Rates

HORIZON_MS = round(HORIZON_HOURS * HOUR_MS)
Z = NormalDist().inv_cdf(0.9)
SILENT_DOUBT = 0.01
"""Squared relative error that each day of silence adds: what happens unseen may be anything."""
BISECTIONS = 20
"""Steps in which a moment within an hour is found."""
UNCHECKED = 0.2
"""Relative error of what nothing but a counter tells: capacity of the bag, nappies a cycle, lumps in one cycle."""
ONE_NAPPY = 1 / 12
"""Variance of not knowing how far the last nappy has gone in: bags do not fill by fractions."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """By how much the early and the late side of the band must be wider than the normal one, by experience."""

    early: float = 1.0
    late: float = 1.0


NORMAL = Stretch()
REACHES = (0.25, 1.0, 4.0)
"""Usual days until the bag is full, which part forecasts into near and far ones: each kind is stretched by itself."""
Stretches = tuple[Stretch, ...]
UNSTRETCHED: Stretches = (NORMAL,) * (len(REACHES) + 1)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a forecast of a unit rests on. `capacity` is that of its bag in nappies, `opening` its centre's hours.

    `children` are those expected in the linked room, where that is known.
    """

    estimate: FillEstimate
    rates: Rates
    capacity: float
    opening: Opening
    stretches: Stretches = UNSTRETCHED
    children: Children | None = None


def forecast(outlook: Outlook, asset: str, now: int, method: Method = Method.MODEL) -> Forecast:
    """Return what a method says at `now` (UTC ms), which is not before the estimate. The simple rules have no band."""
    percent = outlook.estimate.percent
    room = outlook.capacity * (1 - percent / 100)
    if method is Method.MODEL:
        hours = tuple(None if time is None else max(0, time - now) / HOUR_MS for time in _band(outlook, now))
        return Forecast(asset, now, method, percent, *hours)
    rule = _linear if method is Method.LINEAR_24H else _last_week
    found = 0.0 if room <= 0 else rule(outlook.rates, room, now)
    if found is not None and found > HORIZON_HOURS:
        found = None
    return Forecast(asset, now, method, percent, None, found, None)


def reach(outlook: Outlook) -> int:
    """Return which kind of reach a forecast has, from near (0) to far."""
    room = outlook.capacity * (1 - outlook.estimate.percent / 100)
    return _reach(room, rate.day_size(outlook.rates))


def _reach(room: float, day: float) -> int:
    return bisect_right(REACHES, room / max(day, 1e-9))


def _band(outlook: Outlook, now: int) -> tuple[int | None, int | None, int | None]:
    """Return the times at which z passes its three marks; None: not within the horizon."""
    room = outlook.capacity * (1 - outlook.estimate.percent / 100)
    scatter = _scatter(outlook, now)
    stretch = outlook.stretches[_reach(room, scatter.day)]
    ends = (_End(-Z, stretch.early), _End(0.0, 1.0), _End(Z, stretch.late))
    coming = 0.0
    found: list[int | None] = [outlook.estimate.time for end in ends if end.passed(scatter, room, 0.0)]
    if len(found) == len(ends):
        return outlook.estimate.time, outlook.estimate.time, outlook.estimate.time
    wanted = ends[len(found)]
    for start, end, nappies in _ahead(outlook, now + HORIZON_MS):
        total = coming + nappies
        if total >= room or wanted.mark < 0:  # else z is negative, and the mark is not
            while wanted.passed(scatter, room, total):
                part = _crossing(scatter, room, coming, nappies, wanted)
                found.append(round(start + part * (end - start)))
                if len(found) == len(ends):
                    return found[0], found[1], found[2]
                wanted = ends[len(found)]
        coming = total
    early, middle, late = (*found, None, None, None)[:3]
    return early, middle, late


def _crossing(scatter: "_Scatter", room: float, coming: float, nappies: float, end: "_End") -> float:
    """After which part of the next `nappies` z passes its mark; it rises all the way."""
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if end.passed(scatter, room, coming + middle * nappies):
            high = middle
        else:
            low = middle
    return high


def _ahead(outlook: Outlook, until: int) -> Iterator[Piece]:
    return rate.expected(outlook.rates, outlook.opening, outlook.estimate.time, until, outlook.children)


@dataclass(frozen=True, slots=True)
class _Scatter:
    """The parts of the variance, taken together once per question."""

    fixed: float
    each: float
    luck: float
    doubt: float
    day: float
    unchecked: float = 0.0
    """Nappies by which all that was counted and will be may be off, of which no outcome tells."""

    def of(self, coming: float) -> float:
        """Return standard deviation of the nappies in the bag, when `coming` have been expected since the estimate."""
        luck = self.luck * coming * min(coming, self.day)
        return math.sqrt(self.fixed + self.each * coming + luck + self.doubt * coming * coming)


@dataclass(frozen=True, slots=True)
class _End:
    """An end of the band, or its middle: z there, and how much wider than the normal one it is."""

    mark: float
    stretch: float

    def passed(self, scatter: _Scatter, room: float, total: float) -> bool:
        """Whether z has passed it when `total` nappies were expected."""
        return total - room >= self.mark * math.hypot(self.stretch * scatter.of(total), scatter.unchecked)


def _scatter(outlook: Outlook, at: int) -> _Scatter:
    rates = outlook.rates
    silent = max(0, at - outlook.estimate.time) / DAY_MS
    return _Scatter(
        ONE_NAPPY + (outlook.estimate.sigma / 100 * outlook.capacity) ** 2,
        rate.spread(rates),
        rate.luck(rates),
        rate.doubt(rates) + SILENT_DOUBT * silent,
        rate.day_size(rates),
        UNCHECKED * outlook.capacity if outlook.estimate.level is None else 0.0,
    )


def _linear(rates: Rates, room: float, now: int) -> float | None:
    """Return the forecast that the last 24 hours repeat, day and night.

    None: nothing has come in them, or they are not known yet.
    """
    if rates.begun is None or now - rates.begun < DAY_MS:
        return None
    came = sum(nappies * part for nappies, part in _past(rates, now, 24))
    return room / came * 24 if came > 0 else None


def _last_week(rates: Rates, room: float, now: int) -> float | None:
    """Each hour brings what the same hour brought a week ago. None: nothing came then, or that week is not known."""
    if rates.begun is None or now - rates.begun < 7 * DAY_MS:
        return None
    week = [max(0.0, nappies) for nappies in rates.week]
    if sum(week) <= 0:
        return None
    place, part, at = rate.cell(rate.hour_number(now)), 1 - now % HOUR_MS / HOUR_MS, 0.0
    while at <= HORIZON_HOURS:
        came = week[place] * part
        if came >= room:
            return at + (room / came) * part
        room, at, place, part = room - came, at + part, (place + 1) % WEEK, 1.0
    return None


def _past(rates: Rates, now: int, hours: int) -> Iterator[tuple[float, float]]:
    """(nappies, part that counts) of each of the last hours."""
    hour, passed = rate.hour_number(now), now % HOUR_MS / HOUR_MS
    if rates.hour.number == hour:
        yield rates.hour.nappies, 1.0
    for back in range(1, hours + 1):
        gone = hour - back
        if gone == rates.hour.number:
            yield rates.hour.nappies, 1.0 if back < hours else 1 - passed
        elif gone < rates.hour.number:
            yield rates.week[rate.cell(gone)], 1.0 if back < hours else 1 - passed
