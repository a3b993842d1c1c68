"""One process for several operators: a request goes to the operator by whose host name it came.

Each has an application, connections and jobs of its own. One that cannot be opened is tried again, and the others are
served meanwhile; a document that comes or goes is noticed.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from sukusuku_api import problems
from sukusuku_api.host_names import name_of, names
from sukusuku_core import logs
from sukusuku_core.ending import end
from sukusuku_core.errors import Mistake, SukusukuError, WrongSettingsError
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.facility_document.source import FacilitySource, FacilitySources
from sukusuku_server.settings import Web

LOOK_SECONDS = 1.0
"""How often documents are looked for."""
PAUSE_SECONDS = 10.0
"""Until one that could not be opened is tried again."""
_log = logging.getLogger(__name__)

Opening = Callable[[FacilitySource], contextlib.AbstractContextManager[FastAPI]]
"""Opens the data of an operator, and makes its application. Raises SukusukuError."""


class Operators:
    """The application for all of them. `opening` may block."""

    def __init__(self, sources: FacilitySources, opening: Opening) -> None:
        self._sources = sources
        self._opening = opening
        self._apps: dict[str, FastAPI] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._problems = TransitionLog(_log)
        self._lifespan = Router(lifespan=self._live)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on to its operator."""
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        name = name_of(HTTPConnection(scope).headers.get("host", ""))
        found = next((it for it in self._apps if name in names(_web(self._apps[it]))), None)
        if found is None:
            await _nobody(name)(scope, receive, send)
            return
        logs.OPERATOR.set(found)  # not taken back: as with the id of a request
        await self._apps[found](scope, receive, send)

    def end_streams(self) -> None:
        """End every stream, so that the server can stop."""
        for app in self._apps.values():
            app.state.broadcast.close()

    # ------------------------------------------------------------ inside

    @contextlib.asynccontextmanager
    async def _live(self, _: object) -> AsyncIterator[None]:
        looking = asyncio.create_task(self._look(), name="operators")
        yield
        await end([looking])
        await end(list(self._tasks.values()))

    async def _look(self) -> None:
        while True:
            try:
                found = await run_in_threadpool(self._sources.operators)
            except SukusukuError as error:
                self._problems.problem(self._sources.name, "cannot be read, going on with those of before", error)
            else:
                self._problems.recovered(self._sources.name, "read again")
                for name in self._tasks.keys() - found.keys():
                    _log.info("%s: its settings have gone, so it is served no more", name)
                    await end([self._tasks.pop(name)])
                for name, source in found.items():
                    if name not in self._tasks:
                        self._tasks[name] = asyncio.create_task(self._serve(name, source), name=f"operator {name}")
            await asyncio.sleep(LOOK_SECONDS)

    async def _serve(self, name: str, source: FacilitySource) -> None:
        """Serve one until cancelled."""
        logs.OPERATOR.set(name)
        while True:
            try:
                async with self._opened(source) as app:
                    self._problems.recovered(name, "served")
                    await self._run(name, app)
            except SukusukuError as error:
                self._problems.problem(name, "cannot be served, trying again", error)
            except Exception:  # noqa: BLE001 - the others go on
                _log.exception("%s: cannot be served, trying again", name)
            await asyncio.sleep(PAUSE_SECONDS)

    @contextlib.asynccontextmanager
    async def _opened(self, source: FacilitySource) -> AsyncIterator[FastAPI]:
        opening = self._opening(source)
        app = await run_in_threadpool(opening.__enter__)
        try:
            yield app
        finally:
            await asyncio.shield(run_in_threadpool(opening.__exit__, None, None, None))

    async def _run(self, name: str, app: FastAPI) -> None:
        web = _web(app)
        if not names(web):
            raise WrongSettingsError(name, [Mistake("web.url", f"found {web.url}, which has no host name of its own")])
        for other, found in self._apps.items():
            if same := names(web) & names(_web(found)):
                text = f"found {min(same)}, which is a name of {other} as well"
                raise WrongSettingsError(name, [Mistake("web.url, web.hosts", text)])
        async with app.router.lifespan_context(app):
            self._apps[name] = app
            _log.info("%s is served as %s", name, web.url)
            try:
                await asyncio.Event().wait()
            finally:
                app.state.broadcast.close()
                del self._apps[name]


def _web(app: FastAPI) -> Web:
    web: Web = app.state.context.facility.web
    return web


def _nobody(name: str | None) -> ASGIApp:
    shown = "that address" if name is None else repr(name[:100])
    return problems.response(
        HTTPStatus.MISDIRECTED_REQUEST,
        f"No operator is served under {shown} at present. Each has the host name of its `url` in [web], and those of "
        "`hosts`.",
    )
