"""What an edge node with a key believes of its host: the proofs, and the doubt about an offline STATE. Pure.

An unproved word neither deletes nor silences:

- An acknowledgement must prove that the host has what was sent (see `proof`).
- A request for a rebirth costs a resend only, and other host applications may ask for one; so it is heeded, but only
  every few seconds. The same holds for a STATE that tells of a new session of the host.
- An offline STATE cannot be proved, because the broker publishes it as the will of a host that died. It makes the node
  doubt: what is in flight, or else a new birth, asks the host for a proof. Only when none comes does the node leave.
  While it waits it believes every online STATE, also one that is older than what somebody else has said.
"""

from collections import deque
from dataclasses import dataclass, field

from sukusuku_core import proof
from sukusuku_core.proof import ProofKey, Request, Wire
from sukusuku_core.sparkplug import SEQ_MODULUS

BEHIND = SEQ_MODULUS // 2
"""Messages by which a count may lie behind: twice the window, and far from what it takes to overlook a loss."""
HEED_EVERY = 5_000
"""ms between two births that somebody has asked for without a proof."""
ASK_AFTER = 1_000
"""ms that what is in flight has to prove that the host is there."""
PROVE_WITHIN = 5_000
"""ms for a host that was asked by a birth."""


@dataclass(slots=True)
class _Doubt:
    since: int
    asked: int | None = None


@dataclass(slots=True)
class Proofs:
    """The proofs of one MQTT session of a node with a key. Times are UTC ms of the node's clock."""

    key: ProofKey
    group: str
    node: str
    challenge: str
    wanted: str | None = None
    """Why somebody wants a birth; it may have to wait."""
    _sent: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=BEHIND))
    """Count and chain of the messages that may still be acknowledged."""
    _proved: int = 0
    _heeded: int | None = None
    _doubt: _Doubt | None = None

    @property
    def request(self) -> str:
        """What the NBIRTH says."""
        return str(Request(self.key.ident, self.challenge))

    def sent(self, count: int, wire: Wire) -> None:
        """Take note of a message, the `count`-th since the NBIRTH."""
        if count == 1:
            self._sent.clear()
            self._proved = 0
        before = self._sent[-1][1] if self._sent else b""
        self._sent.append((count, proof.chain(before, wire)))

    def holds(self, birth: int, count: int, given: object) -> bool | None:
        """Whether this proves that the messages up to a count are stored; None: that is known, or can never be."""
        found = next((digest for at, digest in self._sent if at == count), None)
        if found is None or count <= self._proved:
            return None
        if not proof.same(given, self.key.acknowledgement(self.group, self.node, birth, count, found)):
            return False
        self._proved = count
        self._doubt = None
        return True

    def doubt(self, now: int) -> None:
        """Somebody says that the host is offline."""
        if self._doubt is None:
            self._doubt = _Doubt(now)

    def birth(self, now: int) -> str | None:
        """Return why a birth must follow now from what somebody has said without a proof; it counts as done."""
        if self._heeded is not None and 0 <= now - self._heeded < HEED_EVERY:
            return None
        why, doubt = self.wanted, self._doubt
        if doubt is not None and doubt.asked is None and not 0 <= now - doubt.since < ASK_AFTER:
            why, doubt.asked = "somebody says that the host is offline, and it is asked", now
        if why is not None:
            self._heeded, self.wanted = now, None
        return why

    def gone(self, now: int) -> bool:
        """Whether the host was asked and has not proved that it is there."""
        asked = None if self._doubt is None else self._doubt.asked
        return asked is not None and not 0 <= now - asked < PROVE_WITHIN
