"""The shapes in which the API shows collection: emptyings, findings, rounds, requests, accounts. See `present.py`."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from sukusuku_api.times import local
from sukusuku_collector.accounting.counterfactual import Outcome
from sukusuku_collector.accounting.kpi import Kpi
from sukusuku_collector.accounting.visits import Spread, Visit, VisitKind
from sukusuku_collector.derive.model import Emptying, EmptyingState, Evidence, Finding, FindingName
from sukusuku_collector.operations.requests import VisitRequest
from sukusuku_collector.rounds.model import Answer, Reason, Run, RunState, Stop, StopRecord

_TIME = "2026-11-20T09:15:30+09:00"


class Shape(BaseModel):
    """Something that is answered."""

    model_config = ConfigDict(frozen=True)


class Asked(BaseModel):
    """Something that is asked for: unknown fields are errors. `by` is who says so."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    by: str = Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["佐藤"])


def at(time: int | None) -> datetime | None:
    """A time at the border; None stays None."""
    return None if time is None else local(time)


class EmptyingOut(Shape):
    """A bag was taken away."""

    id: int
    unit: str = Field(examples=["tobu-unit-1"])
    time: datetime = Field(examples=[_TIME])
    percent: float = Field(description="Fill level in % when it was taken away", examples=[83.5])
    nappies: float = Field(description="Nappies of ordinary size in it", examples=[50.1])
    state: EmptyingState = Field(description="`detected` until a person says something; `rejected` counts nowhere")
    evidence: list[Evidence] = Field(description="What it was seen by")
    confidence: float = Field(description="0-1")
    by: str | None = Field(description="Who confirmed, corrected, entered or rejected it")
    note: str


class EmptyingsOut(Shape):
    """Emptyings, the newest first."""

    time: datetime = Field(examples=[_TIME])
    emptyings: list[EmptyingOut]


def emptying(found: Emptying) -> EmptyingOut:
    """An emptying for the border."""
    return EmptyingOut(
        id=found.id,
        unit=found.asset,
        time=local(found.time),
        percent=round(found.percent, 1),
        nappies=round(found.nappies, 1),
        state=found.state,
        evidence=list(found.evidence),
        confidence=round(found.confidence, 3),
        by=found.by,
        note=found.note,
    )


class FindingOut(Shape):
    """What two witnesses that disagree, or one that cannot be true, mean."""

    unit: str = Field(examples=["tobu-unit-1"])
    name: FindingName
    since: datetime = Field(examples=[_TIME])
    until: datetime | None = Field(description="null: it still holds")
    detail: str = Field(description="One English line with the figures")


class FindingsOut(Shape):
    """Findings in order of their beginning."""

    time: datetime = Field(examples=[_TIME])
    findings: list[FindingOut]


def finding(found: Finding) -> FindingOut:
    """A finding for the border."""
    return FindingOut(
        unit=found.asset, name=found.name, since=local(found.since), until=at(found.until), detail=found.detail
    )


class StopOut(Shape):
    """What a plan says about a unit, and what the crew answered."""

    id: int | None = Field(description="null: the plan is not stored")
    unit: str
    site: str
    joined: bool = Field(description="The round goes there")
    reason: Reason = Field(description="Why, or why not")
    position: int | None = Field(description="Counts from 1 along the way; null: not visited")
    arrives: datetime | None
    deadline: datetime | None = Field(description="The earlier of full (10 %) and hygiene")
    percent: float | None = Field(description="Fill level in % when the plan was made")
    percent_then: float | None = Field(description="Expected when the round comes")
    confidence: float
    bags: int
    kg: float
    answer: Answer = Answer.NONE
    answered: datetime | None = None
    answered_by: str | None = None
    note: str = ""


class AnswerOut(Shape):
    """One answer in the history of a stop."""

    time: datetime
    answer: Answer
    by: str
    note: str


class StopHistoryOut(Shape):
    """A stop with every answer that it was given, also those that were taken back."""

    run: int
    stop: StopOut
    history: list[AnswerOut]


class RunOut(Shape):
    """A round on a date."""

    id: int
    round: str
    date: date
    state: RunState
    planned: datetime = Field(description="When the plan was made")
    departs: datetime
    returns: datetime
    vehicle: str
    km: float
    minutes: float
    solver: str = Field(description="How the order was found, or why there is none")
    sent: datetime | None
    told: int = Field(description="How many of the crew have been told")
    accepted: datetime | None
    accepted_by: str | None
    stops: list[StopOut] = Field(description="The joined ones in order, then the others")


class RunsOut(Shape):
    """Rounds on dates, the newest first."""

    time: datetime = Field(examples=[_TIME])
    runs: list[RunOut]


def stop(found: Stop, record: StopRecord | None = None) -> StopOut:
    """A stop for the border."""
    planned = StopOut(
        id=None if record is None else record.id,
        unit=found.asset,
        site=found.site,
        joined=found.joined,
        reason=found.reason,
        position=found.position,
        arrives=at(found.arrives),
        deadline=at(found.deadline),
        percent=_tenth(found.percent),
        percent_then=_tenth(found.percent_then),
        confidence=round(found.confidence),
        bags=found.bags,
        kg=round(found.kg, 1),
    )
    if record is None:
        return planned
    said = {"answered_by": record.answered_by, "note": record.note}
    return planned.model_copy(update={"answer": record.answer, "answered": at(record.answered), **said})


def run(found: Run, records: list[StopRecord]) -> RunOut:
    """A round on a date for the border."""
    plan = found.plan
    return RunOut(
        id=found.id,
        round=plan.round,
        date=plan.date,
        state=found.state,
        planned=local(plan.planned),
        departs=local(plan.departs),
        returns=local(plan.returns),
        vehicle=plan.vehicle,
        km=round(plan.km, 2),
        minutes=round(plan.minutes, 1),
        solver=plan.solver,
        sent=at(found.sent),
        told=found.told,
        accepted=at(found.accepted),
        accepted_by=found.accepted_by,
        stops=[stop(record.stop, record) for record in records],
    )


class RequestOut(Shape):
    """A person has asked for a visit; it stands until the unit is emptied."""

    id: int
    unit: str
    time: datetime = Field(examples=[_TIME])
    by: str
    done: datetime | None = Field(description="When the unit was emptied, or the request taken back")


class RequestsOut(Shape):
    """Requests that stand, the oldest first."""

    time: datetime = Field(examples=[_TIME])
    requests: list[RequestOut]


def request(found: VisitRequest) -> RequestOut:
    """A request for the border."""
    return RequestOut(id=found.id, unit=found.asset, time=local(found.time), by=found.who, done=at(found.done))


class SpreadOut(Shape):
    """Mean, lowest and highest of `count` values."""

    mean: float
    low: float
    high: float
    count: int


def spread(found: Spread | None) -> SpreadOut | None:
    """A spread for the border; None: there were no values."""
    if found is None:
        return None
    return SpreadOut(mean=round(found.mean, 1), low=round(found.low, 1), high=round(found.high, 1), count=found.count)


class VisitOut(Shape):
    """A visit: planned by a round, or an emptying that no round had planned."""

    unit: str
    kind: VisitKind
    round: str | None
    stop: int | None
    planned: datetime | None
    deadline: datetime | None
    emptied: datetime | None = Field(description="From the data")
    percent: float | None = Field(description="Fill level in % when it was emptied")
    answer: Answer


def visit(found: Visit) -> VisitOut:
    """A visit for the border."""
    return VisitOut(
        unit=found.asset,
        kind=found.kind,
        round=found.round,
        stop=found.stop,
        planned=at(found.planned),
        deadline=at(found.deadline),
        emptied=at(found.emptied),
        percent=_tenth(found.percent),
        answer=found.answer,
    )


class KpiOut(Shape):
    """The figures of a unit, or of all units together. null: cannot be told."""

    unit: str | None = Field(description="null: all together")
    visits: dict[VisitKind, int] = Field(description="Visits by what became of them")
    emptyings: int
    level_at_emptying: SpreadOut | None = Field(description="%")
    open_hours: float = Field(description="Hours that the centre was open (all together: times units)")
    known_hours: float = Field(description="Of these, hours with an estimate")
    overflow_hours: float = Field(description="Of these, hours at 100 % and above")
    availability: float | None = Field(description="Share (0-1) of the open hours without fault or silence")
    hours_from_due_to_empty: SpreadOut | None = Field(description="Over emptyings that came after the bag was due")
    alerts: int = Field(description="Alerts that fired")
    kg: float = Field(description="Weight taken away, from the count of nappies")


class KpisOut(Shape):
    """The figures of a month."""

    month: str = Field(examples=["2026-11"])
    start: datetime
    end: datetime = Field(description="Not included; the present in the current month")
    total: KpiOut
    units: list[KpiOut]


def kpi(found: Kpi) -> KpiOut:
    """Figures for the border."""
    return KpiOut(
        unit=found.asset,
        visits=dict(found.visits),
        emptyings=found.emptyings,
        level_at_emptying=spread(found.level),
        open_hours=round(found.open_hours, 2),
        known_hours=round(found.known_hours, 2),
        overflow_hours=round(found.overflow_hours, 2),
        availability=None if found.availability is None else round(found.availability, 4),
        hours_from_due_to_empty=spread(found.wait_hours),
        alerts=found.alerts,
        kg=round(found.kg, 1),
    )


class OutcomeOut(Shape):
    """One side of the comparison."""

    visits: int
    needless: int = Field(description="Visits that found little in the bag")
    trips: int = Field(description="Days on which somebody went")
    level_at_emptying: SpreadOut | None = Field(description="%")
    overflow_hours: float = Field(description="Open hours with 100 % or more in a bag")
    kg: float
    km: float | None = Field(description="null: no depot and centres with coordinates in the settings")
    kg_co2: float | None
    travel_yen: float | None
    fee_yen: float = Field(description="Weight times the tariff")
    yen: float = Field(description="Fee, and travel where it is known")


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
        yen=round(found.yen),
    )


def _tenth(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
