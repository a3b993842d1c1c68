"""Takes secrets out of what services and libraries say, before anybody reads it. Pure."""

import re

_PIECE = re.compile(r"[^\s:/@?&=#,;+]+")
_SHORTEST = 5
"""Characters; what is shorter is no secret, and would be found in any word."""


def without(text: str, secret: str, shown: str = "") -> str:
    """Return a text in which every piece of an address or key is starred; `shown`, such as its host, stays."""
    pieces = {piece for piece in _PIECE.findall(secret) if len(piece) >= _SHORTEST and piece != shown}
    for piece in sorted({secret, *pieces}, key=len, reverse=True):
        text = text.replace(piece, "***")
    return text
