"""The round behind the links of its mails: no account, the token in the address is all the authority there is.

So it is not logged, not cached by proxies and not told to other hosts.
"""

from typing import Annotated, cast

from fastapi import FastAPI, Query, Request

from sukusuku_api import routes
from sukusuku_api.dependencies import Context, PublicContext, public
from sukusuku_api.web.rounds import page
from sukusuku_api.web.rounds.opening import Opened, told
from sukusuku_server.rounds.answers import Answers
from sukusuku_server.rounds.signed_links import PATH, Action
from sukusuku_server.settings import Language

_Lang = Annotated[Language | None, Query(alias="lang")]


def install(app: FastAPI) -> None:
    """Add the pages."""
    routes.add(app, page.routes(f"{PATH}/{{token}}", by_link))


def prepare(app: FastAPI) -> None:
    """Record answers where the application's data is."""
    context: Context = app.state.context
    app.state.answers = Answers(context.index, context.timetables, context.operations)


def by_link(request: Request, context: PublicContext, token: str, lang: _Lang = None) -> Opened:
    """Return the round that a link is about. Raises NoWayError."""
    answers, now = cast("Answers", request.app.state.answers), context.clock()
    with told(lang or "ja"):
        claim = answers.read(token, now)
        seen = answers.see(claim, context.store.live.latest(), now)
    own: Language = "en" if seen.person is not None and seen.person.language == "en" else "ja"
    query = "" if lang is None else f"?lang={lang}"

    def link(action: Action, stop: int) -> str:
        return f"{PATH}/{answers.token(claim, action, stop)}{query}"

    return Opened(
        context,
        answers,
        seen,
        language=lang or own,
        home=f"{PATH}/{answers.token(claim, Action.ROUND)}",
        link=link,
        again=lambda: by_link(request, public(request), token, lang),
        who=f"round {claim.run} person {claim.person}",
    )
