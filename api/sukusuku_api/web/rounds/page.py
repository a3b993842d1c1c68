"""The page of a round, whichever way leads to it.

A GET shows and never acts, because mail scanners follow links; only a POST records. The page works without a script;
with one it is brought up to date, draws the map, and keeps answers while there is no connection.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel

from sukusuku_api.web.rounds import following, view
from sukusuku_api.web.rounds.opening import HEADERS, Opened, told
from sukusuku_server.model.rounds import Obstacle
from sukusuku_server.rounds.exports.gpx import gpx
from sukusuku_server.rounds.signed_links import Action

_BACK = {action.name.lower(): action for action in Action}


class Said(BaseModel):
    """The fields of a form for one stop. `back` is the action to whose page it leads."""

    note: str = ""
    obstacle: Obstacle = Obstacle.NONE
    back: str = ""


def routes(prefix: str, opening: Callable[..., Opened]) -> APIRouter:
    """Return the routes of the page at `prefix`. `opening` is the dependency that opens the round."""
    router = APIRouter(prefix=prefix, include_in_schema=False)
    way_in: Any = Depends(opening)

    @router.get("")
    def show(opened: Opened = way_in) -> HTMLResponse:
        """Return the page. Nothing is recorded."""
        whole = opened.seen.claim.stop == 0
        with told(opened.language):
            html = view.render(opened, "answer_round.html" if whole else "answer_stop.html")
        return HTMLResponse(html, headers=view.headers(opened))

    @router.post("")
    def act(said: Annotated[Said, Form()], opened: Opened = way_in) -> Response:
        """Record what the link says, then lead back to a page that shows it, so that a reload repeats nothing."""
        with told(opened.language):
            opened.answers.act(opened.seen, opened.seen.now, said.note, obstacle=said.obstacle)
        return _back(opened, _BACK.get(said.back, opened.seen.claim.action))

    @router.get("/way.gpx")
    def way(opened: Opened = way_in) -> Response:
        """Return the way as a file for satellite navigation."""
        with told(opened.language):
            sheet, words = view.words_of(opened)
        name = f"{sheet.round}-{sheet.day.isoformat()}.gpx"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(gpx(sheet, words.stops), media_type="application/gpx+xml", headers=HEADERS | disposition)

    following.add(router, way_in)
    return router


def _back(opened: Opened, page: Action) -> RedirectResponse:
    stop = opened.seen.claim.stop
    whole = page is Action.ROUND or not stop
    target = opened.link(Action.ROUND, 0) if whole else opened.link(page, stop)
    anchor = f"#stop-{stop}" if page is Action.ROUND and stop else ""
    return RedirectResponse(target + anchor, HTTPStatus.SEE_OTHER, headers=HEADERS)
