"""What an edge node does when it is told something."""

import pytest

from tests.sparkplug import oracle
from tests.sparkplug.recording import DATA, Frame, Recording
from tests.sparkplug.recording_stage import UNITS
from tests.sparkplug.whole_session import Life


def after_request(story: Life) -> list[Frame]:
    """What the edge node has published from the request for a rebirth on."""
    frames = story.during(story.edge, "rebirth")
    asked = next(n for n, frame in enumerate(frames) if not frame.sent and frame.type == "NCMD")
    return [frame for frame in frames[asked:] if frame.sent and frame.type]


@pytest.mark.sparkplug("operational-behavior-data-commands-rebirth-action-1")
def test_a_request_for_a_rebirth_stops_the_data(story: Life) -> None:
    types = [frame.type for frame in after_request(story)]
    assert types[0] == "NBIRTH"
    assert not set(DATA) & set(types[: 1 + len(UNITS)])


@pytest.mark.sparkplug("operational-behavior-data-commands-rebirth-action-2")
def test_then_the_node_and_all_its_devices_are_born_again_in_the_same_connection(story: Life) -> None:
    frames = after_request(story)[: 1 + len(UNITS)]
    assert [(frame.type, frame.device) for frame in frames] == [("NBIRTH", None), *(("DBIRTH", it) for it in UNITS)]
    assert [frame.body.seq for frame in frames] == [0, 1, 2]
    assert len({frame.packet.connection for frame in story.during(story.edge, "rebirth")}) == 1


@pytest.mark.sparkplug("operational-behavior-data-commands-rebirth-action-3")
def test_a_rebirth_keeps_the_bdseq(story: Life) -> None:
    (frame,) = [frame for frame in after_request(story) if frame.type == "NBIRTH"]
    (before, *_) = story.edge.sent("NBIRTH")
    assert before is not frame
    assert before.packet.connection == frame.packet.connection
    assert oracle.value(oracle.named(frame.body, "bdSeq")) == oracle.value(oracle.named(before.body, "bdSeq"))


def test_commands_that_it_does_not_know_do_no_harm(story: Life, edge: Recording) -> None:
    frames = story.during(edge, "unknown command")
    assert {frame.type for frame in frames if not frame.sent} >= {"NCMD", "DCMD"}
    assert not {"NBIRTH", "NDEATH"} & {frame.type for frame in frames if frame.sent}
