"""What is ahead of a unit, kept up to date as time passes: rates, forecasts, deadline, film. Pure.

The derivation of a unit tells in order of time what has come (`came`), when the bag went (`bag_changed`), how warm it
is (`felt`), and asks at full hours what is ahead (`ahead`).
"""

from dataclasses import dataclass, replace

from sukusuku_core.model import Reading
from sukusuku_core.time import HOUR_MS, time_of_day
from sukusuku_server.model.collection import HORIZON_HOURS, FillEstimate, Forecast, Method, Outcome
from sukusuku_server.settings.collection import Collection
from sukusuku_server.units import consumables, forecast_blend, forecast_score, hygiene_deadline, rate_learning
from sukusuku_server.units import forecast as forecasts
from sukusuku_server.units.arrival_rates import Children, Opening, Rates
from sukusuku_server.units.forecast import Outlook
from sukusuku_server.units.forecast_score import Ledger
from sukusuku_server.units.hygiene_deadline import Freshness

FRESH_MS = HOUR_MS
"""Units repeat themselves more often than this, so an estimate that is not older is of now."""


@dataclass(frozen=True, slots=True)
class Foresight:
    """What has been learnt of a unit for its future."""

    rates: Rates
    freshness: Freshness
    ledger: Ledger = forecast_score.EMPTY


@dataclass(frozen=True, slots=True)
class Ahead:
    """What was asked for at a full hour: derived series, and forecasts that count for the score card."""

    points: tuple[Reading, ...]
    forecasts: tuple[Forecast, ...] = ()


def begin(time: int) -> Foresight:
    """Nothing is known yet."""
    return Foresight(rate_learning.begin(time), hygiene_deadline.begin(time))


def came(
    foresight: Foresight,
    asset: str,
    start: int,
    end: int,
    nappies: float,
    opening: Opening,
    children: float | None = None,
) -> tuple[Foresight, tuple[Outcome, ...]]:
    """`nappies` have come in start <= time < end; see `learning.observe`. Also what became of forecasts by that."""
    before = foresight.rates.total
    learnt = rate_learning.observe(foresight.rates, start, end, nappies, opening, children)
    ledger, outcomes = forecast_score.settle(foresight.ledger, asset, start, end, before, learnt.total)
    return replace(foresight, rates=learnt, ledger=ledger), outcomes


def bag_changed(foresight: Foresight, time: int) -> Foresight:
    """There is another bag since `time`."""
    return replace(foresight, freshness=hygiene_deadline.emptied(foresight.freshness, time))


def felt(foresight: Foresight, settings: Collection, time: int, celsius: float) -> Foresight:
    """Take a temperature that holds from `time` on."""
    return replace(foresight, freshness=hygiene_deadline.felt(foresight.freshness, settings, time, celsius))


def outlook(
    foresight: Foresight,
    estimate: FillEstimate,
    settings: Collection,
    opening: Opening,
    now: int,
    children: Children | None = None,
) -> Outlook:
    """Return what forecasts of this unit rest on at `now`."""
    if now - estimate.time <= FRESH_MS:  # what changes is told at once, so nothing has come since
        estimate = replace(estimate, time=now)
    return Outlook(estimate, foresight.rates, settings.nappies_per_bag, opening, foresight.ledger.stretches, children)


def ahead(
    foresight: Foresight,
    asset: str,
    estimate: FillEstimate,
    settings: Collection,
    opening: Opening,
    now: int,
    children: Children | None = None,
) -> tuple[Foresight, Ahead]:
    """Return what is ahead at the full hour `now`. `children` are those expected in the linked room.

    `estimate.time` is when the unit was last heard of: from then on what comes is expected, not known. Hours beyond the
    horizon are given as `HORIZON_HOURS`. At the hours of `score.ISSUE_HOURS` the forecasts of all methods are kept,
    unless the bag is full already.
    """
    view = outlook(foresight, estimate, settings, opening, now, children)
    core = forecasts.forecast(view, asset, now)
    rules = tuple(forecasts.forecast(view, asset, now, method) for method in Method if method is not Method.MODEL)
    model = forecast_blend.blended(foresight.ledger.blend, core, rules)
    points = [
        Reading(asset, f"Forecast/Hours{name}", now, HORIZON_HOURS if hours is None else hours)
        for name, hours in (("10", model.hours10), ("50", model.hours50), ("90", model.hours90))
    ]
    freshness = hygiene_deadline.passed(foresight.freshness, settings, now, estimate.nappies)
    foresight = replace(foresight, freshness=freshness)
    deadline = hygiene_deadline.deadline(freshness, settings)
    if deadline is not None:
        points.append(Reading(asset, "Bag/HoursLeft", now, (deadline - now) / HOUR_MS))
    room = settings.nappies_per_bag * (1 - estimate.percent / 100)
    if time_of_day(now) // HOUR_MS not in forecast_score.ISSUE_HOURS or room <= 0:
        return foresight, Ahead(tuple(points))
    members = forecast_blend.members(core, rules)
    ledger = forecast_score.issue(foresight.ledger, model, foresight.rates.total, room, members, forecasts.reach(view))
    return replace(foresight, ledger=ledger), Ahead(tuple(points), (model, *rules))


def film_left(
    foresight: Foresight,
    asset: str,
    settings: Collection,
    remaining: float,
    nappies_per_cycle: float,
    opening: Opening,
    now: int,
) -> tuple[Reading, ...]:
    """Return the derived series of the film, of which `remaining` percent are left."""
    left = consumables.film(settings, remaining, nappies_per_cycle, foresight.rates, opening, now)
    points = [Reading(asset, "Film/CyclesLeft", now, left.cycles)]
    if left.days is not None:
        points.append(Reading(asset, "Film/DaysLeft", now, left.days))
    return tuple(points)
