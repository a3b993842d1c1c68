"""How many nappies come in which hour of the week, learnt online with forgetting. Pure.

    rate(hour) = shape(hour of the week) x level x today

`shape` (nappies per open hour) is learnt over months: each hour of the week leans on its weekday and its time of day,
and both on the mean, as long as little has been seen of it. `level` follows seasons within about two weeks. `today`
leans on how this day has gone so far and holds for the rest of it. Only open hours count; what comes in closed hours
counts for the last open one. Nappies come in hands and on good and bad days, so their number scatters more than
Poisson's: `spread` (variance per nappy within a day) and `luck` (squared scatter of whole days) are learnt as well.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

HOUR_MS = 3_600_000
ZONE_MS = 9 * HOUR_MS
WEEK = 168
"""Hours of a week. Cell 0 is Monday 00:00-01:00, local time."""

FIRST_RATE, FIRST_HOURS = 5.0, 4.0
"""Nappies per open hour that are assumed before anything is known, and how many hours' weight that has."""
SHAPE_KEPT = 0.5 ** (1 / 12)
"""What an hour of the week keeps of its past each week: half in twelve."""
LEVEL_KEPT = 0.5 ** (1 / 7)
"""What the level keeps of its past each open day: half in seven."""
SCATTER_KEPT = 0.5 ** (1 / 40)
"""What the scatter keeps each open day."""
LEAN = 20.0
"""Nappies after which an hour of the week counts as much as what it leans on."""
LEVEL_LEAN = 30.0
FIRST_SPREAD, SPREAD_LEAN = 2.0, 100.0
FIRST_LUCK, LUCK_LEAN = 0.03, 10.0
"""Before anything is known: variance per nappy; squared scatter of days; nappies and days of weight they have."""
ROOM_LEAN = 50.0

Children = Callable[[int], float | None]
"""How many children are in the linked room at a moment (UTC ms), counted or expected; None: not known."""


class Opening(Protocol):
    """When a centre is open."""

    def spans(self, start: int, end: int) -> list[tuple[int, int]]:
        """The open stretches between two moments (UTC ms), clipped to them, in order."""


@dataclass(frozen=True, slots=True)
class Hour:
    """The hour under way, counted from 1970-01-01 local time: nappies, open hours and child-hours seen of it."""

    number: int
    nappies: float = 0.0
    opened: float = 0.0
    children: float = 0.0
    known: float = 0.0
    """Open hours of which the number of children is known."""


@dataclass(frozen=True, slots=True)
class Day:
    """The local day under way: nappies of its past hours, and those expected of them at level 1."""

    number: int
    nappies: float = 0.0
    expected: float = 0.0


@dataclass(frozen=True, slots=True)
class Rates:
    """What has been learnt of a unit. Tuples have one value per hour of the week; sums are forgotten slowly.

    `nappies` and `hours` (open hours, weighted by the level then) make the shape, `shape` is what came of them at the
    last midnight (nappies per open hour). `week` is what truly came in each of the last 168 hours, `total` all nappies
    since the beginning. `level` is (seen, expected); `spread` and `luck` are (squares, weight); `days` how many days
    the level rests on. `children` and `known` are child-hours and the open hours they were counted in;
    `room` (covariance, variance) says how much the children explain.
    """

    hour: Hour
    day: Day
    last_open: int
    nappies: tuple[float, ...]
    hours: tuple[float, ...]
    shape: tuple[float, ...]
    week: tuple[float, ...]
    children: tuple[float, ...]
    known: tuple[float, ...]
    total: float = 0.0
    level: tuple[float, float] = (0.0, 0.0)
    days: float = 0.0
    spread: tuple[float, float] = (0.0, 0.0)
    luck: tuple[float, float] = (0.0, 0.0)
    room: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Piece:
    """An open stretch (UTC ms) within one hour and the nappies expected in it."""

    start: int
    end: int
    nappies: float


def begin(time: int) -> Rates:
    """Nothing is known yet."""
    number = _hour(time)
    zero = (0.0,) * WEEK
    shape = (FIRST_RATE,) * WEEK
    return Rates(Hour(number), Day(number // 24), cell(number), zero, zero, shape, zero, zero, zero)


def observe(
    rates: Rates, start: int, end: int, nappies: float, opening: Opening, children: Children | None = None
) -> Rates:
    """`nappies` have come in start <= time < end (UTC ms). Stretches follow in order of time.

    Leave out stretches in which nothing could come (full, jammed, without film) or nobody knows what came: a gap
    teaches nothing. After a silence the whole stretch may be given with what had come meanwhile; it is spread over its
    hours as expected. A correction may be negative.
    """
    pieces = list(_pieces(rates, opening, start, end, None))
    whole = sum(piece.nappies for piece in pieces)
    for piece in pieces:
        rates = _until(rates, _hour(piece.start))
        share = piece.nappies / whole if whole > 0 else 1 / len(pieces)
        opened = (piece.end - piece.start) / HOUR_MS
        present = None if children is None else children((piece.start + piece.end) // 2)
        hour = rates.hour
        hour = replace(hour, nappies=hour.nappies + nappies * share, opened=hour.opened + opened)
        if present is not None:
            hour = replace(hour, children=hour.children + present * opened, known=hour.known + opened)
        rates = replace(rates, hour=hour)
    rates = _until(rates, _hour(end))
    if not pieces and nappies:
        rates = replace(rates, hour=replace(rates.hour, nappies=rates.hour.nappies + nappies))
    return replace(rates, total=rates.total + nappies)


def expected(rates: Rates, opening: Opening, start: int, end: int, children: Children | None = None) -> Iterator[Piece]:
    """The nappies expected in each open stretch of an hour from `start` to `end`. Closed hours bring none."""
    return _pieces(rates, opening, start, end, children)


def level(rates: Rates) -> float:
    """How busy the last weeks have been against the shape."""
    seen, hoped = rates.level
    return (seen + LEVEL_LEAN) / (hoped + LEVEL_LEAN)


def today(rates: Rates) -> float:
    """How busy the day under way is against what was expected of it, as far as that can be believed yet."""
    hour = rates.hour
    hoped = (rates.day.expected + rates.shape[cell(hour.number)] * hour.opened) * level(rates)
    if hoped <= 0:
        return 1.0
    believed = luck(rates) / (spread(rates) + luck(rates) * hoped)
    return max(0.2, 1 + believed * (rates.day.nappies + hour.nappies - hoped))


def spread(rates: Rates) -> float:
    """Variance per expected nappy within a day: 1 for single nappies, more for hands and batches."""
    squares, weight = rates.spread
    return max(0.5, (squares + FIRST_SPREAD * SPREAD_LEAN) / (weight + SPREAD_LEAN))


def luck(rates: Rates) -> float:
    """Squared relative scatter of whole days, beyond `spread`."""
    squares, weight = rates.luck
    return max(0.0, (squares + FIRST_LUCK * LUCK_LEAN) / (weight + LUCK_LEAN))


def doubt(rates: Rates) -> float:
    """Squared relative error of the level itself."""
    return spread(rates) / (rates.level[1] + 2.0) + luck(rates) / (rates.days + 1.0)


def day_size(rates: Rates) -> float:
    """Nappies of a mean open day."""
    by_day = [sum(rates.nappies[start : start + 24]) for start in range(0, WEEK, 24)]
    used = [start for start, found in zip(range(0, WEEK, 24), by_day, strict=True) if found > 0]
    if not used:
        return FIRST_RATE * 9
    return (
        sum(sum(rates.shape[h] for h in range(s, s + 24) if rates.hours[h] > 0) for s in used)
        / len(used)
        * level(rates)
    )


def cell(hour: int) -> int:
    """Hour of the week of an hour counted from 1970-01-01 local time, which was a Thursday."""
    return (hour + 72) % WEEK


def _hour(time: int) -> int:
    return (time + ZONE_MS) // HOUR_MS


def _pieces(rates: Rates, opening: Opening, start: int, end: int, children: Children | None) -> Iterator[Piece]:
    usual = level(rates)
    this_day = rates.day.number
    now = today(rates)
    for opens, closes in opening.spans(start, end):
        at = opens
        while at < closes:
            number = _hour(at)
            until = min(closes, (number + 1) * HOUR_MS - ZONE_MS)
            rate = rates.shape[cell(number)] * usual * (now if number // 24 == this_day else 1.0)
            if children is not None:
                rate *= _by_children(rates, cell(number), children((at + until) // 2))
            yield Piece(at, until, rate * (until - at) / HOUR_MS)
            at = until


def _by_children(rates: Rates, place: int, children: float | None) -> float:
    """How much more nappies than usual so many children in this hour of the week bring."""
    usual = _usual_children(rates, place)
    if children is None or usual <= 0:
        return 1.0
    covariance, variance = rates.room
    explains = min(1.0, max(0.0, covariance / (variance + ROOM_LEAN)))
    return 1 + explains * (min(children / usual, 4.0) - 1)


def _usual_children(rates: Rates, place: int) -> float:
    hours = sum(rates.known)
    if hours <= 0:
        return 0.0
    mean = sum(rates.children) / hours
    return (rates.children[place] + 2 * mean) / (rates.known[place] + 2)


def _until(rates: Rates, number: int) -> Rates:
    """The hour `number` begins; the hour under way and the day are over when it lies beyond them."""
    if number <= rates.hour.number:
        return rates
    rates = _hour_over(rates)
    if number - rates.hour.number > 1:
        week = list(rates.week)
        for gone in range(rates.hour.number + 1, min(number, rates.hour.number + WEEK + 1)):
            week[cell(gone)] = 0.0
        rates = replace(rates, week=tuple(week))
    rates = replace(rates, hour=Hour(number))
    return rates if number // 24 == rates.day.number else _day_over(rates, number // 24)


def _hour_over(rates: Rates) -> Rates:
    hour, day, usual = rates.hour, rates.day, level(rates)
    place = cell(hour.number)
    week = _with(rates.week, place, hour.nappies)
    if hour.opened <= 0:
        nappies = rates.nappies
        if hour.nappies:
            nappies = _with(nappies, rates.last_open, nappies[rates.last_open] + hour.nappies)
        return replace(rates, week=week, nappies=nappies, day=replace(day, nappies=day.nappies + hour.nappies))
    hoped = rates.shape[place] * hour.opened
    before = replace(rates, hour=Hour(hour.number))
    likely = hoped * usual * today(before)
    kept = SHAPE_KEPT**hour.opened
    fade = SCATTER_KEPT ** (1 / 9)
    return replace(
        _learn_children(rates, place, likely),
        week=week,
        last_open=place,
        nappies=_with(rates.nappies, place, rates.nappies[place] * kept + hour.nappies),
        hours=_with(rates.hours, place, rates.hours[place] * kept + hour.opened * usual),
        spread=(rates.spread[0] * fade + (hour.nappies - likely) ** 2, rates.spread[1] * fade + likely),
        day=replace(day, nappies=day.nappies + hour.nappies, expected=day.expected + hoped),
    )


def _learn_children(rates: Rates, place: int, likely: float) -> Rates:
    hour = rates.hour
    if hour.known <= 0:
        return rates
    usual = _usual_children(rates, place)
    kept = SHAPE_KEPT**hour.known
    covariance, variance = rates.room
    if usual > 0:
        more = likely * (min(hour.children / hour.known / usual, 4.0) - 1)
        covariance, variance = covariance + more * (hour.nappies - likely), variance + more**2
    return replace(
        rates,
        children=_with(rates.children, place, rates.children[place] * kept + hour.children),
        known=_with(rates.known, place, rates.known[place] * kept + hour.known),
        room=(covariance * 0.999, variance * 0.999),
    )


def _day_over(rates: Rates, number: int) -> Rates:
    day = rates.day
    fresh = replace(rates, day=Day(number))
    if day.expected <= 0:
        return fresh
    likely = day.expected * level(rates)
    seen, hoped = rates.level
    squares = (day.nappies - likely) ** 2 - spread(rates) * likely
    shape = _shape(rates)
    moved = _weekly(shape, rates.hours) / max(_weekly(rates.shape, rates.hours), 1e-9)
    return replace(
        fresh,
        level=(seen * LEVEL_KEPT + day.nappies, (hoped * LEVEL_KEPT + day.expected) * moved),
        days=rates.days * LEVEL_KEPT + 1,
        luck=(rates.luck[0] * SCATTER_KEPT + squares / max(likely, 1.0) ** 2, rates.luck[1] * SCATTER_KEPT + 1),
        shape=shape,
    )


def _weekly(shape: tuple[float, ...], hours: tuple[float, ...]) -> float:
    return sum(rate * opened for rate, opened in zip(shape, hours, strict=True))


def _shape(rates: Rates) -> tuple[float, ...]:
    """Nappies per open hour at level 1: each hour leans on weekday x time of day, and these on the mean."""
    total, opened = sum(rates.nappies), sum(rates.hours)
    mean = max(0.0, total + FIRST_RATE * FIRST_HOURS) / (opened + FIRST_HOURS)
    if mean <= 0:
        return (0.0,) * WEEK
    by_day = [_leaning(rates, range(d * 24, d * 24 + 24), mean) for d in range(7)]
    by_time = [_leaning(rates, range(t, WEEK, 24), mean) for t in range(24)]
    shape = []
    for place in range(WEEK):
        usual = mean * by_day[place // 24] * by_time[place % 24]
        seen = max(0.0, rates.nappies[place])
        shape.append(usual * (seen + LEAN) / (rates.hours[place] * usual + LEAN))
    return tuple(shape)


def _leaning(rates: Rates, places: range, mean: float) -> float:
    seen = max(0.0, sum(rates.nappies[place] for place in places))
    return (seen + LEAN) / (sum(rates.hours[place] for place in places) * mean + LEAN)


def _with(values: tuple[float, ...], place: int, value: float) -> tuple[float, ...]:
    return (*values[:place], value, *values[place + 1 :])
