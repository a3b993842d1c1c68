"""By which way somebody has come to a round, and what they are told when the way leads nowhere."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from sukusuku_api.dependencies import Context
from sukusuku_api.web import base
from sukusuku_core.errors import TransientError
from sukusuku_server.mail.signed_tokens import ForgedLinkError
from sukusuku_server.rounds.answers import Answers, ClosedRoundError, Seen
from sukusuku_server.rounds.signed_links import Action, ExpiredLinkError
from sukusuku_server.settings import Language

_KINDS: dict[type[Exception], tuple[str, HTTPStatus]] = {
    ForgedLinkError: ("forged", HTTPStatus.NOT_FOUND),
    ExpiredLinkError: ("expired", HTTPStatus.GONE),
    ClosedRoundError: ("closed", HTTPStatus.CONFLICT),
    TransientError: ("later", HTTPStatus.SERVICE_UNAVAILABLE),
}
ROUNDS = "/rounds"
"""Where the rounds of today are, for whoever has signed in."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A round as whoever has come sees it. `home` is the address of its page, `link` gives those of its actions.

    `again` opens the same once more, by the settings and rights of then; it raises as opening does.
    """

    context: Context
    answers: Answers
    seen: Seen
    language: Language
    home: str
    link: Callable[[Action, int], str]
    again: "Callable[[], Opened]"
    who: str
    """Tells whose this is from others, for counting."""


class NoWayError(Exception):
    """The way leads nowhere: `kind` names the page that says why."""

    def __init__(self, kind: str, status: HTTPStatus, language: Language) -> None:
        super().__init__(kind)
        self.kind, self.status, self.language = kind, status, language


@contextlib.contextmanager
def told(language: Language) -> Iterator[None]:
    """Raise NoWayError for whatever of a round cannot be shown or recorded."""
    try:
        yield
    except tuple(_KINDS) as error:
        kind, status = next(found for known, found in _KINDS.items() if isinstance(error, known))
        raise NoWayError(kind, status, language) from error


def install(app: FastAPI) -> None:
    """Answer with a page in words where a way leads nowhere."""

    @app.exception_handler(NoWayError)
    def _note(_: Request, error: NoWayError) -> HTMLResponse:
        values = {
            "kind": error.kind,
            "language": error.language,
            "other": "en" if error.language == "ja" else "ja",
        }
        page = base.environment(error.language).get_template("answer_note.html").render(values)
        return HTMLResponse(page, error.status, headers=HEADERS)
