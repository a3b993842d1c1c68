"""The adapter in front of influxd with the bad days of a server, where a test asks for them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sukusuku_demo import influx_adapter


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered instead of asking the server. `delay` (s) comes first."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Request:
    """A request to write as the adapter got it."""

    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


Trouble = Callable[[Request], Answer | None]
"""Decides over every write: None lets it through."""


class Adapter(influx_adapter.Adapter):
    """`writes` are all requests to write that came."""

    def __init__(self, upstream: int) -> None:
        self.trouble: Trouble | None = None
        self.writes: list[Request] = []
        super().__init__(upstream, handler=_Handler)


class _Handler(influx_adapter.Handler):
    def write(self, query: dict[str, str], body: bytes) -> None:
        """Some writes never reach the server."""
        adapter = self.server.adapter
        assert isinstance(adapter, Adapter)
        request = Request(query, dict(self.headers.items()), body)
        adapter.writes.append(request)
        answer = adapter.trouble(request) if adapter.trouble is not None else None
        if answer is None:
            super().write(query, body)
            return
        time.sleep(answer.delay)
        self.answer(answer.status, answer.headers, answer.body)
