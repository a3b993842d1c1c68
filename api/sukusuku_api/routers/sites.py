"""Centres."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Path

from sukusuku_api.dependencies import UnitsContext, known_site
from sukusuku_api.problems import documented
from sukusuku_api.routes import resource
from sukusuku_api.schemas import live, names
from sukusuku_core.time import japan_time

router = resource("/sites", "sites")

SiteId = Annotated[str, Path(description="Id of a centre", examples=["tobu"])]


@router.get("", summary="All centres")
async def sites(context: UnitsContext) -> live.SitesOut:
    """List every centre with its worst condition and the ids of its units and rooms."""
    now = context.clock()
    views = context.views(now)
    return live.SitesOut(time=japan_time(now), sites=[live.site(site, views) for site in context.facility.site])


@router.get(
    "/{site_id}", summary="One centre", responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
)
async def site(context: UnitsContext, site_id: SiteId) -> live.SiteLiveOut:
    """Return a centre with the current state of its units and rooms."""
    settings = known_site(context, site_id)
    now = context.clock()
    views = [view for view in context.views(now) if view.site == site_id]
    return live.SiteLiveOut(
        time=japan_time(now),
        id=settings.id,
        name=names.name(settings.name),
        condition=live.worst(views),
        units=live.units(context.index, views, now),
        rooms=live.rooms(context.index, views, now),
    )
