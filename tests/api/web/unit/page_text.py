"""A page as people read it, and the headers of a form that was sent from a page of the server."""

import re

import httpx

OWN = {"sec-fetch-site": "same-origin", "accept": "text/html"}


def text(answer: httpx.Response) -> str:
    """Return the text of a page without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))
