"""Two edge nodes with one identity, such as two Pis with copies of one SD card. Pure.

An edge node raises its bdSeq by one at every CONNECT. Two of them give births whose bdSeq jumps back and forth, or that
use a number again which has just died; where both are connected at once, messages also arrive with a seq that has been
used. One such thing may be a replaced SD card: the node's messages are then passed over for a moment. A second one
makes it certain: they are passed over until it has been quiet for a while. Nothing is stored or acknowledged meanwhile,
so readings of the two are not mixed and wait where they are.
"""

from collections import deque
from dataclasses import dataclass, field

from sukusuku_core.host_session import NodeKey
from sukusuku_core.sparkplug import BDSEQ_MODULUS
from sukusuku_core.time import MINUTE_MS

CONNECTS_PER_SECOND = 4
"""An edge node raises its bdSeq at most so often (our own at most twice a second), also while it cannot connect."""
FORGET = MINUTE_MS
"""ms after which an oddity no longer counts."""
TRUST = 20_000
"""ms without an oddity after which a node is trusted again: two that fight give one every few seconds."""
DOUBT = 10_000
"""ms for which a node is passed over after its first oddity."""
CERTAIN = 2
"""Oddities that are no accident."""


@dataclass(slots=True)
class _Node:
    bdseq: int
    born: int
    dead: bool = False
    moved: bool = False
    odd: deque[int] = field(default_factory=deque)
    until: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """Two edge nodes use this identity, or seem to (not `certain`); `why` is for people."""

    node: NodeKey
    certain: bool
    why: str

    def __str__(self) -> str:
        name = f"{self.node.group}/{self.node.node}"
        if not self.certain:
            return f"edge node {name} may exist twice ({self.why}): its messages wait a moment"
        return (
            f"two edge nodes use the identity {name} ({self.why}): nothing of them is stored or acknowledged until one "
            "is stopped or has a `node` of its own in edge.toml; their readings wait there"
        )


@dataclass(slots=True)
class DuplicateNodeDetector:
    """What births and deaths tell about the identity of each edge node. Times are UTC ms."""

    _nodes: dict[NodeKey, _Node] = field(default_factory=dict)
    _findings: list[Finding] = field(default_factory=list)
    _held: dict[NodeKey, None] = field(default_factory=dict)
    """Those that are passed over, or were, and nobody was told that this is over."""

    def birth(self, key: NodeKey, bdseq: int, now: int) -> None:
        """NBIRTH."""
        node = self._nodes.get(key)
        if node is None:
            self._nodes[key] = _Node(bdseq, now)
            return
        step = (bdseq - node.bdseq) % BDSEQ_MODULUS
        possible = 2 + CONNECTS_PER_SECOND * max(0, now - node.born) // 1000
        before, again = node.bdseq, step == 0 and node.dead and node.moved
        node.moved = step != 0 or (node.moved and not node.dead)
        node.bdseq, node.born, node.dead = bdseq, now, False
        if again:
            self._note(key, node, now, f"bdSeq {bdseq} was born again after its death")
        elif step > possible:
            self._note(key, node, now, f"births with bdSeq {before} and {bdseq} alternate")

    def death(self, key: NodeKey, bdseq: int) -> None:
        """NDEATH."""
        node = self._nodes.get(key)
        if node is not None and node.bdseq == bdseq:
            node.dead = True

    def seq_behind(self, key: NodeKey, now: int) -> None:
        """Note a message without a gap before it whose seq was used already."""
        node = self._nodes.get(key)
        if node is not None:
            self._note(key, node, now, "messages of two sessions arrive mixed")

    def passed_over(self, key: NodeKey, now: int) -> bool:
        """Whether nothing of this node may be stored or acknowledged now."""
        node = self._nodes.get(key)
        return node is not None and 0 < node.until - now <= TRUST

    def released(self, now: int) -> list[NodeKey]:
        """Return the nodes that need no longer be passed over; each is told once. They should be born again."""
        found = [key for key in self._held if not self.passed_over(key, now)]
        for key in found:
            del self._held[key]
        return found

    def findings(self) -> list[Finding]:
        """Return what was found since the last call."""
        found, self._findings = self._findings, []
        return found

    def _note(self, key: NodeKey, node: _Node, now: int, why: str) -> None:
        while node.odd and now - node.odd[0] > FORGET:
            node.odd.popleft()
        node.odd.append(now)
        if len(node.odd) > CERTAIN:
            node.odd.popleft()
        certain = len(node.odd) == CERTAIN
        node.until = now + (TRUST if certain else DOUBT)
        self._held[key] = None
        self._findings.append(Finding(key, certain, why))
