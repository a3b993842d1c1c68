"""Rounds: their plans on dates, and what the crew answered."""

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from sukusuku_api.dependencies import (
    FROM,
    TO,
    AnsweringContext,
    Context,
    RoundsContext,
    Time,
    between,
    invalid,
    known_round,
)
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.schemas import collection
from sukusuku_api.timestamps import Day
from sukusuku_core.time import DAY_MS, japan_time
from sukusuku_server.db.rounds import Rounds, UnknownStopError
from sukusuku_server.model.rounds import Answer, StopRecord
from sukusuku_server.rounds.planner import Planner, TooFarAheadError

router = APIRouter(prefix="/rounds", tags=["rounds"])

StopId = Annotated[int, Path(description="Id of a stop", ge=0, lt=2**63, examples=[41])]


class Reply(collection.Asked):
    """What the crew says about a stop; `none` takes an answer back."""

    answer: Answer
    note: str = Field("", max_length=500)


@router.get("", summary="Rounds on dates", responses=documented(HTTPStatus.UNPROCESSABLE_ENTITY))
def rounds(
    context: RoundsContext,
    start: Annotated[Time, FROM] = None,
    end: Annotated[Time, TO] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Maximum number")] = 50,
) -> collection.RunsOut:
    """List stored plans with their answers, the newest first; by default those of a fortnight around now."""
    now = context.clock()
    first, stop = between(start, end, now, 14 * DAY_MS)
    book = Rounds(context.operations)
    found = book.with_stops(book.runs(first, stop if end is not None else now + 14 * DAY_MS, limit))
    return collection.RunsOut(
        time=japan_time(now),
        runs=[
            collection.run(run, seen, now)
            for run, stops in found
            if (seen := _seen(context, stops)) or context.key is None
        ],
    )


@router.get(
    "/{round_id}/{day}",
    summary="A round on a date",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
def round_on(
    context: RoundsContext,
    round_id: Annotated[str, Path(description="Id of a round in the settings", examples=["main"])],
    day: Annotated[Day, Path(description="The local day", examples=["2026-11-20"])],
) -> collection.RunOut:
    """Return the stored plan of a round on a date: for each unit whether it is visited, why, and the answer."""
    known_round(context, round_id)
    book = Rounds(context.operations)
    run = book.of(round_id, day)
    if run is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"Round {round_id!r} has no plan for {day}.")
    return collection.run(run, _seen(context, book.stops(run.id)), context.clock())


@router.get(
    "/{round_id}/{day}/preview",
    summary="Preview of a plan",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
def preview(
    context: RoundsContext,
    round_id: Annotated[str, Path(description="Id of a round in the settings", examples=["main"])],
    day: Annotated[Day, Path(description="The local day", examples=["2026-11-20"])],
) -> collection.PlanOut:
    """Compute the plan from current data, at most eight weeks ahead. Nothing is stored or sent.

    It takes up to the solver's time limit.
    """
    known_round(context, round_id)
    planner = Planner(context.whole, context.timetables, context.store.live, context.operations)
    try:
        plan = planner.plan(round_id, day, context.clock())
    except TooFarAheadError as error:
        raise invalid("path.day", str(error)) from error
    return collection.plan(replace(plan, stops=tuple(stop for stop in plan.stops if context.sees(stop.asset))))


stops = APIRouter(prefix="/stops", tags=["rounds"])


@stops.get(
    "/{stop_id}", summary="One stop", responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
)
def stop(context: RoundsContext, stop_id: StopId) -> collection.StopHistoryOut:
    """Return a stop with all its answers."""
    book = Rounds(context.operations)
    found = book.stop(stop_id)
    if found is None or not context.sees(found.stop.asset):
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no stop {stop_id}.")
    return collection.StopHistoryOut(
        run=found.run,
        stop=collection.stop(found.stop, found),
        history=[
            collection.AnswerOut(time=japan_time(item.time), answer=item.answer, by=item.who, note=item.note)
            for item in book.answers(stop_id)
        ],
    )


@stops.post(
    "/{stop_id}/answer",
    summary="Answer for a stop",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
def answer(context: AnsweringContext, stop_id: StopId, body: Reply) -> collection.StopOut:
    """Record the crew's answer: done, cannot or needless. Repeating it changes nothing; `none` withdraws it."""
    known = Rounds(context.operations).stop(stop_id)
    if known is None or not context.sees(known.stop.asset):
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no stop {stop_id}.")
    try:
        found = Rounds(context.operations).answer(
            stop_id, body.answer, context.name(body.by), context.clock(), body.note
        )
    except UnknownStopError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no stop {stop_id}.") from error
    return collection.stop(found.stop, found)


def _seen(context: Context, stops: Sequence[StopRecord]) -> list[StopRecord]:
    return [item for item in stops if context.sees(item.stop.asset)]
