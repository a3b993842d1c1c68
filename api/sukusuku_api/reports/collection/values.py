"""The cells of the report on collection, by the keys of their columns; what is not known is left out. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from sukusuku_api.reports.collection.columns import NEEDED
from sukusuku_api.reports.collection.read import Headlines
from sukusuku_api.reports.model import Cell
from sukusuku_core.time import local_day
from sukusuku_server.kpi.daily_series import on_time
from sukusuku_server.kpi.disposal_fee import all_fees
from sukusuku_server.kpi.fixed_rounds import Outcome
from sukusuku_server.kpi.queries import Presence
from sukusuku_server.kpi.unit_month import Kpi, SiteWeight, kg_by_day
from sukusuku_server.kpi.visits import Visit, levels
from sukusuku_server.model.collection import Method
from sukusuku_server.model.rounds import VisitKind
from sukusuku_server.units.forecast_score import Score

Values = dict[str, Cell]
_PERCENT = 100.0


def of_kpi(kpi: Kpi) -> Values:
    """Return what is known of a unit, or of several together; nothing of one that was never there."""
    if not kpi.open_hours and not kpi.emptyings:
        return {}
    values: Values = {
        "emptyings": kpi.emptyings,
        "kg": kpi.kg,
        "open": kpi.open_hours,
        "known": kpi.known_hours,
        "alerts": kpi.alerts,
        **of_kinds(Counter(kpi.visits)),
    }
    if kpi.open_hours:
        values["known_share"] = _PERCENT * kpi.known_hours / kpi.open_hours
    if kpi.known_hours:
        values["full"] = kpi.overflow_hours
    if kpi.availability is not None:
        values["availability"] = _PERCENT * kpi.availability
    if kpi.level is not None:
        values |= {"level": kpi.level.mean, "lowest": kpi.level.low, "highest": kpi.level.high}
    if kpi.wait_hours is not None:
        values["wait"] = kpi.wait_hours.mean
    return values


def of_kinds(kinds: Counter[VisitKind]) -> Values:
    """Return visits by kind, those that were needed, and the share of them that came in time."""
    found: Values = {kind.value: kinds[kind] for kind in VisitKind}
    return {**found, "needed": sum(kinds[kind] for kind in NEEDED), "on_time": on_time(kinds)}


def of_weights(weights: Iterable[SiteWeight]) -> Values:
    """Return the heaviest day of a centre and the days at the ward's limit."""
    found = list(weights)
    most = max((weight.most_kg for weight in found), default=None)
    return {"most_kg": most, "days_at_limit": sum(weight.days_over for weight in found)}


def of_outcome(outcome: Outcome, *, ways: bool) -> Values:
    """Return one side of the comparison with fixed rounds."""
    values: Values = {
        "visits": outcome.visits,
        "needless_visits": outcome.needless,
        "trips": outcome.trips,
        "level": None if outcome.level is None else outcome.level.mean,
        "full": outcome.overflow_hours,
        "replayed_kg": outcome.kg,
        "replayed_fee_yen": outcome.fee_yen,
        "ticket_yen": outcome.ticket_yen,
    }
    if ways:
        values |= {"km": outcome.km, "co2": outcome.kg_co2, "travel_yen": outcome.travel_yen, "yen": outcome.yen}
    return values


def of_score(score: Score) -> Values:
    """Return how good a method of forecasting was."""
    inside = None if score.inside is None else _PERCENT * score.inside
    return {"judged": score.judged, "compared": score.compared, "error": score.error, "inside": inside}


def of_headlines(told: Headlines) -> Values:
    """Return the figures of a period; nothing of one in which no unit was heard."""
    if not told.days:
        return {}
    found = of_kpi(told.total) | of_weights(told.weights) | {"fee_yen": sum(told.fees.values())}
    if told.compared is not None:
        outcome = of_outcome(told.compared.comparison.actual, ways=told.compared.ways is not None)
        found |= {key: outcome.get(key) for key in ("km", "co2", "travel_yen")}
    model = next((score for score in told.scores if score.method is Method.MODEL), None)
    return found if model is None else found | {"error": model.error}


def of_part(
    visits: Sequence[Visit], kg_of: Mapping[str, Callable[[date], float]], presence: Presence, first: date, end: date
) -> Values:
    """Return a day or month of a centre, from the local day `first` to the day before `end`.

    `visits` are those of the centre in it, `kg_of` what a nappy weighs by unit.
    """
    emptied = [visit for visit in visits if visit.emptied is not None]
    level, fees = levels(emptied), all_fees()
    limit = fees.on(first).daily_limit_kg
    if not emptied and not any(first <= day < end for day in presence.heard):
        return {"limit_kg": limit}
    by_day = kg_by_day((day := local_day(it.time), (it.nappies or 0.0) * kg_of[it.asset](day)) for it in emptied)
    kg, days = sum(by_day.values()), presence.days_in(first, end)
    return {
        "emptyings": len(emptied),
        "level": None if level is None else level.mean,
        "kg": kg,
        "limit_kg": limit,
        "of_limit": _PERCENT * kg / limit,
        "days": days,
        "kg_per_day": kg / days if days else None,
        "most_kg": max(by_day.values(), default=0.0),
        "days_at_limit": len(fees.days_over(by_day)),
    }
