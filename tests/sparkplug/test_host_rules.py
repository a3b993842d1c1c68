"""What the host application makes of the messages of edge nodes: order, deaths, its own STATE."""

import json

import pytest

from sukusuku_core.settings import parse
from sukusuku_server.settings import Facility
from tests.sparkplug.collector_session import REORDER_MS, Hosting, asks_rebirth
from tests.sparkplug.recording import Frame
from tests.sparkplug.recording_stage import FACILITY, NODE, UNITS

TOLERANCE_MS = 50
"""Two clocks are read: that of the collector and that of the proxy."""


def requests(hosting: Hosting, chapter: str) -> list[Frame]:
    return [frame for frame in hosting.host.between(*hosting.places[chapter]) if asks_rebirth(frame.packet)]


@pytest.mark.sparkplug("operational-behavior-host-reordering-param")
def test_the_reorder_time_out_is_a_setting() -> None:
    text = FACILITY.format(port=1883, protocol="3.1.1", reorder=1.5)
    assert parse(text, Facility, "facility.toml").limits.reorder_window == 1.5


@pytest.mark.sparkplug("operational-behavior-host-reordering-success")
def test_messages_that_come_in_time_close_the_gap_and_all_are_acknowledged(hosting: Hosting) -> None:
    assert requests(hosting, "filled") == []  # the script waits for the acknowledgement of all seven


@pytest.mark.sparkplug("operational-behavior-host-reordering-start")
def test_a_gap_starts_a_timer_and_is_not_answered_at_once(hosting: Hosting) -> None:
    (request,) = requests(hosting, "missing")
    ahead = next(frame for frame in hosting.host.between(*hosting.places["missing"]) if frame.type == "DDATA")
    assert (request.packet.time - ahead.packet.time) * 1000 >= REORDER_MS - TOLERANCE_MS


@pytest.mark.sparkplug("operational-behavior-host-reordering-rebirth")
def test_when_it_ends_the_node_is_asked_for_a_rebirth(hosting: Hosting) -> None:
    (request,) = requests(hosting, "missing")
    (metric,) = request.body.metrics
    assert metric.boolean_value is True
    assert request.levels[3] == NODE


@pytest.mark.sparkplug(
    "operational-behavior-edge-node-termination-host-action-ddeath-devices-offline",
    "operational-behavior-edge-node-termination-host-action-ddeath-devices-tags-stale",
)
def test_a_device_death_makes_its_metrics_stale_since_the_time_in_the_message(hosting: Hosting) -> None:
    assert hosting.stale["alive"]["unit-1"] == {None}
    assert hosting.stale["device death"]["unit-1"] == {hosting.said["device death"]}
    assert hosting.stale["device death"]["unit-2"] == {None}
    assert hosting.mirrored["device death"] is True


def test_a_death_of_an_older_session_changes_nothing(hosting: Hosting) -> None:
    assert hosting.stale["old death"] == hosting.stale["device death"]


def test_a_birth_makes_them_fresh(hosting: Hosting) -> None:
    assert hosting.stale["born again"]["unit-1"] == {None}


@pytest.mark.sparkplug(
    "operational-behavior-edge-node-termination-host-action-ndeath-node-offline",
    "operational-behavior-edge-node-termination-host-action-ndeath-node-tags-stale",
)
def test_a_node_death_makes_the_metrics_of_the_node_stale_since_its_arrival(hosting: Hosting) -> None:
    (since,) = hosting.stale["node death"][NODE]
    begin, end = hosting.moments["node death"]
    assert since is not None
    assert begin <= since <= end


@pytest.mark.sparkplug(
    "operational-behavior-edge-node-termination-host-action-ndeath-devices-offline",
    "operational-behavior-edge-node-termination-host-action-ndeath-devices-tags-stale",
)
def test_and_those_of_all_its_devices(hosting: Hosting) -> None:
    for unit in UNITS:
        assert hosting.stale["node death"][unit] == hosting.stale["node death"][NODE]
    assert hosting.mirrored["node death"] is True


@pytest.mark.sparkplug("message-flow-hid-sparkplug-state-message-delivered")
def test_its_own_state_seen_as_offline_is_answered_with_online_and_the_same_time(hosting: Hosting) -> None:
    frames = hosting.host.between(*hosting.places["own state"])
    (answer,) = [frame for frame in frames if frame.sent and frame.type == "STATE"]
    assert json.loads(answer.packet.payload) == {"online": True, "timestamp": hosting.said["online"]}
    assert (answer.packet.qos, answer.packet.retain) == (1, True)
