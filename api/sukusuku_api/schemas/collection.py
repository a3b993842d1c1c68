"""The shapes in which the API shows collection: emptyings, findings, rounds, requests. See `present.py`."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from sukusuku_core.time import japan_time
from sukusuku_server.db.visit_requests import VisitRequest
from sukusuku_server.model.collection import OF_ROOMS, Emptying, EmptyingState, Evidence, Finding, FindingName
from sukusuku_server.model.rounds import Answer, Obstacle, Plan, Reason, Run, RunState, Stop, StopRecord
from sukusuku_server.model.run_state import state_of

_TIME = "2026-11-20T09:15:30+09:00"


class Shape(BaseModel):
    """Something that is answered."""

    model_config = ConfigDict(frozen=True)


class Asked(BaseModel):
    """A request; unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    by: str | None = Field(
        None,
        min_length=1,
        max_length=80,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="Who does it, where several people share an account or key. Left out: the name of the account",
        examples=["佐藤"],
    )


def at(time: int | None) -> datetime | None:
    """Return a time at the border; None stays None."""
    return None if time is None else japan_time(time)


class EmptyingOut(Shape):
    """An emptying: the full bag was taken out."""

    id: int
    unit: str = Field(examples=["tobu-unit-1"])
    time: datetime = Field(examples=[_TIME])
    percent: float = Field(description="Fill level in % at the emptying", examples=[83.5])
    nappies: float = Field(description="Nappies of ordinary size in it", examples=[50.1])
    state: EmptyingState = Field(description="`detected` until a person says something; `rejected` counts nowhere")
    evidence: list[Evidence] = Field(description="Evidence in the data")
    confidence: float = Field(description="0-1")
    by: str | None = Field(description="Who confirmed, corrected, entered or rejected it")
    note: str


class EmptyingsOut(Shape):
    """Emptyings, the newest first."""

    time: datetime = Field(examples=[_TIME])
    emptyings: list[EmptyingOut]


def emptying(stored: Emptying) -> EmptyingOut:
    """Return an emptying for the border."""
    return EmptyingOut(
        id=stored.id,
        unit=stored.asset,
        time=japan_time(stored.time),
        percent=round(stored.percent, 1),
        nappies=round(stored.nappies, 1),
        state=stored.state,
        evidence=list(stored.evidence),
        confidence=round(stored.confidence, 3),
        by=stored.by,
        note=stored.note,
    )


class FindingOut(Shape):
    """A finding: sensors that disagree, or one that cannot be right."""

    unit: str | None = Field(examples=["tobu-unit-1"], description="null: it is about a room")
    room: str | None = Field(examples=["tobu-room"], description="null: it is about a unit")
    name: FindingName
    since: datetime = Field(examples=[_TIME])
    until: datetime | None = Field(description="null: still open")
    detail: str = Field(description="One English line with the figures")


class FindingsOut(Shape):
    """Findings in order of their beginning."""

    time: datetime = Field(examples=[_TIME])
    findings: list[FindingOut]


def finding(stored: Finding) -> FindingOut:
    """Return a finding for the border."""
    of_room = stored.name in OF_ROOMS
    return FindingOut(
        unit=None if of_room else stored.asset,
        room=stored.asset if of_room else None,
        name=stored.name,
        since=japan_time(stored.since),
        until=at(stored.until),
        detail=stored.detail,
    )


class StopOut(Shape):
    """What a plan says about a unit, and what the crew answered."""

    id: int | None = Field(description="null: the plan is not stored")
    unit: str
    site: str
    joined: bool = Field(description="The unit is on the round")
    reason: Reason = Field(description="Why, or why not")
    position: int | None = Field(description="Order from 1 among the stops that you see; null: not on the round")
    arrives: datetime | None
    deadline: datetime | None = Field(description="The earlier of the 10 % time to full and the hygiene deadline")
    percent: float | None = Field(description="Fill level in % when the plan was made")
    percent_then: float | None = Field(description="Expected fill level in % on arrival")
    confidence: float
    bags: int
    kg: float
    answer: Answer = Answer.NONE
    answered: datetime | None = None
    answered_by: str | None = None
    note: str = ""
    obstacle: Obstacle = Obstacle.NONE


class AnswerOut(Shape):
    """One answer in the history of a stop."""

    time: datetime
    answer: Answer
    by: str
    note: str
    obstacle: Obstacle


class StopHistoryOut(Shape):
    """A stop with all its answers, also withdrawn ones."""

    run: int
    stop: StopOut
    history: list[AnswerOut]


class PlanOut(Shape):
    """A plan of a round on a date."""

    round: str
    date: date
    planned: datetime = Field(description="When the plan was made")
    departs: datetime
    returns: datetime
    vehicle: str
    km: float | None = Field(description="null: the round may also stop at centres that you do not see")
    minutes: float | None = Field(description="null: as with `km`")
    solver: str | None = Field(description="How the route was computed, or why there is none; null: as with `km`")
    stops: list[StopOut] = Field(description="Units on the round in order, then the others")


class RunOut(PlanOut):
    """A round on a date: its plan, and who has been notified."""

    id: int
    state: RunState
    sent: datetime | None
    told: int = Field(description="Steps of the chain notified: crew one by one, then the contacts")
    accepted: datetime | None
    accepted_by: str | None
    changed: datetime | None = Field(description="Time of the last change that the crew was told")


class RunsOut(Shape):
    """Rounds on dates, the newest first."""

    time: datetime = Field(examples=[_TIME])
    runs: list[RunOut]


def stop(found: Stop, record: StopRecord | None = None) -> StopOut:
    """Return a stop for the border."""
    planned = StopOut(
        id=None if record is None else record.id,
        unit=found.asset,
        site=found.site,
        joined=found.joined,
        reason=found.reason,
        position=found.position,
        arrives=at(found.arrives),
        deadline=at(found.deadline),
        percent=tenth(found.percent),
        percent_then=tenth(found.percent_then),
        confidence=round(found.confidence),
        bags=found.bags,
        kg=round(found.kg, 1),
    )
    if record is None:
        return planned
    said = {"answered_by": record.answered_by, "note": record.note, "obstacle": record.obstacle}
    return planned.model_copy(update={"answer": record.answer, "answered": at(record.answered), **said})


def plan(made: Plan, *, whole: bool) -> PlanOut:
    """Return a plan for the border; not `whole`: without what is computed from stops that it does not show."""
    return PlanOut(
        round=made.round,
        date=made.date,
        planned=japan_time(made.planned),
        departs=japan_time(made.departs),
        returns=japan_time(made.returns),
        vehicle=made.vehicle,
        km=round(made.km, 2) if whole else None,
        minutes=round(made.minutes, 1) if whole else None,
        solver=made.solver if whole else None,
        stops=[stop(item) for item in made.stops],
    )


def run(stored: Run, records: list[StopRecord], now: int, *, whole: bool) -> RunOut:
    """Return a round on a date for the border; `whole` as for `plan`."""
    values = plan(stored.plan, whole=whole).model_dump(exclude={"stops"})
    return RunOut(
        **values,
        id=stored.id,
        state=state_of(stored, now),
        sent=at(stored.sent),
        told=stored.told,
        accepted=at(stored.accepted),
        accepted_by=stored.accepted_by,
        changed=at(stored.changed),
        stops=[stop(record.stop, record) for record in records],
    )


class RequestOut(Shape):
    """A request for a visit; it stays open until the unit is emptied or the crew has answered for it."""

    id: int
    unit: str
    time: datetime = Field(examples=[_TIME])
    by: str
    done: datetime | None = Field(description="When the request was withdrawn")


class RequestsOut(Shape):
    """Open requests, the oldest first."""

    time: datetime = Field(examples=[_TIME])
    requests: list[RequestOut]


def request(found: VisitRequest) -> RequestOut:
    """Return a request for the border."""
    return RequestOut(id=found.id, unit=found.asset, time=japan_time(found.time), by=found.who, done=at(found.done))


def tenth(value: float | None) -> float | None:
    """Return rounded to a tenth; None stays None."""
    return None if value is None else round(value, 1)
