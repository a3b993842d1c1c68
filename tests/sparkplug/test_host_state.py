"""The STATE of the host application: will, birth, death; and how it comes to the server and leaves it."""

import json
from itertools import pairwise
from typing import Any

import pytest

from tests.sparkplug.recording import Connection, Frame, Recording
from tests.sparkplug.recording_stage import GROUP
from tests.sparkplug.whole_session import Life
from tests.support.mqtt_packets import Kind

TOPIC = "spBv1.0/STATE/sukusuku"
MINUTE = 60_000


def will(each: Connection) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(each.connect.will_payload)
    return found


def births(host: Recording) -> list[tuple[Connection, Frame, dict[str, Any]]]:
    """The first STATE of every connection."""
    found = [(each, each.sent("STATE")[0]) for each in host.connections]
    assert len(found) >= 3
    return [(each, frame, json.loads(frame.packet.payload)) for each, frame in found]


def deaths(host: Recording) -> list[tuple[Connection, Frame, dict[str, Any]]]:
    """The last STATE of the connections that were ended on purpose."""
    found = [(each, each.sent("STATE")[-1]) for each in host.connections if each.kinds(Kind.DISCONNECT)]
    assert len(found) >= 2
    return [(each, frame, json.loads(frame.packet.payload)) for each, frame in found]


@pytest.mark.sparkplug("intro-sparkplug-host-state", "components-ph-state", "conformance-primary-host")
def test_the_collector_says_online_and_offline(host: Recording) -> None:
    assert [body["online"] for *_, body in births(host)] == [True] * len(host.connections)
    assert {body["online"] for *_, body in deaths(host)} == {False}


@pytest.mark.sparkplug("message-flow-phid-sparkplug-clean-session-311")
def test_every_session_is_clean(host: Recording) -> None:
    assert {(each.connect.level, each.connect.clean) for each in host.connections} == {(4, True)}


@pytest.mark.sparkplug(
    "host-topic-phid-death-required",
    "host-topic-phid-death-topic",
    "host-topic-phid-death-qos",
    "host-topic-phid-death-retain",
    "payloads-state-will-message",
    "payloads-state-will-message-qos",
    "payloads-state-will-message-retain",
    "operational-behavior-host-application-connect-will",
    "operational-behavior-host-application-connect-will-topic",
    "operational-behavior-host-application-connect-will-qos",
    "operational-behavior-host-application-connect-will-retained",
)
def test_connect_carries_the_offline_state_as_will_at_qos_1_retained(host: Recording) -> None:
    for each in host.connections:
        said = each.connect
        assert (said.will_topic, said.will_qos, said.will_retain) == (TOPIC, 1, True)


@pytest.mark.sparkplug(
    "host-topic-phid-death-payload",
    "payloads-state-will-message-payload",
    "operational-behavior-host-application-connect-will-payload",
)
def test_the_will_is_json_that_says_offline(host: Recording) -> None:
    for each in host.connections:
        assert will(each) == {"online": False, "timestamp": will(each)["timestamp"]}
        assert isinstance(will(each)["timestamp"], int)


@pytest.mark.sparkplug("host-topic-phid-death-payload-timestamp-connect")
def test_the_will_has_the_time_of_its_connect(host: Recording) -> None:
    for each in host.connections:
        assert abs(will(each)["timestamp"] - each.frames[0].wall) < MINUTE
    for before, after in pairwise(host.connections):
        assert will(before)["timestamp"] < will(after)["timestamp"]


@pytest.mark.sparkplug(
    "message-flow-phid-sparkplug-subscription", "host-topic-phid-birth-sub-required", "payloads-state-subscribe"
)
def test_it_subscribes_to_its_state_and_to_all_that_edge_nodes_say_before_it_is_born(host: Recording) -> None:
    for each in host.connections:
        birth = each.index(lambda frame: frame.sent and frame.type == "STATE")
        before = [frame for frame in each.frames[:birth] if frame.sent]
        assert [frame.kind for frame in before[:2]] == [Kind.CONNECT, Kind.SUBSCRIBE]
        filters = {item for frame in before for item in frame.packet.filters}
        assert filters >= {TOPIC, *(f"spBv1.0/{GROUP}/{kind}/+" for kind in ("NBIRTH", "NDATA", "NDEATH"))}
        assert filters >= {f"spBv1.0/{GROUP}/{kind}/+/+" for kind in ("DBIRTH", "DDATA", "DDEATH")}
        assert TOPIC in before[1].packet.filters


@pytest.mark.sparkplug(
    "host-topic-phid-birth-message",
    "host-topic-phid-birth-required",
    "message-flow-phid-sparkplug-state-publish",
    "operational-behavior-host-application-connect-birth",
    "payloads-state-birth",
)
def test_the_birth_is_the_first_that_it_publishes(host: Recording) -> None:
    for each, frame, body in births(host):
        assert each.kinds(Kind.PUBLISH)[0] is frame
        assert body["online"] is True


@pytest.mark.sparkplug(
    "host-topic-phid-birth-topic",
    "host-topic-phid-birth-qos",
    "host-topic-phid-birth-retain",
    "operational-behavior-host-application-connect-birth-topic",
    "operational-behavior-host-application-connect-birth-qos",
    "operational-behavior-host-application-connect-birth-retained",
)
def test_the_birth_is_on_its_topic_at_qos_1_retained(host: Recording) -> None:
    for _, frame, _ in births(host):
        assert (frame.packet.topic, frame.packet.qos, frame.packet.retain) == (TOPIC, 1, True)


@pytest.mark.sparkplug(
    "host-topic-phid-birth-payload",
    "host-topic-phid-birth-payload-timestamp",
    "message-flow-phid-sparkplug-state-publish-payload",
    "message-flow-phid-sparkplug-state-publish-payload-timestamp",
    "operational-behavior-host-application-connect-birth-payload",
    "payloads-state-birth-payload",
)
def test_the_birth_is_json_with_the_time_of_the_will(host: Recording) -> None:
    for each, _, body in births(host):
        assert body == {"online": True, "timestamp": will(each)["timestamp"]}


@pytest.mark.sparkplug("operational-behavior-host-application-termination")
def test_whoever_leaves_on_purpose_says_offline_first(host: Recording) -> None:
    for each, frame, body in deaths(host):
        assert body["online"] is False
        assert each.frames.index(frame) < each.index(lambda item: item.kind is Kind.DISCONNECT)


@pytest.mark.sparkplug(
    "operational-behavior-host-application-death-topic",
    "operational-behavior-host-application-death-qos",
    "operational-behavior-host-application-death-retained",
)
def test_the_death_is_on_its_topic_at_qos_1_retained(host: Recording) -> None:
    for _, frame, _ in deaths(host):
        assert (frame.packet.topic, frame.packet.qos, frame.packet.retain) == (TOPIC, 1, True)


@pytest.mark.sparkplug(
    "host-topic-phid-death-payload-timestamp-disconnect-clean", "operational-behavior-host-application-death-payload"
)
def test_the_death_has_the_time_of_leaving(story: Life, host: Recording) -> None:
    for each, frame, body in deaths(host):
        assert body == {"online": False, "timestamp": body["timestamp"]}
        assert abs(body["timestamp"] - frame.wall) < MINUTE
        assert body["timestamp"] > will(each)["timestamp"]
    begin, end = story.moments["host leaves"], story.moments["host leaves ends"]
    assert begin <= deaths(host)[0][2]["timestamp"] <= end  # not the time of its connect


@pytest.mark.sparkplug("host-topic-phid-death-payload-timestamp-disconnect-with-no-disconnect-packet")
def test_the_death_with_the_present_time_is_at_the_server_before_any_disconnect(host: Recording) -> None:
    for each, frame, body in deaths(host):
        taken = each.index(
            lambda item: item.kind is Kind.PUBACK and not item.sent and item.packet.packet_id == frame.packet.packet_id  # noqa: B023 - used at once
        )
        assert taken < each.index(lambda item: item.kind is Kind.DISCONNECT)
        assert body["timestamp"] > will(each)["timestamp"]


@pytest.mark.sparkplug("operational-behavior-host-application-disconnect-intentional")
def test_a_disconnect_ends_the_session(host: Recording) -> None:
    for each, *_ in deaths(host):
        assert each.said[-1].kind is Kind.DISCONNECT


def test_after_a_kill_the_next_session_is_newer(story: Life, host: Recording) -> None:
    assert not [frame for frame in story.during(host, "host is killed") if frame.kind is Kind.DISCONNECT]
    stamps = [body["timestamp"] for *_, body in births(host)]
    assert stamps == sorted(set(stamps))
