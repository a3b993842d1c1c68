"""A context broker over HTTP, with urllib3. Blocking."""

import ssl
from collections.abc import Sequence
from typing import Any

import msgspec
import urllib3
from urllib3.exceptions import HTTPError

from sukusuku_collector.doors.ngsi_ld.entities import CONTEXT, Entity
from sukusuku_core.errors import TransientError
from sukusuku_server.settings import NgsiLd

UPSERT = "/ngsi-ld/v1/entityOperations/upsert?options=replace"
MOST = 100
"""Entities of one request; brokers bound it, the usual bound is 1000."""
_WORDS = 300
_REDIRECT, _MULTI = 300, 207


class Broker:
    """One context broker. Not for several threads."""

    def __init__(self, settings: NgsiLd) -> None:
        self._url = settings.url.rstrip("/")
        self._headers = {"Content-Type": "application/ld+json", "Accept": "application/json"}
        if settings.token is not None:
            self._headers["Authorization"] = f"Bearer {settings.token.reveal()}"
        if settings.tenant is not None:
            self._headers["NGSILD-Tenant"] = settings.tenant
        context = ssl.create_default_context(cafile=settings.ca_file)
        self._pool = urllib3.PoolManager(1, timeout=settings.timeout, retries=False, ssl_context=context)

    def tell(self, entities: Sequence[Entity]) -> dict[str, str]:
        """Create entities, or replace them; return why the broker has refused some, by id.

        Raises TransientError when it does not answer, or takes none.
        """
        refused: dict[str, str] = {}
        for start in range(0, len(entities), MOST):
            refused |= self._upsert(entities[start : start + MOST])
        return refused

    def _upsert(self, entities: Sequence[Entity]) -> dict[str, str]:
        body = msgspec.json.encode([{**it, "@context": [CONTEXT]} for it in entities])
        try:
            answer = self._pool.request("POST", self._url + UPSERT, body=body, headers=self._headers, redirect=False)
        except (HTTPError, OSError) as error:
            raise TransientError(f"{self._url}: the context broker does not answer: {error}") from error
        said = answer.data[:_WORDS].decode("utf-8", "replace")
        if answer.status == _MULTI:
            return _refused(answer.data)
        if answer.status >= _REDIRECT:
            raise TransientError(f"{self._url}: the context broker answers {answer.status}: {said}")
        return {}

    def close(self) -> None:
        """Give back the connection."""
        self._pool.clear()


def _refused(body: bytes) -> dict[str, str]:
    """Return what a BatchOperationResult says of errors."""
    try:
        errors: list[dict[str, Any]] = msgspec.json.decode(body).get("errors") or []
    except (msgspec.DecodeError, AttributeError) as error:
        raise TransientError(f"the context broker answers 207 with something else than a result: {error}") from error
    return {str(it.get("entityId")): msgspec.json.encode(it.get("error")).decode()[:_WORDS] for it in errors}
