"""People who try the demo sign in by themselves: as an office manager, and on a page as anybody else.

Only from this machine, and only in the demo: `sukusuku api` knows nothing of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from importlib.resources import files
from ipaddress import ip_address
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader
from starlette.requests import HTTPConnection

from sukusuku_api.access import principal
from sukusuku_api.access.principal import Principal
from sukusuku_api.app import create_app
from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.clock import now_ms
from sukusuku_server.access.records import Account
from sukusuku_server.access.rights import Role
from sukusuku_server.db import Operations
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.settings import Facility, Language

PATH = "/demo"
COOKIE = "sukusuku-demo"
_BY = "demo"


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody as whom the product is looked at. `page` is where they begin; `site` is theirs, None: all are."""

    id: str
    ja: str
    en: str
    page: str
    role: Role | None
    site: str | None = None
    partner: bool = False


PERSONAS = (
    Persona("office", "区役所 担当", "Office manager", "/collection", Role.ADMIN),
    Persona("staff", "東部センター 職員", "Staff, Tobu centre", "/rooms", Role.STAFF, "tobu"),
    Persona("crew", "回収担当", "Collection crew", "/rounds", Role.CREW),
    Persona("partner", "池袋保健所（協力機関）", "Health centre (partner)", "/wall", Role.VIEWER, "tobu", partner=True),
    Persona("parent", "保護者", "Parent", "/vacancy", None),
)


def make(facility: Facility, store: LazyStore, operations: Operations) -> FastAPI:
    """Return the application, in which requests from this machine come from a persona."""
    accounts = _accounts(operations)
    grants = Grants(operations)

    def visitor(request: HTTPConnection) -> Principal | None:
        if request.client is None or not (_is_loopback(request.client.host) and _is_loopback(request.url.hostname)):
            return None
        account = accounts.get(request.cookies.get(COOKIE, PERSONAS[0].id))
        if account is None:
            return None
        found = principal.of_account(account, grants.of(account), now_ms(), request.client.host, None)
        return replace(found, switch=PATH)

    app = create_app(facility, store, operations, visitor=visitor)
    app.include_router(router)
    return app


router = APIRouter(include_in_schema=False, prefix=PATH)


@router.get("")
def switch(
    request: Request, lang: Language = "ja", to: Annotated[str, Query(alias="as", max_length=20)] = ""
) -> Response:
    """Return the page of personas; with `as`, become one and go where they begin."""
    chosen = next((persona for persona in PERSONAS if persona.id == to), None)
    if chosen is not None:
        answer = RedirectResponse(f"{chosen.page}?lang={lang}", HTTPStatus.SEE_OTHER)
        answer.set_cookie(COOKIE, chosen.id, httponly=True, samesite="lax")
        return answer
    now = request.cookies.get(COOKIE, PERSONAS[0].id)
    values = {"personas": PERSONAS, "language": lang, "now": now}
    return HTMLResponse(_template().get_template("personas.html").render(values))


def _template() -> Environment:
    with_folder = FileSystemLoader(str(files("sukusuku_demo") / "templates"))
    return Environment(loader=with_folder, autoescape=True, trim_blocks=True, lstrip_blocks=True)


def _accounts(operations: Operations) -> Mapping[str, Account]:
    """Return the account of each persona that has one, made at the first start."""
    book, grants, now = Accounts(operations), Grants(operations), now_ms()
    accounts: dict[str, Account] = {}
    for persona in PERSONAS:
        if persona.role is None:
            continue
        login = f"{persona.id}@demo.example"
        known = book.by_login(login)
        if known is None:
            whose = book.add_organisation(persona.ja, now, _BY).id if persona.partner else None
            known = book.add(login, persona.ja, now, _BY, organisation=whose)
            to = {"organisation": whose} if whose is not None else {"account": known.id}
            grants.give(persona.role, persona.site, now, _BY, **to)
        accounts[persona.id] = known
    return accounts


def _is_loopback(host: str | None) -> bool:
    """Whether a host is this machine; as the name that was asked for, so that no page of another site leads here."""
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
