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


def visit(found: Visit) -> VisitOut:
    """Return a visit for the border."""
    return VisitOut(
        unit=found.asset,
        kind=found.kind,
        round=found.round,
        stop=found.stop,
        planned=at(found.planned),
        deadline=at(found.deadline),
        emptied=at(found.emptied),
        percent=tenth(found.percent),
        answer=found.answer,
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


def kpi(found: Kpi) -> KpiOut:
    """Figures for the border."""
    return KpiOut(
        unit=found.asset,
        visits=dict(found.visits),
        emptyings=found.emptyings,
        level_at_emptying=spread(found.level),
        open_hours=told("open_hours", found.open_hours),
        known_hours=told("known_hours", found.known_hours),
        overflow_hours=told("overflow_hours", found.overflow_hours),
        availability=None if found.availability is None else told("availability", found.availability),
        hours_from_due_to_empty=spread(found.wait_hours),
        alerts=found.alerts,
        kg=told("kg", found.kg),
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


def outcome(found: Outcome, *, ways: bool) -> OutcomeOut:
    """One side for the border."""
    return OutcomeOut(
        visits=found.visits,
        needless=found.needless,
        trips=found.trips,
        level_at_emptying=spread(found.level),
        overflow_hours=round(found.overflow_hours, 2),
        kg=round(found.kg, 1),
        km=round(found.km, 1) if ways else None,
        kg_co2=round(found.kg_co2, 2) if ways else None,
        travel_yen=round(found.travel_yen) if ways else None,
        fee_yen=round(found.fee_yen),
        ticket_yen=round(found.ticket_yen),
        yen=round(found.yen),
    )
