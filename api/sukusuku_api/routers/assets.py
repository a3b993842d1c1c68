"""Nappy-compression units and temporary-childcare rooms as they are now."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Path

from sukusuku_api.dependencies import RoomsContext, UnitsContext, known_room, known_unit
from sukusuku_api.problems import documented
from sukusuku_api.routes import resource
from sukusuku_api.schemas import live
from sukusuku_core.time import japan_time

router = resource()

UnitId = Annotated[str, Path(description="Id of a unit", examples=["tobu-unit-1"])]
RoomId = Annotated[str, Path(description="Id of a room", examples=["tobu-room-1"])]
_ERRORS = documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)


@router.get("/units", tags=["units"], summary="All units")
async def units(context: UnitsContext) -> live.UnitsOut:
    """List the current state of every unit, in the order of the settings."""
    now = context.clock()
    return live.UnitsOut(time=japan_time(now), units=live.units(context.index, context.views(now), now))


@router.get("/units/{unit_id}", tags=["units"], summary="One unit", responses=_ERRORS)
async def unit(context: UnitsContext, unit_id: UnitId) -> live.UnitOut:
    """Return the current state of a unit."""
    known_unit(context, unit_id)
    now = context.clock()
    return live.units(context.index, [context.view(unit_id, now)], now)[0]


@router.get("/rooms", tags=["rooms"], summary="All rooms")
async def rooms(context: RoomsContext) -> live.RoomsOut:
    """List the current state of every room, in the order of the settings."""
    now = context.clock()
    return live.RoomsOut(time=japan_time(now), rooms=live.rooms(context.index, context.views(now), now))


@router.get("/rooms/{room_id}", tags=["rooms"], summary="One room", responses=_ERRORS)
async def room(context: RoomsContext, room_id: RoomId) -> live.RoomOut:
    """Return the current state of a room."""
    known_room(context, room_id)
    now = context.clock()
    return live.rooms(context.index, [context.view(room_id, now)], now)[0]
