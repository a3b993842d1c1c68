"""Rounds: their plans on dates, and what the crew answered."""

from collections.abc import Sequence
from http import HTTPStatus
from itertools import islice
from typing import Annotated

from fastapi import Path, Query
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
from sukusuku_api.queries.plans import seen_plan, seen_records
from sukusuku_api.routes import resource
from sukusuku_api.schemas import collection
from sukusuku_api.timestamps import Day
from sukusuku_core.time import DAY_MS, japan_time
from sukusuku_server.db.rounds import Rounds, UnknownStopError
from sukusuku_server.model.rounds import KEY, Answer, Obstacle, Run, StopRecord
from sukusuku_server.rounds.planner import Planner, TooFarAheadError

router = resource("/rounds", "rounds")

_MOST_RUNS = 10_000

StopId = Annotated[int, Path(description="Id of a stop", ge=0, lt=2**63, examples=[41])]


class Reply(collection.Asked):
    """What the crew says about a stop; `none` takes an answer back."""

    answer: Answer
    note: str = Field("", max_length=500)
    obstacle: Obstacle = Field(Obstacle.NONE, description="Why the bag could not be collected; with `cannot`")
    key: str | None = Field(
        None,
        pattern=KEY,
        description="A UUID that you make up for this answer: sent again with the same one, it changes nothing",
    )


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
    book, most = Rounds(context.operations), limit if context.key is None else _MOST_RUNS
    runs = book.with_stops(book.runs(first, stop if end is not None else now + 14 * DAY_MS, most))
    found = (shown for run, stops in runs if (shown := _shown(context, run, stops, now)) is not None)
    return collection.RunsOut(time=japan_time(now), runs=list(islice(found, limit)))


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
    found = None if run is None else _shown(context, run, book.stops(run.id), context.clock())
    if found is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"Round {round_id!r} has no plan for {day}.")
    return found


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
        plan, whole = seen_plan(context, planner.plan(round_id, day, context.clock()))
    except TooFarAheadError as error:
        raise invalid("path.day", str(error)) from error
    return collection.plan(plan, whole=whole)


stops = resource("/stops", "rounds")


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
            collection.AnswerOut(
                time=japan_time(item.time), answer=item.answer, by=item.who, note=item.note, obstacle=item.obstacle
            )
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
        answered = Rounds(context.operations).answer(
            stop_id,
            body.answer,
            context.name(body.by),
            context.clock(),
            body.note,
            obstacle=body.obstacle,
            key=body.key,
        )
    except UnknownStopError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no stop {stop_id}.") from error
    return collection.stop(answered.stop, answered)


def _shown(context: Context, run: Run, stops: Sequence[StopRecord], now: int) -> collection.RunOut | None:
    """Return a run as it is seen; None: whoever asks sees none of its stops."""
    seen = seen_records(context, stops)
    if not seen and context.key is not None:
        return None
    return collection.run(run, seen, now, whole=len(seen) == len(stops))
