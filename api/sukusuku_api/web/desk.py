"""What every page of the office has in common: who looks at it, its language, its headers."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi.responses import HTMLResponse

from sukusuku_api.dependencies import Context
from sukusuku_api.reports.collection import words
from sukusuku_api.web import base, forms
from sukusuku_core.time import local_day
from sukusuku_server.settings import Language


def page(
    context: Context,
    language: Language,
    template: str,
    path: str,
    values: Mapping[str, object],
    status: HTTPStatus = HTTPStatus.OK,
) -> HTMLResponse:
    """Return a page made from a template that extends `desk.html`; `path` is its own, to which its forms lead."""
    common = {
        "refresh": None,
        "facility": context.facility,
        "who": context.principal,
        "language": language,
        "path": path,
        "deriving": _deriving(context),
    }
    html = base.environment(language).get_template(template).render({**common, **values})
    return HTMLResponse(html, status, headers=forms.HEADERS)


def _deriving(context: Context) -> str:
    """Return up to which day the past is derived, as people say it; empty: all of it is."""
    until = context.derived_until()
    return "" if until is None else words.day(local_day(until))
