"""Sparkplug topics and the STATE message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core import state, topics
from sukusuku_core.errors import DecodeError
from sukusuku_core.topics import MessageType, NodeTopic

IDS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="+#/"), min_size=1, max_size=40)


@given(IDS, st.sampled_from(MessageType), IDS, IDS)
def test_a_topic_is_a_value(group: str, kind: MessageType, node: str, device: str) -> None:
    topic = NodeTopic(group, kind, node, device if kind.of_device else None)
    assert topics.parse(str(topic)) == topic


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "spBv1.0",
        "spBv1.0/g/NBIRTH",
        "spBv1.0/g/NBIRTH/n/d",
        "spBv1.0/g/DDATA/n",
        "spBv1.0/g/DDATA/n/d/e",
        "spBv1.0/g/nbirth/n",
        "spAv1.0/g/NBIRTH/n",
        "spBv1.0//NBIRTH/n",
        "spBv1.0/g/NBIRTH/",
        "spBv1.0/g/DDATA/n/",
        "spBv1.0/STATE/host",
        "STATE/host",
        "spBv1.0/g/NBIRTH/a+b",
        "spBv1.0/g/NBIRTH/a\nb",
        "spBv1.0/g/NBIRTH/a\n",
        f"spBv1.0/g/NBIRTH/{'n' * 256}",
    ],
)
def test_other_topics_are_refused(topic: str) -> None:
    with pytest.raises(DecodeError) as caught:
        topics.parse(topic)
    assert caught.value.reason == "topic"


def test_who_subscribes_to_what() -> None:
    assert topics.state_topic("sukusuku") == "spBv1.0/STATE/sukusuku"
    assert topics.command_filters("g", "n") == ("spBv1.0/g/NCMD/n", "spBv1.0/g/DCMD/n/+")
    assert topics.group_filters("g") == (
        "spBv1.0/g/NBIRTH/+",
        "spBv1.0/g/NDEATH/+",
        "spBv1.0/g/NDATA/+",
        "spBv1.0/g/DBIRTH/+/+",
        "spBv1.0/g/DDEATH/+/+",
        "spBv1.0/g/DDATA/+/+",
    )


@given(st.booleans(), st.integers(0, state.LATEST_TIMESTAMP - 1))
def test_a_state_survives_its_journey(online: bool, timestamp: int) -> None:  # noqa: FBT001 - drawn by hypothesis
    said = state.HostState(online, timestamp)
    assert state.decode(said.encode()) == said


@pytest.mark.parametrize(
    "payload",
    [b"", b"ONLINE", b"OFFLINE", b"[]", b"{}", b'{"online":true}', b'{"online":"true","timestamp":1}',
     b'{"online":true,"timestamp":-1}', b'{"online":true,"timestamp":4102444800000}',
     b'{"online":false,"timestamp":' + b"9" * 4000 + b"}",
     b'{"online":true,"timestamp":"1"}', b'{"online":true,"timestamp":1.5}', b'{"online":1,"timestamp":1}',
     b'{"online":true,"timestamp":1}x', b"\xff\xfe", b"[" * 100_000],
)  # fmt: skip
def test_a_state_of_another_form_is_refused(payload: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        state.decode(payload)
    assert caught.value.reason == "state"


def test_a_state_may_say_more() -> None:
    assert state.decode(b'{"timestamp": 5, "online": false, "version": "1"}') == state.HostState(
        online=False, timestamp=5
    )
