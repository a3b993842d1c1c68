"""What the script of a round's page asks for: the part that changes, when it changes, and answers that come late."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from fastapi.sse import EventSourceResponse
from pydantic import BaseModel, Field

from sukusuku_api.live_stream import Broadcast
from sukusuku_api.problems import ProblemError
from sukusuku_api.web.rounds import view
from sukusuku_api.web.rounds.opening import HEADERS, NoWayError, Opened, told
from sukusuku_core.time import DAY_MS
from sukusuku_server.model.rounds import KEY, Answer, Obstacle
from sukusuku_server.rounds.signed_links import Action

_LONGEST_AGE_MS = 7 * DAY_MS


class Sent(BaseModel):
    """An answer that a phone has kept until it could be sent: how long ago it was given (ms), and its own key."""

    stop: Annotated[int, Field(ge=1, lt=2**63)]
    answer: Answer
    obstacle: Obstacle = Obstacle.NONE
    note: str = ""
    age: Annotated[int, Field(ge=0, le=_LONGEST_AGE_MS)] = 0
    key: Annotated[str, Field(pattern=KEY)]


def add(router: APIRouter, way_in: Any) -> None:
    """Add these routes to those of the page. `way_in` is the dependency that opens the round."""

    @router.get("/live")
    def live(opened: Opened = way_in) -> HTMLResponse:
        """Return the part of the page that changes."""
        with told(opened.language):
            return HTMLResponse(view.render(opened, "answer_round_part.html"), headers=HEADERS)

    @router.post("/answers")
    def answers(sent: Annotated[Sent, Form()], opened: Opened = way_in) -> HTMLResponse:
        """Record an answer for a stop, once however often it comes; return the part of the page that changes."""
        claim = replace(opened.seen.claim, action=Action[sent.answer.name], stop=sent.stop)
        with told(opened.language):
            if sent.stop not in {record.id for record in opened.seen.records}:
                raise NoWayError("forged", HTTPStatus.NOT_FOUND, opened.language)
            about = replace(opened.seen, claim=claim)
            opened.answers.act(about, about.now, sent.note, obstacle=sent.obstacle, age=sent.age, key=sent.key)
            return HTMLResponse(view.render(opened.again(), "answer_round_part.html"), headers=HEADERS)

    def listening(request: Request, opened: Opened = way_in) -> Opened:
        """Return the round. Raises ProblemError (503) for whoever follows too many already."""
        _broadcast(request).may_listen(opened.who)
        return opened

    followed: Any = Depends(listening)

    @router.get("/stream", response_class=EventSourceResponse)
    async def stream(request: Request, opened: Opened = followed) -> AsyncIterator[object]:
        """Server-sent events: `changed` at once and whenever the page is another one; `beat` between them."""

        def look() -> str | None:
            try:
                return view.digest(opened.again())
            except (NoWayError, ProblemError):
                return None

        async with contextlib.aclosing(_broadcast(request).changes(look, opened.who)) as events:
            async for event in events:
                yield event


def _broadcast(request: Request) -> Broadcast:
    return cast("Broadcast", request.app.state.broadcast)
