"""Sparkplug host application: what is known of each edge node, without any I/O.

The collector feeds it every message in the order of arrival. It answers with the datatypes that a data message needs,
asks for rebirths (rate-limited), and counts what has arrived without a gap, which is what may be acknowledged after the
commit. After a gap data is still stored (the store ignores what it has), but no longer acknowledged, so the edge node
sends everything again after its rebirth.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sukusuku_core import proof
from sukusuku_core.proof import NOTHING, Wire
from sukusuku_core.sparkplug import SEQ_MODULUS
from sukusuku_core.time import MINUTE_MS

REBIRTH_FIRST = 5_000
REBIRTH_MAX = 10 * MINUTE_MS

Types = Mapping[str, int]
"""Metric name to Sparkplug datatype number, as a birth declared them."""


class NodeKey(NamedTuple):
    """An edge node: Sparkplug group and node id. A tuple, because a message is looked up by it a dozen times."""

    group: str
    node: str


@dataclass(frozen=True, slots=True)
class Ack:
    """What may be acknowledged to a node: so many messages since that birth are stored."""

    node: NodeKey
    birth: int
    count: int
    chain: bytes | None = None
    """The digest of exactly these messages (see `proof`), where the birth has asked for a proof."""


@dataclass(slots=True)
class _Device:
    types: Types
    online: bool = True


@dataclass(slots=True)
class _Node:
    online: bool = False
    bdseq: int | None = None
    birth: int = 0
    wants_ack: bool = False
    types: Types = field(default_factory=dict)
    devices: dict[str, _Device] = field(default_factory=dict)
    next_seq: int = 0
    count: int = 0
    contiguous: bool = False
    acknowledged: int = 0
    chain: bytes | None = None
    rebirth_after: int = 0
    rebirth_wait: int = REBIRTH_FIRST


@dataclass(slots=True)
class HostSession:
    """Everything the host knows of its edge nodes. Times are UTC ms; `rebirths` collects the nodes to ask."""

    _nodes: dict[NodeKey, _Node] = field(default_factory=dict)
    _rebirths: list[NodeKey] = field(default_factory=list)
    _counted: dict[NodeKey, _Node] = field(default_factory=dict)
    """Of which a message was counted since the last acknowledgements, so that these cost nothing for all others."""

    # ------------------------------------------------------------ messages in

    def node_birth(
        self,
        key: NodeKey,
        seq: int,
        bdseq: int,
        timestamp: int,
        types: Types,
        *,
        wants_ack: bool,
        proved: Wire | None = None,
    ) -> None:
        """NBIRTH: a new count begins; every device must be born again.

        `proved`: the message as it was on the wire, when its acknowledgements must be proved. Then every other message
        of the node must be given as well (`wire`).
        """
        node = self._nodes.setdefault(key, _Node())
        node.online, node.bdseq, node.birth, node.types, node.wants_ack = (
            True,
            bdseq,
            timestamp,
            types,
            wants_ack,
        )
        node.devices = {}
        node.chain = None if proved is None else proof.chain(b"", proved)
        node.next_seq, node.count, node.acknowledged, node.contiguous = (seq + 1) % SEQ_MODULUS, 1, 0, True
        self._counted[key] = node

    def node_death(self, key: NodeKey, bdseq: int) -> tuple[str, ...] | None:
        """NDEATH: the devices that go offline with the node, None when it belongs to an older session."""
        node = self._nodes.get(key)
        if node is None or not node.online or node.bdseq != bdseq:
            return None
        node.online = node.contiguous = False
        gone = tuple(name for name, device in node.devices.items() if device.online)
        for name in gone:
            node.devices[name].online = False
        return gone

    def device_birth(
        self, key: NodeKey, device: str, seq: int | None, types: Types, now: int, wire: Wire = NOTHING
    ) -> bool:
        """DBIRTH. False when the node itself is unknown (a rebirth is then asked for)."""
        node = self._arrived(key, seq, now, wire)
        if node is None:
            return False
        node.devices[device] = _Device(types)
        return True

    def device_death(self, key: NodeKey, device: str, seq: int | None, now: int, wire: Wire = NOTHING) -> bool:
        """DDEATH. False when nothing was known of the device."""
        node = self._arrived(key, seq, now, wire)
        known = node.devices.get(device) if node is not None else None
        if known is None:
            return False
        known.online = False
        return True

    def data(self, key: NodeKey, device: str | None, seq: int | None, now: int, wire: Wire = NOTHING) -> Types | None:
        """NDATA or DDATA: the datatypes to read it with, None when there was no birth (a rebirth is then asked for)."""
        node = self._arrived(key, seq, now, wire)
        if node is None:
            return None
        if device is None:
            return node.types
        known = node.devices.get(device)
        if known is None or not known.online:
            self.ask_rebirth(key, now)
            return None
        return known.types

    def ask_rebirth(self, key: NodeKey, now: int) -> None:
        """Something of this node cannot be read: stop acknowledging and ask it to be born again, not too often."""
        node = self._nodes.setdefault(key, _Node())
        node.contiguous = False
        if now >= node.rebirth_after and key not in self._rebirths:
            if now - node.rebirth_after > node.rebirth_wait:
                node.rebirth_wait = REBIRTH_FIRST  # it was quiet for a while: this is a new trouble
            node.rebirth_after = now + node.rebirth_wait
            node.rebirth_wait = min(node.rebirth_wait * 2, REBIRTH_MAX)
            self._rebirths.append(key)

    # ------------------------------------------------------------ answers out

    def rebirths(self) -> list[NodeKey]:
        """Return the nodes to ask for a rebirth now; each is told once."""
        asked, self._rebirths = self._rebirths, []
        return asked

    def acks(self) -> Iterator[Ack]:
        """Yield what the commit that has just ended allows to acknowledge; each count is told once."""
        counted, self._counted = self._counted, {}
        for key, node in counted.items():
            if node.contiguous and node.count > node.acknowledged:
                node.acknowledged = node.count
                if node.wants_ack:
                    yield Ack(key, node.birth, node.count, node.chain)

    def ahead(self, key: NodeKey, seq: int) -> int:
        """How many messages are missing before one with this seq; 0 when it is its turn or no order is kept now."""
        node = self._nodes.get(key)
        return 0 if node is None or not node.contiguous else (seq - node.next_seq) % SEQ_MODULUS

    def missed(self, key: NodeKey) -> None:
        """Note that a message was discarded: acknowledge nothing after it before a rebirth."""
        node = self._nodes.get(key)
        if node is not None:
            node.contiguous = False

    def forget(self, key: NodeKey) -> None:
        """Nothing that is known of this node's session is to be believed."""
        node = self._nodes.get(key)
        if node is not None:
            node.online = node.contiguous = False

    def forget_device(self, key: NodeKey, device: str) -> None:
        """Nothing that is known of this device is to be believed before its next birth."""
        node = self._nodes.get(key)
        if node is not None:
            node.contiguous = False
            node.devices.pop(device, None)

    def wants_ack(self, key: NodeKey) -> bool:
        """Whether the node's birth asked for acknowledgements, which only our own edge agent does."""
        node = self._nodes.get(key)
        return node is not None and node.wants_ack

    def online(self, key: NodeKey) -> bool:
        """Whether the node has an open session, as far as the host knows."""
        node = self._nodes.get(key)
        return node is not None and node.online

    # ------------------------------------------------------------ inside

    def _arrived(self, key: NodeKey, seq: int | None, now: int, wire: Wire) -> _Node | None:
        node = self._nodes.get(key)
        if node is None or not node.online:
            self.ask_rebirth(key, now)
            return None
        if seq != node.next_seq:
            self.ask_rebirth(key, now)
            node.next_seq = ((seq if seq is not None else node.next_seq) + 1) % SEQ_MODULUS
            return node
        node.next_seq = (node.next_seq + 1) % SEQ_MODULUS
        if node.contiguous:
            node.count += 1
            self._counted[key] = node
            if node.chain is not None:
                node.chain = proof.chain(node.chain, wire)
        else:
            self.ask_rebirth(key, now)
        return node
