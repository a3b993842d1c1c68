"""Lines into InfluxDB: the one file that knows `influxdb-client`. POST /api/v2/write, synchronous, gzip."""

import email.utils
import gzip
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService
from urllib3.exceptions import HTTPError

from sukusuku_core.errors import TransientError
from sukusuku_server.settings.influx import Influx

MOST_WORDS = 300
"""Characters kept of what the server says."""
_WRITTEN = 204
"""The one status with which every InfluxDB says so."""
_REFUSED = {400, 413, 422}
"""Statuses of an answer that will never be another one; 413: too large."""
_TOO_MANY = 429
_EXPIRED = re.compile("(beyond|outside) retention policy")
"""Until 1.8 and 2.7.11, and since 1.12.4 and 2.7.12. Words that are not here yet cost `Buckets` some requests."""
_FOREVER = (
    "partial write",
    "field type conflict",
    "unable to parse",
    "invalid line protocol",
    "max-values-per-tag",
    "max-series-per-database",
)
"""The same in words: servers, and proxies before them, say it under any status (InfluxDB 2.0: 500)."""
_HINTS = {
    401: "; check token, or username and password, in [store.influx]",
    403: "; the token or user may not write here",
    404: "; `sukusuku store check` tells which buckets are missing",
}


class BusyError(TransientError):
    """InfluxDB does not take these points now. `wait`: the seconds that it asked for, if it did.

    `answer`: what it has said, unless that was to wait, or nothing.
    """

    def __init__(self, message: str, wait: float | None = None, answer: str | None = None) -> None:
        super().__init__(message)
        self.wait = wait
        self.answer = answer


class Writer:
    """A connection that is kept open. Not for several threads."""

    def __init__(self, settings: Influx) -> None:
        self._settings = settings
        token = settings.token or ""
        if settings.username is not None:
            token = f"{settings.username}:{settings.password}"
        self._client = InfluxDBClient(
            settings.url, token, org=settings.org, timeout=int(settings.timeout * 1000), ssl_ca_cert=settings.ca_file
        )
        self._service = WriteService(self._client.api_client)  # type: ignore[no-untyped-call]  # the library's

    def write(self, bucket: str, lines: Sequence[str]) -> str | None:
        """Write lines; return None, or in the server's words why they are refused for good.

        Of what is refused nothing, some or all may be written. Points that are older than the bucket keeps them are
        dropped by the server, and that is all right where it says so. Raises BusyError when InfluxDB does not answer,
        or does not take anything now; then the same lines may be written again, whatever has become of them.
        """
        try:
            self._post(bucket, lines)
        except ApiException as error:
            words = _words(error)
            if _EXPIRED.search(words):
                return None
            if error.status in _REFUSED or any(text in words for text in _FOREVER):
                return words
            wait = _retry_after(error)
            waits = wait is not None or error.status in {None, _TOO_MANY}
            raise BusyError(
                f"{self._settings.url}: InfluxDB answers {error.status or 'nothing'} for {bucket}: {words}"
                f"{_HINTS.get(error.status, '')}",
                wait,
                None if waits else f"{error.status}: {words}",
            ) from error
        except UnicodeDecodeError as error:  # the library reads every answer as UTF-8
            raise BusyError(f"{self._settings.url}: what answers there is not InfluxDB: {error}") from error
        except (HTTPError, OSError) as error:
            raise BusyError(f"{self._settings.url}: InfluxDB does not answer: {error}") from error
        return None

    def _post(self, bucket: str, lines: Sequence[str]) -> None:
        body = "\n".join(lines).encode()
        how = {}
        if self._settings.gzip:
            body = gzip.compress(body, 1)
            how["content_encoding"] = "gzip"
        _, status, _ = self._service.post_write_with_http_info(  # type: ignore[no-untyped-call]  # the library's
            org=self._settings.org,
            bucket=bucket,
            body=body,
            precision="ms",
            content_type="text/plain; charset=utf-8",
            _return_http_data_only=False,
            **how,
        )
        if status != _WRITTEN:
            raise BusyError(
                f"{self._settings.url}: expected the answer {_WRITTEN} of InfluxDB, found {status}: does a proxy or a "
                "page to log in at stand before it? Nothing counts as written"
            )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()  # type: ignore[no-untyped-call]  # the library's


def _words(error: ApiException) -> str:
    """Return what the server says in its answer; the versions differ in how."""
    body = error.body or error.reason or ""
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if isinstance(found, dict):
        body = found.get("error") or found.get("message") or body
        details = found.get("data")  # InfluxDB 3 says there what is wrong with each line
        if isinstance(details, list) and details and isinstance(details[0], dict):
            body = f"{body}: {details[0].get('error_message', '')}"
    return str(body).strip()[:MOST_WORDS]


def _retry_after(error: ApiException) -> float | None:
    """Seconds of Retry-After, which may also be a date."""
    if not error.headers or "Retry-After" not in error.headers:
        return None
    text = error.headers["Retry-After"]
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
