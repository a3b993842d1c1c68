"""What the births of a node and its devices say, when, and how."""

from itertools import pairwise
from typing import Any

import pytest

from tests.sparkplug import oracle
from tests.sparkplug.collector_session import Hosting
from tests.sparkplug.recording import DATA, Recording
from tests.sparkplug.recording_stage import UNITS
from tests.support.mqtt_packets import Kind

BIRTHS = ("NBIRTH", "DBIRTH")
MINUTE = 60_000
REBIRTH = "Node Control/Rebirth"


def complete(metric: Any) -> bool:
    """Name, datatype, and either a value or the word that there is none."""
    has_value = metric.WhichOneof("value") is not None
    return bool(metric.name) and metric.datatype in oracle.DATATYPES and metric.is_null is not has_value


def compared_with_data(edge: Recording, birth: str, data: str) -> int:
    """How many metrics of births tell the same as the newest data before them; all of which there was any."""
    last: dict[tuple[str | None, str], tuple[int, Any]] = {}
    compared = 0
    for frame in edge.sent(birth, data):
        for metric in frame.body.metrics:
            key, said = (frame.device, metric.name), (metric.timestamp, oracle.value(metric))
            if frame.type == data:
                last[key] = max(last.get(key, said), said, key=lambda it: it[0])
            elif key in last and metric.timestamp <= last[key][0]:
                assert said == last[key]
                compared += 1
    return compared


@pytest.mark.sparkplug("principles-birth-certificates-order")
def test_the_births_are_the_first_that_anyone_publishes(edge: Recording, host: Recording, hosting: Hosting) -> None:
    for each in edge.connections:
        published = each.kinds(Kind.PUBLISH)
        assert [frame.type for frame in published[:1]] in ([], ["NBIRTH"])
    assert host.connections
    for each in (*host.connections, *hosting.host.connections):
        assert [frame.type for frame in each.kinds(Kind.PUBLISH)[:1]] == ["STATE"]


@pytest.mark.sparkplug(
    "topics-nbirth-mqtt",
    "payloads-nbirth-qos",
    "payloads-nbirth-retain",
    "message-flow-edge-node-birth-publish-nbirth-qos",
    "message-flow-edge-node-birth-publish-nbirth-retained",
)
def test_node_births_are_at_qos_0_and_not_retained(edge: Recording) -> None:
    assert {(frame.packet.qos, frame.packet.retain) for frame in edge.sent("NBIRTH")} == {(0, False)}


@pytest.mark.sparkplug(
    "topics-dbirth-mqtt",
    "payloads-dbirth-qos",
    "payloads-dbirth-retain",
    "message-flow-device-birth-publish-dbirth-qos",
    "message-flow-device-birth-publish-dbirth-retained",
)
def test_device_births_are_at_qos_0_and_not_retained(edge: Recording) -> None:
    assert {(frame.packet.qos, frame.packet.retain) for frame in edge.sent("DBIRTH")} == {(0, False)}


@pytest.mark.sparkplug(
    "topics-nbirth-seq-num",
    "payloads-nbirth-seq",
    "payloads-sequence-num-req-nbirth",
    "message-flow-edge-node-birth-publish-nbirth-payload-seq",
)
def test_a_node_birth_has_seq_0(edge: Recording) -> None:
    births = edge.sent("NBIRTH")
    assert len(births) > 4  # starts, a rebirth, returns of the host
    assert [(frame.body.HasField("seq"), frame.body.seq) for frame in births] == [(True, 0)] * len(births)


@pytest.mark.sparkplug(
    "topics-nbirth-timestamp", "payloads-nbirth-timestamp", "topics-dbirth-timestamp", "payloads-dbirth-timestamp"
)
@pytest.mark.parametrize("kind", BIRTHS)
def test_births_tell_the_time_of_their_sending(edge: Recording, kind: str) -> None:
    for frame in edge.sent(kind):
        assert abs(frame.body.timestamp - frame.wall) < MINUTE


@pytest.mark.sparkplug(
    "topics-nbirth-metric-reqs",
    "message-flow-edge-node-birth-publish-nbirth-payload",
    "operational-behavior-data-publish-nbirth-values",
)
def test_each_metric_of_a_node_birth_is_complete_and_shows_the_present_value(edge: Recording) -> None:
    metrics = [metric for frame in edge.sent("NBIRTH") for metric in frame.body.metrics]
    assert any(metric.is_null for metric in metrics)  # not yet measured in the first of them
    assert all(complete(metric) for metric in metrics)
    assert compared_with_data(edge, "NBIRTH", "NDATA") > 1


@pytest.mark.sparkplug(
    "topics-dbirth-metric-reqs",
    "message-flow-device-birth-publish-dbirth-payload",
    "operational-behavior-data-publish-dbirth-values",
)
def test_each_metric_of_a_device_birth_is_complete_and_shows_the_present_value(edge: Recording) -> None:
    assert all(complete(metric) for frame in edge.sent("DBIRTH") for metric in frame.body.metrics)
    assert compared_with_data(edge, "DBIRTH", "DDATA") > len(UNITS)


@pytest.mark.sparkplug("topics-nbirth-metrics", "operational-behavior-data-publish-nbirth")
def test_a_node_birth_lists_every_metric_that_the_node_sends_afterwards(edge: Recording) -> None:
    used = 0
    for node, *rest in edge.births():
        for frame in rest:
            if frame.type == "NDATA":
                assert frame.names <= node.names
                used += 1
    assert used


@pytest.mark.sparkplug("topics-dbirth-metrics", "operational-behavior-data-publish-dbirth")
def test_a_device_birth_lists_every_metric_that_the_device_sends_afterwards(edge: Recording) -> None:
    for part in edge.births():
        declared: dict[str | None, set[str]] = {}
        for frame in part:
            if frame.type == "DBIRTH":
                declared[frame.device] = frame.names
            elif frame.type == "DDATA":
                assert frame.names <= declared[frame.device]
    assert {"Fill/Percent", "Cycles/Total", "State"} <= edge.sent("DBIRTH")[0].names


@pytest.mark.sparkplug(
    "topics-nbirth-rebirth-metric",
    "payloads-nbirth-rebirth-req",
    "operational-behavior-data-commands-rebirth-name",
    "operational-behavior-data-commands-rebirth-name-aliases",
    "operational-behavior-data-commands-rebirth-datatype",
    "operational-behavior-data-commands-rebirth-value",
)
def test_a_node_birth_offers_the_rebirth(edge: Recording) -> None:
    for frame in edge.sent("NBIRTH"):
        metric = oracle.named(frame.body, REBIRTH)
        assert (metric.datatype, metric.WhichOneof("value")) == (oracle.BOOLEAN, "boolean_value")
        assert metric.boolean_value is False
        assert not metric.HasField("alias")


@pytest.mark.sparkplug("message-flow-device-birth-publish-nbirth-wait")
def test_devices_are_born_after_their_node(edge: Recording) -> None:
    for each in edge.connections:
        types = [frame.type for frame in each.sent()]
        if "DBIRTH" in types:
            assert "NBIRTH" in types[: types.index("DBIRTH")]
    assert {frame.device for frame in edge.sent("DBIRTH")} == set(UNITS)


@pytest.mark.sparkplug("payloads-dbirth-order", "payloads-ndata-order")
def test_the_births_of_all_devices_that_answer_come_before_any_data(edge: Recording) -> None:
    """Also after a start, when no device has answered yet; only what was dead may be born later."""
    dead: set[str | None] = set()
    for part in edge.births():
        types = [frame.type for frame in part]
        first_data = next((n for n, kind in enumerate(types) if kind in DATA), len(part))
        born = {frame.device for frame in part[:first_data] if frame.type == "DBIRTH"}
        if first_data < len(part):
            assert born | dead == set(UNITS)
        for n, frame in enumerate(part):
            if frame.type == "DBIRTH":
                assert n < first_data or frame.device in dead
                dead.discard(frame.device)
            elif frame.type == "DDEATH":
                dead.add(frame.device)
    assert edge.sent("NDATA")


@pytest.mark.sparkplug("payloads-ndata-order", "payloads-ddata-order")
def test_no_data_before_its_birth(edge: Recording) -> None:
    seen: set[str] = set()
    for each in edge.connections:
        alive: set[str | None] = set()
        for frame in each.sent():
            if frame.type in BIRTHS:
                alive.add(frame.device)
            elif frame.type == "DDEATH":
                alive.discard(frame.device)
            elif frame.type in DATA:
                assert frame.device in alive
                seen.add(frame.type)
    assert seen == set(DATA)


@pytest.mark.sparkplug(
    "topics-dbirth-seq",
    "payloads-dbirth-seq",
    "payloads-dbirth-seq-inc",
    "message-flow-device-birth-publish-dbirth-payload-seq",
)
def test_the_seq_of_a_device_birth_follows_the_message_before_it(edge: Recording) -> None:
    counted = 0
    for part in edge.births():
        for before, frame in pairwise(part):
            if frame.type == "DBIRTH":
                assert frame.body.HasField("seq")
                assert frame.body.seq == (before.body.seq + 1) % 256
                counted += 1
    assert counted > 4
