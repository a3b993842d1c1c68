"""Vehicles that are out of service: no round goes with them, until somebody says that they go again."""

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Path
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from sukusuku_api.dependencies import Allowed, Context
from sukusuku_api.problems import ProblemError
from sukusuku_api.web import base, forms
from sukusuku_api.web.base import Locale
from sukusuku_api.web.rounds.opening import ROUNDS
from sukusuku_api.web.silence_texts import moment
from sukusuku_core.time import day_start, local_day
from sukusuku_server.access.rights import Act
from sukusuku_server.db.modes import ModeKind, Modes, UnknownModeError
from sukusuku_server.settings import Language

router = APIRouter(include_in_schema=False, prefix=f"{ROUNDS}/vehicles")
StoppingContext = Annotated[Context, Depends(Allowed(Act.SET_MODES, everywhere=True))]


class Entry(BaseModel):
    """The fields of the forms: who says so, why, and for how long."""

    by: Annotated[forms.Line, Field(max_length=80)] = ""
    reason: Annotated[forms.Line, Field(max_length=200)] = ""
    lasts: Literal["today", "open"] = "open"


@dataclass(frozen=True, slots=True)
class VehicleCard:
    """A vehicle. `mode` is the id of the period in which it is out of service, 0: it goes."""

    id: str
    name: str
    mode: int
    told: str
    reason: str


def cards(context: Context, reader: Locale) -> list[VehicleCard]:
    """Return the vehicles; none for whoever sees single centres only: a vehicle belongs to none."""
    if context.principal is not None and not context.principal.rights.may(Act.VIEW_ROUNDS):
        return []
    out = {
        mode.subject: mode for mode in Modes(context.operations).active(reader.now) if mode.kind is ModeKind.VEHICLE_OUT
    }
    shown = []
    for vehicle in context.facility.vehicle:
        mode = out.get(vehicle.id)
        if mode is None:
            shown.append(VehicleCard(vehicle.id, vehicle.name[reader.language], 0, "", ""))
            continue
        told = reader.translate("Out of service since %(since)s (%(who)s)")
        if mode.until is not None:
            told = reader.translate("Out of service since %(since)s (%(who)s), until %(until)s")
        told %= {"since": moment(mode.since, reader), "who": mode.who, "until": moment(mode.until or 0, reader)}
        shown.append(VehicleCard(vehicle.id, vehicle.name[reader.language], mode.id, told, mode.reason))
    return shown


@router.post("/{vehicle}/out")
def out(context: StoppingContext, vehicle: str, entry: Annotated[Entry, Form()], lang: base.Lang = "ja") -> Response:
    """Take a vehicle out of service; the collector plans its rounds without it. Then back to the page."""
    if vehicle not in {known.id for known in context.facility.vehicle}:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no vehicle {vehicle!r}.")
    now, modes = context.clock(), Modes(context.operations)
    known = any(mode.kind is ModeKind.VEHICLE_OUT and mode.subject == vehicle for mode in modes.active(now))
    if not known:
        until = day_start(local_day(now) + timedelta(days=1)) if entry.lasts == "today" else None
        by = context.name(entry.by or None)
        modes.start(ModeKind.VEHICLE_OUT, vehicle, now=now, until=until, who=by, reason=entry.reason)
    return _back(lang)


@router.post("/{mode}/back")
def back(
    context: StoppingContext,
    mode: Annotated[int, Path(ge=0, lt=2**63)],
    entry: Annotated[Entry, Form()],
    lang: base.Lang = "ja",
) -> Response:
    """Put a vehicle back into service; then back to the page."""
    modes, unknown = Modes(context.operations), ProblemError(HTTPStatus.NOT_FOUND, f"No vehicle is out by {mode}.")
    try:
        if modes.one(mode).kind is not ModeKind.VEHICLE_OUT:
            raise unknown
        modes.end(mode, now=context.clock(), who=context.name(entry.by or None))
    except UnknownModeError as error:
        raise unknown from error
    return _back(lang)


def _back(language: Language) -> RedirectResponse:
    return RedirectResponse(f"{ROUNDS}?lang={language}#vehicles", HTTPStatus.SEE_OTHER, headers=forms.HEADERS)
