"""Requests that are handed to an application in memory, so that nothing but the answer costs processor time."""

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.types import Message, Scope


async def ask(app: FastAPI, host: str, path: str, query: str = "", headers: Sequence[tuple[bytes, bytes]] = ()) -> int:
    """Ask for a page; return how many bytes the answer has."""
    scope: Scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(b"host", host.encode()), *headers], "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8000), "state": {},
    }  # fmt: skip
    size = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal size
        if message["type"] == "http.response.start":
            assert message["status"] == 200, message
        else:
            size += len(message.get("body", b""))

    await app(scope, receive, send)
    return size
