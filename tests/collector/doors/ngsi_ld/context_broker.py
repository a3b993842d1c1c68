"""A context broker that keeps what it is told, as ETSI GS CIM 009 says of a batch upsert, and checks its form."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

UPSERT = "/ngsi-ld/v1/entityOperations/upsert?options=replace"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass
class ContextBroker:
    """`refuses` are ids that it does not take; `status`: answers so, with `said`, and takes nothing."""

    entities: dict[str, dict[str, Any]] = field(default_factory=dict)
    headers: list[dict[str, str]] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    status: int | None = None
    said: bytes = b"not now"
    url: str = ""

    def take(self, body: bytes) -> tuple[int, bytes]:
        """Answer a batch."""
        batch = msgspec.json.decode(body)
        self.batches.append(len(batch))
        errors = []
        for it in batch:
            wrong = "refused" if it["id"] in self.refuses else mistake(it)
            if wrong:
                errors.append({"entityId": it["id"], "error": {"title": wrong}})
            else:
                self.entities[it["id"]] = it
        if errors:
            return 207, msgspec.json.encode({"success": [], "errors": errors})
        return 201, msgspec.json.encode(sorted(it["id"] for it in batch))


def mistake(entity: dict[str, Any]) -> str:
    """What is wrong with an entity in normalized form; '' when nothing is."""
    (context,) = entity["@context"]
    if not entity["id"].startswith("urn:ngsi-ld:"):
        return "id"
    terms = {it for it in entity if it not in {"id", "type", "@context", "location"}} | {entity["type"]}
    if not terms <= context.keys():
        return f"terms without a meaning: {terms - context.keys()}"
    for name, it in entity.items():
        if name in {"id", "type", "@context"}:
            continue
        if it["type"] not in {"Property", "GeoProperty"} or it["value"] is None:
            return name
        times = [it["observedAt"]] if "observedAt" in it else []
        times += [it["value"]["@value"]] if isinstance(it["value"], dict) and "@value" in it["value"] else []
        if not all(TIME.fullmatch(time) for time in times):
            return f"{name}: {times}"
    return ""


@contextmanager
def serving() -> Iterator[ContextBroker]:
    """Yields one on a free loopback port."""
    broker = ContextBroker()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            broker.headers.append(dict(self.headers.items()))
            status, answer = (404, b"") if self.path != UPSERT else broker.take(body)
            if broker.status is not None:
                status, answer = broker.status, broker.said
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    broker.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield broker
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
