"""Periods that a person switches on: silence, outbreak, a metric that is no longer measured, a vehicle that is out."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Path, Query
from pydantic import Field

from sukusuku_api.dependencies import Context, ModesContext, UnitsContext, invalid
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.routes import resource
from sukusuku_api.schemas import collection
from sukusuku_api.timestamps import parse
from sukusuku_core.time import japan_time
from sukusuku_server.db.modes import Mode, ModeKind, Modes, ModeTimeError, UnknownModeError

router = resource("/modes", "alerts")

ModeId = Annotated[int, Path(description="Id of a mode", ge=0, lt=2**63, examples=[5])]
_MOST = 100_000
_TIME = "2026-11-20T09:15:30+09:00"


class ModeOut(collection.Shape):
    """A period that a person has switched on."""

    id: int
    kind: ModeKind
    subject: str = Field(description="A unit, room, site or vehicle; for `retired` an asset and its metric")
    since: datetime = Field(examples=[_TIME])
    until: datetime | None = Field(description="null: until a person ends it")
    active: bool
    by: str
    reason: str


class ModesOut(collection.Shape):
    """Periods."""

    time: datetime = Field(examples=[_TIME])
    modes: list[ModeOut]


class Start(collection.Asked):
    """What is to begin now."""

    kind: ModeKind = Field(
        description="`silence`: no mails about a unit, room or site; `outbreak`: tighter limits at a site; "
        "`retired`: `metric` of an asset is no longer expected, until it comes back; "
        "`vehicle_out`: no round goes with this vehicle"
    )
    subject: str = Field(description="Id of a unit, room, site or vehicle", examples=["tobu-unit-1"])
    metric: str | None = Field(None, description="Only with `retired`", examples=["Fill/Percent"])
    until: str | None = Field(
        None,
        max_length=64,
        description="ISO 8601 or UTC ms, at most 14 days ahead for a silence, which must have one, and an outbreak",
        examples=[_TIME],
    )
    reason: str = Field("", max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$", examples=["換気工事"])


@router.get(
    "",
    summary="Silences, outbreaks, metrics that are no longer measured, vehicles that are out",
    responses=documented(HTTPStatus.UNPROCESSABLE_ENTITY),
)
def modes(
    context: UnitsContext,
    active: Annotated[bool, Query(description="Only active modes")] = True,  # noqa: FBT002 - a query parameter
    limit: Annotated[int, Query(ge=1, le=1000, description="Maximum number")] = 200,
) -> ModesOut:
    """List active modes, the oldest first; with `active=false` all modes, the newest first."""
    book, now = Modes(context.operations), context.clock()
    found = book.active(now) if active else book.all(limit if context.key is None else _MOST)
    seen = [mode for mode in found if _seen(context, mode)]
    return ModesOut(time=japan_time(now), modes=[_shape(mode, now) for mode in (seen if active else seen[:limit])])


@router.post("", summary="Start a mode", responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY))
def start(context: ModesContext, body: Start) -> ModeOut:
    """Start a mode. The collector applies it within seconds. The audit log records it."""
    subject, now = _subject(context, body), context.clock()
    book = Modes(context.operations)
    try:
        until = None if body.until is None else parse(body.until)
        found = book.start(body.kind, subject, now=now, until=until, who=context.name(body.by), reason=body.reason)
    except (ValueError, ModeTimeError) as error:
        raise invalid("body.until", str(error)) from error
    return _shape(found, now)


@router.post(
    "/{mode_id}/end",
    summary="End a mode",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
def end(context: ModesContext, mode_id: ModeId, body: collection.Asked) -> ModeOut:
    """End a mode now. A mode that has already ended does not change."""
    now, unknown = context.clock(), ProblemError(HTTPStatus.NOT_FOUND, f"There is no mode {mode_id}.")
    try:
        if not _seen(context, Modes(context.operations).one(mode_id)):
            raise unknown
        return _shape(Modes(context.operations).end(mode_id, now=now, who=context.name(body.by)), now)
    except UnknownModeError as error:
        raise unknown from error


def _seen(context: Context, found: Mode) -> bool:
    return context.sees(found.subject.partition("/")[0])


def _subject(context: Context, body: Start) -> str:
    """Return what the mode is about, when there is such a thing. Raises ProblemError."""
    sites, assets = list(context.index.sites), list(context.index.assets)
    vehicles = [vehicle.id for vehicle in context.index.facility.vehicle] if context.key is None else []
    about = {ModeKind.OUTBREAK: sites, ModeKind.RETIRED: assets, ModeKind.VEHICLE_OUT: vehicles}
    known = about.get(body.kind, sites + assets)
    if body.subject not in known:
        raise ProblemError(
            HTTPStatus.NOT_FOUND, f"There is no {body.subject!r} for the mode {body.kind.value}.", available=known
        )
    if body.kind is not ModeKind.RETIRED:
        if body.metric is not None:
            raise invalid("body.metric", "goes only with `retired`")
        return body.subject
    measured = sorted(context.store.live.latest().get(body.subject, {}))
    if body.metric not in measured:
        raise invalid("body.metric", f"must be one that {body.subject} had: {', '.join(measured) or 'there is none'}")
    return f"{body.subject}/{body.metric}"


def _shape(mode: Mode, now: int) -> ModeOut:
    return ModeOut(
        id=mode.id,
        kind=mode.kind,
        subject=mode.subject,
        since=japan_time(mode.since),
        until=collection.at(mode.until),
        active=mode.holds(now),
        by=mode.who,
        reason=mode.reason,
    )
