"""Signed links: whoever has one may say what it says, without an account, until it expires. Pure.

A token is the claim and the first 16 bytes of its HMAC-SHA256, in URL-safe base64. It says nothing secret.
"""

import base64
import binascii
import hmac
import struct
from dataclasses import dataclass
from enum import IntEnum

from sukusuku_core.errors import SukusukuError
from sukusuku_server.model.rounds import Answer

PATH = "/r"
"""Links are `[web] url` + this + `/<token>`."""
_VERSION = 1
_CLAIM = struct.Struct(">BQQHI")
"""Version and action, run, stop, recipient, expiry in seconds."""
_ACTIONS = 16
_MAC_BYTES = 16
_LENGTH = 52
"""Characters: 23 + 16 bytes. Each other length is refused before it is decoded."""
_DOMAIN = b"sukusuku round link\0"


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


class ForgedLinkError(SukusukuError):
    """The token is not one of ours: cut off, altered, or signed by somebody else."""

    def __init__(self) -> None:
        super().__init__("this link is not valid")


class ExpiredLinkError(SukusukuError):
    """The token was ours and its time is over."""

    def __init__(self, claim: "Claim") -> None:
        super().__init__("this link has expired")
        self.claim = claim


@dataclass(frozen=True, slots=True)
class Claim:
    """What a link says. `stop` is 0 for the whole round; `recipient` counts along the chain; `expires` is UTC ms."""

    run: int
    stop: int
    action: Action
    recipient: int
    expires: int


class Links:
    """Makes and reads the links of one facility."""

    def __init__(self, key: bytes, url: str) -> None:
        self._key = key
        self._url = url.rstrip("/")

    def url(self, claim: Claim) -> str:
        """The whole address."""
        return f"{self._url}{PATH}/{self.token(claim)}"

    def token(self, claim: Claim) -> str:
        """The signed claim. Expiry is cut to whole seconds."""
        kind = _VERSION * _ACTIONS + claim.action
        seconds = min(claim.expires // 1000, 0xFFFF_FFFF)
        packed = _CLAIM.pack(kind, claim.run, claim.stop, claim.recipient, seconds)
        return base64.urlsafe_b64encode(packed + self._mac(packed)).decode()

    def read(self, token: str, now: int) -> Claim:
        """What a token says. Raises ForgedLinkError or ExpiredLinkError."""
        if len(token) != _LENGTH or not token.isascii():
            raise ForgedLinkError
        try:
            raw = base64.b64decode(token, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise ForgedLinkError from error
        packed, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if len(packed) != _CLAIM.size or not hmac.compare_digest(mac, self._mac(packed)):
            raise ForgedLinkError
        kind, run, stop, recipient, seconds = _CLAIM.unpack(packed)
        claim = Claim(run, stop, Action(kind - _VERSION * _ACTIONS), recipient, seconds * 1000)
        if now >= claim.expires:
            raise ExpiredLinkError(claim)
        return claim

    def _mac(self, packed: bytes) -> bytes:
        return hmac.digest(self._key, _DOMAIN + packed, "sha256")[:_MAC_BYTES]
