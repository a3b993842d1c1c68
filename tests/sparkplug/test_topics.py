"""Topics and ids: what stands where, and which ids are let in at all."""

import re
from pathlib import Path

import pytest

from sukusuku_core import catalogue
from sukusuku_core.errors import ConfigError
from sukusuku_edge import settings as edge_settings
from sukusuku_server import settings as facility_settings
from tests.edge import edge_settings as files
from tests.sparkplug.recording import EDGE_TYPES, Recording
from tests.sparkplug.recording_stage import FACILITY, GROUP, NODE, UNITS

DEVICE_TYPES = {"DBIRTH", "DDEATH", "DDATA"}
NOT_IN_AN_ID = ("+", "#", "/")


def refused(folder: Path, old: str, new: str) -> str:
    """What is said about an `edge.toml` that differs in this from a good one."""
    assert old in files.WHOLE
    with pytest.raises(ConfigError) as caught:
        edge_settings.read(files.write(folder, files.WHOLE.replace(old, new)))
    return str(caught.value)


@pytest.mark.sparkplug("topic-structure", "topic-structure-namespace-a")
def test_every_message_of_the_edge_node_has_the_shape_of_sparkplug_b(edge: Recording) -> None:
    published = [frame for each in edge.connections for frame in each.frames if frame.sent and frame.packet.topic]
    assert published
    for frame in published:
        assert re.fullmatch(r"spBv1\.0/[^/+#]+/[A-Z]+/[^/+#]+(/[^/+#]+)?", frame.packet.topic)
        assert frame.type in EDGE_TYPES


@pytest.mark.sparkplug(
    "topics-nbirth-topic",
    "topics-ndata-topic",
    "topics-ndeath-topic",
    "topics-dbirth-topic",
    "topics-ddata-topic",
    "topics-ddeath-topic",
    "message-flow-edge-node-birth-publish-nbirth-topic",
    "message-flow-device-birth-publish-dbirth-topic",
)
@pytest.mark.parametrize("kind", EDGE_TYPES)
def test_each_type_has_the_topic_of_the_configured_ids(edge: Recording, kind: str) -> None:
    topics = {frame.packet.topic for frame in edge.sent(kind)}
    whole = f"spBv1.0/{GROUP}/{kind}/{NODE}"
    expected = {f"{whole}/{unit}" for unit in UNITS} if kind in DEVICE_TYPES else {whole}
    if kind == "DDEATH":
        expected = {f"{whole}/unit-1"}  # the only device that died
    assert topics == expected


@pytest.mark.sparkplug(
    "topic-structure-namespace-device-id-associated-message-types",
    "topic-structure-namespace-device-id-non-associated-message-types",
)
def test_a_device_id_stands_in_messages_of_devices_only(edge: Recording, host: Recording) -> None:
    for frame in edge.sent():
        assert len(frame.levels) == (5 if frame.type in DEVICE_TYPES else 4)
    sent_by_host = host.sent("NCMD")
    assert sent_by_host
    assert all(len(frame.levels) == 4 for frame in sent_by_host)
    assert all(len(frame.levels) == 3 for frame in host.sent("STATE"))


@pytest.mark.sparkplug("message-flow-device-birth-publish-dbirth-match-edge-node-topic")
def test_births_of_devices_name_the_group_and_node_of_the_node_birth(edge: Recording) -> None:
    for part in edge.births():
        node, *rest = part
        devices = [frame for frame in rest if frame.type == "DBIRTH"]
        assert devices
        for frame in devices:
            assert (frame.levels[1], frame.levels[3]) == (node.levels[1], node.levels[3])


@pytest.mark.sparkplug(
    "topic-structure-namespace-valid-group-id",
    "topic-structure-namespace-valid-edge-node-id",
    "topic-structure-namespace-valid-device-id",
    "intro-group-id-chars",
    "intro-edge-node-id-chars",
    "intro-device-id-chars",
)
@pytest.mark.parametrize("character", NOT_IN_AN_ID)
@pytest.mark.parametrize("key", ['group = "toshima', 'node = "tobu-pi', 'id = "unit-1'])
def test_ids_with_characters_of_topics_are_refused(tmp_path: Path, key: str, character: str) -> None:
    assert f"toshima{character}" in refused(tmp_path, key, key.replace(key.split('"')[1], f"toshima{character}x"))


@pytest.mark.sparkplug("intro-group-id-string", "intro-edge-node-id-string", "intro-device-id-string")
def test_ids_are_utf8_texts(edge: Recording, tmp_path: Path) -> None:
    for frame in edge.sent():
        raw = frame.packet.raw
        assert frame.packet.topic.encode() in raw  # byte for byte what it was read as
        assert all(frame.levels)
    path = tmp_path / "edge.toml"
    path.write_bytes(files.WHOLE.encode().replace(b"unit-1", b"unit-\xff"))
    with pytest.raises(ConfigError, match="utf-8"):
        edge_settings.read(path)
    assert "group" in refused(tmp_path, 'group = "toshima"', 'group = ""')


@pytest.mark.sparkplug("topic-structure-namespace-unique-device-id")
def test_a_device_id_is_unique_below_its_edge_node(edge: Recording, tmp_path: Path) -> None:
    for part in edge.births():
        alive: set[str | None] = set()
        for frame in part:
            if frame.type == "DBIRTH":
                assert frame.device not in alive
                alive.add(frame.device)
            elif frame.type == "DDEATH":
                alive.discard(frame.device)
    assert "already" in refused(tmp_path, 'id = "room"', 'id = "unit-1"')


@pytest.mark.sparkplug("case-sensitivity-sparkplug-ids")
def test_ids_that_differ_by_case_only_are_refused(tmp_path: Path) -> None:
    assert "already" in refused(tmp_path, 'id = "room"', 'id = "UNIT-1"')
    assert "node" in refused(tmp_path, 'id = "room"', 'id = "Tobu-Pi"')
    path = tmp_path / "facility.toml"
    path.write_text(FACILITY.format(port=1, protocol="5", reorder=1).replace("unit-2", "Unit-1"), encoding="utf-8")
    with pytest.raises(ConfigError, match="already"):
        facility_settings.read(path)


@pytest.mark.sparkplug("case-sensitivity-metric-names")
def test_metric_names_that_differ_by_case_only_are_refused(edge: Recording, tmp_path: Path) -> None:
    for frame in edge.sent("NBIRTH", "DBIRTH"):
        assert len({name.lower() for name in frame.names}) == len(frame.body.metrics)
    names = {(row.kind, row.name.lower()) for row in catalogue.METRICS}
    assert len(names) == len(catalogue.METRICS)
    zone = '[[asset.binding]]\nmetric = "Zones/{}/Count"\ndevice = "eye"\npoint = "region_2_count"\n'
    (tmp_path / "edge.toml").write_text(files.WHOLE + zone.format("Play"), encoding="utf-8")
    with pytest.raises(ConfigError, match="bound above already"):
        edge_settings.read(tmp_path / "edge.toml")
