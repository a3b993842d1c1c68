"""An edge node with a key: which words it believes, and what others can do to it."""

from sukusuku_core import sparkplug, state
from sukusuku_core.catalogue import DataType
from sukusuku_core.edge_actions import Action, Close, Delivered, Publish, Refused, Resend
from sukusuku_core.edge_proofs import ASK_AFTER, HEED_EVERY, PROVE_WITHIN, Proofs
from sukusuku_core.edge_session import WAIT_MAX, EdgeSession, NodeIdentity, Phase
from sukusuku_core.host_session import HostSession, NodeKey
from sukusuku_core.model import Reading
from sukusuku_core.proof import ProofKey, Request

NOW = 1_780_000_000_000
KEY = ProofKey(bytes(range(32)))
NODE = NodeKey("toshima", "tobu-pi")
NCMD = "spBv1.0/toshima/NCMD/tobu-pi"
STATE = "spBv1.0/STATE/sukusuku"
TYPES = {"State": int(DataType.INT64)}


class Pair:
    """A node and its host; what the host acknowledges is given to the node by the test."""

    def __init__(self, key: ProofKey | None = KEY) -> None:
        proofs = None if key is None else Proofs(key, NODE.group, NODE.node, "c1")
        metrics = {"unit-1": {"State": DataType.INT64}}
        self.edge = EdgeSession(NodeIdentity(NODE.group, NODE.node, "sukusuku"), 3, metrics, proofs=proofs)
        self.host = HostSession()
        self.row = 0
        self.edge.asset_up("unit-1", NOW)
        self.edge.connected(NOW)

    def state(self, *, online: bool, timestamp: int = 5, now: int = NOW) -> list[Action]:
        actions = self.edge.received(STATE, state.HostState(online, timestamp).encode(), now)
        self.hear(actions)
        return actions

    def send(self, now: int = NOW, *, arrives: bool = True) -> None:
        self.row += 1
        actions = self.edge.send([(self.row, Reading("unit-1", "State", NOW, 1))], now, historical=False)
        if arrives:
            self.hear(actions)

    def hear(self, actions: list[Action]) -> None:
        """The host stores what the node publishes."""
        for action in actions:
            if not isinstance(action, Publish):
                continue
            body, wire = sparkplug.decode(action.payload), (action.topic, action.payload)
            if "/NBIRTH/" in action.topic:
                self.host.node_birth(NODE, 0, 3, body.timestamp or 0, {}, wants_ack=True, proved=wire)
            elif "/DBIRTH/" in action.topic:
                self.host.device_birth(NODE, "unit-1", body.seq, TYPES, NOW, wire)
            elif "/DDATA/" in action.topic:
                self.host.data(NODE, "unit-1", body.seq, NOW, wire)

    def acknowledgement(self, key: ProofKey | None = KEY, node: str = NODE.node) -> bytes:
        (ack,) = self.host.acks()
        said: list[tuple[str, int | str]] = [(sparkplug.ACK_BIRTH, ack.birth), (sparkplug.ACK_COUNT, ack.count)]
        if key is not None and ack.chain is not None:
            said.append((sparkplug.ACK_PROOF, key.acknowledgement(NODE.group, node, ack.birth, ack.count, ack.chain)))
        return sparkplug.command(said, NOW)

    def command(self, payload: bytes, now: int = NOW) -> list[Action]:
        actions = self.edge.received(NCMD, payload, now)
        self.hear(actions)
        return actions


def online(key: ProofKey | None = KEY) -> Pair:
    pair = Pair(key)
    pair.state(online=True)
    return pair


def rebirth() -> bytes:
    return sparkplug.command([(sparkplug.REBIRTH, True)], NOW)


# -------------------------------------------------------------------- acknowledgements


def test_the_birth_of_a_node_with_a_key_asks_for_proofs_and_that_of_another_does_not() -> None:
    for key, expected in ((KEY, Request(KEY.ident, "c1")), (None, None)):
        actions = Pair(key).state(online=True)
        (birth, _) = [sparkplug.decode(action.payload) for action in actions if isinstance(action, Publish)]
        assert Request.read(sparkplug.metric_value(birth.metrics, sparkplug.ACK_PROOF)) == expected


def test_a_proved_acknowledgement_delivers() -> None:
    pair = online()
    pair.send()
    assert pair.command(pair.acknowledgement()) == [Delivered((1,))]
    pair.send()
    pair.send()
    assert pair.command(pair.acknowledgement()) == [Delivered((2, 3))]


def test_an_acknowledgement_without_a_proof_with_another_key_or_of_another_node_is_refused() -> None:
    for given in ({"key": None}, {"key": ProofKey(bytes(32))}, {"node": "seibu-pi"}):
        pair = online()
        pair.send()
        (refused,) = pair.command(pair.acknowledgement(**given))
        assert isinstance(refused, Refused)
        assert ("without a proof" in refused.why) == (given == {"key": None})
        pair.send()
        assert pair.command(pair.acknowledgement()) == [Delivered((1, 2))]


def test_an_earlier_acknowledgement_deletes_nothing_when_it_comes_again() -> None:
    pair = online()
    pair.send()
    first = pair.acknowledgement()
    assert pair.command(first) == [Delivered((1,))]
    pair.send()
    assert pair.command(first) == []
    pair.command(rebirth())
    pair.send()
    assert pair.command(first) == []


def test_a_message_that_somebody_else_has_sent_in_the_name_of_the_node_is_not_taken_for_the_nodes() -> None:
    """The host counts it, and the node has meanwhile sent as many: the counts agree, the messages do not."""
    pair = online()
    pair.send(arrives=False)
    forged = sparkplug.encode(sparkplug.Payload(NOW, (sparkplug.Metric("State", 9, NOW, DataType.INT64),), 2))
    pair.host.data(NODE, "unit-1", 2, NOW, ("spBv1.0/toshima/DDATA/tobu-pi/unit-1", forged))
    (refused,) = pair.command(pair.acknowledgement())
    assert isinstance(refused, Refused)
    assert "does not fit" in refused.why


def test_a_node_without_a_key_believes_what_one_with_a_key_refuses() -> None:
    pair = online(key=None)
    pair.send()
    assert pair.command(pair.acknowledgement(None)) == [Delivered((1,))]


# -------------------------------------------------------------------- births that anybody can ask for


def test_an_unproved_request_for_a_rebirth_is_heeded_every_few_seconds() -> None:
    pair = online()
    assert isinstance(pair.command(rebirth())[0], Resend)
    for later in (0, 1, HEED_EVERY - 1):
        assert pair.command(rebirth(), NOW + later) == []
        assert pair.state(online=True, timestamp=NOW + later, now=NOW + later) == []
        assert pair.edge.tick(NOW + later) == []
    assert isinstance(pair.edge.tick(NOW + HEED_EVERY)[0], Resend)
    assert pair.edge.tick(NOW + 3 * HEED_EVERY) == []


# -------------------------------------------------------------------- STATE


def test_an_offline_state_is_doubted_while_the_host_proves_that_it_is_there() -> None:
    pair = online()
    pair.send()
    waiting = pair.acknowledgement()
    assert pair.state(online=False) == []
    assert pair.command(waiting) == [Delivered((1,))]
    for later in range(0, 20_000, 500):
        assert pair.edge.tick(NOW + later) == []
    assert pair.edge.phase is Phase.ONLINE


def test_a_quiet_node_asks_by_a_birth_and_stays_when_the_host_answers_it() -> None:
    pair = online()
    pair.state(online=False)
    assert pair.edge.tick(NOW + ASK_AFTER - 1) == []
    asked = pair.edge.tick(NOW + ASK_AFTER)
    assert isinstance(asked[0], Resend)
    pair.hear(asked)
    pair.command(pair.acknowledgement())
    assert pair.edge.tick(NOW + ASK_AFTER + PROVE_WITHIN) == []
    assert pair.edge.phase is Phase.ONLINE


def test_a_host_that_is_really_gone_is_left() -> None:
    pair = online()
    pair.state(online=False)
    pair.edge.tick(NOW + ASK_AFTER)
    assert pair.edge.tick(NOW + ASK_AFTER + PROVE_WITHIN - 1) == []
    death, close = pair.edge.tick(NOW + ASK_AFTER + PROVE_WITHIN)
    assert death == pair.edge.will()
    assert close == Close("the host is offline")


def test_whoever_says_offline_all_the_time_makes_a_quiet_node_ask_every_few_seconds_only() -> None:
    pair = online()
    asked = 0
    for later in range(0, 60_000, 250):
        pair.state(online=False, timestamp=NOW + later, now=NOW + later)
        actions = pair.edge.tick(NOW + later)
        asked += any(isinstance(action, Resend) for action in actions)
        pair.hear(actions)
        if actions:
            pair.command(pair.acknowledgement(), NOW + later)
    assert pair.edge.phase is Phase.ONLINE
    assert asked <= 60_000 // HEED_EVERY


def test_a_state_from_the_far_future_silences_nobody_for_ever() -> None:
    """It makes a node without a key pass over the true ones until its next session."""
    pair = Pair(None)
    pair.state(online=False, timestamp=state.LATEST_TIMESTAMP - 1)
    assert pair.state(online=True, timestamp=NOW) == []
    assert pair.edge.tick(NOW + WAIT_MAX - 1) == []
    assert pair.edge.tick(NOW + WAIT_MAX) == [Close("the host has not come for 5 minutes")]


def test_a_node_with_a_key_that_waits_believes_an_online_state_that_is_older_than_a_forged_one() -> None:
    pair = Pair()
    pair.state(online=False, timestamp=state.LATEST_TIMESTAMP - 1)
    pair.state(online=True, timestamp=NOW)
    assert pair.edge.phase is Phase.ONLINE
