"""How an edge node gets a new certificate, and hears whom it shall trust: proved with its key, both ways. Pure.

The key, and not the certificate of before, is the proof: so a node whose certificate has ended heals by itself, the
server may stand behind a proxy that ends TLS, and the answer is proved as well. The request shows that the node has the
new private key, which never leaves it. Who replays a request gets the same certificate, which is of no use without it.
"""

import msgspec

from sukusuku_core.proof import ProofKey
from sukusuku_core.time import DAY_MS

SOON_MS = 14 * DAY_MS
"""So long before a certificate ends that is told: it should have been renewed before."""


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a node asks. `serial`: of the certificate that it has; `request`: for a new one as PEM, empty: none."""

    challenge: str
    serial: str
    request: str
    proof: str


class Renewed(msgspec.Struct, frozen=True, kw_only=True):
    """What it is answered.

    `authorities`: by which it knows the broker, as PEM; empty: as before. `certificate`: the new one; empty: none was
    asked for. `due`: whether it shall ask for a new one now, whatever is left of the one that it has.
    """

    authorities: str
    certificate: str
    due: bool


def asking(key: ProofKey, node: str, challenge: str, serial: str, request: str) -> Asked:
    """Return what a node sends; `challenge` is its random number."""
    proof = key.renewal("request", node, challenge, serial, request)
    return Asked(challenge=challenge, serial=serial, request=request, proof=proof)


def answered(key: ProofKey, node: str, challenge: str, answer: bytes) -> str:
    """Return the proof that an answer, as it is on the wire, is the server's to this challenge."""
    return key.renewal("answer", node, challenge, answer.hex())


def ends_soon(ends: int, now: int) -> bool:
    """Tell whether the end of a certificate (UTC ms) is so near that somebody must look after it."""
    return ends - now <= SOON_MS
