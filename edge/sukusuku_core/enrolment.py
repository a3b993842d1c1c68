"""How an edge node gets its key and its certificate: from a one-time code that a person carries to it. Pure.

The key never travels. Both sides make it from the code and from random numbers that they tell each other, so whoever
reads the exchange has no use of it without the code, and whoever finds the code later none without the exchange. The
answer of the server is proved with the code too: nobody else can hand a node a broker or an authority of his own.

A code is `NODE/XXXXX-XXXXX-XXXXX-XXXXX`: 100 random bits, so that nobody tries them out, in letters that cannot be
mistaken for others.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from typing import Self

import msgspec

from sukusuku_core.proof import ProofKey
from sukusuku_core.topics import ID_PATTERN

VALID_SECONDS = 600
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: without I, L, O and U."""
_MEANT = str.maketrans("ILO", "110")
_GROUPS, _LETTERS = 4, 5
_FORM = re.compile(rf"[{_ALPHABET}]{{{_GROUPS * _LETTERS}}}")
_PURPOSE = "sukusuku enrolment 1"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What an edge node learns when it is enrolled.

    `ca`: the broker's authority as PEM; empty: no TLS. `certificate`: its own as PEM, for the key whose request it has
    sent; empty: the broker asks for none. `url`: where the server is reached later, to renew that.
    """

    group: str
    primary_host: str
    host: str
    port: int
    account: bool
    """Whether it has an account at the broker, with the password that follows from the code."""
    ca: str
    nonce: str
    """The random number of the server."""
    certificate: str = ""
    url: str = ""
    others: tuple[str, ...] = ()
    """Further servers of the broker, where it is a cluster: `host:port`."""
    subscribe_qos: int = 1


@dataclass(frozen=True, slots=True)
class Code:
    """A code for one edge node. `secret` is what must not be known to others."""

    node: str
    secret: str = field(repr=False)

    @classmethod
    def new(cls, node: str) -> Self:
        """Make a code."""
        return cls(node, "".join(secrets.choice(_ALPHABET) for _ in range(_GROUPS * _LETTERS)))

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the code in a text that a person typed. Raises ValueError, which does not show it."""
        node, slash, rest = text.strip().partition("/")
        secret = re.sub(r"[\s-]", "", rest).upper().translate(_MEANT)
        if not re.match(ID_PATTERN, node) or not slash or not _FORM.fullmatch(secret):
            raise ValueError("not a code; expected NODE/XXXXX-XXXXX-XXXXX-XXXXX, as `sukusuku enrol` has printed it")
        return cls(node, secret)

    @property
    def text(self) -> str:
        """The code as people carry it."""
        groups = [self.secret[at : at + _LETTERS] for at in range(0, len(self.secret), _LETTERS)]
        return f"{self.node}/{'-'.join(groups)}"

    def request(self, challenge: str, request: str = "") -> str:
        """Return the proof with which an edge node asks.

        `challenge` is its random number, `request` the one for a certificate; empty: it is of a version before them.
        """
        return self._mac("request", challenge, *([request] if request else [])).hex()

    def answered(self, challenge: str, answer: bytes) -> str:
        """Return the proof that an answer, as it is on the wire, is the server's to this request."""
        return self._mac("answer", challenge, answer.hex()).hex()

    def key(self, challenge: str, nonce: str) -> ProofKey:
        """Return the key of the edge node that follows from this exchange."""
        return ProofKey(self._mac("node key", challenge, nonce))

    def broker_password(self) -> str:
        """Return the password of the edge node's account at the broker."""
        return self._mac("broker account").hex()[:40]

    def _mac(self, *parts: str) -> bytes:
        """Each part is preceded by its length, so that no two lists of parts are the same text."""
        made = hmac.new(self.secret.encode(), digestmod=hashlib.sha256)
        for part in (_PURPOSE, self.node, *parts):
            raw = part.encode()
            made.update(len(raw).to_bytes(4, "big") + raw)
        return made.digest()


def new_nonce() -> str:
    """Make a random number for an exchange."""
    return secrets.token_hex(16)
