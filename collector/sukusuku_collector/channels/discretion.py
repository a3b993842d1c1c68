"""Takes secrets out of what services and libraries say, before anybody reads it."""

import logging
import re
from urllib.parse import unquote, unquote_plus

_PIECE = re.compile(r"[^\s:/@?&=#,;+]+")
_SHORTEST = 5
"""Characters; what is shorter is no secret, and would be found in any word."""


def without(text: str, secret: str, shown: str = "") -> str:
    """Return a text in which every piece of an address or key is starred; `shown`, such as its host, stays.

    A piece that is written with percent signs is starred in its plain form as well.
    """
    written = _PIECE.findall(secret)
    plain = [decode(piece) for piece in written for decode in (unquote, unquote_plus)]
    pieces = {piece for piece in [*written, *plain] if len(piece) >= _SHORTEST and piece != shown}
    for piece in sorted({secret, *pieces}, key=len, reverse=True):
        text = text.replace(piece, "***")
    return text


def silence(library: str) -> logging.Logger:
    """Keep what a library logs out of every log, because it names addresses; return its logger."""
    found = logging.getLogger(library)
    found.propagate = False
    found.addHandler(logging.NullHandler())  # or Python prints it
    return found
