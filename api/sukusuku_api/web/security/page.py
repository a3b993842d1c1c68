"""`/people/security`: what happened lately that somebody responsible for security should see."""

from collections.abc import Iterator

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse

from sukusuku_api import routes
from sukusuku_api.certificates import late_certificates
from sukusuku_api.dependencies import AuditContext
from sukusuku_api.health import health
from sukusuku_api.schemas.health import EdgeOut, HealthOut
from sukusuku_api.web import base, desk
from sukusuku_api.web.people.action_texts import EVENTS
from sukusuku_api.web.people.page import PATH as PEOPLE
from sukusuku_api.web.security import texts
from sukusuku_core.time import japan_time
from sukusuku_server.db.audit_log import AuditLog
from sukusuku_server.i18n import Translate

PATH = f"{PEOPLE}/security"
SHOWN = 100

router = APIRouter(include_in_schema=False)


def install(app: FastAPI) -> None:
    """Add the page."""
    routes.add(app, router)


@router.get(PATH)
def security(context: AuditContext, lang: base.Lang = "ja") -> HTMLResponse:
    """Return the page: what is wrong at the broker now, and the newest events of accounts and keys."""
    translate, found = base.texts(lang).gettext, health(context)
    entries = AuditLog(context.operations).newest(SHOWN, actions=EVENTS)
    values = {
        "warnings": [*warnings(found, translate), *(f"{said} {cure}" for said, cure in late_certificates(found, lang))],
        "events": [
            (f"{japan_time(entry.time):%Y-%m-%d %H:%M}", translate(EVENTS[entry.action]), entry) for _, entry in entries
        ],
    }
    return desk.page(context, lang, "security.html", PEOPLE, values)


def warnings(health: HealthOut, translate: Translate) -> Iterator[str]:
    """Yield what is known of forgery at the broker, and of edge nodes that believe everybody; the worst first."""
    for edge in health.edges:
        if edge.duplicate:
            yield translate(texts.TWO_NODES) % {"edge": edge.id}
        if edge.proofs is not None and edge.proofs.refused:
            yield translate(texts.FORGED_ACKNOWLEDGEMENTS) % {"edge": edge.id, "count": edge.proofs.refused}
    for count, text in ((health.foreign.claims, texts.FOREIGN_CLAIMS), (health.foreign.states, texts.FOREIGN_STATES)):
        if count:
            yield translate(text) % {"count": count}
    for edge in health.edges:
        if text := _without_proof(edge):
            yield translate(text) % {"edge": edge.id}


def _without_proof(edge: EdgeOut) -> str:
    if edge.proofs is None or edge.proofs.state == "proved":
        return ""
    return texts.UNKNOWN_KEY if edge.proofs.state == "unknown_key" else texts.NO_KEY
