"""The shapes in which the API shows accounts: visits, figures of a month, the comparison with fixed rounds."""

from datetime import datetime

from pydantic import Field

from sukusuku_api.schemas.collection import Shape, at, tenth
from sukusuku_api.schemas.unit_figures import about, told
from sukusuku_server.kpi.fixed_rounds import Outcome
from sukusuku_server.kpi.unit_month import Kpi, SiteWeight
from sukusuku_server.kpi.visits import Spread, Visit
from sukusuku_server.model.rounds import Answer, VisitKind


class SpreadOut(Shape):
    """Mean, lowest and highest of `count` values."""

    mean: float
    low: float
    high: float
    count: int


def spread(found: Spread | None) -> SpreadOut | None:
    """Return a spread for the border; None: there were no values."""
    if found is None:
        return None
    return SpreadOut(mean=round(found.mean, 1), low=round(found.low, 1), high=round(found.high, 1), count=found.count)


class VisitOut(Shape):
    """A visit: a planned stop, or an emptying outside rounds."""

    unit: str
    kind: VisitKind
    round: str | None
    stop: int | None
    planned: datetime | None
    deadline: datetime | None
    emptied: datetime | None = Field(description="As detected from the data")
    percent: float | None = Field(description="Fill level in % at the emptying")
    answer: Answer


def visit(counted: Visit) -> VisitOut:
    """Return a visit for the border."""
    return VisitOut(
        unit=counted.asset,
        kind=counted.kind,
        round=counted.round,
        stop=counted.stop,
        planned=at(counted.planned),
        deadline=at(counted.deadline),
        emptied=at(counted.emptied),
        percent=tenth(counted.percent),
        answer=counted.answer,
    )


class KpiOut(Shape):
    """The figures of a unit, or of all units together. null: not known."""

    unit: str | None = Field(description="null: all together")
    visits: dict[VisitKind, int] = Field(description=about("visits"))
    emptyings: int = Field(description=about("emptyings"))
    level_at_emptying: SpreadOut | None = Field(description=about("level_at_emptying"))
    open_hours: float = Field(description=about("open_hours"))
    known_hours: float = Field(description=about("known_hours"))
    overflow_hours: float = Field(description=about("overflow_hours"))
    availability: float | None = Field(description=about("availability"))
    hours_from_due_to_empty: SpreadOut | None = Field(description=about("hours_from_due_to_empty"))
    alerts: int = Field(description=about("alerts"))
    kg: float = Field(description=about("kg"))


class SiteWeightOut(Shape):
    """Weight of the emptied bags of a centre, from the number of nappies."""

    site: str
    kg_per_day: float = Field(description=about("kg_per_day"))
    most_kg: float = Field(description="On one day")
    days_at_limit: int = Field(description="Days on which the weight reached the ward's limit")


class KpisOut(Shape):
    """The figures of a month."""

    month: str = Field(examples=["2026-11"])
    start: datetime
    end: datetime = Field(description="Not included; now in the current month")
    total: KpiOut
    units: list[KpiOut]
    sites: list[SiteWeightOut]


def site_weight(found: SiteWeight) -> SiteWeightOut:
    """Return the weights of a centre for the border."""
    return SiteWeightOut(
        site=found.site,
        kg_per_day=told("kg_per_day", found.mean_kg),
        most_kg=round(found.most_kg, 2),
        days_at_limit=found.days_over,
    )


def kpi(figures: Kpi) -> KpiOut:
    """Figures for the border."""
    return KpiOut(
        unit=figures.asset,
        visits=dict(figures.visits),
        emptyings=figures.emptyings,
        level_at_emptying=spread(figures.level),
        open_hours=told("open_hours", figures.open_hours),
        known_hours=told("known_hours", figures.known_hours),
        overflow_hours=told("overflow_hours", figures.overflow_hours),
        availability=None if figures.availability is None else told("availability", figures.availability),
        hours_from_due_to_empty=spread(figures.wait_hours),
        alerts=figures.alerts,
        kg=told("kg", figures.kg),
    )


class OutcomeOut(Shape):
    """One side of the comparison."""

    visits: int
    needless: int = Field(description="Visits that found little in the bag")
    trips: int = Field(description="Days with a round")
    level_at_emptying: SpreadOut | None = Field(description="%")
    overflow_hours: float = Field(description="Open hours with 100 % or more in a bag")
    kg: float
    km: float | None = Field(description="null: no depot and centres with coordinates in the settings")
    kg_co2: float | None
    travel_yen: float | None
    fee_yen: float = Field(description="Weight times the tariff")
    ticket_yen: float = Field(description="With paid tickets instead: one 45-litre ticket for each visit")
    yen: float = Field(description="Fee, plus travel where it is known")


def outcome(stored: Outcome, *, ways: bool) -> OutcomeOut:
    """One side for the border."""
    return OutcomeOut(
        visits=stored.visits,
        needless=stored.needless,
        trips=stored.trips,
        level_at_emptying=spread(stored.level),
        overflow_hours=round(stored.overflow_hours, 2),
        kg=round(stored.kg, 1),
        km=round(stored.km, 1) if ways else None,
        kg_co2=round(stored.kg_co2, 2) if ways else None,
        travel_yen=round(stored.travel_yen) if ways else None,
        fee_yen=round(stored.fee_yen),
        ticket_yen=round(stored.ticket_yen),
        yen=round(stored.yen),
    )
