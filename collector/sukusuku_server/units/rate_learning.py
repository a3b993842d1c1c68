"""How the rates of a unit are learnt, step by step, with forgetting. What they mean stands in `rates`. Pure."""

from dataclasses import replace

from sukusuku_core.time import HOUR_MS
from sukusuku_server.units import arrival_rates as rate
from sukusuku_server.units.arrival_rates import FIRST_HOURS, FIRST_RATE, WEEK, Day, Hour, Opening, Rates, hour_number

SHAPE_KEPT = 0.5 ** (1 / 12)
"""What an hour of the week keeps of its past each week: half in twelve."""
LEVEL_KEPT = 0.5 ** (1 / 7)
"""What the level keeps of its past each open day: half in seven."""
SCATTER_KEPT = 0.5 ** (1 / 40)
"""What the scatter keeps each open day."""
LEAN = 20.0
"""Nappies after which an hour of the week counts as much as what it leans on."""
ROOM_KEPT = 0.999
"""What an open hour keeps of what children have explained so far."""


def begin(time: int) -> Rates:
    """Nothing is known yet."""
    number = hour_number(time)
    zero = (0.0,) * WEEK
    shape = (FIRST_RATE,) * WEEK
    return Rates(Hour(number), Day(number // 24), rate.cell(number), zero, zero, shape, zero, zero, zero)


def observe(
    rates: Rates, start: int, end: int, nappies: float, opening: Opening, children: float | None = None
) -> Rates:
    """`nappies` have come in start <= time < end (UTC ms). Stretches follow in order of time.

    Leave out stretches in which nothing could come (full, jammed, without film) or nobody knows what came: a gap
    teaches nothing. After a silence the whole stretch may be given with what had come meanwhile; it is spread over its
    hours as expected. A correction may be negative. `children` is how many were in the linked room, None: not known.
    """
    pieces = list(rate.expected(rates, opening, start, end))
    whole = sum(piece.nappies for piece in pieces)
    for piece in pieces:
        rates = _until(rates, hour_number(piece.start))
        share = piece.nappies / whole if whole > 0 else 1 / len(pieces)
        opened = (piece.end - piece.start) / HOUR_MS
        hour = rates.hour
        hour = replace(hour, nappies=hour.nappies + nappies * share, opened=hour.opened + opened)
        if children is not None:
            hour = replace(hour, children=hour.children + children * opened, known=hour.known + opened)
        rates = replace(rates, hour=hour)
    if not pieces and nappies:
        rates = _until(rates, hour_number(start))
        rates = replace(rates, hour=replace(rates.hour, nappies=rates.hour.nappies + nappies))
    rates = _until(rates, hour_number(end))
    begun = start if rates.begun is None else rates.begun
    return replace(rates, total=rates.total + nappies, begun=begun)


def _until(rates: Rates, number: int) -> Rates:
    """Begin the hour `number`; end the hour under way and the day when it lies beyond them."""
    if number <= rates.hour.number:
        return rates
    rates = _hour_over(rates)
    if number - rates.hour.number > 1:
        week = list(rates.week)
        for gone in range(rates.hour.number + 1, min(number, rates.hour.number + WEEK + 1)):
            week[rate.cell(gone)] = 0.0
        rates = replace(rates, week=tuple(week))
    rates = replace(rates, hour=Hour(number))
    return rates if number // 24 == rates.day.number else _day_over(rates, number // 24)


def _hour_over(rates: Rates) -> Rates:
    hour, day, usual = rates.hour, rates.day, rate.level(rates)
    place = rate.cell(hour.number)
    week = _with(rates.week, place, hour.nappies)
    if hour.opened <= 0:
        nappies = rates.nappies
        if hour.nappies:
            nappies = _with(nappies, rates.last_open, nappies[rates.last_open] + hour.nappies)
        return replace(rates, week=week, nappies=nappies, day=replace(day, nappies=day.nappies + hour.nappies))
    plain = rates.shape[place] * hour.opened
    crowd = rate.present_crowd(rates)
    likely = plain * usual * crowd * rate.today(replace(rates, hour=Hour(hour.number)))
    kept = SHAPE_KEPT**hour.opened
    fade = SCATTER_KEPT ** (1 / 9)
    return replace(
        _learn_children(rates, place, plain * usual),
        week=week,
        last_open=place,
        nappies=_with(rates.nappies, place, rates.nappies[place] * kept + hour.nappies),
        hours=_with(rates.hours, place, rates.hours[place] * kept + hour.opened * usual * crowd),
        spread=(rates.spread[0] * fade + (hour.nappies - likely) ** 2, rates.spread[1] * fade + likely),
        day=Day(day.number, day.nappies + hour.nappies, day.expected + plain * crowd, day.plain + plain),
    )


def _learn_children(rates: Rates, place: int, likely: float) -> Rates:
    """Whether more nappies than `likely` come in an hour in which there are more children than usual."""
    hour = rates.hour
    if hour.known <= 0:
        return rates
    kept = SHAPE_KEPT**hour.known
    more = likely * rate.more_children(rates, place, hour.children / hour.known)
    covariance, variance = rates.room[0] + more * (hour.nappies - likely), rates.room[1] + more**2
    return replace(
        rates,
        children=_with(rates.children, place, rates.children[place] * kept + hour.children),
        known=_with(rates.known, place, rates.known[place] * kept + hour.known),
        room=(covariance * ROOM_KEPT, variance * ROOM_KEPT),
    )


def _day_over(rates: Rates, number: int) -> Rates:
    day = rates.day
    fresh = replace(rates, day=Day(number))
    if day.expected <= 0:
        return fresh
    likely = day.plain * rate.level(rates)
    seen, hoped = rates.level
    squares = (day.nappies - likely) ** 2 - rate.spread(rates) * likely
    shape = _shape(rates)
    moved = rate.weekly(shape, rates.hours) / max(rate.weekly(rates.shape, rates.hours), 1e-9)
    return replace(
        fresh,
        level=(seen * LEVEL_KEPT + day.nappies, (hoped * LEVEL_KEPT + day.expected) * moved),
        days=rates.days * LEVEL_KEPT + 1,
        luck=(rates.luck[0] * SCATTER_KEPT + squares / max(likely, 1.0) ** 2, rates.luck[1] * SCATTER_KEPT + 1),
        shape=shape,
    )


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
