"""The link of an alert mail by which its recipient takes the alert on, without an account. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from sukusuku_core.time import DAY_MS, SECOND_MS
from sukusuku_server.mail.signed_tokens import ForgedLinkError, SignedTokens

PATH = "/a"
"""Links are `[web] url` + this + `/<token>`."""
LASTS_MS = 7 * DAY_MS
_PURPOSE = "sukusuku alert link"


@dataclass(frozen=True, slots=True)
class AlertClaim:
    """Whom a mail about an alert went to. `expires` is UTC ms, in whole seconds."""

    alert: int
    who: str
    expires: int


class AlertLinks:
    """Makes and reads the links of one facility. `keys` are oldest first: the last one signs, all are believed."""

    def __init__(self, keys: Sequence[bytes], url: str) -> None:
        self._tokens = SignedTokens(keys, _PURPOSE)
        self._url = url.rstrip("/")

    def url(self, alert: int, who: str, now: int) -> str:
        """Return the address for somebody to whom a mail about an alert goes now."""
        return f"{self._url}{PATH}/{self._tokens.token([alert, who, (now + LASTS_MS) // SECOND_MS])}"

    def read(self, token: str) -> AlertClaim:
        """Return what a link says, whether or not it has expired. Raises ForgedLinkError."""
        try:
            alert, who, seconds = self._tokens.read(token)
            return AlertClaim(int(alert), str(who), int(seconds) * SECOND_MS)
        except ValueError as error:  # it is of another version of ours
            raise ForgedLinkError from error
