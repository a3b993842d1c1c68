"""Forms on pages: what the page's headers must allow, whether a form comes from here, its fields."""

from urllib.parse import parse_qs

from fastapi import Request

from sukusuku_api.web import base

LARGEST = 4096
"""Bytes of a form."""
HEADERS = {
    **base.HEADERS,
    "Content-Security-Policy": base.HEADERS["Content-Security-Policy"].replace(
        "form-action 'none'", "form-action 'self'"
    ),
    "Referrer-Policy": "same-origin",  # without a referrer, browsers send forms with the origin `null`
}


def is_own(request: Request) -> bool:
    """Whether a form was sent from a page of this server, as browsers tell. What is no browser tells nothing.

    `Sec-Fetch-Site` comes over HTTPS and from the own machine only; over plain HTTP the origin must be the host asked.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site == "same-origin"
    return origin is None or origin.partition("://")[2] == request.headers.get("host")


async def fields(request: Request) -> dict[str, str] | None:
    """The fields of a form; None: it is larger than any of these pages."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return {name: found[0] for name, found in parse_qs(body.decode("utf-8", "replace")).items()}
