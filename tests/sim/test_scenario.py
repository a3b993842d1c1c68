from datetime import datetime, timedelta, timezone
from importlib.resources import files
from pathlib import Path

import pytest

from sukusuku_core.errors import ConfigError
from sukusuku_sim import scenario

DEMO = files("sukusuku_sim").joinpath("scenarios/demo.toml").read_text(encoding="utf-8")

SMALL = """
seed = 1
start = 2026-04-15T10:40:00

[[unit]]
id = "unit-1"
fill = 40.0

[[unit.device]]
id = "unit-1-board"
profile = "sukusuku-retrofit-board"
port = 15020

[[room]]
id = "room-1"

[[room.sensor]]
id = "room-1-eye"
profile = "milesight-vs133"
topic = "a/b"
"""
SERIAL = """
[[unit.device]]
id = "a"
profile = "dfrobot-sen0492"
serial = "tty"
unit = 1

[[unit.device]]
id = "b"
profile = "dfrobot-sen0492"
serial = "tty"
unit = 2

[[unit.sensor]]
id = "plug"
profile = "shelly-gen2-pm"
topic = "plug/events/rpc"

[[room]]"""
EVENT = '[[event]]\nat = 1.0\ndo = "{}"\n{}'


def load(tmp_path: Path, text: str) -> scenario.Scenario:
    file = tmp_path / "scenario.toml"
    file.write_text(text, encoding="utf-8")
    return scenario.load(file)


def test_the_demo_scenario_is_valid_and_can_be_moved_to_other_ports(tmp_path: Path) -> None:
    demo = load(tmp_path, DEMO.replace("port = 150", "port = 250").replace("port = 1883", "port = 18830"))

    assert {unit.id for unit in demo.unit} == {"tobu-unit-1", "tobu-unit-2", "seibu-unit-1", "seibu-unit-2"}
    assert {device.port for unit in demo.unit for device in unit.device} == {25020, 25021, 25022, 25023}
    assert demo.mqtt.port == 18830


def test_the_start_is_local_time(tmp_path: Path) -> None:
    start = datetime(2026, 4, 15, 10, 40, tzinfo=timezone(timedelta(hours=9)))

    assert load(tmp_path, SMALL).start_ms == start.timestamp() * 1000


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            SMALL.replace("[[room]]", SERIAL.replace("unit = 2", "unit = 1"), 1),
            "unit[0].device[2] (b): tty unit 1 is already a",
        ),
        (
            SMALL.replace("[[room]]", SERIAL.replace("unit = 2", "unit = 2\nbaud = 1200"), 1),
            "unit[0].device[2] (b).baud: tty has 9600 baud already",
        ),
        (
            SMALL.replace("[[room]]", SERIAL.replace("shelly-gen2-pm", "xovis"), 1),
            "unit[0].sensor[0] (plug).profile: nothing is known to show by `xovis`",
        ),
        (
            SMALL.replace("[[room]]", SERIAL.replace('rpc"', 'rpc"\nzone = "play"'), 1),
            "unit[0].sensor[0] (plug).zone: a unit has no zones",
        ),
        (SMALL.replace("fill =", "fyll ="), "unit[0]: unknown key `fyll`; did you mean `fill`?"),
        (SMALL.replace("40.0", "140.0"), "unit[0].fill: expected `float` <= 100.0, found 140.0"),
        (SMALL.replace("T10:40:00", "T10:40:00Z"), "start: "),
        (SMALL.replace("milesight-vs133", "dfrobot-sen0492"), "room[0].sensor[0] (room-1-eye).profile: "),
        (SMALL.replace("sukusuku-retrofit-board", "no-such"), "unit[0].device[0] (unit-1-board).profile: "),
        (SMALL.replace('"room-1-eye"', '"unit-1"'), "room[0].sensor[0]: id `unit-1` is already used at unit[0]"),
        (SMALL + 'zone = "bath"', "room[0].sensor[0] (room-1-eye).zone: no zone `bath`; there are eating, play"),
        (SMALL.replace("port = 15020", "port = 15020\nfull_mm = 900.0"), "empty_mm 900 must be above full_mm 900"),
        (SMALL + "[hours]\nopens = 18:00:00\ncloses = 09:00:00\n", "hours: at least one day"),
        (
            SMALL + EVENT.format("fill", 'asset = "unit-1"'),
            "event[0] (fill): expected the keys at, asset, percent; found ['asset']",
        ),
        (SMALL + EVENT.format("jam", 'asset = "room-1"'), "event[0] (jam): no `room-1`; there are unit-1"),
        (SMALL + EVENT.format("dead", 'device = "x"'), "event[0] (dead): no `x`; there are unit-1-board"),
        (SMALL + EVENT.format("explode", ""), "event[0].do: "),
    ],
)
def test_a_wrong_scenario_is_an_error_that_names_the_key(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)

    assert str(caught.value).startswith(str(tmp_path / "scenario.toml"))
    assert complaint in str(caught.value)


def test_two_devices_cannot_have_one_address(tmp_path: Path) -> None:
    second = '[[unit]]\nid = "unit-2"\n[[unit.device]]\nid = "unit-2-board"\n'
    text = SMALL + second + 'profile = "sukusuku-retrofit-board"\nport = 15020\n'

    with pytest.raises(ConfigError, match=r"127\.0\.0\.1:15020 unit 1 is already unit-1-board"):
        load(tmp_path, text)
    assert len(load(tmp_path, text + "unit = 2\n").unit) == 2
