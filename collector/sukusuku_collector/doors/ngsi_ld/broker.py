"""A context broker over HTTP. Blocking."""

from collections.abc import Sequence
from typing import Any

import msgspec

from sukusuku_collector.channels.exchange import Exchange
from sukusuku_collector.doors.ngsi_ld.entities import CONTEXT, Entity
from sukusuku_core.errors import TransientError
from sukusuku_server.settings import NgsiLd

UPSERT = "/ngsi-ld/v1/entityOperations/upsert?options=replace"
MOST = 100
"""Entities of one request; brokers bound it, the usual bound is 1000."""
LARGEST = 1_000_000
"""Bytes of an answer. A broker that refuses each entity of a request with a page of text stays below it."""
_WORDS = 300
_REDIRECT, _MULTI = 300, 207


class _Refusal(msgspec.Struct, frozen=True):
    """A BatchEntityError. `error`: its ProblemDetails; some brokers send other things."""

    entity: str = msgspec.field(name="entityId")
    error: Any = None


class _Result(msgspec.Struct, frozen=True):
    """What matters of a BatchOperationResult."""

    errors: tuple[_Refusal, ...] | None = None


class Broker:
    """One context broker. Not for several threads, but for `stop`."""

    def __init__(self, settings: NgsiLd) -> None:
        self._url = settings.url.rstrip("/") + UPSERT
        self._headers = {"Content-Type": "application/ld+json", "Accept": "application/json"}
        if settings.token is not None:
            self._headers["Authorization"] = f"Bearer {settings.token.reveal()}"
        if settings.tenant is not None:
            self._headers["NGSILD-Tenant"] = settings.tenant
        self._exchange = Exchange(settings.timeout, LARGEST, settings.ca_file, retries=False)
        self.stop = self._exchange.stop

    @property
    def stopped(self) -> bool:
        """Whether nobody is told any more."""
        return self._exchange.stopped

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
            answer = self._exchange.ask("POST", self._url, body, self._headers)
        except TransientError as error:
            raise TransientError(f"the context broker does not answer: {error}") from error
        if answer.status == _MULTI:
            return _refused(answer.content)
        if answer.status >= _REDIRECT:
            said = answer.content[:_WORDS].decode("utf-8", "replace")
            raise TransientError(f"the context broker answers {answer.status}: {said}")
        return {}


def _refused(body: bytes) -> dict[str, str]:
    """Return what a BatchOperationResult says of errors."""
    try:
        errors = msgspec.json.decode(body, type=_Result).errors or ()
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TransientError(f"the context broker answers 207 with something else than a result: {error}") from error
    return {it.entity: msgspec.json.encode(it.error).decode()[:_WORDS] for it in errors}
