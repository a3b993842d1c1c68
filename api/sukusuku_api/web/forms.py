"""Forms on pages: what the page's headers must allow, whether a form comes from here, fields of one line."""

from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Request
from pydantic import AfterValidator

from sukusuku_api.dependencies import Context
from sukusuku_api.web import base

if TYPE_CHECKING:
    from sukusuku_api.access.authentication import Authentication

HEADERS = {
    **base.HEADERS,
    "Content-Security-Policy": base.HEADERS["Content-Security-Policy"].replace(
        "form-action 'none'", "form-action 'self'"
    ),
    "Referrer-Policy": "same-origin",  # without a referrer, browsers send forms with the origin `null`
}


def is_own(request: Request) -> bool:
    """Whether a form was sent from a page of this server, as browsers tell. What is no browser tells nothing."""
    told = "sec-fetch-site" in request.headers or "origin" in request.headers
    return not told or cast("Authentication", request.app.state.authentication).is_same_origin(request)


def by(context: Context, typed: str) -> str:
    """Return who sends a form: the account, or what was typed where several people share one."""
    return typed if context.principal is None or context.principal.shared else context.principal.name


def line(text: str) -> str:
    """Return a field of one line: white space in order, without what cannot be printed."""
    return "".join(char for char in " ".join(text.split()) if char.isprintable())


Line = Annotated[str, AfterValidator(line)]
"""A field of one line: white space is put in order, and what cannot be printed is left out."""
