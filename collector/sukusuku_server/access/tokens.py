"""Random tokens: of sessions, keys and links. Only their digest is kept, so a copy of the database opens nothing."""

import hashlib
import secrets

_BYTES = 32
START = 8
"""Characters by which people tell keys apart."""


def new() -> str:
    """Return a token that nobody can guess, of 43 characters that need no quoting in an address."""
    return secrets.token_urlsafe(_BYTES)


def digest(token: str) -> str:
    """Return what is kept of a token. It needs no slow hash: it is as long as what it would protect."""
    return hashlib.sha256(token.encode()).hexdigest()
