"""Nappy-compression units as they are now."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path

from sukusuku_api.dependencies import ContextDep
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.schemas import live
from sukusuku_core.time import japan_time

router = APIRouter(prefix="/units", tags=["units"])

UnitId = Annotated[str, Path(description="Id of a unit", examples=["tobu-unit-1"])]


@router.get("", summary="All units")
async def units(context: ContextDep) -> live.UnitsOut:
    """List the current state of every unit, in the order of the settings."""
    now = context.clock()
    return live.UnitsOut(time=japan_time(now), units=live.units(context.index, context.views(now), now))


@router.get(
    "/{unit_id}", summary="One unit", responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
)
async def unit(context: ContextDep, unit_id: UnitId) -> live.UnitOut:
    """Return the current state of a unit."""
    now = context.clock()
    found = live.units(context.index, context.views(now), now)
    for item in found:
        if item.id == unit_id:
            return item
    known = [item.id for item in found]
    raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no unit {unit_id!r}.", available=known)
