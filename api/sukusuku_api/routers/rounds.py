"""Rounds: their plans on dates, and what the crew answered."""

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from sukusuku_api import shapes
from sukusuku_api.context import ContextDep
from sukusuku_api.known import known_round
from sukusuku_api.problem import ProblemError, documented
from sukusuku_api.ranges import DAY_MS, FROM, TO, Time, between
from sukusuku_api.times import local
from sukusuku_collector.operations.rounds import Rounds, UnknownStopError
from sukusuku_collector.rounds.model import Answer
from sukusuku_collector.rounds.planner import Planner

router = APIRouter(prefix="/rounds", tags=["rounds"])

StopId = Annotated[int, Path(description="Id of a stop", ge=0, lt=2**63, examples=[41])]


class Reply(shapes.Asked):
    """What the crew says about a stop; `none` takes an answer back."""

    answer: Answer
    note: str = Field("", max_length=500)


@router.get("", summary="Rounds on dates", responses=documented(HTTPStatus.UNPROCESSABLE_ENTITY))
def rounds(
    context: ContextDep,
    start: Annotated[Time, FROM] = None,
    end: Annotated[Time, TO] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many")] = 50,
) -> shapes.RunsOut:
    """Plans that are stored, with answers, the newest first; without `from` and `to` a fortnight around now."""
    now = context.clock()
    first, stop = between(start, end, now, 14 * DAY_MS)
    book = Rounds(context.operations)
    found = book.runs(first, stop if end is not None else now + 14 * DAY_MS, limit)
    return shapes.RunsOut(time=local(now), runs=[shapes.run(run, book.stops(run.id)) for run in found])


@router.get(
    "/{round_id}/{day}",
    summary="A round on a date",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
def round_on(
    context: ContextDep,
    round_id: Annotated[str, Path(description="Id of a round in the settings", examples=["main"])],
    day: Annotated[date, Path(description="The local day", examples=["2026-11-20"])],
) -> shapes.RunOut:
    """The stored plan of a round on a date: per unit whether it is visited and why, and what was answered."""
    known_round(context, round_id)
    book = Rounds(context.operations)
    run = book.of(round_id, day)
    if run is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"Round {round_id!r} has no plan for {day}.")
    return shapes.run(run, book.stops(run.id))


@router.get(
    "/{round_id}/{day}/preview",
    summary="What a plan would be now",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
def preview(
    context: ContextDep,
    round_id: Annotated[str, Path(description="Id of a round in the settings", examples=["main"])],
    day: Annotated[date, Path(description="The local day", examples=["2026-11-20"])],
) -> shapes.PlanOut:
    """The plan with what is known now. Nothing is stored or sent; it takes as long as the solver may think."""
    known_round(context, round_id)
    planner = Planner(context.facility, context.store, context.operations)
    return shapes.plan(planner.plan(round_id, day, context.clock()))


stops = APIRouter(prefix="/stops", tags=["rounds"])


@stops.get(
    "/{stop_id}", summary="One stop", responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
)
def stop(context: ContextDep, stop_id: StopId) -> shapes.StopHistoryOut:
    """A stop with every answer that it was given."""
    book = Rounds(context.operations)
    found = book.stop(stop_id)
    if found is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no stop {stop_id}.")
    return shapes.StopHistoryOut(
        run=found.run,
        stop=shapes.stop(found.stop, found),
        history=[
            shapes.AnswerOut(time=local(item.time), answer=item.answer, by=item.who, note=item.note)
            for item in book.answers(stop_id)
        ],
    )


@stops.post(
    "/{stop_id}/answer",
    summary="Answer for a stop",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
def answer(context: ContextDep, stop_id: StopId, body: Reply) -> shapes.StopOut:
    """Done, cannot come, or needless; the same answer again changes nothing, `none` takes it back."""
    try:
        found = Rounds(context.operations).answer(stop_id, body.answer, body.by, context.clock(), body.note)
    except UnknownStopError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no stop {stop_id}.") from error
    return shapes.stop(found.stop, found)
