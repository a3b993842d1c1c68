"""Connect one's own account with the person that one is at the OpenID provider, or end that."""

from typing import Annotated

from fastapi import APIRouter, FastAPI, Form, Request
from fastapi.responses import Response

from sukusuku_api import routes
from sukusuku_api.access.oidc import flow as flows
from sukusuku_api.access.oidc.errors import ProviderAwayError
from sukusuku_api.access.sign_in import Refusal, SignInError
from sukusuku_api.web import base
from sukusuku_api.web.account.page import PATH, Entry, OwnContext, back, not_proved, own_account, shown
from sukusuku_api.web.sign_in import page as sign_in
from sukusuku_api.web.sign_in import provider
from sukusuku_api.web.sign_in.texts import refused
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants

router = APIRouter(include_in_schema=False, prefix=f"{PATH}/provider")


def install(app: FastAPI) -> None:
    """Add the forms' addresses."""
    routes.add(app, router)


@router.post("")
def connect(request: Request, context: OwnContext, entry: Annotated[Entry, Form()], lang: base.Lang = "ja") -> Response:
    """Lead to the provider; whoever comes back is this account from then on. It takes the password.

    A page leads there, and no redirect: where a form leads to is limited to this server.
    """
    own, known = own_account(context), provider.known(request)
    if unproved := not_proved(request, context, entry, base.texts(lang).gettext):
        return shown(request, context, lang, unproved)
    flow = flows.begin(f"{PATH}?lang={lang}", lang, context.clock(), own.id)
    try:
        address = known.address(flow)
    except ProviderAwayError:
        return shown(request, context, lang, refused(SignInError(Refusal.AWAY), base.texts(lang).gettext))
    answer = sign_in.shown(context, lang, "leaving.html", {"then": address, "error": ""})
    answer.headers.append("set-cookie", provider.cookie(request, flows.written(flow)))
    return answer


@router.post("/off")
def disconnect(
    request: Request, context: OwnContext, entry: Annotated[Entry, Form()], lang: base.Lang = "ja"
) -> Response:
    """End the connection, and with it the roles that the provider gave. It takes the password, which is left then."""
    own, now = own_account(context), context.clock()
    if unproved := not_proved(request, context, entry, base.texts(lang).gettext):
        return shown(request, context, lang, unproved)
    with context.operations.together():
        Accounts(context.operations).set_subject(own.id, "", now, own.name)
        Grants(context.operations).renew(own.id, frozenset(), now)
    sign_in.authentication(request).forget()
    return back(lang)
