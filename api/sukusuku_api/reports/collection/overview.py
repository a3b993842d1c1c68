"""The tables of the report on collection about all centres together. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence

from sukusuku_api.reports.collection import words
from sukusuku_api.reports.collection.accounts import Accounts, cells
from sukusuku_api.reports.collection.columns import columns, gathered
from sukusuku_api.reports.collection.read import Trip
from sukusuku_api.reports.collection.values import (
    Values,
    of_kinds,
    of_kpi,
    of_outcome,
    of_score,
    of_weights,
)
from sukusuku_api.reports.model import Cell, Chart, Column, Moment, Shape, Sheet, Table, difference
from sukusuku_api.reports.rules import Gathered
from sukusuku_core.time import local_day
from sukusuku_server.kpi.unit_month import total
from sukusuku_server.model.rounds import VisitKind

_BANDS = (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)
"""Where the bands of levels at emptying begin, in percent; the last one has no end."""
_CENTRE = (
    "emptyings",
    "kg",
    "fee_yen",
    "days",
    "kg_per_day",
    "most_kg",
    "days_at_limit",
    "level",
    "open",
    "full",
    "availability",
    "alerts",
)
_OUTCOME = (
    "visits",
    "needless_visits",
    "trips",
    "level",
    "full",
    "replayed_kg",
    "km",
    "co2",
    "travel_yen",
    "replayed_fee_yen",
    "yen",
    "ticket_yen",
)
_ROUND: tuple[str, ...] = ("stops", "collected", "planned_km", "planned_minutes")
_COLLECTED = frozenset({VisitKind.EMPTIED, VisitKind.LATE})


def centres(accounts: Accounts) -> Table:
    """Return what each centre put out, and how its units were."""
    translate, parts = accounts.asked.translate, accounts.sheet_of_parts
    rules = gathered("units", "emptyings", "open", "full", "alerts") | gathered(parts, "kg")
    if accounts.asked.period.whole_year:
        rules |= gathered(parts, "days", "days_at_limit") | gathered(parts, "most_kg", highest=True)
    else:
        rules |= {"most_kg": Gathered(parts, "kg", highest=True)}
    rows, all_days = [], 0
    for weight in accounts.told.weights:
        site = accounts.index.sites[weight.site]
        if not site.unit:
            continue
        units = [unit for unit in accounts.told.units if accounts.site_of(unit.asset) == site.id]
        days = accounts.facts.presences[site.id].days
        values = of_kpi(total(units, 0, 0)) | of_weights([weight]) if days else {}
        if days:
            values |= {"days": days, "kg_per_day": weight.mean_kg, "fee_yen": accounts.told.fees[site.id]}
        all_days += days
        rows.append((site.name[accounts.asked.language], *cells(values, _CENTRE)))
    everything = of_kpi(accounts.told.total) | of_weights(accounts.told.weights)
    everything |= {
        "fee_yen": sum(accounts.told.fees.values()),
        "days": all_days,
        "kg_per_day": accounts.told.total.kg / all_days if all_days else None,
    }
    return Table(
        "centres",
        translate("Centres"),
        (Column(translate("Centre")), *columns(*_CENTRE, translate=translate, rules=rules)),
        (*rows, (translate("Total"), *cells(everything, _CENTRE))),
        total=1,
    )


def visits(accounts: Accounts) -> Table:
    """Return what became of the visits, by centre."""
    translate = accounts.asked.translate
    keys = (*(kind.value for kind in words.KINDS), "needed", "on_time")
    by_site: dict[str, Counter[VisitKind]] = {}
    for visit in accounts.facts.visits:
        by_site.setdefault(accounts.site_of(visit.asset), Counter())[visit.kind] += 1
    rows = [
        (site.name[accounts.asked.language], *cells(of_kinds(by_site.get(site.id, Counter())), keys))
        for site in accounts.index.facility.site
        if accounts.facts.presences[site.id].days
    ]
    everything = of_kinds(sum(by_site.values(), Counter()))
    return Table(
        "visits",
        translate("Visits by kind"),
        (Column(translate("Centre")), *columns(*keys, translate=translate)),
        (*rows, (translate("Total"), *cells(everything, keys))),
        total=1,
    )


def bands(accounts: Accounts) -> Table:
    """Return how full bags were when they were taken out."""
    translate = accounts.asked.translate
    percents = [it.percent for it in accounts.facts.visits if it.emptied is not None and it.percent is not None]
    ends = (*_BANDS[1:], float("inf"))
    counts = [sum(low <= percent < high for percent in percents) for low, high in zip(_BANDS, ends, strict=True)]
    counts[0] += sum(percent < _BANDS[0] for percent in percents)
    rows = [
        (_band(low, high, accounts), count, 100 * count / len(percents) if percents else None)
        for low, high, count in zip(_BANDS, ends, counts, strict=True)
    ]
    return Table(
        "levels",
        translate("Fill level at emptying"),
        (Column(translate("Fill level")), *columns("number", "share", translate=translate)),
        (*rows, (translate("Total"), len(percents), 100.0 if percents else None)),
        total=1,
        chart=Chart(Shape.BARS, translate("Emptyings by fill level"), y=1),
    )


def _band(low: float, high: float, accounts: Accounts) -> str:
    if high == float("inf"):
        return accounts.asked.translate("%(low).0f %% and more") % {"low": low}
    return accounts.asked.translate("%(low).0f to %(high).0f %%") % {"low": low, "high": high}


def rounds(accounts: Accounts) -> Table:
    """Return the rounds that went: each in a month, those of each month in a year."""
    translate, asked, facts = accounts.asked.translate, accounts.asked, accounts.facts
    collected = Counter(visit.stop for visit in facts.visits if visit.kind in _COLLECTED)
    notes = []
    if facts.stayed:
        notes.append(translate("Rounds that did not go, because nobody confirmed them: %(n)d") % {"n": facts.stayed})
    if not all(trip.whole for trip in facts.trips):
        notes.append(translate("Rounds that also serve other centres: their distance and time are left out."))
    each = [_trip(trip, collected) for trip in facts.trips]
    rows: list[tuple[Cell, ...]] = []
    if asked.period.whole_year:
        keys, heads = ("rounds", *_ROUND), [Column(translate("Month"))]
        for first in accounts.begun:
            departures = (local_day(trip.run.plan.departs) for trip in facts.trips)
            own = [values for day, values in zip(departures, each, strict=True) if day.replace(day=1) == first]
            rows.append((asked.period.dated(first, translate, asked.language), *cells(_added(own), keys)))
    else:
        keys, heads = _ROUND, [Column(translate("Departure")), Column(translate("Round"))]
        for trip, values in zip(facts.trips, each, strict=True):
            rows.append((Moment(trip.run.plan.departs), _name(accounts, trip), *cells(values, keys)))
    blank = (None,) * (len(heads) - 1)
    return Table(
        "rounds",
        translate("Rounds that went"),
        (*heads, *columns(*keys, translate=translate)),
        (*rows, (translate("Total"), *blank, *cells(_added(each), keys))),
        total=1,
        notes=tuple(notes),
    )


def _trip(trip: Trip, collected: Counter[int | None]) -> Values:
    plan = trip.run.plan
    found: Values = {
        "rounds": 1,
        "stops": len(trip.records),
        "collected": sum(collected[record.id] for record in trip.records),
    }
    return found | ({"planned_km": plan.km, "planned_minutes": plan.minutes} if trip.whole else {})


def _added(each: Sequence[Values]) -> Values:
    found: Values = {}
    for values in each:
        for key, value in values.items():
            if isinstance(value, int | float):
                before = found.get(key)
                found[key] = value + (before if isinstance(before, int | float) else 0)
    return found


def _name(accounts: Accounts, trip: Trip) -> str:
    known = accounts.index.rounds.get(trip.run.plan.round)
    return trip.run.plan.round if known is None else known.name[accounts.asked.language]


def compared(accounts: Accounts) -> Table | None:
    """Return distance, CO2 and money beside those of fixed rounds with the same nappies. None: nothing is known."""
    found, asked = accounts.told.compared, accounts.asked
    if found is None:
        return None
    translate, done, ways = asked.translate, found.comparison, found.ways is not None
    actual, fixed = (cells(of_outcome(side, ways=ways), _OUTCOME) for side in (done.actual, done.fixed))
    routing = accounts.index.facility.routing
    notes = [translate(words.AS_NEEDED), *words.comparison_notes(found, routing, translate, asked.language)]
    if not ways:
        notes.insert(0, translate("Distances are not known: the settings have no depot, vehicle or place of a centre."))
    return Table(
        "comparison",
        translate("Distance, CO₂ and cost, compared with fixed rounds"),
        (Column(translate("Compared")), *columns(*_OUTCOME, translate=translate)),
        (
            (translate("Actual"), *actual),
            (translate("Fixed rounds: %(n)s a week") % {"n": done.per_week}, *fixed),
            (translate("Difference"), *map(difference, actual, fixed)),
        ),
        total=1,
        notes=tuple(notes),
        sheet=Sheet("comparison", translate("Compared with fixed rounds")),
        upright=True,
    )


def forecasts(accounts: Accounts) -> Table:
    """Return how good the forecasts were that were issued in the period, beside simple ones."""
    translate, keys = accounts.asked.translate, ("judged", "compared", "error", "inside")
    rows = [(translate(words.METHODS[it.method]), *cells(of_score(it), keys)) for it in accounts.told.scores]
    notes = [translate("Forecasts that were issued in the period and whose outcome is known.")]
    notes.append(words.seen(accounts.facts.watched, translate) if rows else translate("There is none."))
    return Table(
        "forecasts",
        translate("Forecasts held against what happened"),
        (Column(translate("Method")), *columns(*keys, translate=translate)),
        tuple(rows),
        sheet=Sheet("forecasts", translate("Forecasts")),
        notes=tuple(notes),
    )


def tables(accounts: Accounts) -> Iterator[Table]:
    """Yield all of them but the summary, in order."""
    yield from (centres(accounts), visits(accounts), bands(accounts), rounds(accounts))
