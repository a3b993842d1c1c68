"""Asks the address of a feed."""

import urllib3

from sukusuku_collector.channels.exchange import Exchange
from sukusuku_core.errors import TransientError
from sukusuku_server.bookings.file import LARGEST
from sukusuku_server.settings import Feed

_TAKEN = 200
_RETRIES = urllib3.Retry(3, connect=0, read=0, status=0, other=0, redirect=3)
"""Follow where the address leads; the next look is the next try."""


def exchange(feed: Feed) -> Exchange:
    """Return what asks this feed."""
    return Exchange(feed.timeout, LARGEST, feed.ca_file, retries=_RETRIES)


def fetch(feed: Feed, way: Exchange) -> bytes:
    """Return what the address answers. Raises TransientError."""
    answer = way.ask("GET", feed.url.reveal())
    if answer.status != _TAKEN:
        raise TransientError(f"answered {answer.status}")
    return answer.content
