"""Temporary-childcare rooms as they are now."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path

from sukusuku_api.dependencies import ContextDep
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.schemas import live
from sukusuku_core.time import japan_time

router = APIRouter(prefix="/rooms", tags=["rooms"])

RoomId = Annotated[str, Path(description="Id of a room", examples=["tobu-room-1"])]


@router.get("", summary="All rooms")
async def rooms(context: ContextDep) -> live.RoomsOut:
    """List the current state of every room, in the order of the settings."""
    now = context.clock()
    return live.RoomsOut(time=japan_time(now), rooms=live.rooms(context.index, context.views(now), now))


@router.get(
    "/{room_id}", summary="One room", responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
)
async def room(context: ContextDep, room_id: RoomId) -> live.RoomOut:
    """Return the current state of a room."""
    now = context.clock()
    found = live.rooms(context.index, context.views(now), now)
    for item in found:
        if item.id == room_id:
            return item
    known = [item.id for item in found]
    raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no room {room_id!r}.", available=known)
