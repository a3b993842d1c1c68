"""Topics that tell whether a device is there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.availability import read, topic_of
from sukusuku_core.errors import ConfigError
from sukusuku_core.profile import Availability, JsonProfile, find, parse_profile

PLAIN = Availability(topic="availability")


@pytest.mark.parametrize(
    ("payload", "there"),
    [
        (b"online", True), (b"Online", True), (b"true", True), (b'"online"', True), (b'{"state":"online"}', True),
        (b"offline", False), (b"Offline\0", False), (b"false", False), (b'{"state": "offline"}\r\n', False),
        (b'{"state": true}', True), (b"ready", True), (b"lost", False), (b"unavailable", False),
        (b"", None), (b"asleep", None), (b"{", None), (b'{"other": "online"}', None),
        (b'{"state": 1}', None), (b'{"state": ["online"]}', None), (b"[1]", None), (b"x" * 5000, None),
    ],
)  # fmt: skip
def test_a_word_or_an_object_tells_whether_a_device_is_there(
    payload: bytes,
    there: bool | None,  # noqa: FBT001 - a column of the table
) -> None:
    assert read(PLAIN, payload) is there


def test_a_profile_has_its_own_words() -> None:
    own = Availability(topic="x", path="a.b", online=("up",), offline=("down",))

    assert [read(own, text) for text in (b'{"a": {"b": "Up"}}', b"down", b"online")] == [True, False, None]


@given(st.binary())
def test_no_bytes_raise_anything(payload: bytes) -> None:
    read(PLAIN, payload)


@pytest.mark.parametrize(
    ("device", "relative", "topic"),
    [
        ("zigbee2mqtt/p", "availability", "zigbee2mqtt/p/availability"),
        ("zigbee2mqtt/p", "../bridge/state", "zigbee2mqtt/bridge/state"),
        ("tele/module/SENSOR", "../LWT", "tele/module/LWT"),
        ("plug/events/rpc", "../../online", "plug/online"),
        ("esp", "status", "esp/status"),
        ("/a", "../b", "/b"),
        ("a", "../b", None),
        ("a/b", "../../c", None),
    ],
)
def test_a_topic_is_found_from_the_devices_own(device: str, relative: str, topic: str | None) -> None:
    assert topic_of(device, relative) == topic


@pytest.mark.parametrize(
    ("name", "topic", "places"),
    [
        ("zigbee2mqtt-presence", "zigbee2mqtt/p", ["zigbee2mqtt/p/availability", "zigbee2mqtt/bridge/state"]),
        ("aqara-fp1", "zigbee2mqtt/p", ["zigbee2mqtt/p/availability", "zigbee2mqtt/bridge/state"]),
        ("esphome-room", "esp", ["esp/status"]),
        ("tasmota-unit", "tele/unit/SENSOR", ["tele/unit/LWT"]),
        ("shelly-gen2-pm", "plug/events/rpc", ["plug/online"]),
    ],
)
def test_shipped_profiles_know_where_their_devices_tell_it(name: str, topic: str, places: list[str]) -> None:
    profile = find(name)
    assert isinstance(profile, JsonProfile)

    assert [topic_of(topic, item.topic) for item in profile.availability] == places


def test_a_device_that_speaks_only_of_changes_must_prove_that_it_lives() -> None:
    text = (
        'profile = "own"\ntransport = "mqtt"\nmaker = "m"\nmodel = "x"\nja = "機"\nen = "d"\nstatus = "guess"\n'
        'source = "none"\nchanges_only = true\n{0}\n'
        '[[point]]\nname = "v"\nrole = "presence"\nja = "値"\nen = "value"\npath = "v"\ntype = "bool"\n'
    )
    for proof in ("quiet = 90000", "interval = 600", '[[availability]]\ntopic = "status"'):
        parse_profile(text.format(proof), "own.toml")
    for none in ("", '[[availability]]\ntopic = "../bridge/state"\nof = "bridge"'):
        with pytest.raises(ConfigError, match=r"own\.toml: changes_only: say how the device proves that it lives"):
            parse_profile(text.format(none), "own.toml")
