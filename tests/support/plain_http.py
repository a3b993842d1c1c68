"""Clients of servers on loopback that speak plain HTTP."""

import ssl

import httpx

from tests.support.patience import PATIENCE

_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""A client reads all certificates of the machine otherwise, which takes longer than most of its questions."""


def plain_client(url: str, cookies: dict[str, str] | None = None) -> httpx.Client:
    """Return a client of a server; nothing of it is encrypted."""
    return httpx.Client(base_url=url, timeout=PATIENCE, cookies=cookies, verify=_NO_CERTIFICATES)
