"""Asks the address of a feed, with urllib3. Errors do not show the address: it may hold a key."""

import ssl

import urllib3
from urllib3.exceptions import HTTPError

from sukusuku_core.errors import TransientError
from sukusuku_server.bookings.file import LARGEST
from sukusuku_server.settings import Feed

_TAKEN = 200
_RETRIES = urllib3.Retry(3, connect=0, read=0, status=0, other=0, redirect=3)
"""Follow where the address leads; the next look is the next try."""


def fetch(feed: Feed) -> bytes:
    """Return what the address answers. Raises TransientError."""
    context = ssl.create_default_context(cafile=feed.ca_file)
    pool = urllib3.PoolManager(1, timeout=feed.timeout, ssl_context=context)
    try:
        answer = pool.request("GET", feed.url.reveal(), preload_content=False, retries=_RETRIES)
        content = answer.read(LARGEST + 1)
        answer.release_conn()
    except (HTTPError, OSError) as error:
        raise TransientError(type(getattr(error, "reason", None) or error).__name__) from None
    finally:
        pool.clear()
    if answer.status != _TAKEN:
        raise TransientError(f"answered {answer.status}")
    return content
