"""Commands of the collector: acknowledgements and requests for rebirths."""

from typing import Any

import pytest

from tests.sparkplug import oracle
from tests.sparkplug.collector_session import Hosting
from tests.sparkplug.recording import Frame, Recording
from tests.sparkplug.recording_stage import GROUP, NODE

MINUTE = 60_000
REBIRTH = "Node Control/Rebirth"


@pytest.fixture
def commands(host: Recording, hosting: Hosting) -> list[Frame]:
    """Every NCMD of both recordings."""
    found = [*host.sent("NCMD"), *hosting.host.sent("NCMD")]
    assert len(found) > 10
    return found


@pytest.fixture
def requests(commands: list[Frame]) -> list[Frame]:
    """The requests for a rebirth."""
    found = [frame for frame in commands if REBIRTH in frame.names]
    assert found
    return found


@pytest.mark.sparkplug("topics-ncmd-topic", "operational-behavior-data-commands-ncmd-verb")
def test_commands_for_a_node_are_ncmd_on_its_topic(commands: list[Frame]) -> None:
    assert {frame.packet.topic for frame in commands} == {f"spBv1.0/{GROUP}/NCMD/{NODE}"}


@pytest.mark.sparkplug("topics-ncmd-mqtt", "payloads-ncmd-qos", "payloads-ncmd-retain")
def test_commands_are_at_qos_0_and_not_retained(commands: list[Frame]) -> None:
    assert {(frame.packet.qos, frame.packet.retain) for frame in commands} == {(0, False)}


@pytest.mark.sparkplug("topics-ncmd-timestamp", "payloads-ncmd-timestamp")
def test_commands_tell_the_time_of_their_sending(commands: list[Frame]) -> None:
    for frame in commands:
        assert frame.body.HasField("timestamp")
        assert abs(frame.body.timestamp - frame.wall) < MINUTE


@pytest.mark.sparkplug("payloads-ncmd-seq")
def test_commands_have_no_seq(commands: list[Frame]) -> None:
    assert not any(frame.body.HasField("seq") for frame in commands)


@pytest.mark.sparkplug("topics-ncmd-payload")
def test_commands_carry_the_metrics_to_be_written(commands: list[Frame]) -> None:
    sets = {frozenset(frame.names) for frame in commands}
    assert sets == {frozenset({"Node Control/Ack Birth", "Node Control/Ack Count"}), frozenset({REBIRTH})}
    assert all(metric.WhichOneof("value") for frame in commands for metric in frame.body.metrics)


@pytest.mark.sparkplug("payloads-name-cmd-requirement")
def test_metrics_of_commands_have_a_time_which_they_may(commands: list[Frame]) -> None:
    for frame in commands:
        assert all(abs(metric.timestamp - frame.wall) < MINUTE for metric in frame.body.metrics)


def declared(host: Recording) -> dict[str, int]:
    """Datatypes of the metrics of the node, as its births said."""
    return {metric.name: metric.datatype for frame in host.received("NBIRTH") for metric in frame.body.metrics}


@pytest.mark.sparkplug("operational-behavior-data-commands-ncmd-metric-name")
def test_commands_name_metrics_of_the_birth_of_the_node(host: Recording, commands: list[Frame]) -> None:
    names = set(declared(host))
    assert all(frame.names <= names for frame in commands)


@pytest.mark.sparkplug("operational-behavior-data-commands-ncmd-metric-value")
def test_their_values_are_of_the_datatype_that_the_birth_declared(host: Recording, commands: list[Frame]) -> None:
    types = declared(host)
    metrics: list[Any] = [metric for frame in commands for metric in frame.body.metrics]
    for metric in metrics:
        assert metric.WhichOneof("value") in oracle.VALUE_FIELDS[types[metric.name]]


@pytest.mark.sparkplug("operational-behavior-data-commands-ncmd-rebirth-verb")
def test_a_rebirth_is_asked_for_by_ncmd(requests: list[Frame]) -> None:
    assert {frame.type for frame in requests} == {"NCMD"}


@pytest.mark.sparkplug("operational-behavior-data-commands-ncmd-rebirth-name")
def test_by_the_name_that_the_birth_offers(host: Recording, requests: list[Frame]) -> None:
    assert {name for frame in requests for name in frame.names} == {REBIRTH}
    assert REBIRTH in declared(host)


@pytest.mark.sparkplug("operational-behavior-data-commands-ncmd-rebirth-value")
def test_with_the_value_true(requests: list[Frame]) -> None:
    for frame in requests:
        metric = oracle.named(frame.body, REBIRTH)
        assert (metric.WhichOneof("value"), metric.boolean_value) == ("boolean_value", True)
