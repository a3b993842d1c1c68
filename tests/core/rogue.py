"""Somebody at the broker who may publish and read everything, and has no key."""

from collections.abc import Callable
from random import Random

from sukusuku_core import sparkplug, state, topics
from sukusuku_core.catalogue import DataType
from sukusuku_core.proof import ProofKey
from sukusuku_core.sparkplug import Metric, Payload
from sukusuku_core.topics import MessageType, NodeTopic
from tests.core.link_events import Field
from tests.core.simulated_link import ASSETS, HOST, KEY, Wire

NCMD = str(NodeTopic(KEY.group, MessageType.NCMD, KEY.node))
OTHER_KEY = ProofKey(bytes(32))


class Attacked(Field):
    """A field with him in it. He remembers every message that was ever under way."""

    def __init__(self, chance: Random, events: int = 160, key: ProofKey | None = None) -> None:
        super().__init__(chance, events, key)
        self.heard: list[Wire] = []

    def weighted(self) -> dict[Callable[[], None], float]:
        return {
            **super().weighted(),
            self.acknowledgement_is_forged: 12,
            self.acknowledgement_is_replayed: 8,
            self.node_is_played: 6,
            self.message_of_node_is_replayed: 4,
            self.rebirth_is_asked_for: 3,
            self.state_is_forged: 3,
        }

    def run(self) -> int:
        """The number of resends that the end needs."""
        self.world.host_up()
        self.all_is_well()
        names, weights = zip(*self.weighted().items(), strict=True)
        for event in self.chance.choices(names, weights, k=self.events):
            self.log.append(event.__name__)
            event()
            self.heard += self.world.to_edge[-4:] + self.world.to_host[-4:]
        self.world.edge.clock_error = 0
        return self.world.heal(rounds=200)

    # ------------------------------------------------------------ to the edge node

    def acknowledgement_is_forged(self) -> None:
        """For all that was sent, a bit less or a bit more; with no proof, with that of another key or another count."""
        session = self.world.edge.session
        if session is None:
            return
        count = self.sent() + self.chance.choice((-9, -1, 0, 0, 0, 1))
        given: list[tuple[str, int | str]] = [(sparkplug.ACK_BIRTH, session.last_birth), (sparkplug.ACK_COUNT, count)]
        proofs = [self.proof_of(message) for message in self.heard if message.topic == NCMD]
        other = OTHER_KEY.acknowledgement(KEY.group, KEY.node, session.last_birth, count, b"")
        proof = self.chance.choice((None, "", other, self.chance.choice([*proofs[-9:], other])))
        if proof is not None:
            given.append((sparkplug.ACK_PROOF, proof))
        self.to_edge(NCMD, sparkplug.command(given, self.world.now))

    def acknowledgement_is_replayed(self) -> None:
        """Of this birth or of an earlier one."""
        commands = [message for message in self.heard if message.topic == NCMD]
        if commands:
            self.to_edge(NCMD, self.chance.choice(commands).payload)

    def rebirth_is_asked_for(self) -> None:
        self.to_edge(NCMD, sparkplug.command([(sparkplug.REBIRTH, True)], self.world.now))

    def state_is_forged(self) -> None:
        ahead = self.chance.choice((-1, 0, 1, 60_000, state.LATEST_TIMESTAMP - 1 - self.world.now))
        forged = state.HostState(self.chance.random() < 0.3, self.world.now + ahead)
        if self.chance.random() < 0.5:
            self.world.retained_state = forged
        self.to_edge(topics.state_topic(HOST), forged.encode())

    def to_edge(self, topic: str, payload: bytes) -> None:
        at = self.chance.randrange(4)
        if self.world.edge.session is not None:
            self.world.to_edge[at:at] = [Wire(topic, payload)]

    # ------------------------------------------------------------ to the host

    def node_is_played(self) -> None:
        """The next message of the node, before the node sends it: the host counts it in its place."""
        asset = self.chance.choice(ASSETS)
        kind = self.chance.choice((MessageType.DDATA, MessageType.DDATA, MessageType.DBIRTH, MessageType.DDEATH))
        metric = Metric("Fill/Percent", 1.0, self.world.now, DataType.DOUBLE)
        metrics = () if kind is MessageType.DDEATH else (metric,)
        seq = (self.sent() + self.chance.choice((0, 0, 0, 1, -1))) % sparkplug.SEQ_MODULUS
        body = sparkplug.encode(Payload(self.world.now, metrics, seq))
        message = Wire(str(NodeTopic(KEY.group, kind, KEY.node, asset)), body)
        at = self.chance.randrange(len(self.world.to_host) + 1)
        self.world.to_host[at:at] = [message]

    def message_of_node_is_replayed(self) -> None:
        own = [message for message in self.heard if message.topic != NCMD and "/STATE/" not in message.topic]
        if own:
            at = self.chance.randrange(len(self.world.to_host) + 1)
            self.world.to_host[at:at] = [self.chance.choice(own[-40:])]

    # ------------------------------------------------------------ what he knows

    def sent(self) -> int:
        """How many messages the node has sent since its birth: `seq` and a bit of counting tell."""
        session = self.world.edge.session
        return 0 if session is None else session._count

    @staticmethod
    def proof_of(message: Wire) -> str:
        value = sparkplug.metric_value(sparkplug.decode(message.payload).metrics, sparkplug.ACK_PROOF)
        return value if isinstance(value, str) else ""
