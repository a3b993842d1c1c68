"""The web application: REST under `/api/v1`, the wall under `/wall`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from sukusuku_api import problems, web
from sukusuku_api.access.authentication import Authentication, Visitor
from sukusuku_api.access.session_cookie import SessionCookie
from sukusuku_api.access.view import Views
from sukusuku_api.dependencies import Context, Readings
from sukusuku_api.host_names import HostNames
from sukusuku_api.live_stream import Broadcast
from sukusuku_api.reports.mails.job import MonthlyReports
from sukusuku_api.request_ids import RequestIds
from sukusuku_api.routers import (
    alerts,
    assets,
    bookings,
    emptyings,
    enrolments,
    export,
    findings,
    forecasts,
    health,
    issued_reports,
    kpi,
    metrics,
    modes,
    quarantine,
    readings,
    reports,
    requests,
    room_use,
    rounds,
    settings,
    sites,
    stock,
    stream,
    vacancy,
)
from sukusuku_api.routes import PREFIX, add
from sukusuku_api.settings_watch import SettingsWatch
from sukusuku_api.work_queue import WorkQueue
from sukusuku_core import __version__
from sukusuku_core.clock import Clock, now_ms
from sukusuku_core.ending import end
from sukusuku_server.db import Operations
from sukusuku_server.facility_document.watching import Watch
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.timetable import timetables
from sukusuku_server.settings import Facility

REPORTS = (2, 8)
"""So many reports are made at a time, and so many wait."""
COMPRESSED_FROM = 1024
"""Bytes; a smaller answer gains nothing."""
NOT_COMPRESSED = tuple(kind for kind in DEFAULT_EXCLUDED_CONTENT_TYPES if kind != "text/event-stream")
"""The event stream is compressed as a whole, event by event: a tile that was told before takes a few bytes."""
LARGEST_BODY = 16 * 1024
"""Bytes that a request may bring: notes and names; only a file of bookings may be larger."""

_DESCRIPTION = """
Nappy-compression units and temporary-childcare rooms of municipal child-and-family centres: their current state,
their history, and their alerts.

Times are ISO 8601 at +09:00. Every error is an RFC 9457 problem (`application/problem+json`); only a
request of more than 16 KiB (a file of bookings: 4 MB) is refused before it is read, with status 413 in plain text.
`stale` or the condition `silent` means that the values are not current.
"""


def create_app(
    facility: Facility,
    store: Readings,
    operations: Operations,
    clock: Clock = now_ms,
    visitor: Visitor | None = None,
) -> FastAPI:
    """Return the application over a facility's readings and alerts. It reads measurements and never writes any.

    `visitor` is who requests come from that prove nothing; without it, nobody.
    """
    return connect(without_data(), facility, store, operations, clock, visitor)


def without_data() -> FastAPI:
    """Return the application before it is connected to a facility; what it can be asked is the same for all."""
    app = FastAPI(
        title="Sukusuku",
        version=__version__,
        description=_DESCRIPTION,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # they would load scripts from another host
        redoc_url=None,
        lifespan=_lifespan,
        max_body_size=LARGEST_BODY,
    )
    app.add_middleware(SessionCookie)
    app.add_middleware(
        GZipMiddleware, minimum_size=COMPRESSED_FROM, compresslevel=5, exclude_content_types=NOT_COMPRESSED
    )
    app.add_middleware(HostNames)  # nothing is looked at under a name that is not ours
    app.add_middleware(RequestIds)

    now = (health, enrolments, sites, assets, readings, alerts, quarantine, stream, modes)
    collection = (emptyings, findings, forecasts, rounds, requests, stock, kpi)
    use = (room_use, vacancy, bookings, issued_reports, reports, export, settings)
    add(app, *(module.router for module in (*now, *collection, *use)), rounds.stops, metrics.router)
    web.install(app)
    _document(app)
    return app


def connect(
    app: FastAPI,
    facility: Facility,
    store: Readings,
    operations: Operations,
    clock: Clock,
    visitor: Visitor | None = None,
) -> FastAPI:
    """Connect an application to a facility's data; nothing that it knew of another one is left."""
    index = FacilitySchedules(facility)
    context = Context(index, timetables(facility), store, operations, clock, index, Views(index))
    app.state.context = context
    app.state.authentication = Authentication(operations, clock, facility.web.url, visitor)
    app.state.broadcast = Broadcast(context, app.state.authentication.forget)
    app.state.reports = WorkQueue(*REPORTS)
    app.state.settings_watch = None
    app.state.provider = None
    web.prepare(app)
    return app


def follow(app: FastAPI, document: Watch) -> None:
    """Have an application that is connected take changes of its settings, from its start to its end."""

    def use(context: Context) -> None:
        app.state.context = context
        app.state.broadcast.take(context)
        web.prepare(app)

    app.state.context = replace(app.state.context, source=document.source)
    app.state.settings_watch = SettingsWatch(document, lambda: app.state.context, use)


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    jobs = [asyncio.create_task(app.state.broadcast.run(), name="broadcast")]
    monthly = MonthlyReports(lambda: app.state.context, app.state.reports)
    jobs.append(asyncio.create_task(monthly.run(), name="monthly reports"))
    if app.state.settings_watch is not None:
        jobs.append(asyncio.create_task(app.state.settings_watch.run(), name="settings"))
    yield
    await end(jobs)


def _document(app: FastAPI) -> None:
    """Add to the OpenAPI description the schema of problems, and what is answered to whoever lacks a right.

    A route can declare a model only as `application/json`.
    """

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            schema["components"]["schemas"].update(problems.schemas())
            refused = problems.documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
            for path in schema["paths"].values():
                for operation in path.values():
                    if "security" in operation:
                        operation["responses"] |= {str(status): told for status, told in refused.items()}
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign] # FastAPI's documented way to extend the description
