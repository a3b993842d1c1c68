"""What our code says to an InfluxDB and hears from it: the same for all versions, or the collector has to know why.

`python -m tests.server.timeseries.influx.dialogue URL` holds the dialogue with a running server and writes its answers
to tests/fixtures/influxdb/VERSION.json; test_versions.py holds it again with what is written there. The server needs
four empty buckets: sukusuku/raw, sukusuku/5m, sukusuku/daily, which keep everything, and sukusuku/short of 30 days.
A token, or USER:PASSWORD, is taken from SUKUSUKU_INFLUX_TOKEN; it does not get into the file.
"""

import os
import sys
import time
from collections import deque
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from sukusuku_core.errors import TransientError
from sukusuku_core.time import DAY_MS
from sukusuku_demo import influx_adapter
from sukusuku_server.settings.influx import Influx
from sukusuku_server.timeseries.influx.query import Query
from sukusuku_server.timeseries.influx.writer import Writer

FOLDER = Path(__file__).parents[3] / "fixtures" / "influxdb"
ORG = "sukusuku"
ROOMS = "\"kind\" = 'room'"


class Exchange(msgspec.Struct, frozen=True):
    """A request of ours (`asked`: path, query and body in one text) and what was answered."""

    asked: str
    status: int
    headers: dict[str, str]
    body: str


class Recorded(msgspec.Struct, frozen=True):
    """All of a dialogue. `now`: UTC ms of its beginning."""

    version: str
    now: int
    exchanges: list[Exchange]


def hold(settings: Influx, now: int) -> dict[str, object]:
    """Hold the dialogue; return what our code makes of it, by what it was about."""
    query, writer = Query(settings), Writer(settings)
    raw, source = settings.bucket("raw"), query.source("raw", "reading")
    lines = [f"reading,asset={kind},kind={kind} value={number} {now}" for number, kind in enumerate(("room", "unit"))]
    expired = [f"reading,asset=unit value={age} {now - age * DAY_MS}" for age in (60, 0)]
    found: dict[str, object] = {}

    def values() -> list[object]:
        tables = query.ask(f"SELECT * FROM {source}", "raw")  # noqa: S608 - no SQL
        return [row["asset"] for table in tables for row in table.rows()]

    try:
        found["write"] = writer.write(raw, lines)
        found["write again"] = writer.write(raw, lines)
        found["read"] = values()
        found["type conflict"] = writer.write(raw, [f'reading,asset=unit,kind=unit value="text" {now + 1}'])
        found["expired"] = writer.write(settings.bucket("short"), expired)
        tables = query.ask(f'SELECT "value" FROM {query.source("short", "reading")}', "short")  # noqa: S608 - no SQL
        found["not expired"] = [row["value"] for table in tables for row in table.rows()]
        found["no line protocol"] = writer.write(raw, ["nonsense"])
        try:
            found["no bucket"] = writer.write("nowhere/raw", lines)
        except TransientError as error:
            found["no bucket"] = type(error).__name__
        query.delete("raw", "reading", f"{ROOMS} AND time < {now + 1}ms")
        found["deleted"] = values()
        query.delete("raw", "reading", f"{ROOMS} AND time < {now + 1}ms")
        found["deleted again"] = values()
    finally:
        query.close()
        writer.close()
    return found


class Recorder(influx_adapter.Adapter):
    """Stands before a server, and writes down what passes."""

    def __init__(self, upstream: int) -> None:
        self.exchanges: list[Exchange] = []
        super().__init__(upstream, handler=_Recording)


class Replayer(influx_adapter.Adapter):
    """Answers as a server did; what nobody has asked that server gets status 599."""

    def __init__(self, recorded: Recorded) -> None:
        self.answers: dict[str, deque[Exchange]] = {}
        for it in recorded.exchanges:
            self.answers.setdefault(it.asked, deque()).append(it)
        super().__init__(0, handler=_Replaying)


class _Recording(influx_adapter.Handler):
    def write(self, query: dict[str, str], body: bytes) -> None:
        """Let writes pass as they are: the server has /api/v2/write itself."""
        del query
        self._forward(body)

    def _pass(self, path: str, headers: dict[str, str], body: bytes | None = None) -> None:
        del path, headers
        self._forward(body)

    def _forward(self, body: bytes | None) -> None:
        recorder = self.server.adapter
        assert isinstance(recorder, Recorder)
        kept = ("Authorization", "Content-Type", "Content-Encoding")
        headers = {name: self.headers[name] for name in kept if self.headers.get(name)}
        upstream = HTTPConnection("127.0.0.1", recorder.upstream, timeout=influx_adapter.TIMEOUT)
        upstream.request(self.command, self.path, body, headers)
        answer = upstream.getresponse()
        text = answer.read()
        upstream.close()
        said = {name: value for name, value in answer.getheaders() if name in {"Content-Type", "X-Influxdb-Version"}}
        asked = f"{self.command} {self.path}\n{(body or b'').decode()}"
        recorder.exchanges.append(Exchange(asked, answer.status, said, text.decode()))
        self.answer(answer.status, said, text)


class _Replaying(influx_adapter.Handler):
    def write(self, query: dict[str, str], body: bytes) -> None:
        """Answer a write."""
        del query
        self._replay(body)

    def _pass(self, path: str, headers: dict[str, str], body: bytes | None = None) -> None:
        del path, headers
        self._replay(body)

    def _replay(self, body: bytes | None) -> None:
        replayer = self.server.adapter
        assert isinstance(replayer, Replayer)
        left = replayer.answers.get(f"{self.command} {self.path}\n{(body or b'').decode()}")
        if not left:
            self.answer(599, {}, b"nobody has asked this server so: record it again")
            return
        it = left.popleft() if len(left) > 1 else left[0]
        self.answer(it.status, it.headers, it.body.encode())


def settings_for(port: int, token: str | None) -> Influx:
    """Return the settings of a dialogue over a port of loopback."""
    return Influx(url=f"http://127.0.0.1:{port}", token=token, org=ORG, gzip=False)


def main(url: str, environment: Mapping[str, str]) -> int:
    """Record a dialogue. Returns the exit status."""
    port = urlsplit(url).port or 8086
    recorder = Recorder(port)
    settings = settings_for(recorder.port, environment.get("SUKUSUKU_INFLUX_TOKEN"))
    version = Query(settings).version().partition("~")[0]  # Debian appends its own number
    recorder.exchanges.clear()
    now = time.time_ns() // 1_000_000
    hold(settings, now)
    recorder.close()
    FOLDER.mkdir(exist_ok=True)
    recorded = msgspec.json.encode(Recorded(version, now, recorder.exchanges))
    (FOLDER / f"{version}.json").write_bytes(msgspec.json.format(recorded, indent=1) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], os.environ))
