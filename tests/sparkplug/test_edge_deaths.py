"""Deaths: of devices, of the node on purpose, of the node by force."""

from itertools import pairwise

import pytest

from tests.sparkplug import oracle
from tests.sparkplug.recording import Connection, Recording
from tests.sparkplug.test_edge_connect import will_bdseq
from tests.sparkplug.whole_session import Life
from tests.support.mqtt_packets import Kind

MINUTE = 60_000


def left(edge: Recording) -> list[Connection]:
    """Connections that the born edge node has ended itself."""
    found = [each for each in edge.born if each.kinds(Kind.DISCONNECT)]
    assert len(found) >= 3  # the host left, was killed, and the agent was stopped twice
    return found


@pytest.mark.sparkplug("operational-behavior-device-ddeath")
def test_a_device_that_is_lost_is_declared_dead_and_born_when_it_returns(story: Life, edge: Recording) -> None:
    died = [frame for frame in story.during(edge, "device dies") if frame.sent and frame.type.startswith("D")]
    assert (died[-1].type, died[-1].device) == ("DDEATH", "unit-1")
    returned = [frame for frame in story.during(edge, "device returns") if frame.sent and frame.device == "unit-1"]
    assert returned[0].type == "DBIRTH"


@pytest.mark.sparkplug("topics-ddeath-mqtt")
def test_the_death_of_a_device_is_at_qos_0_and_not_retained(edge: Recording) -> None:
    assert {(frame.packet.qos, frame.packet.retain) for frame in edge.sent("DDEATH")} == {(0, False)}


@pytest.mark.sparkplug("payloads-ddeath-timestamp")
def test_the_death_of_a_device_tells_its_time(edge: Recording) -> None:
    for frame in edge.sent("DDEATH"):
        assert abs(frame.body.timestamp - frame.wall) < MINUTE


@pytest.mark.sparkplug(
    "topics-ddeath-seq-num", "payloads-ddeath-seq", "payloads-ddeath-seq-inc", "payloads-ddeath-seq-number"
)
def test_the_death_of_a_device_takes_the_next_seq(edge: Recording) -> None:
    deaths = 0
    for part in edge.births():
        for before, frame in pairwise(part):
            if frame.type == "DDEATH":
                assert frame.body.HasField("seq")
                assert frame.body.seq == (before.body.seq + 1) % 256
                deaths += 1
    assert deaths


@pytest.mark.sparkplug("topics-ndeath-payload")
def test_the_death_of_the_node_is_bdseq_and_nothing_else(edge: Recording, host: Recording) -> None:
    deaths = [*edge.sent("NDEATH"), *host.received("NDEATH")]
    assert deaths
    for frame in deaths:
        assert [metric.name for metric in frame.body.metrics] == ["bdSeq"]


@pytest.mark.sparkplug("topics-ndeath-seq", "payloads-ndeath-seq")
def test_the_death_of_the_node_has_no_seq(edge: Recording, host: Recording) -> None:
    deaths = [*edge.sent("NDEATH"), *host.received("NDEATH")]
    assert deaths
    assert not any(frame.body.HasField("seq") for frame in deaths)


@pytest.mark.sparkplug(
    "operational-behavior-edge-node-intentional-disconnect-ndeath", "payloads-ndeath-will-message-publisher"
)
def test_who_leaves_on_purpose_publishes_the_death_of_its_session_first(edge: Recording) -> None:
    for each in left(edge):
        (death,) = each.sent("NDEATH")
        assert oracle.value(oracle.named(death.body, "bdSeq")) == will_bdseq(each)
        assert each.frames.index(death) < each.index(lambda frame: frame.kind is Kind.DISCONNECT)


@pytest.mark.sparkplug(
    "operational-behavior-edge-node-intentional-disconnect-packet",
    "payloads-ndeath-will-message-publisher-disconnect-mqtt311",
)
def test_then_a_disconnect_ends_the_session_of_mqtt_311(edge: Recording) -> None:
    for each in left(edge):
        last = each.said[-2:]
        assert [last[0].type, last[1].kind] == ["NDEATH", Kind.DISCONNECT]
        assert each.connect.level == 4


def test_who_is_killed_is_declared_dead_by_the_server(story: Life, edge: Recording, host: Recording) -> None:
    assert not [frame for frame in story.during(edge, "edge is killed") if frame.sent and frame.type == "NDEATH"]
    (death,) = [frame for frame in story.during(host, "edge is killed") if frame.type == "NDEATH"]
    killed = [each for each in edge.born if not each.kinds(Kind.DISCONNECT)]
    assert oracle.value(oracle.named(death.body, "bdSeq")) in {will_bdseq(each) for each in killed}
