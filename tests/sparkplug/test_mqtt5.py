"""What is different with MQTT 5."""

import json

import pytest

from tests.sparkplug.mqtt5_session import Five
from tests.sparkplug.recording import Connection
from tests.support.mqtt_packets import Kind

WITH_WILL = 0x04


def only(connections: tuple[Connection, ...]) -> Connection:
    (each,) = connections
    return each


@pytest.mark.sparkplug("principles-persistence-clean-session-50")
def test_the_edge_node_starts_clean_and_leaves_nothing(five_story: Five) -> None:
    said = only(five_story.edge.connections).connect
    assert (said.level, said.clean, said.session_expiry) == (5, True, 0)


@pytest.mark.sparkplug("message-flow-phid-sparkplug-clean-session-50")
def test_the_collector_starts_clean_and_leaves_nothing(five_story: Five) -> None:
    said = only(five_story.host.connections).connect
    assert (said.level, said.clean, said.session_expiry) == (5, True, 0)


@pytest.mark.sparkplug("payloads-ndeath-will-message-publisher-disconnect-mqtt50")
def test_the_edge_node_leaves_with_the_reason_that_keeps_the_will(five_story: Five) -> None:
    each = only(five_story.edge.connections)
    last = each.said[-2:]
    assert [last[0].type, last[1].kind] == ["NDEATH", Kind.DISCONNECT]
    assert last[1].packet.reason == WITH_WILL
    assert len(five_story.host.received("NDEATH")) == 2  # its own word, and the will


def test_the_collector_leaves_with_its_will_dropped(five_story: Five) -> None:
    each = only(five_story.host.connections)
    last = each.said[-2:]
    assert json.loads(last[0].packet.payload)["online"] is False
    assert (last[1].kind, last[1].packet.reason) == (Kind.DISCONNECT, 0)


def test_births_and_acknowledgements_pass_as_with_mqtt_311(five_story: Five) -> None:
    assert [frame.type for frame in five_story.edge.sent()][:3] == ["NBIRTH", "DBIRTH", "DBIRTH"]
    assert five_story.edge.received("NCMD")
