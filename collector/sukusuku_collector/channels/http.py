"""One POST to a service, and what its answer means. Blocking."""

from collections.abc import Mapping

import urllib3
from urllib3.exceptions import HTTPError

from sukusuku_collector.channels.discretion import without
from sukusuku_collector.channels.exchange import Exchange
from sukusuku_collector.channels.protocol import LaterError
from sukusuku_core.errors import ConfigError, PermanentError, TransientError

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
        self._exchange = Exchange(timeout, _LONGEST_SAID, ca_file, retries=False, partial=True)

    def post(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Return once the service has answered 2xx. Raises TransientError or PermanentError with what it said."""
        try:
            answer = self._exchange.ask("POST", self._url, body, headers)
        except TransientError as error:
            raise TransientError(f"{self._host}: {error}") from error
        if answer.status < 300:  # noqa: PLR2004 - 2xx
            return
        said = answer.content.decode("utf-8", "replace")
        text = without(f"{self._host} answered {answer.status} {said}", self._url, self._host)
        text = " ".join(text.split())
        raise PermanentError(text) if is_final(answer.status) else LaterError(text, answer.later)
