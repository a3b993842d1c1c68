"""Data messages of an edge node: seq, times, order, datatypes, quality; and that nothing is said without need."""

from itertools import pairwise
from typing import Any

import pytest

from sukusuku_core import catalogue
from tests.sparkplug import oracle
from tests.sparkplug.recording import DATA, EDGE_TYPES, SEQUENCED, Frame, Recording
from tests.sparkplug.whole_session import Life

MINUTE = 60_000
JUMP = 16
DEADBANDS = {row.name: row.deadband for row in catalogue.METRICS if row.deadband}
TIMED = ("NBIRTH", "DBIRTH", "NDATA", "DDATA")


def all_metrics(edge: Recording, *types: str) -> list[Any]:
    return [metric for frame in edge.sent(*types) for metric in frame.body.metrics]


def qualities(edge: Recording) -> list[Any]:
    """Property sets that are there."""
    found = [metric.properties for metric in all_metrics(edge) if metric.HasField("properties")]
    assert found  # of the device that died
    return found


@pytest.mark.sparkplug(
    "topics-ndata-mqtt", "payloads-ndata-qos", "payloads-ndata-retain",
    "topics-ddata-mqtt", "payloads-ddata-qos", "payloads-ddata-retain",
)  # fmt: skip
@pytest.mark.parametrize("kind", DATA)
def test_data_is_at_qos_0_and_not_retained(edge: Recording, kind: str) -> None:
    assert {(frame.packet.qos, frame.packet.retain) for frame in edge.sent(kind)} == {(0, False)}


@pytest.mark.sparkplug(
    "topics-ndata-timestamp", "payloads-ndata-timestamp", "topics-ddata-timestamp", "payloads-ddata-timestamp"
)
@pytest.mark.parametrize("kind", DATA)
def test_data_tells_the_time_of_its_sending(edge: Recording, kind: str) -> None:
    for frame in edge.sent(kind):
        assert abs(frame.body.timestamp - frame.wall) < MINUTE


@pytest.mark.sparkplug("payloads-sequence-num-always-included")
def test_every_message_but_the_death_of_the_node_has_a_seq(edge: Recording) -> None:
    for frame in edge.sent(*SEQUENCED):
        assert frame.body.HasField("seq")
        assert 0 <= frame.body.seq <= 255
    assert {frame.type for frame in edge.sent()} == set(EDGE_TYPES)


@pytest.mark.sparkplug(
    "payloads-sequence-num-incrementing",
    "topics-ndata-seq-num",
    "topics-ddata-seq-num",
    "payloads-ndata-seq",
    "payloads-ndata-seq-inc",
    "payloads-ddata-seq",
    "payloads-ddata-seq-inc",
)
def test_seq_counts_over_node_and_devices_and_goes_on_with_0_after_255(edge: Recording) -> None:
    followed: set[str] = set()
    wraps = 0
    for part in edge.births():
        counted = [frame for frame in part if frame.type in SEQUENCED]
        for before, frame in pairwise(counted):
            assert frame.body.seq == (before.body.seq + 1) % 256
            wraps += frame.body.seq == 0
            followed.add(frame.type)
    assert wraps
    assert followed >= {*DATA, "DBIRTH", "DDEATH"}


@pytest.mark.sparkplug("topics-ndata-payload", "topics-ddata-payload")
def test_data_carries_metrics_that_have_changed(story: Life, edge: Recording) -> None:
    assert all(frame.body.metrics for frame in edge.sent(*DATA))
    (frame, *_) = [item for item in story.during(edge, "unknown command") if item.sent and item.type == "DDATA"]
    assert frame.device == "unit-1"
    assert [(metric.name, round(oracle.value(metric))) for metric in frame.body.metrics] == [("Fill/Percent", 55)]
    assert edge.sent("NDATA")


@pytest.mark.sparkplug(
    "principles-rbe-recommended",
    "operational-behavior-data-publish-nbirth-change",
    "operational-behavior-data-publish-dbirth-change",
)
def test_what_does_not_change_is_not_repeated(story: Life, edge: Recording) -> None:
    quiet = [frame for frame in story.during(edge, "quiet") if frame.sent and frame.type == "DDATA"]
    assert quiet == []  # each device was polled many times
    told = 0
    for part in edge.births():
        last: dict[tuple[str | None, str], tuple[Any, int]] = {}
        jumped = set[tuple[str | None, str]]()
        for frame in part:
            live = [metric for metric in frame.body.metrics if frame.type in DATA and not metric.is_historical]
            for metric in live:
                said = oracle.value(metric), _quality(metric)
                key = (frame.device, metric.name)
                before = last.get(key, (None, 0))
                assert before != said or key in jumped, (frame.packet.topic, metric)
                jumped.discard(key)
                if _is_jump(metric.name, before[0], said[0]):
                    jumped.add(key)  # it is told once more, so that it is believed at once
                last[key] = said
                told += 1
    assert told > 300


def _is_jump(name: str, before: Any, value: Any) -> bool:
    if name not in DEADBANDS or value is None:
        return False
    return before is None or abs(value - before) >= JUMP * DEADBANDS[name]


def _quality(metric: Any) -> int:
    return int(metric.properties.values[0].int_value) if metric.HasField("properties") else 192


def _in_order(frame: Frame) -> bool:
    times = [metric.timestamp for metric in frame.body.metrics if not metric.is_historical]
    return times == sorted(times)


@pytest.mark.sparkplug("operational-behavior-data-publish-nbirth-order")
def test_messages_of_the_node_list_their_metrics_in_order_of_time(edge: Recording) -> None:
    frames = edge.sent("NBIRTH", "NDATA")
    assert any(len({metric.timestamp for metric in frame.body.metrics}) > 1 for frame in frames)
    assert all(_in_order(frame) for frame in frames)


@pytest.mark.sparkplug("operational-behavior-data-publish-dbirth-order")
def test_messages_of_devices_list_their_metrics_in_order_of_time(edge: Recording) -> None:
    frames = edge.sent("DBIRTH", "DDATA")
    assert any(len({metric.timestamp for metric in frame.body.metrics}) > 1 for frame in frames)
    assert all(_in_order(frame) for frame in frames)


@pytest.mark.sparkplug("payloads-timestamp-in-UTC", "payloads-ddeath-timestamp")
def test_messages_are_timed_in_utc_although_the_programs_live_elsewhere(edge: Recording, host: Recording) -> None:
    frames = [*edge.sent(*SEQUENCED), *host.sent("NCMD")]
    assert "DDEATH" in {frame.type for frame in frames}
    assert all(abs(frame.body.timestamp - frame.wall) < MINUTE for frame in frames)


@pytest.mark.sparkplug("payloads-metric-timestamp-in-UTC", "payloads-name-birth-data-requirement")
def test_every_metric_of_births_and_data_has_its_time_in_utc(edge: Recording) -> None:
    for frame in edge.sent(*TIMED):
        for metric in frame.body.metrics:
            assert metric.HasField("timestamp")
            assert -5 * MINUTE < metric.timestamp - frame.wall < MINUTE


@pytest.mark.sparkplug("payloads-name-requirement")
def test_every_metric_has_its_name(edge: Recording, host: Recording) -> None:
    assert all(metric.name for metric in all_metrics(edge))
    assert all(metric.name for frame in host.sent("NCMD") for metric in frame.body.metrics)


@pytest.mark.sparkplug(
    "payloads-metric-datatype-req", "payloads-metric-datatype-value", "payloads-metric-datatype-value-type"
)
def test_births_tell_a_datatype_of_the_standard_and_the_value_is_of_it(edge: Recording) -> None:
    seen = set()
    for metric in all_metrics(edge, "NBIRTH", "DBIRTH"):
        assert metric.HasField("datatype")
        assert metric.datatype in oracle.DATATYPES
        seen.add(metric.datatype)
        if not metric.is_null:
            assert metric.WhichOneof("value") in oracle.VALUE_FIELDS[metric.datatype]
    assert len(seen) >= 4


def test_data_and_commands_tell_their_datatype(edge: Recording, host: Recording) -> None:
    """The standard advises against it; see deviations.toml."""
    commands = [metric for frame in host.sent("NCMD") for metric in frame.body.metrics]
    assert commands
    for metric in [*all_metrics(edge, *DATA), *commands]:
        assert metric.datatype in oracle.VALUE_FIELDS
        assert metric.is_null or metric.WhichOneof("value") in oracle.VALUE_FIELDS[metric.datatype]


@pytest.mark.sparkplug("payloads-propertyset-keys-array-size", "payloads-propertyset-values-array-size")
def test_a_property_set_has_as_many_values_as_keys(edge: Recording) -> None:
    for found in qualities(edge):
        assert len(found.keys) == len(found.values) > 0


@pytest.mark.sparkplug(
    "payloads-metric-propertyvalue-type-type",
    "payloads-metric-propertyvalue-type-value",
    "payloads-metric-propertyvalue-type-req",
)
def test_a_property_tells_its_datatype_and_its_value_is_of_it(edge: Recording) -> None:
    for found in qualities(edge):
        for prop in found.values:
            assert prop.HasField("type")
            assert prop.type in oracle.DATATYPES
            assert prop.WhichOneof("value") in oracle.VALUE_FIELDS[prop.type]


@pytest.mark.sparkplug("payloads-propertyset-quality-value-type", "payloads-propertyset-quality-value-value")
def test_the_quality_is_an_int32_of_the_standards_three(edge: Recording) -> None:
    for found in qualities(edge):
        quality = dict(zip(found.keys, found.values, strict=True))["Quality"]
        assert quality.type == oracle.INT32
        assert quality.int_value in {0, 192, 500}
