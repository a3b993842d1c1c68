"""The rounds of today for whoever has signed in, without a mail: the same page as behind its link."""

from functools import partial
from typing import Annotated

from fastapi import FastAPI, Path, Query, Request
from fastapi.responses import HTMLResponse

from sukusuku_api import routes
from sukusuku_api.dependencies import AnsweringContext, RoundsContext, answering_context, authenticated
from sukusuku_api.queries.plans import seen_records
from sukusuku_api.web import base, desk
from sukusuku_api.web.rounds import page, today, vehicles
from sukusuku_api.web.rounds.opening import ROUNDS, Opened, told
from sukusuku_server.access.rights import Act
from sukusuku_server.rounds.answers import Answers, SignedIn
from sukusuku_server.rounds.signed_links import Action, Claim


def install(app: FastAPI) -> None:
    """Add the pages."""
    app.add_api_route(ROUNDS, rounds, include_in_schema=False)
    routes.add(app, vehicles.router)
    routes.add(app, page.routes(f"{ROUNDS}/{{run}}", by_account))


def rounds(context: RoundsContext, lang: base.Lang = "ja") -> HTMLResponse:
    """Return the rounds of today, and the vehicles."""
    reader = base.Locale(lang, base.texts(lang).gettext, context.clock())
    values = {
        "rounds": today.rounds(context, reader),
        "vehicles": vehicles.cards(context, reader),
        "answers": context.principal is None or context.principal.rights.somewhere(Act.ANSWER_STOPS),
        "may_stop": context.principal is None or context.principal.rights.may(Act.SET_MODES),
    }
    return desk.page(context, lang, "rounds.html", ROUNDS, values)


def by_account(
    request: Request,
    context: AnsweringContext,
    run: Annotated[int, Path(ge=0, lt=2**63)],
    lang: base.Lang = "ja",
    action: Annotated[str, Query(pattern="^[a-z]*$")] = "round",
    stop: Annotated[int, Query(ge=0, lt=2**63)] = 0,
) -> Opened:
    """Return a round as an account sees it. Raises NoWayError; `again` ProblemError as well, without the right."""
    who, now = context.principal, context.clock()
    login = "" if who is None or who.account is None else who.account.login
    everywhere = who is None or who.rights.may(Act.ANSWER_STOPS)
    account = SignedIn(context.account_name, login, partial(seen_records, context), everywhere)
    answers = Answers(context.whole, context.timetables, context.operations)
    wanted = Action.__members__.get(action.upper(), Action.ROUND)
    with told(lang):
        claim = Claim(run, stop, wanted, 0, now)
        seen = answers.see(claim, context.store.live.latest(), now, account)

    def link(action: Action, stop: int) -> str:
        asked = "" if action is Action.ROUND else f"&action={action.name.lower()}&stop={stop}"
        return f"{ROUNDS}/{run}?lang={lang}{asked}"

    def again() -> Opened:
        return by_account(request, answering_context.context(request, authenticated(request)), run, lang, action, stop)

    return Opened(
        context,
        answers,
        seen,
        language=lang,
        home=f"{ROUNDS}/{run}",
        link=link,
        again=again,
        who="" if who is None else who.actor.reference,
    )
