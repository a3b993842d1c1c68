"""InfluxQL over /query, which the versions of InfluxDB have in common. Where they differ: docs/influxdb.md."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec

from sukusuku_core.errors import TransientError
from sukusuku_server.settings.influx import Influx

if TYPE_CHECKING:
    import urllib3

_MOST_WORDS = 300


class RefusedError(TransientError):
    """The server has understood the statement and does not do it: it cannot, or the account may not."""


@dataclass(frozen=True, slots=True)
class Table:
    """One series of an answer."""

    columns: Sequence[str]
    values: Sequence[Sequence[Any]]
    tags: Mapping[str, str] = field(default_factory=dict)

    def rows(self) -> list[dict[str, Any]]:
        """Return the values by the names of their columns."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.values]


def quoted(text: str) -> str:
    """Return a text as InfluxQL reads it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


class Query:
    """Asks questions. Safe for several threads."""

    def __init__(self, settings: Influx) -> None:
        import urllib3  # noqa: PLC0415 - takes a twentieth of the start of a collector; most have no InfluxDB

        self._settings = settings
        self._errors = urllib3.exceptions.HTTPError
        self._pool = urllib3.PoolManager(
            ca_certs=settings.ca_file,
            cert_reqs="CERT_REQUIRED",
            timeout=urllib3.Timeout(total=settings.timeout),
            retries=False,
        )
        self._headers: dict[str, str] = {}
        if settings.token is not None:
            self._headers["Authorization"] = f"Token {settings.token}"
        elif settings.username is not None:
            self._headers |= urllib3.make_headers(basic_auth=f"{settings.username}:{settings.password}")

    def ask(self, text: str, end: str | None = None) -> list[Table]:
        """Return the answer to one InfluxQL statement about the bucket whose name ends so; times are UTC ms.

        Raises TransientError when there is none, RefusedError when the server says no.
        """
        fields = {"q": text, "epoch": "ms"}
        if end is not None:
            fields["db"], slash, policy = self._settings.bucket(end).partition("/")
            if slash:
                fields["rp"] = policy
        status, body = self._request("POST", "/query", urlencode(fields))
        try:
            answer = msgspec.json.decode(body)
            problem = answer.get("error")
            result = (answer.get("results") or [{}])[0]
        except (msgspec.DecodeError, AttributeError, IndexError):
            problem, result = body[:_MOST_WORDS].decode(errors="replace") or f"status {status}", {}
        problem = problem or result.get("error")
        if problem:
            said_no = status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS
            kind = RefusedError if said_no else TransientError
            raise kind(f"{self._settings.url}: InfluxDB cannot answer ({status}): {problem}")
        return [Table(it["columns"], it.get("values") or [], it.get("tags") or {}) for it in result.get("series") or []]

    def source(self, end: str, measurement: str) -> str:
        """See `Influx.source`."""
        return self._settings.source(end, measurement)

    def delete(self, end: str, measurement: str, where: str) -> None:
        """Delete points of a bucket, and ask whether they are gone: a server's word alone does not count.

        Raises RefusedError when they are still there, with what the server said; TransientError when it does not
        answer.
        """
        source = self.source(end, measurement)
        said = "it reports success, and the points are still there"
        # 2.x ignores the parameter `rp` in a DELETE; 1.x has no retention policy there, and looks into all of them
        for form in dict.fromkeys((source.partition(".")[2].lstrip("."), f'"{measurement}"')):
            if not self.ask(f"SELECT * FROM {source} WHERE {where} LIMIT 1", end):
                return
            try:
                self.ask(f"DELETE FROM {form} WHERE {where}", end)
            except RefusedError as error:
                said = str(error)
        if self.ask(f"SELECT * FROM {source} WHERE {where} LIMIT 1", end):
            raise RefusedError(f"{measurement} in {self._settings.bucket(end)} is not deleted: {said}")

    def version(self) -> str:
        """Return the version that the server says it is, as in `1.8.10`. Raises TransientError."""
        return self._header("X-Influxdb-Version")

    def _header(self, name: str) -> str:
        for path in ("/ping", "/health"):
            answer = self._pooled("GET", path, None)
            found = answer.headers.get(name)
            if found:
                return found.lstrip("v")
            try:
                version = msgspec.json.decode(answer.data).get("version")
            except (msgspec.DecodeError, AttributeError):
                continue
            if version:
                return str(version).lstrip("v")
        raise TransientError(f"{self._settings.url}: something answers there, but it does not say that it is InfluxDB")

    def _request(self, method: str, path: str, body: str) -> tuple[int, bytes]:
        answer = self._pooled(method, path, body)
        return answer.status, answer.data

    def _pooled(self, method: str, path: str, body: str | None) -> "urllib3.BaseHTTPResponse":
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            return self._pool.request(method, self._settings.url + path, body=body, headers=headers)
        except self._errors as error:
            raise TransientError(f"{self._settings.url}: InfluxDB does not answer: {error}") from error

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()
