"""The reasons in not_applicable.toml are true of what is on the wire."""

from typing import Any

from sukusuku_edge.settings import EdgeSettings
from sukusuku_server.settings import Facility
from tests.sparkplug.collector_session import Hosting
from tests.sparkplug.recording import Recording
from tests.sparkplug.whole_session import Life

DATASET, TEMPLATE = 16, 19


def metrics(edge: Recording, host: Recording) -> list[Any]:
    frames = [*edge.sent(), *host.sent("NCMD")]
    assert len(frames) > 300
    return [metric for frame in frames for metric in frame.body.metrics]


def test_no_aliases(edge: Recording, host: Recording) -> None:
    assert not any(metric.HasField("alias") for metric in metrics(edge, host))


def test_no_data_sets_and_no_templates(edge: Recording, host: Recording) -> None:
    for metric in metrics(edge, host):
        assert metric.datatype not in {DATASET, TEMPLATE}
        assert metric.WhichOneof("value") not in {"dataset_value", "template_value"}


def test_no_commands_for_devices(story: Life, hosting: Hosting) -> None:
    for recording in (story.host, hosting.host):
        assert {frame.type for frame in recording.sent()} == {"STATE", "NCMD"}


def test_one_server_each() -> None:
    for settings in (EdgeSettings, Facility):
        assert settings.__annotations__["broker"].__name__ == "BrokerSettings"


def test_no_births_are_asked_of_the_server(host: Recording) -> None:
    filters = {item for each in host.connections for frame in each.frames for item in frame.packet.filters}
    assert not any(item.startswith("$") for item in filters)
