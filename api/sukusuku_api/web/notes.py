"""What a person sees instead of a page: the way to sign in, that something is not theirs to see, or is not there."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from sukusuku_api import problems
from sukusuku_api.problems import ProblemError
from sukusuku_api.web import base
from sukusuku_core.errors import TransientError
from sukusuku_server.i18n import N_

if TYPE_CHECKING:
    from sukusuku_server.settings import Language

SIGN_IN = "/sign-in"
_API = "/api/"
_TEXTS = {
    HTTPStatus.FORBIDDEN: (
        N_("This is not open to you"),
        N_("Your account has no right to it. Ask whoever manages the accounts at your office."),
    ),
    HTTPStatus.NOT_FOUND: (
        N_("There is nothing here"),
        N_("The address may be mistyped, or what it led to is not there any more."),
    ),
    HTTPStatus.CONFLICT: (
        N_("This cannot be done any more"),
        N_("Somebody has changed it meanwhile. Please go back and look at it again."),
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        N_("This cannot be answered right now"),
        N_("Too much is asked for at once, or the data cannot be read. Please try again in a minute."),
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        N_("This did not work"),
        N_("Something went wrong here. Please tell the administrator; the server's log says what."),
    ),
}
_OTHER = (N_("This did not work"), N_("Nothing was changed. Please go back and try again."))


def install(app: FastAPI) -> None:
    """Answer people with a page and programs with a problem, whatever goes wrong."""

    def answer(kind: type[Exception], problem: Callable[[Request, Any], Response]) -> None:
        @app.exception_handler(kind)
        async def _on_error(request: Request, error: Exception) -> Response:
            told = problem(request, error)
            return note(request, HTTPStatus(told.status_code)) if is_person(request) else told

    answer(ProblemError, lambda _, error: problems.of_problem(error))
    answer(HTTPException, problems.of_http)
    answer(RequestValidationError, lambda _, error: problems.of_invalid(error))
    answer(TransientError, lambda _, __: problems.of_transient())
    answer(Exception, lambda _, __: problems.of_bug())


def is_person(request: Request) -> bool:
    """Whether a browser shows the answer to a person, instead of a script or a program reading it."""
    return not request.url.path.startswith(_API) and "text/html" in request.headers.get("accept", "")


def note(request: Request, status: HTTPStatus) -> Response:
    """Return the page for a status; for whoever has not signed in, the way there and back."""
    language: Language = "en" if request.query_params.get("lang") == "en" else "ja"
    if status is HTTPStatus.UNAUTHORIZED:
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        following = f"&next={quote(back)}" if request.method == "GET" else ""
        return RedirectResponse(f"{SIGN_IN}?lang={language}{following}", HTTPStatus.SEE_OTHER)
    title, text = _TEXTS.get(status, _OTHER)
    values = {
        "language": language,
        "operator": request.app.state.context.facility.operator,
        "error": "",
        "titled": title,
        "text": text,
    }
    html = base.environment(language).get_template("note.html").render(values)
    return HTMLResponse(html, status, headers=base.HEADERS)
