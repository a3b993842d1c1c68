"""Sign out: here, and at the OpenID provider by which a session began."""

from http import HTTPStatus

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from sukusuku_api import routes
from sukusuku_api.access import session_cookie
from sukusuku_api.dependencies import Context, PublicContext
from sukusuku_api.web import base, forms
from sukusuku_api.web.sign_in.page import PATH, authentication, provider, shown

router = APIRouter(include_in_schema=False)


def install(app: FastAPI) -> None:
    """Add the form's address."""
    routes.add(app, router)


@router.post("/sign-out")
def sign_out(request: Request, context: PublicContext, lang: base.Lang = "ja") -> Response:
    """Sign out on this device, and at the provider by which the session began.

    A page leads there, and no redirect: where a form leads to is limited to this server.
    """
    known, then = authentication(request), None
    answer: Response = RedirectResponse(f"{PATH}?lang={lang}", HTTPStatus.SEE_OTHER, headers=forms.HEADERS)
    if not forms.is_own(request):
        return answer
    session = known.session(request)
    if session is not None:
        then = _end_at_provider(request, context, known.sessions.id_token(session.id))
        known.sessions.end(session.id)
        known.forget()
    if then is not None:
        answer = shown(context, lang, "signed_out.html", {"then": then, "error": ""})
    answer.headers.append("set-cookie", session_cookie.header(known.cookie, "", secure=known.secure))
    return answer


def _end_at_provider(request: Request, context: Context, id_token: str | None) -> str | None:
    """Return where the provider ends its own session; None: it did not begin this one, or offers no such place."""
    known = provider(request)
    if known is None or id_token is None:
        return None
    return known.end_session(id_token, f"{context.facility.web.url.rstrip('/')}{PATH}")
