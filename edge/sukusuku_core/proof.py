"""Proofs of what a host says to an edge node, made with the key that both have had since enrolment. Pure.

An acknowledgement lets an edge node delete readings. Its proof is an HMAC over who is meant, the NBIRTH, the count, and
the *chain*: a digest of every message since that NBIRTH, in order, byte for byte. Whoever has the key has received
exactly what the node has sent, or the proofs differ: a message that somebody else has said in the node's name, one that
was lost unnoticed and one that came twice all show. Each NBIRTH has a rising time and the challenge of its session, so
no proof fits a second one.

The text that is authenticated begins with what it is (`ack`), so a proof of one thing is none of another.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Self

KEY_BYTES = 32
CHALLENGE_BYTES = 16
_PURPOSE = "sukusuku proof 1"
_ID_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class ProofKey:
    """The key of one edge node. It is never shown; `ident` is what may be."""

    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Raise ValueError when it is not a key."""
        if len(self.value) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, found {len(self.value)}")

    @classmethod
    def new(cls) -> Self:
        """Make a key."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the key in a text (Base64). Raises ValueError, which does not show the text."""
        try:
            value = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("not Base64: a key is one line that `sukusuku nodes key` has printed") from None
        return cls(value)

    @property
    def text(self) -> str:
        """The key as a file holds it."""
        return base64.b64encode(self.value).decode("ascii")

    @property
    def ident(self) -> str:
        """By which both sides see that they have the same key; it tells nothing of the key."""
        return self._mac("id").hexdigest()[:_ID_CHARACTERS]

    def acknowledgement(self, group: str, node: str, birth: int, count: int, chain: bytes) -> str:
        """Return the proof that so many messages since the NBIRTH of that time are stored."""
        return self._mac("ack", group, node, str(birth), str(count), chain.hex()).hexdigest()

    def claim(self, *parts: str) -> str:
        """Return the proof of what a collector says to another one that has the same key."""
        return self._mac("claim", *parts).hexdigest()

    def renewal(self, *parts: str) -> str:
        """Return the proof of what an edge node and the server say to each other about its certificate."""
        return self._mac("renewal", *parts).hexdigest()

    def _mac(self, *parts: str) -> "hmac.HMAC":
        """Each part stands with its length, so that no two lists of parts are the same text."""
        made = hmac.new(self.value, digestmod=hashlib.sha256)
        for part in (_PURPOSE, *parts):
            raw = part.encode()
            made.update(len(raw).to_bytes(4, "big") + raw)
        return made


def same(one: object, other: str) -> bool:
    """Whether what came as a proof is the expected one, in a time that tells nothing."""
    return isinstance(one, str) and hmac.compare_digest(one.encode(), other.encode())


@dataclass(frozen=True, slots=True)
class Request:
    """What an NBIRTH says about proofs: by which key, and to which challenge."""

    key: str
    challenge: str

    @classmethod
    def read(cls, value: object) -> Self | None:
        """Return the request in the value of the metric; None when it is none."""
        key, colon, challenge = value.partition(":") if isinstance(value, str) else ("", "", "")
        return cls(key, challenge) if colon else None

    def __str__(self) -> str:
        return f"{self.key}:{self.challenge}"


def new_challenge() -> str:
    """Make a challenge."""
    return secrets.token_hex(CHALLENGE_BYTES)


Wire = tuple[str, bytes]
"""A message as it was on the wire: topic and payload."""
NOTHING: Wire = ("", b"")


def chain(before: bytes, wire: Wire) -> bytes:
    """Return the digest of all messages up to this one; `before` is that of those before it, empty for an NBIRTH."""
    topic = wire[0].encode()
    made = hashlib.sha256(before)
    made.update(len(topic).to_bytes(4, "big") + topic)
    made.update(wire[1])
    return made.digest()
