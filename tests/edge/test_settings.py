from pathlib import Path

import pytest

from sukusuku_core.errors import ConfigError
from sukusuku_edge.__main__ import main
from sukusuku_edge.settings import read
from tests.edge import edge_settings

EXAMPLE = Path(__file__).parents[2] / "edge" / "deploy" / "edge.example.toml"
UNIT_2 = """
[[device]]
id = "laser"
profile = "dfrobot-sen0492"
host = "h"
[[asset]]
id = "unit-2"
kind = "unit"
[[asset.binding]]
metric = "Fill/Percent"
device = "laser"
point = "distance"
"""


def test_the_example_is_valid_and_check_shows_what_it_binds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(EXAMPLE)]) == 0

    out = capsys.readouterr().out
    assert out.endswith("ok\n")
    assert "tobu-unit-2  Fill/Percent        tobu-unit-2-level    distance (900-150 mm)" in out
    assert "192.168.0.21:502 unit 80, every 10 s" in out
    assert "rs485 unit 2, every 10 s" in out
    for metric, point in (("Count", "count"), ("Children", "child_count")):  # what the wall shows of a room
        assert f"tobu-room    {f'Occupancy/{metric}':18}  tobu-room-eye        region_3_{point}" in out


def test_an_unbound_device_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = edge_settings.write(
        tmp_path, edge_settings.HEAD + edge_settings.BOARD + edge_settings.EYE + edge_settings.UNIT
    )

    assert main(["check", str(path)]) == 0
    assert "application/1/device/eye/event/up   not bound: will not be read" in capsys.readouterr().out


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "ca.pem").touch()
    text = (
        'profiles = "own"\n'
        + edge_settings.WHOLE
        + '[broker]\nca_file = "ca.pem"\n[outbox]\naccepted_log = "a.jsonl"\n'
    )

    settings = read(edge_settings.write(tmp_path, text)).settings

    assert settings.profiles == str(tmp_path / "own")
    assert settings.broker.ca_file == str(tmp_path / "ca.pem")
    assert settings.outbox.path == str(tmp_path / "outbox.db")
    assert settings.outbox.accepted_log == str(tmp_path / "a.jsonl")
    assert settings.broker.session("me").ca_file == tmp_path / "ca.pem"


@pytest.mark.parametrize("table", ["broker", "sensors"])
@pytest.mark.parametrize(
    ("keys", "key", "problem"),
    [
        ('ca_file = "nothere.pem"', "ca_file", "there is no file {folder}/nothere.pem"),
        ('ca_file = "ca.pem"\ncert_file = "me.pem"', "cert_file", "there is no file {folder}/me.pem"),
        ('ca_file = "ca.pem"\nkey_file = "ca.pem"', "key_file", "`cert_file` is missing; they go together"),
        ('cert_file = "ca.pem"', "cert_file", "without `ca_file` there is no TLS and it would not be used"),
        ('ca_file = "."', "ca_file", "there is no file {folder}"),
    ],
)
def test_tls_files_must_be_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], table: str, keys: str, key: str, problem: str
) -> None:
    (tmp_path / "ca.pem").touch()
    path = edge_settings.write(tmp_path, f"{edge_settings.WHOLE}[{table}]\n{keys}\n")

    assert main(["check", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"sukusuku-edge: {path}: {table}.{key}: {problem.format(folder=tmp_path)}")


def test_only_sensors_may_be_silent() -> None:
    text = edge_settings.WHOLE.replace("poll = 0.05", "silent_after = 5")

    with pytest.raises(ConfigError, match=r"device\[0\] \(board\).silent_after: only for MQTT sensors"):
        edge_settings.edge(text)


def test_an_own_profile_goes_before_the_ones_that_come_with_sukusuku(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "my-laser.toml").write_text(
        """profile = "my-laser"
transport = "modbus"
maker = "m"
model = "m"
ja = "距離計"
en = "laser"
status = "guess"
source = "own measurement"
[[point]]
name = "distance"
role = "level_distance"
ja = "距離"
en = "distance"
address = 1
type = "u16"
""",
        encoding="utf-8",
    )
    text = 'profiles = "own"\n' + edge_settings.HEAD + UNIT_2.replace("dfrobot-sen0492", "my-laser")

    edge = read(edge_settings.write(tmp_path, text + "distance = {empty_mm = 900, full_mm = 150}\n"))

    assert edge.profiles["laser"].maker == "m"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('node = "tobu-pi"', 'node = "tobu-pi"\nspeed = 1', "unknown key `speed`"),
        ('device = "board"', 'device = "bord"', "binding[0].device: there is no device `bord`; there are: board, eye"),
        (
            'point = "fill_percent"',
            'point = "fill"',
            "binding[0].point: profile sukusuku-retrofit-board has no point `fill`; it has: fill_percent",
        ),
        (
            'metric = "Fill/Percent"',
            'metric = "Fill"',
            "binding[0].metric: a unit has no metric `Fill`; allowed: Fill/Percent",
        ),
        ('metric = "Zones/play/Count"', 'metric = "Zones/*/Count"', "put the id of a zone in place of `*`"),
        ('metric = "Zones/play/Count"', 'metric = "Zones/a+b/Count"', "put the id of a zone in place of `a+b`"),
        ('metric = "Zones/play/Count"', 'metric = "Zones/play/Counts"', "a room has no metric `Zones/play/Counts`"),
        (
            'metric = "Fill/Percent"',
            'metric = "Temperature"',
            "a fill_level and cannot be `Temperature`, which takes: environment, temperature",
        ),
        ('metric = "Info/Serial"', 'metric = "Info/Source"', "`Info/Source` is given by `source` already"),
        ('point = "fill_percent"', 'point = "distance"', "`distance` is a distance: add distance = {empty_mm"),
        (
            'point = "fill_percent"',
            'point = "distance"\ndistance = {empty_mm = 5, full_mm = 5}',
            "empty_mm and full_mm are both 5; they must differ",
        ),
        (
            'point = "fill_percent"',
            'point = "fill_percent"\ndistance = {empty_mm = 9, full_mm = 5}',
            "binding[0].distance: only for a level_distance point",
        ),
        ('metric = "Lid/Open"', 'metric = "State"', "binding[3].metric: `State` is bound above already"),
        ('id = "eye"', 'id = "board"', "device[1].id: `board` is already the id of device[0]"),
        ('id = "room"', 'id = "unit-1"', "asset[1].id: `unit-1` is already the id of asset[0]"),
        ('id = "room"', 'id = "tobu-pi"', "asset[1] (tobu-pi).id: `tobu-pi` is the id of the node"),
        (
            'host = "127.0.0.1"',
            "",
            "device[0] (board): profile sukusuku-retrofit-board is a Modbus device: give `host`",
        ),
        ('host = "127.0.0.1"', 'host = "h"\nbus = "b"', "give `host` (Modbus TCP) or `bus` (serial line), not both"),
        ('host = "127.0.0.1"', 'bus = "b"', "device[0] (board).bus: there is no bus `b`; there are: none"),
        (
            'host = "127.0.0.1"',
            'host = "h"\ntopic = "t"',
            "device[0] (board).topic: profile sukusuku-retrofit-board is a Modbus device",
        ),
        (
            'topic = "application/1/device/eye/event/up"',
            "",
            "device[1] (eye): profile milesight-vs133 is an MQTT sensor: `topic` is missing",
        ),
        (
            'topic = "application/1/device/eye/event/up"',
            'topic = "t"\nconnect_pause = 1',
            "device[1] (eye).connect_pause: only for Modbus devices; milesight-vs133 is an MQTT sensor",
        ),
        (
            'topic = "application/1/device/eye/event/up"',
            'topic = "t"\nhost = "h"',
            "device[1] (eye).host: profile milesight-vs133 is an MQTT sensor",
        ),
        ('topic = "application/1/device/eye/event/up"', 'topic = "application/+/up"', "device[1].topic"),
        (
            'profile = "milesight-vs133"',
            'profile = "milesight"',
            "device[1] (eye).profile: there is no device profile `milesight`; there are: abb-b21",
        ),
        ("port = 502", "port = 70000", "device[0].port"),
        ("poll = 0.05", "poll = 0", "device[0].poll"),
        ('kind = "room"', 'kind = "hall"', "asset[1].kind"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in edge_settings.WHOLE
    path = edge_settings.write(tmp_path, edge_settings.WHOLE.replace(old, new, 1))

    with pytest.raises(ConfigError) as caught:
        read(path)

    assert str(caught.value).startswith(f"{path}: ")
    assert expected in str(caught.value)


def test_a_text_cannot_become_a_number(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "odd.toml").write_text(
        'profile = "odd"\ntransport = "mqtt"\nmaker = "m"\nmodel = "m"\nja = "変"\nen = "odd"\nstatus = "guess"\n'
        'source = "s"\n[[point]]\nname = "level"\nrole = "fill_level"\nja = "量"\nen = "level"\npath = "l"\n'
        'type = "text"\n[[point]]\nname = "count"\nrole = "cycle_counter"\nja = "数"\nen = "count"\npath = "c"\n'
        'type = "float"\n',
        encoding="utf-8",
    )
    text = """profiles = "own"
group = "g"
node = "n"
[[device]]
id = "d"
profile = "odd"
topic = "t"
[[asset]]
id = "u"
kind = "unit"
[[asset.binding]]
metric = "{metric}"
device = "d"
point = "{point}"
"""
    with pytest.raises(ConfigError, match="`level` gives text; `Fill/Percent` takes: numbers, whole numbers"):
        read(edge_settings.write(tmp_path, text.format(metric="Fill/Percent", point="level")))
    with pytest.raises(ConfigError, match="`Cycles/Total` needs a counter of whole numbers without scale"):
        read(edge_settings.write(tmp_path, text.format(metric="Cycles/Total", point="count")))


def test_wrong_settings_end_with_status_2_and_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = edge_settings.write(tmp_path, edge_settings.WHOLE.replace("poll = 0.05", 'poll = "often"'))

    assert main(["run", str(path)]) == 2
    assert main(["check", str(tmp_path / "none.toml")]) == 2

    err = capsys.readouterr().err
    assert f"sukusuku-edge: {path}: device[0].poll: expected `float`, got `str`, found 'often'" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", [[], ["run"], ["check"]])
def test_help_teaches_in_both_languages(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])

    out = capsys.readouterr().out
    assert caught.value.code == 0
    assert any("\u3040" <= letter <= "\u30ff" for letter in out)
