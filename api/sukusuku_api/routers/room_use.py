"""How a room was used: history of its count, metrics, heat map, effects, limits, corrections, counts by staff."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Path, Query
from pydantic import Field

from sukusuku_api.dependencies import (
    FROM,
    TO,
    Context,
    CountingContext,
    RoomsContext,
    Time,
    between,
    invalid,
    known_room,
)
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.queries.room_use import changed, changes, expected, past
from sukusuku_api.routers.assets import RoomId
from sukusuku_api.routes import resource
from sukusuku_api.schemas import change_effect, collection
from sukusuku_api.schemas import rooms as out
from sukusuku_api.timestamps import Day, parse
from sukusuku_core.time import DAY_MS, day_start, japan_time
from sukusuku_server.db.rooms import RoomRecords, UnknownCountError, WrongCountError, doubtful
from sukusuku_server.model.collection import Calibration
from sukusuku_server.rooms.capacity_limit import zone_limits
from sukusuku_server.rooms.current import limit_planned
from sukusuku_server.rooms.usage import heat_map
from sukusuku_server.rooms.usage_sums import total

router = resource("/rooms", "rooms")

LONGEST_MS = 400 * DAY_MS
HISTORY_MS = 31 * DAY_MS
CountId = Annotated[int, Path(description="Id of a count", ge=0, lt=2**63, examples=[3])]
_ERRORS = documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)


class Counted(collection.Asked):
    """A count by staff in a room."""

    children: int = Field(ge=0, le=1000)
    staff: int | None = Field(None, ge=0, le=1000)
    time: str | None = Field(None, max_length=64, description="ISO 8601 or UTC ms; default: now")
    note: str = Field("", max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
    sure: bool = Field(default=False, description="Say it again: a count far beyond the places of the room is right")


@router.get("/{room_id}/occupancy", summary="History of the count", responses=_ERRORS)
def occupancy(
    context: RoomsContext, room_id: RoomId, start: Annotated[Time, FROM] = None, end: Annotated[Time, TO] = None
) -> out.HistoryOut:
    """List points of the derived series as shown, of the last day or of the given period of at most 31 days."""
    _, room = known_room(context, room_id)
    first, stop = _stretch(context, start, end, DAY_MS, HISTORY_MS)
    metrics = (*out.SERIES, *(f"Zones/{zone.id}/Corrected" for zone in room.zone))
    series = {
        metric: [out.point(point) for point in context.store.history.derived(room_id, metric, first, stop)]
        for metric in metrics
    }
    return out.HistoryOut(room=room_id, start=japan_time(first), end=japan_time(stop), series=series)


@router.get("/{room_id}/metrics", summary="Figures of use", responses=_ERRORS)
def metrics_of(
    context: RoomsContext, room_id: RoomId, start: Annotated[Time, FROM] = None, end: Annotated[Time, TO] = None
) -> out.MetricsOut:
    """Return figures over the opening hours of the last 28 days or of the given period, with a heat map."""
    site, room = known_room(context, room_id)
    first, stop = _stretch(context, start, end, 28 * DAY_MS, LONGEST_MS)
    hours = past(context, site, room, first, stop)
    cells = [out.heat_cell(weekday, hour, tally) for (weekday, hour), tally in sorted(heat_map(hours).items())]
    whole = out.tally(total(hour.tally for hour in hours), room.counting.counted)
    return out.MetricsOut(room=room_id, start=japan_time(first), end=japan_time(stop), figures=whole, heat_map=cells)


@router.get("/{room_id}/effect", summary="Use before and after a day", responses=_ERRORS)
def effect_of(
    context: RoomsContext,
    room_id: RoomId,
    day: Annotated[Day, Query(alias="date", description="The first day after the change, such as 2026-10-01")],
    start: Annotated[Time, FROM] = None,
    end: Annotated[Time, TO] = None,
) -> change_effect.EffectOut:
    """Compare a room and its zones before and after a day, matching weekdays, with 95 % confidence bounds.

    Without `from` and `to`: eight weeks on each side, or up to the next change in the settings.
    """
    site, room = known_room(context, room_id)
    middle = day_start(day)
    first = None if start is None else _moment("query.from", start)
    stop = None if end is None else _moment("query.to", end)
    if first is not None and not middle - LONGEST_MS <= first < middle:
        raise invalid("query.from", f"must be before `date`, by {LONGEST_MS // DAY_MS} days at most")
    if stop is not None and not middle < stop <= middle + LONGEST_MS:
        raise invalid("query.to", f"must be after the beginning of `date`, by {LONGEST_MS // DAY_MS} days at most")
    return change_effect.effect(changed(context, site, room, day, first, stop))


@router.get("/{room_id}/changes", summary="Changes of the room and their effects", responses=_ERRORS)
def changes_of(context: RoomsContext, room_id: RoomId) -> change_effect.ChangesOut:
    """Compare before and after each past change in the settings (`[[site.room.change]]`)."""
    site, room = known_room(context, room_id)
    return change_effect.ChangesOut(
        room=room_id, changes=[change_effect.effect(found) for found in changes(context, site, room)]
    )


@router.get("/{room_id}/outlook", summary="The coming week by the hour", responses=_ERRORS)
def outlook_of(context: RoomsContext, room_id: RoomId) -> out.RoomOutlookOut:
    """Return the expected mean of each open hour with its 80 % range."""
    site, room = known_room(context, room_id)
    now = context.clock()
    return out.RoomOutlookOut(
        room=room_id,
        time=japan_time(now),
        hours=[out.expected_hour(item) for item in expected(context, site, room, now, 7)],
    )


@router.get("/{room_id}/limit", summary="Limit of a room", responses=_ERRORS)
def limit(
    context: RoomsContext, room_id: RoomId, at: Annotated[Time, Query(description="Default: now")] = None
) -> out.LimitOut:
    """Return the smallest of places, floor area and staff on duty, and which of them sets the limit.

    While no shift is planned, staff on duty do not limit.
    """
    _, room = known_room(context, room_id)
    moment = context.clock() if at is None else _moment("query.at", at)
    found = limit_planned(context.index.schedules[room_id], moment)
    return out.limit(room_id, moment, found, zone_limits(room))


@router.get("/{room_id}/corrections", summary="Corrections of the count", responses=_ERRORS)
def corrections(
    context: RoomsContext, room_id: RoomId, start: Annotated[Time, FROM] = None, end: Annotated[Time, TO] = None
) -> out.CorrectionsOut:
    """List corrections applied to the count, of the last 7 days or of the given period."""
    known_room(context, room_id)
    first, stop = _stretch(context, start, end, 7 * DAY_MS, LONGEST_MS)
    found = RoomRecords(context.operations).corrections(room_id, first, stop)
    return out.CorrectionsOut(
        room=room_id,
        start=japan_time(first),
        end=japan_time(stop),
        corrections=[out.correction(item) for item in found],
    )


@router.get("/{room_id}/counts", summary="Counts by staff", responses=_ERRORS)
def counts(
    context: RoomsContext, room_id: RoomId, start: Annotated[Time, FROM] = None, end: Annotated[Time, TO] = None
) -> out.CountsOut:
    """List counts by staff of the last 7 days or of the given period."""
    known_room(context, room_id)
    first, stop = _stretch(context, start, end, 7 * DAY_MS, LONGEST_MS)
    found = RoomRecords(context.operations).counts(room_id, first, stop)
    return out.CountsOut(
        room=room_id, start=japan_time(first), end=japan_time(stop), counts=[out.count(item) for item in found]
    )


@router.post("/{room_id}/counts", summary="Enter a count", responses=_ERRORS)
def enter(context: CountingContext, room_id: RoomId, body: Counted) -> out.CountOut:
    """Enter a count; the room is corrected from that time on. The audit log records it.

    A count replaces one of the same minute. One far beyond the places of the room must be sent with `sure`.
    """
    known_room(context, room_id)
    now = context.clock()
    moment = now if body.time is None else _moment("body.time", body.time)
    capacity = context.index.schedules[room_id].capacity(moment)
    if doubtful(body.children, capacity) and not body.sure:
        raise invalid(
            "body.children",
            f"{body.children} children in a room for {capacity}: correct it, or send it again with `sure`: true",
        )
    said = Calibration(room_id, moment, body.children, body.staff, context.name(body.by), body.note)
    try:
        return out.count(RoomRecords(context.operations).enter(said, now))
    except WrongCountError as error:
        raise invalid("body", str(error)) from error


@router.post("/{room_id}/counts/{count_id}/withdraw", summary="Withdraw a count", responses=_ERRORS)
def withdraw(context: CountingContext, room_id: RoomId, count_id: CountId, body: collection.Asked) -> out.CountOut:
    """Withdraw a count that was entered in error; the room is derived as if it had not been said."""
    known_room(context, room_id)
    try:
        found = RoomRecords(context.operations).withdraw(room_id, count_id, context.name(body.by), context.clock())
    except UnknownCountError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"{error}.") from error
    return out.count(found)


def _stretch(context: Context, start: str | None, end: str | None, default: int, longest: int) -> tuple[int, int]:
    first, stop = between(start, end, context.clock(), default)
    if stop - first > longest:
        raise invalid("query.from", f"the range is longer than {longest // DAY_MS} days")
    return first, stop


def _moment(field: str, text: str) -> int:
    try:
        return parse(text)
    except ValueError as error:
        raise invalid(field, f"{error}; found {text!r}") from error
