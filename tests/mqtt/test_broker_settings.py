"""The keys of a broker mean the same in every settings file."""

from pathlib import Path

import pytest

from sukusuku_core.errors import ConfigError
from sukusuku_edge import settings as edge
from sukusuku_mqtt import MqttSettings
from sukusuku_server import settings as facility
from sukusuku_sim import scenario

BROKER = """
host = "broker.example"
port = 8883
others = ["b2.example", "b3.example:1884", "[::1]:1885", "[::2]"]
protocol = "5"
keepalive = 20
username = "me"
password = "secret"
ca_file = "ca.pem"
cert_file = "me.pem"
key_file = "me.key"
"""
FACILITY = '[operator]\nid = "op"\nname = {ja = "市", en = "City"}\n[broker]\n' + BROKER
EDGE = 'group = "op"\nnode = "pi"\n[broker]\n' + BROKER
SCENARIO = "seed = 1\nstart = 2026-05-01T09:00:00\n[mqtt]\n" + BROKER


def sessions(folder: Path) -> dict[str, MqttSettings]:
    for name, text in (("facility", FACILITY), ("edge", EDGE), ("scenario", SCENARIO)):
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return {
        "facility": facility.read(folder / "facility.toml").broker.session("x"),
        "edge": edge.read(folder / "edge.toml").settings.broker.session("x"),
        "scenario": scenario.load(folder / "scenario.toml").mqtt.session("x"),
    }


def test_collector_edge_and_simulator_take_the_same_keys(tmp_path: Path) -> None:
    for name in ("ca.pem", "me.pem", "me.key"):
        (tmp_path / name).touch()

    found = sessions(tmp_path)

    assert found["facility"] == found["edge"] == found["scenario"]
    assert found["edge"].key_file == tmp_path / "me.key"
    assert found["edge"].others == (("b2.example", 8883), ("b3.example", 1884), ("::1", 1885), ("::2", 8883))


def test_the_collector_too_says_which_file_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    (tmp_path / "me.pem").touch()

    with pytest.raises(ConfigError, match=r"facility\.toml: broker\.key_file: there is no file .*/me\.key"):
        sessions(tmp_path)


@pytest.mark.parametrize(
    ("others", "why"),
    [
        ('["broker.example:8883"]', r"broker\.others\[0\]: broker\.example:8883 is named above already"),
        ('["b2.example", "b2.example:8883"]', r"broker\.others\[1\]: b2\.example:8883 is named above already"),
        ('["b2.example:99999"]', r"broker\.others\[0\]: found port 99999, allowed: 1 to 65535"),
        ('["mqtt://b2.example"]', r"broker\.others\[0\]: found .*expected a host or host:port"),
    ],
)
def test_servers_that_cannot_be_are_refused(tmp_path: Path, others: str, why: str) -> None:
    (tmp_path / "edge.toml").write_text(
        f'group = "op"\nnode = "pi"\n[broker]\nhost = "broker.example"\nport = 8883\nothers = {others}\n',
        encoding="utf-8",
    )

    with pytest.raises(ConfigError, match=why):
        edge.read(tmp_path / "edge.toml")
