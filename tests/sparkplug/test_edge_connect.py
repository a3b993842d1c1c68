"""How an edge node comes to the server: CONNECT, will, bdSeq, subscriptions."""

import pytest

from tests.sparkplug import oracle
from tests.sparkplug.recording import Connection, Recording
from tests.sparkplug.recording_stage import GROUP, NODE
from tests.support.mqtt_packets import Kind

NDEATH = f"spBv1.0/{GROUP}/NDEATH/{NODE}"


def will_bdseq(connection: Connection) -> int:
    body = oracle.decode(connection.connect.will_payload)
    return int(oracle.value(oracle.named(body, "bdSeq")))


@pytest.mark.sparkplug("principles-persistence-clean-session-311")
def test_every_session_is_clean(edge: Recording) -> None:
    assert len(edge.connections) > 3
    for each in edge.connections:
        assert (each.connect.level, each.connect.clean) == (4, True)


@pytest.mark.sparkplug(
    "message-flow-edge-node-birth-publish-will-message",
    "message-flow-edge-node-birth-publish-will-message-topic",
    "message-flow-edge-node-birth-publish-will-message-qos",
    "message-flow-edge-node-birth-publish-will-message-will-retained",
    "payloads-ndeath-will-message",
    "payloads-ndeath-will-message-qos",
    "payloads-ndeath-will-message-retain",
)
def test_connect_carries_the_death_as_will_at_qos_1_not_retained(edge: Recording) -> None:
    for each in edge.connections:
        said = each.connect
        assert (said.will_topic, said.will_qos, said.will_retain) == (NDEATH, 1, False)


@pytest.mark.sparkplug(
    "message-flow-edge-node-birth-publish-will-message-payload",
    "message-flow-edge-node-birth-publish-will-message-payload-bdSeq",
    "payloads-ndeath-bdseq",
)
def test_the_will_is_a_payload_with_bdseq_alone(edge: Recording) -> None:
    for each in edge.connections:
        body = oracle.decode(each.connect.will_payload)
        assert [metric.name for metric in body.metrics] == ["bdSeq"]
        assert body.metrics[0].datatype == oracle.INT64
        assert body.metrics[0].WhichOneof("value") == "long_value"
        assert not body.HasField("seq")


@pytest.mark.sparkplug(
    "topics-nbirth-bdseq-increment", "message-flow-edge-node-birth-publish-will-message-payload-bdSeq"
)
def test_bdseq_begins_at_0_and_rises_by_1_with_every_connect_also_over_restarts_and_kills(edge: Recording) -> None:
    assert [will_bdseq(each) for each in edge.connections] == list(range(len(edge.connections)))


@pytest.mark.sparkplug(
    "topics-nbirth-bdseq-included",
    "topics-nbirth-bdseq-matching",
    "payloads-nbirth-bdseq",
    "payloads-nbirth-bdseq-repeat",
    "message-flow-edge-node-birth-publish-nbirth-payload-bdSeq",
    "payloads-ndeath-bdseq",
)
def test_every_node_birth_repeats_the_bdseq_of_the_will(edge: Recording) -> None:
    assert len(edge.born) > 3
    for each in edge.born:
        for frame in each.sent("NBIRTH"):
            metric = oracle.named(frame.body, "bdSeq")
            assert (metric.datatype, oracle.value(metric)) == (oracle.INT64, will_bdseq(each))


@pytest.mark.sparkplug("message-flow-edge-node-birth-publish-connect")
def test_nothing_is_sent_before_the_server_has_answered(edge: Recording) -> None:
    for each in edge.connections:
        connack = each.index(lambda frame: frame.kind is Kind.CONNACK)
        assert [frame.kind for frame in each.frames[:connack]] == [Kind.CONNECT]
        assert each.frames[connack].packet.reason == 0


@pytest.mark.sparkplug("message-flow-edge-node-ncmd-subscribe", "message-flow-device-dcmd-subscribe")
def test_commands_are_subscribed_at_qos_1_before_the_birth(edge: Recording) -> None:
    for each in edge.connections:
        subscribed = [
            pair
            for frame in each.kinds(Kind.SUBSCRIBE)
            for pair in zip(frame.packet.filters, frame.packet.filters_qos, strict=True)
        ]
        assert (f"spBv1.0/{GROUP}/NCMD/{NODE}", 1) in subscribed
        assert (f"spBv1.0/{GROUP}/DCMD/{NODE}/+", 1) in subscribed
    for each in edge.born:
        subscribe = each.index(lambda frame: frame.kind is Kind.SUBSCRIBE)
        assert subscribe < each.index(lambda frame: frame.type == "NBIRTH")
