"""The pages behind the links of round mails: for phones, without an account; nothing needs a script.

A GET shows and never acts, because mail scanners follow links; only a POST records. The token in the address is all the
authority there is, so it is not logged, not cached and not told to other hosts.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, cast

from fastapi import APIRouter, FastAPI, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sukusuku_api.dependencies import Context, PublicContext
from sukusuku_api.web.base import LANGUAGES, environment
from sukusuku_core.errors import TransientError
from sukusuku_server.i18n import texts
from sukusuku_server.mail.signed_tokens import ForgedLinkError
from sukusuku_server.model.rounds import Answer
from sukusuku_server.rounds.answers import LONGEST_NOTE, Answers, ClosedRoundError, Seen
from sukusuku_server.rounds.signed_links import PATH, Action, ExpiredLinkError
from sukusuku_server.rounds.texts import RoundWords, Speech, StopWords
from sukusuku_server.settings import Language

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}
_BACK = {action.name.lower(): action for action in Action}

router = APIRouter(include_in_schema=False, prefix=PATH)

Lang = Annotated[Language | None, Query(alias="lang")]


@dataclass(frozen=True, slots=True)
class _Page:
    """What a template shows. `stop` is the one that the link is about, `following` the next one without an answer."""

    seen: Seen
    words: RoundWords
    speech: Speech
    language: Language
    stop: StopWords | None
    following: StopWords | None
    who: str


def install(app: FastAPI) -> None:
    """Add the pages, and load their texts and templates now: a broken one should show at the start."""
    for language in LANGUAGES:
        for template in ("answer_round.html", "answer_stop.html", "answer_note.html"):
            environment(language).get_template(template)
    app.include_router(router)


def prepare(app: FastAPI) -> None:
    """Record answers where the application's data is."""
    context: Context = app.state.context
    app.state.answers = Answers(context.index, context.timetables, context.operations)


@router.get("/{token}")
def show(request: Request, context: PublicContext, token: str, lang: Lang = None) -> HTMLResponse:
    """Return the page of a link. Nothing is recorded."""
    answers = _answers(request)
    try:
        seen = _seen(answers, context, token)
        return _shown(answers, context, seen, lang)
    except (ForgedLinkError, ExpiredLinkError, TransientError) as error:
        return _note(error, lang)


@router.post("/{token}")
def act(
    request: Request,
    context: PublicContext,
    token: str,
    lang: Lang = None,
    note: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    """Record what the link says, then lead back to a page that shows it, so that a reload repeats nothing."""
    try:
        answers = _answers(request)
        seen = _seen(answers, context, token)
        answers.act(seen, context.clock(), note)
        return _back(answers, seen, token, lang, _BACK.get(back, seen.claim.action))
    except (ForgedLinkError, ExpiredLinkError, ClosedRoundError, TransientError) as error:
        return _note(error, lang)


def _back(answers: Answers, seen: Seen, token: str, lang: Language | None, page: Action) -> RedirectResponse:
    stop = seen.claim.stop
    target = token
    if page is Action.ROUND or not stop:
        target = answers.token(seen.claim, Action.ROUND)
    elif page is not seen.claim.action:
        target = answers.token(seen.claim, page, stop)
    anchor = f"#stop-{stop}" if page is Action.ROUND and stop else ""
    query = "" if lang is None else f"?lang={lang}"
    return RedirectResponse(f"{PATH}/{target}{query}{anchor}", HTTPStatus.SEE_OTHER, headers=HEADERS)


def _seen(answers: Answers, context: Context, token: str) -> Seen:
    now = context.clock()
    return answers.see(answers.read(token, now), context.store.live.latest(), now)


def _shown(answers: Answers, context: Context, seen: Seen, lang: Language | None) -> HTMLResponse:
    own: Language = "en" if seen.person is not None and seen.person.language == "en" else "ja"
    language: Language = lang or own
    sheet = seen.sheets(language)
    speech = Speech(sheet, texts("sukusuku_server", language), context.facility.web.map_link)
    words = speech.round()
    every = (*words.stops, *words.unmet, *words.others)
    stop = next((found for found in every if found.line.id == seen.claim.stop), None)
    page = _Page(
        seen=seen,
        words=words,
        speech=speech,
        language=language,
        stop=stop,
        following=next(
            (found for found in words.stops if found.line.answer is Answer.NONE and found is not stop), None
        ),
        who=seen.who,
    )
    template = "answer_round.html" if stop is None else "answer_stop.html"
    query = "" if lang is None else f"?lang={lang}"

    def link(action: str, ident: int = 0) -> str:
        return f"{PATH}/{answers.token(seen.claim, Action[action.upper()], ident)}{query}"

    values = {
        "page": page,
        "sheet": sheet,
        "words": words,
        "action": seen.claim.action.name.lower(),
        "state": seen.state.value,
        "link": link,
        "language": language,
        "other": "en" if language == "ja" else "ja",
        "longest_note": LONGEST_NOTE,
    }
    return HTMLResponse(environment(language).get_template(template).render(values), headers=HEADERS)


def _note(error: Exception, lang: Language | None) -> HTMLResponse:
    """Return a page in words for a link that leads nowhere."""
    kinds: dict[type[Exception], tuple[str, HTTPStatus]] = {
        ExpiredLinkError: ("expired", HTTPStatus.GONE),
        ClosedRoundError: ("closed", HTTPStatus.CONFLICT),
        TransientError: ("later", HTTPStatus.SERVICE_UNAVAILABLE),
    }
    kind, status = kinds.get(type(error), ("forged", HTTPStatus.NOT_FOUND))
    language: Language = lang or "ja"
    values = {"kind": kind, "language": language, "other": "en" if language == "ja" else "ja"}
    page = environment(language).get_template("answer_note.html").render(values)
    return HTMLResponse(page, status, headers=HEADERS)


def _answers(request: Request) -> Answers:
    return cast("Answers", request.app.state.answers)
