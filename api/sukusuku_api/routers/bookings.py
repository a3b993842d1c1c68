"""Booked places: upload a file, see what is booked, take an import back."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Body, Query

from sukusuku_api.dependencies import (
    FROM,
    TO,
    BookingContext,
    Context,
    RoomsContext,
    Time,
    between,
    invalid,
    known_room,
)
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.queries.bookings import all_seen, known_import, take
from sukusuku_api.queries.room_use import booked as booked_in
from sukusuku_api.routers.assets import RoomId
from sukusuku_api.routes import resource
from sukusuku_api.schemas import bookings as out
from sukusuku_api.schemas import collection
from sukusuku_core.time import DAY_MS, day_start, japan_time, local_day
from sukusuku_server.bookings.file import LARGEST
from sukusuku_server.bookings.problems import BookingsError
from sukusuku_server.db.bookings import BookingRecords
from sukusuku_server.i18n import texts
from sukusuku_server.model.bookings import UnknownImportError
from sukusuku_server.rooms.booked import overbooked
from sukusuku_server.settings import Language

router = resource(tag="bookings")

LONGEST_MS = 400 * DAY_MS
_ERRORS = documented(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
_UPLOAD_ERRORS = _ERRORS | documented(HTTPStatus.FORBIDDEN)
By = Annotated[
    str | None,
    Query(
        min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$", description="Who imports it, as in other bodies"
    ),
]


@router.get("/bookings/imports", summary="Imports of bookings")
def imports(context: RoomsContext) -> out.ImportsOut:
    """List the imports whose counts are kept, withdrawn ones too."""
    found = [item for item in BookingRecords(context.operations).imports() if all_seen(context, item)]
    return out.ImportsOut(time=japan_time(context.clock()), imports=[out.taken(item) for item in found])


@router.post("/bookings/imports", summary="Import bookings", responses=_UPLOAD_ERRORS, max_body_size=LARGEST)
def upload(
    context: BookingContext,
    content: Annotated[
        bytes, Body(media_type="application/octet-stream", description="The file: CSV, Excel (.xlsx) or iCalendar")
    ],
    by: By = None,
    room: Annotated[str | None, Query(description="The room that is meant where the file names none")] = None,
    lang: Annotated[Language, Query(description="Language of the errors")] = "en",
) -> out.TakenOut:
    """Take a file of bookings as the body. It says everything of its rooms from its first to its last day.

    Nothing but counts of children is kept. With 422 nothing was taken, and `errors` has every line that is wrong.
    """
    refuse_when_off(context)
    if room is not None:
        known_room(context, room)
    try:
        done = take(context, content, context.name(by), room)
    except BookingsError as error:
        told = error.told(texts("sukusuku_server", lang))
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "The file cannot be read; nothing was imported.",
            errors=[("body", text) for text in told],
        ) from error
    return out.TakenOut(
        unchanged=done.kept is None,
        rows=done.told.rows,
        skipped=done.told.skipped,
        taken=None if done.kept is None else out.taken(done.kept),
        overbooked=[item for ident, over in done.over for item in out.overbooked(ident, over)],
    )


@router.post("/bookings/imports/{import_id}/withdraw", summary="Withdraw an import", responses=_ERRORS)
def withdraw(context: BookingContext, import_id: int, body: collection.Asked) -> out.ImportOut:
    """Take an import back: what was known of its days before holds again. Repeating it changes nothing."""
    try:
        known_import(context, import_id)
        return out.taken(BookingRecords(context.operations).withdraw(import_id, context.name(body.by), context.clock()))
    except UnknownImportError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"{error}.") from error


@router.get("/rooms/{room_id}/bookings", summary="Booked children", responses=_ERRORS)
def of_room(
    context: RoomsContext, room_id: RoomId, start: Annotated[Time, FROM] = None, end: Annotated[Time, TO] = None
) -> out.BookingsOut:
    """List what is booked, from today on for a week, or in the given period of at most 400 days."""
    _, room = known_room(context, room_id)
    now = context.clock()
    today = day_start(local_day(now))
    first, stop = (today, today + 7 * DAY_MS) if start is None and end is None else between(start, end, now, DAY_MS)
    if stop - first > LONGEST_MS:
        raise invalid("query.from", f"the range is longer than {LONGEST_MS // DAY_MS} days")
    plan = booked_in(context, room, now)
    over = overbooked(plan, context.index.schedules[room_id], first, stop)
    return out.BookingsOut(
        room=room_id,
        start=japan_time(first),
        end=japan_time(stop),
        known=[japan_time(day) for day in plan.known(first, stop)],
        booked=[out.booked(item) for item in plan.spans(first, stop)],
        overbooked=out.overbooked(room_id, over),
    )


def refuse_when_off(context: Context) -> None:
    """Raise ProblemError (409) when the operator takes no bookings."""
    if context.facility.bookings is None:
        raise ProblemError(
            HTTPStatus.CONFLICT, "Bookings are switched off; add a table [bookings] to facility.toml to take them."
        )
