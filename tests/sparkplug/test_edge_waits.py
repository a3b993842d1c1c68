"""An edge node and its primary host: it is born for this host alone, and leaves when the host does."""

import json

import pytest

from tests.sparkplug.host_states import OTHER, OWN, Waiting
from tests.sparkplug.recording import DATA, Connection, Frame
from tests.sparkplug.test_edge_connect import will_bdseq
from tests.sparkplug.whole_session import Life
from tests.support.mqtt_packets import Kind


def reactions(waiting: Waiting, topic: str, timestamp: int, *, online: bool) -> int:
    """How many births and deaths of the node followed this STATE before the next was said."""
    counts = [count for *_, count in waiting.said] + [len(waiting.edge.sent("NBIRTH", "NDEATH")) - 1]
    at = [(it[0], it[2], it[1]) for it in waiting.said].index((topic, timestamp, online))
    return counts[at + 1] - counts[at]


def state(frame: Frame) -> tuple[bool, int]:
    body = json.loads(frame.packet.payload)
    return body["online"], body["timestamp"]


def first(waiting: Waiting) -> Connection:
    return waiting.edge.connections[0]


@pytest.mark.sparkplug(
    "message-flow-edge-node-birth-publish-phid-wait", "operational-behavior-edge-node-birth-sequence-wait"
)
def test_no_birth_before_the_host_is_online(waiting: Waiting) -> None:
    each = first(waiting)
    (subscribe,) = each.kinds(Kind.SUBSCRIBE)
    assert OWN in subscribe.packet.filters
    birth = each.index(lambda frame: frame.type == "NBIRTH")
    online = each.index(lambda frame: frame.type == "STATE" and state(frame) == (True, 6_000))
    assert online < birth
    assert not [frame for frame in each.frames[:birth] if frame.sent and frame.kind is Kind.PUBLISH]


@pytest.mark.sparkplug("message-flow-edge-node-birth-publish-phid-wait-id")
def test_another_host_does_not_count(waiting: Waiting) -> None:
    assert reactions(waiting, OTHER, 9_000, online=True) == 0
    assert reactions(waiting, OTHER, 9_500, online=False) == 0


@pytest.mark.sparkplug("message-flow-edge-node-birth-publish-phid-wait-online")
def test_a_host_that_is_offline_does_not_count(waiting: Waiting) -> None:
    assert reactions(waiting, OWN, 5_000, online=False) == 0
    assert reactions(waiting, OWN, 6_000, online=True) == 1


@pytest.mark.sparkplug("message-flow-edge-node-birth-publish-phid-wait-timestamp")
def test_the_first_state_is_valid_whatever_its_time_and_later_ones_must_not_be_older(waiting: Waiting) -> None:
    assert reactions(waiting, OWN, 4_000, online=True) == 0
    births = waiting.edge.sent("NBIRTH")
    assert len(births) == 2  # STATEs from 1970 count: only their order matters


@pytest.mark.sparkplug("operational-behavior-edge-node-termination-host-offline-timestamp")
def test_an_offline_from_an_older_session_of_the_host_is_passed_over(waiting: Waiting) -> None:
    assert reactions(waiting, OWN, 5_500, online=False) == 0
    each = first(waiting)
    old = each.index(lambda frame: frame.type == "STATE" and state(frame) == (False, 5_500))
    last = each.index(lambda frame: frame.type == "STATE" and state(frame) == (False, 6_000))
    assert not [frame for frame in each.frames[old:last] if frame.sent and frame.type in {"NBIRTH", "NDEATH"}]
    assert not [frame for frame in each.frames[old:last] if frame.kind is Kind.DISCONNECT]


@pytest.mark.sparkplug(
    "message-flow-edge-node-birth-publish-phid-offline",
    "operational-behavior-edge-node-termination-host-offline",
)
def test_when_the_host_goes_offline_the_node_publishes_its_death_and_leaves(waiting: Waiting, story: Life) -> None:
    assert reactions(waiting, OWN, 6_000, online=False) == 1
    left = [each for each in (first(waiting), *story.edge.born) if each.received("STATE")[-1:]]
    left = [each for each in left if not state(each.received("STATE")[-1])[0]]
    assert len(left) >= 3  # told so, left on purpose, killed
    for each in left:
        told = each.received("STATE")[-1].index
        after = [frame for frame in each.said if frame.index > told and frame.type not in DATA]
        assert [frame.type or frame.kind for frame in after] == ["NDEATH", Kind.DISCONNECT]


@pytest.mark.sparkplug("operational-behavior-edge-node-termination-host-offline-reconnect")
def test_then_it_connects_anew_and_waits_again(waiting: Waiting) -> None:
    before, after = waiting.edge.connections
    assert will_bdseq(after) == will_bdseq(before) + 1
    (subscribe,) = after.kinds(Kind.SUBSCRIBE)
    assert OWN in subscribe.packet.filters
    birth = after.index(lambda frame: frame.type == "NBIRTH")
    assert after.index(lambda frame: frame.type == "STATE" and state(frame) == (True, 7_000)) < birth
    assert after.index(lambda frame: frame.type == "STATE" and state(frame)[0] is False) < birth
