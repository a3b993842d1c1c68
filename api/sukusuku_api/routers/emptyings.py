"""Emptyings: what the data shows, and what people say about it."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import Path, Query
from pydantic import Field

from sukusuku_api.dependencies import (
    FROM,
    TO,
    Context,
    EmptyingContext,
    Time,
    UnitsContext,
    between,
    invalid,
    known_unit,
)
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.queries import emptying_doubt
from sukusuku_api.queries.emptying_doubt import NobodyAsksError
from sukusuku_api.queries.unit_levels import estimate_before
from sukusuku_api.routes import resource
from sukusuku_api.schemas import collection
from sukusuku_api.timestamps import parse
from sukusuku_core.time import DAY_MS, japan_time
from sukusuku_server.db.emptyings import EmptyingClashError, Emptyings, FutureEmptyingError, UnknownEmptyingError
from sukusuku_server.model.collection import Emptying

router = resource("/emptyings", "emptyings")

EmptyingId = Annotated[int, Path(description="Id of an emptying", ge=0, lt=2**63, examples=[17])]
Found = TypeVar("Found", bound=Emptying | None)
_Note = Annotated[str | None, Field(max_length=500, description="null: the earlier note stays")]
_Moment = Annotated[str, Field(max_length=64, description="ISO 8601 or UTC ms; not in the future")]
_Percent = Annotated[float | None, Field(ge=0, le=200, description="Fill level in %")]
_Nappies = Annotated[float | None, Field(ge=0, le=10_000)]
_STATUSES = documented(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)


class Word(collection.Asked):
    """Who says so, and a note."""

    note: _Note = None


class Correction(Word):
    """Actual time and contents; null leaves a value unchanged."""

    time: _Moment
    percent: _Percent = None
    nappies: _Nappies = None


class Entry(Word):
    """An emptying that was not detected. percent and nappies default to the estimate at that time."""

    unit: str = Field(examples=["tobu-unit-1"])
    time: _Moment
    percent: _Percent = None
    nappies: _Nappies = None


class BagAnswer(collection.Asked):
    """Whether the bag was changed when its level fell."""

    unit: str = Field(examples=["tobu-unit-1"])
    changed: bool


@router.get("", summary="Emptyings", responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY))
def emptyings(
    context: UnitsContext,
    unit: Annotated[str | None, Query(description="Only those of one unit")] = None,
    start: Annotated[Time, FROM] = None,
    end: Annotated[Time, TO] = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Maximum number")] = 500,
) -> collection.EmptyingsOut:
    """List emptyings of the last 30 days or of the given period, the newest first, including rejected ones."""
    if unit is not None:
        known_unit(context, unit)
    now = context.clock()
    first, stop = between(start, end, now + 1, 30 * DAY_MS)
    found = [item for item in Emptyings(context.operations).of(unit, first, stop) if context.sees(item.asset)]
    return collection.EmptyingsOut(
        time=japan_time(now), emptyings=[collection.emptying(item) for item in found[: -limit - 1 : -1]]
    )


@router.get(
    "/{emptying_id}",
    summary="One emptying",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
def emptying(context: UnitsContext, emptying_id: EmptyingId) -> collection.EmptyingOut:
    """Return an emptying."""
    return collection.emptying(_known(context, emptying_id))


@router.post("", summary="Enter an emptying", status_code=HTTPStatus.CREATED, responses=_STATUSES)
def enter(context: EmptyingContext, body: Entry) -> collection.EmptyingOut:
    """Enter an emptying that was not detected.

    409 when there is one within half an hour of that time: confirm or correct that one.
    """
    _, unit = known_unit(context, body.unit)
    time = _time(body.time)
    percent, nappies = body.percent, body.nappies
    if percent is None and nappies is not None:
        percent = 100 * nappies / unit.collection.nappies_per_bag
    if percent is None:
        percent = estimate_before(context, unit.id, time)
    if nappies is None:
        nappies = percent / 100 * unit.collection.nappies_per_bag
    content = {"percent": percent, "nappies": nappies}
    book = Emptyings(context.operations)
    return _answer(
        lambda: book.enter(unit.id, time, context.name(body.by), context.clock(), note=body.note or "", **content)
    )


@router.post("/answer", summary="Was the bag changed?", status_code=HTTPStatus.CREATED, responses=_STATUSES)
def answer(context: EmptyingContext, body: BagAnswer) -> collection.EmptyingOut:
    """Answer the question that the finding `emptying_unsure` of a unit asks: a level fell. Withdrawing asks it again.

    With true the bag was changed when the level fell; with false nothing until now is taken for an emptying. 409 when
    nobody asks, or an emptying is known within half an hour.
    """
    known_unit(context, body.unit)
    return _answer(lambda: emptying_doubt.answer(context, body.unit, context.name(body.by), changed=body.changed))


@router.post("/{emptying_id}/confirm", summary="Confirm an emptying", responses=_STATUSES)
def confirm(context: EmptyingContext, emptying_id: EmptyingId, body: Word) -> collection.EmptyingOut:
    """Confirm a detected emptying. A corrected or entered one needs no confirmation and does not change."""
    _known(context, emptying_id)
    return _answer(
        lambda: Emptyings(context.operations).confirm(emptying_id, context.name(body.by), context.clock(), body.note)
    )


@router.post("/{emptying_id}/correct", summary="Correct an emptying", responses=_STATUSES)
def correct(context: EmptyingContext, emptying_id: EmptyingId, body: Correction) -> collection.EmptyingOut:
    """Correct the time of an emptying or what the bag held."""
    _known(context, emptying_id)
    time = _time(body.time)
    book = Emptyings(context.operations)
    return _answer(
        lambda: book.correct(
            emptying_id,
            context.name(body.by),
            context.clock(),
            time=time,
            percent=body.percent,
            nappies=body.nappies,
            note=body.note,
        )
    )


@router.post("/{emptying_id}/reject", summary="Reject an emptying", responses=_STATUSES)
def reject(context: EmptyingContext, emptying_id: EmptyingId, body: Word) -> collection.EmptyingOut:
    """Reject an emptying that did not happen. It no longer counts and is not detected again; confirming undoes it."""
    _known(context, emptying_id)
    return _answer(
        lambda: Emptyings(context.operations).reject(emptying_id, context.name(body.by), context.clock(), body.note)
    )


@router.post("/{emptying_id}/withdraw", summary="Withdraw what was said of an emptying", responses=_STATUSES)
def withdraw(
    context: EmptyingContext, emptying_id: EmptyingId, body: collection.Asked
) -> collection.EmptyingOut | None:
    """Take back all that people said: it is as it was detected. null: it had been entered, and is gone."""
    _known(context, emptying_id)
    found = _done(lambda: Emptyings(context.operations).withdraw(emptying_id, context.name(body.by), context.clock()))
    return None if found is None else collection.emptying(found)


def _known(context: Context, emptying_id: int) -> Emptying:
    found = _done(lambda: Emptyings(context.operations).one(emptying_id))
    if not context.sees(found.asset):
        raise ProblemError(HTTPStatus.NOT_FOUND, f"{str(UnknownEmptyingError(emptying_id)).capitalize()}.")
    return found


def _answer(act: Callable[[], Emptying]) -> collection.EmptyingOut:
    return collection.emptying(_done(act))


def _done(act: Callable[[], Found]) -> Found:
    try:
        return act()
    except UnknownEmptyingError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"{str(error).capitalize()}.") from error
    except (EmptyingClashError, NobodyAsksError) as error:
        raise ProblemError(HTTPStatus.CONFLICT, str(error)) from error
    except FutureEmptyingError as error:
        raise invalid("body.time", str(error)) from error


def _time(text: str) -> int:
    try:
        return parse(text)
    except ValueError as error:
        raise invalid("body.time", f"{error}; found {text!r}") from error
