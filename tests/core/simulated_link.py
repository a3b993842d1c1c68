"""An edge node, a broker and a host on paper: real session rules and real payloads, a channel that loses and cuts.

Used by the delivery model and by the tests of single races. `World` checks on every step that a row is delivered only
when the host has committed it, and that everything on the wire follows the rules of a Sparkplug session.
"""

from dataclasses import dataclass, field

from sukusuku_core import proof, sparkplug, state, topics
from sukusuku_core.catalogue import DataType
from sukusuku_core.edge_actions import Action, Close, Delivered, Publish, Refused, Resend, Subscribe
from sukusuku_core.edge_proofs import Proofs
from sukusuku_core.edge_session import EdgeSession, NodeIdentity, Phase
from sukusuku_core.host_session import HostSession, NodeKey
from sukusuku_core.model import Reading
from sukusuku_core.proof import ProofKey
from sukusuku_core.topics import MessageType, NodeTopic

KEY = NodeKey("toshima", "tobu-pi")
HOST = "sukusuku"
ASSETS = ("unit-1", "unit-2", "room-1")
METRICS = {asset: {"Fill/Percent": DataType.DOUBLE, "Cycles/Total": DataType.INT64} for asset in ASSETS}
START = 1_780_000_000_000
BATCH = 7
"""Rows that the edge hands to the session at once."""


@dataclass(frozen=True, slots=True)
class Wire:
    """One message on its way."""

    topic: str
    payload: bytes


@dataclass(slots=True)
class WireRules:
    """What Sparkplug demands of the messages of one session, seen from the broker."""

    bdseq: int
    seq: int | None = None
    declared: dict[str | None, set[str]] = field(default_factory=dict)

    def check(self, message: Publish) -> None:
        topic = topics.parse(message.topic)
        body = sparkplug.decode(message.payload)
        assert (topic.group, topic.node) == (KEY.group, KEY.node)
        assert not message.retain
        if topic.type is MessageType.NDEATH:
            assert body.seq is None
            assert message.qos == 1
            assert [(metric.name, metric.value) for metric in body.metrics] == [("bdSeq", self.bdseq)]
            return
        assert message.qos == 0
        assert body.timestamp is not None
        if topic.type is MessageType.NBIRTH:
            assert body.seq == 0
            assert sparkplug.metric_value(body.metrics, "bdSeq") == self.bdseq
            assert sparkplug.metric_value(body.metrics, "Node Control/Rebirth") is False
            self.declared = {}
        else:
            assert self.seq is not None, "something went out before the NBIRTH"
            assert body.seq == (self.seq + 1) % 256
        self.seq = body.seq
        names = {metric.name for metric in body.metrics}
        if topic.type in {MessageType.NBIRTH, MessageType.DBIRTH}:
            self.declared[topic.device] = names
            assert all(metric.datatype is not None and metric.timestamp is not None for metric in body.metrics)
        elif topic.type is MessageType.DDEATH:
            assert topic.device in self.declared
            del self.declared[topic.device]
        else:
            assert topic.device in self.declared, f"data of {topic.device} before its birth"
            assert names <= self.declared[topic.device]
            assert all(metric.datatype is not None for metric in body.metrics)


@dataclass(slots=True)
class Edge:
    """The edge node: what is durable, and the session of the moment."""

    outbox: dict[int, Reading] = field(default_factory=dict)
    next_row: int = 1
    bdseq: int = -1
    last_birth: int = 0
    clock_error: int = 0
    up: set[str] = field(default_factory=lambda: set(ASSETS))
    session: EdgeSession | None = None
    cursor: int = 0
    historical: bool = True
    rules: WireRules = field(default_factory=lambda: WireRules(0))


class World:
    """Everything, with one method per thing that can happen. `key`: that of the edge node, which the host has too."""

    def __init__(self, key: ProofKey | None = None) -> None:
        self.key = key
        self.now = START
        self.edge = Edge()
        self.host: HostSession | None = None
        self.types: dict[tuple[NodeKey, str | None], dict[str, int]] = {}
        self.committed: set[Reading] = set()
        self.retained_state: state.HostState | None = None
        self.host_since = 0
        self.to_host: list[Wire] = []
        self.to_edge: list[Wire] = []
        self.late_wills: list[Wire] = []
        self.resends = 0
        self.refused = 0
        self.delivered = 0

    # ------------------------------------------------------------ edge

    def produce(self, asset: str, metric: str = "Fill/Percent", value: float = 50.0) -> int:
        """A reading is committed to the outbox."""
        row = self.edge.next_row
        reading = Reading(asset, metric, self.now - 1_000_000 + row, value)
        self.edge.outbox[row] = reading
        self.edge.next_row += 1
        if self.edge.session is not None:
            self.edge.session.committed([reading])
        return row

    def connect(self) -> None:
        """The edge makes a new MQTT session."""
        edge = self.edge
        edge.bdseq = (edge.bdseq + 1) % 256
        challenge = f"challenge {edge.last_birth} {edge.next_row}"
        session = EdgeSession(
            NodeIdentity(KEY.group, KEY.node, HOST),
            edge.bdseq,
            METRICS,
            edge.last_birth,
            proofs=None if self.key is None else Proofs(self.key, KEY.group, KEY.node, challenge),
        )
        edge.session, edge.cursor, edge.historical = session, 0, True
        edge.rules = WireRules(edge.bdseq)
        self.to_edge.clear()  # clean session: the broker keeps nothing
        for asset in edge.up:
            self.act(session.asset_up(asset, self.edge_now))
        self.act(session.connected(self.edge_now))

    @property
    def edge_now(self) -> int:
        return self.now + self.edge.clock_error

    def step(self) -> None:
        """One turn of the edge's loop: connect, look at the clock, send while there is room."""
        edge = self.edge
        if edge.session is None:
            self.connect()
        session = edge.session
        if session is None:
            return
        self.act(session.tick(self.edge_now))
        while edge.session is session and session.room() > 0:
            waiting = [(row, reading) for row, reading in edge.outbox.items() if row > edge.cursor][:BATCH]
            if not waiting:
                edge.historical = False
                break
            edge.cursor = waiting[-1][0]
            self.act(session.send(waiting, self.edge_now, historical=edge.historical))

    def act(self, actions: list[Action]) -> None:
        """What the edge's adapter does with the actions."""
        edge = self.edge
        for action in actions:
            if isinstance(action, Publish):
                edge.rules.check(action)
                self.to_host.append(Wire(action.topic, action.payload))
            elif isinstance(action, Subscribe):
                if topics.state_topic(HOST) in action.filters and self.retained_state is not None:
                    self.to_edge.append(Wire(topics.state_topic(HOST), self.retained_state.encode()))
            elif isinstance(action, Delivered):
                for row in action.rows:
                    reading = edge.outbox.pop(row)
                    assert reading in self.committed, f"row {row} is deleted but was never stored"
                    self.delivered += 1
            elif isinstance(action, Resend):
                edge.cursor, edge.historical = 0, True
                self.resends += 1
            elif isinstance(action, Close):
                edge.session = None
        self.refused += sum(isinstance(action, Refused) for action in actions)
        if edge.session is not None:
            edge.last_birth = max(edge.last_birth, edge.session.last_birth)

    def flap(self, asset: str) -> None:
        """A device is lost, or comes back."""
        edge = self.edge
        edge.up ^= {asset}
        if edge.session is not None:
            change = edge.session.asset_up if asset in edge.up else edge.session.asset_down
            self.act(change(asset, self.edge_now))

    def cut_edge(self, unsent: int, *, late_will: bool) -> None:
        """The edge's connection breaks (or its process dies): the last messages never reach the broker."""
        edge = self.edge
        if edge.session is None:
            return
        if unsent:
            del self.to_host[-unsent:]
        will = edge.session.will()
        (self.late_wills if late_will else self.to_host).append(Wire(will.topic, will.payload))
        edge.session = None
        self.to_edge.clear()

    def deliver_to_edge(self, count: int) -> None:
        """The next messages reach the edge."""
        for _ in range(count):
            if self.edge.session is None or not self.to_edge:
                return
            message = self.to_edge.pop(0)
            self.act(self.edge.session.received(message.topic, message.payload, self.edge_now))

    # ------------------------------------------------------------ host

    def host_up(self, *, forgetful: bool = True) -> None:
        """The host connects and says so."""
        if self.host is None or forgetful:
            self.host, self.types = HostSession(), {}
        self.host_since = max(self.now, self.host_since + 1)
        self._state(online=True)

    def host_cut(self) -> None:
        """The host's connection breaks: what was on the way to it is lost, its will is published."""
        self.to_host.clear()
        self._state(online=False)

    def _state(self, *, online: bool) -> None:
        self.retained_state = state.HostState(online, self.host_since)
        if self.edge.session is not None and self.edge.session.phase is not Phase.NEW:
            self.to_edge.append(Wire(topics.state_topic(HOST), self.retained_state.encode()))

    @property
    def host_online(self) -> bool:
        return self.host is not None and self.retained_state is not None and self.retained_state.online

    def deliver_to_host(self, count: int, *, commit_fails: bool = False) -> None:
        """The host takes a batch, commits it, and answers."""
        if not self.host_online or self.host is None:
            return
        batch, self.to_host = self.to_host[:count], self.to_host[count:]
        rows = [row for message in batch for row in self._read(self.host, message)]
        if commit_fails:
            self.host_cut()
            self.host = None
            return
        self.committed.update(rows)
        for ack in self.host.acks():
            proved = []
            if self.key is not None and ack.chain is not None:
                given = self.key.acknowledgement(KEY.group, KEY.node, ack.birth, ack.count, ack.chain)
                proved = [(sparkplug.ACK_PROOF, given)]
            self._command((sparkplug.ACK_BIRTH, ack.birth), (sparkplug.ACK_COUNT, ack.count), *proved)
        for _ in self.host.rebirths():
            self._command((sparkplug.REBIRTH, True))

    def _command(self, *metrics: tuple[str, int | bool | str]) -> None:
        if self.edge.session is not None:
            topic = str(NodeTopic(KEY.group, MessageType.NCMD, KEY.node))
            self.to_edge.append(Wire(topic, sparkplug.command(metrics, self.now)))

    def _read(self, host: HostSession, message: Wire) -> list[Reading]:
        """What a collector does with one message."""
        topic = topics.parse(message.topic)
        body = sparkplug.decode(message.payload, lambda name: self.types.get((KEY, topic.device), {}).get(name))
        wire = (message.topic, message.payload)
        types = {metric.name: int(metric.datatype) for metric in body.metrics if metric.datatype is not None}
        if topic.type is MessageType.NBIRTH:
            bdseq = sparkplug.metric_value(body.metrics, sparkplug.BDSEQ)
            assert isinstance(bdseq, int)
            assert body.timestamp is not None
            request = proof.Request.read(sparkplug.metric_value(body.metrics, sparkplug.ACK_PROOF))
            proved = None if request is None else wire
            host.node_birth(KEY, body.seq or 0, bdseq, body.timestamp, types, wants_ack=True, proved=proved)
            self.types[KEY, None] = types
            return []
        if topic.type is MessageType.NDEATH:
            bdseq = sparkplug.metric_value(body.metrics, sparkplug.BDSEQ)
            assert isinstance(bdseq, int)
            host.node_death(KEY, bdseq)
            return []
        assert topic.device is not None
        if topic.type is MessageType.DBIRTH:
            if host.device_birth(KEY, topic.device, body.seq, types, self.now, wire):
                self.types[KEY, topic.device] = types
            return []
        if topic.type is MessageType.DDEATH:
            host.device_death(KEY, topic.device, body.seq, self.now, wire)
            return []
        if host.data(KEY, topic.device, body.seq, self.now, wire) is None:
            return []
        return [
            Reading(topic.device, metric.name, metric.timestamp or 0, metric.value, metric.quality)
            for metric in body.metrics
        ]

    # ------------------------------------------------------------ the end of all faults

    def heal(self, rounds: int = 80) -> int:
        """Nothing is lost any more: the number of resends until every row is delivered."""
        before = self.resends
        self.to_host += self.late_wills
        self.late_wills = []
        if not self.host_online:
            self.host_up()
        for _ in range(rounds):
            self.now += 5_000
            self.step()
            self.deliver_to_host(len(self.to_host))
            self.deliver_to_edge(len(self.to_edge))
            if not self.edge.outbox and not self.to_host and not self.to_edge:
                return self.resends - before
        raise AssertionError(f"{len(self.edge.outbox)} rows are still waiting; {self.resends - before} resends")
