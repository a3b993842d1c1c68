"""One POST to a service, with urllib3, and what its answer means. Blocking."""

import ssl
from collections.abc import Mapping

import urllib3
from urllib3.exceptions import HTTPError

from sukusuku_collector.channels.discretion import silence, without
from sukusuku_core.errors import ConfigError, PermanentError, TransientError

silence("urllib3")
_REFUSED, _FAILED = 400, 500
_MAY_PASS = frozenset({401, 403, 404, 408, 425, 429})
"""Address and token are settings, which somebody may correct; the others say `later`."""
_LONGEST_SAID = 200


def is_final(status: int) -> bool:
    """Whether an answer is about the message itself, so that the same message will never be taken."""
    return _REFUSED <= status < _FAILED and status not in _MAY_PASS


class Poster:
    """One address. Raises ConfigError when it is not one of http or https; the error does not show it."""

    def __init__(self, name: str, url: str, timeout: float, ca_file: str | None) -> None:
        try:
            parsed = urllib3.util.parse_url(url)
        except HTTPError as error:
            raise ConfigError(f"channel `{name}`: url: cannot be read as an address") from error
        if parsed.scheme not in {"http", "https"} or not parsed.host:
            raise ConfigError(f"channel `{name}`: url: expected https://host/..., found another kind of address")
        self._url, self._host = url, parsed.host
        context = ssl.create_default_context(cafile=ca_file)
        self._pool = urllib3.PoolManager(1, timeout=timeout, retries=False, ssl_context=context)

    def post(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Return once the service has answered 2xx. Raises TransientError or PermanentError with what it said."""
        try:
            answer = self._pool.request("POST", self._url, body=body, headers=dict(headers), redirect=False)
        except (HTTPError, OSError) as error:
            said = without(f"{type(error).__name__}: {error}", self._url, self._host)
            raise TransientError(f"{self._host}: {said}") from error
        if answer.status < 300:  # noqa: PLR2004 - 2xx
            return
        said = answer.data[:_LONGEST_SAID].decode("utf-8", "replace")
        text = without(f"{self._host} answered {answer.status} {answer.reason or ''} {said}", self._url, self._host)
        raise (PermanentError if is_final(answer.status) else TransientError)(" ".join(text.split()))
