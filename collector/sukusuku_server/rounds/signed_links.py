"""Signed links of round mails: whoever has one may say what it says, without an account, until it expires. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from sukusuku_core.errors import SukusukuError
from sukusuku_server.mail.signed_tokens import ForgedLinkError, SignedTokens
from sukusuku_server.model.rounds import Answer

PATH = "/r"
"""Links are `[web] url` + this + `/<token>`."""
_PURPOSE = "sukusuku round link"


class Action(IntEnum):
    """What a link is for."""

    ROUND = 0
    """See the whole round."""
    NONE = 1
    """Take an answer back."""
    DONE = 2
    CANNOT = 3
    NEEDLESS = 4
    ACCEPT = 5
    """Say that one goes on this round."""
    DECLINE = 6

    @property
    def answer(self) -> Answer | None:
        """The answer to a stop that it gives; None: it is about the round."""
        return Answer(self.name.lower()) if self in _ANSWERS else None


_ANSWERS = {Action.NONE, Action.DONE, Action.CANNOT, Action.NEEDLESS}


class ExpiredLinkError(SukusukuError):
    """The token was ours and its time is over."""

    def __init__(self, claim: "Claim") -> None:
        super().__init__("this link has expired")
        self.claim = claim


@dataclass(frozen=True, slots=True)
class Claim:
    """What a link says. `stop` is 0 for the whole round; `person` is the id of `model.rounds.Person`, 0: not known.

    `expires` is UTC ms.
    """

    run: int
    stop: int
    action: Action
    person: int
    expires: int


class Links:
    """Makes and reads the links of one facility. `keys` are oldest first: the last one signs, all are believed."""

    def __init__(self, keys: Sequence[bytes], url: str) -> None:
        self._tokens = SignedTokens(keys, _PURPOSE)
        self._url = url.rstrip("/")

    def url(self, claim: Claim) -> str:
        """Return the whole address."""
        return f"{self._url}{PATH}/{self.token(claim)}"

    def token(self, claim: Claim) -> str:
        """Return the signed claim. Expiry is cut to whole seconds."""
        return self._tokens.token([claim.run, claim.stop, claim.action, -claim.person, claim.expires // 1000])

    def read(self, token: str, now: int) -> Claim:
        """Return what a token says. Raises ForgedLinkError or ExpiredLinkError."""
        try:
            claim = _claim(self._tokens.read(token))
        except ValueError as error:  # a ValueError: it is of another version of ours
            raise ForgedLinkError from error
        if now >= claim.expires:
            raise ExpiredLinkError(claim)
        return claim


def _claim(values: list[Any]) -> Claim:
    """Return what was signed. People are negative: older mails name a place in a list that may have changed since."""
    run, stop, action, person, seconds = values
    return Claim(run, stop, Action(action), max(0, -person), seconds * 1000)
