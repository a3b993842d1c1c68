"""Asking the server over HTTP."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

from sukusuku_core.errors import ConfigError, PermanentError, TransientError

_SECONDS = 15
_LARGEST = 200_000
"""Bytes of an answer."""

Ask = Callable[[str, bytes], bytes]
"""Posts JSON to an address and returns the answer. Raises TransientError or PermanentError with its words."""


def ask_by_http(authority: Path | None) -> Ask:
    """Return how a server is asked. `authority`: PEM that its certificate is checked by; None: the system's."""

    def ask(url: str, body: bytes) -> bytes:
        if not url.startswith(("http://", "https://")):
            raise ConfigError(f"{url}: expected an address such as https://sukusuku.example.jp")
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - looked at above
        context = _context(authority) if url.startswith("https://") else None
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS, context=context) as answer:  # noqa: S310
                found: bytes = answer.read(_LARGEST)
                return found
        except urllib.error.HTTPError as error:
            raise PermanentError(f"{url}: status {error.code}: {_detail(error.read(_LARGEST))}") from error
        except OSError as error:
            raise TransientError(f"{url}: no answer: {getattr(error, 'reason', error)}") from error
        except HTTPException as error:
            raise PermanentError(f"{url}: what answers there is no Sukusuku server: {error!r}") from error

    return ask


def _context(authority: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise ConfigError(f"--ca {authority}: expected certificates as PEM: {error}") from error


def _detail(body: bytes) -> str:
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return "it does not say why"
