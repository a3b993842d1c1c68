"""What `sukusuku nodes FACILITY.toml broker FOLDER` writes; whom it keeps out is in tests/integration."""

import stat
from pathlib import Path

import pytest

from sukusuku_cli import broker_files
from sukusuku_cli.nodes import main
from sukusuku_core.errors import WrongSettingsError
from sukusuku_core.settings import parse
from sukusuku_server.settings import Facility, check
from tests.collector.small_facility import facility_file
from tests.support import broker_example, certificates

CENTRES = """
[operator]
id = "toshima"
name = {{ja = "豊島区", en = "Toshima"}}
[certificates]
[[site]]
id = "tobu"
name = {{ja = "東部", en = "Tobu"}}
sensors_port = {tobu}
[[site]]
id = "seibu"
name = {{ja = "西部", en = "Seibu"}}
sensors_port = {seibu}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    own = certificates.make(tmp_path / "authority")
    file = facility_file(tmp_path, 8883)
    text = file.read_text("utf-8").replace("[broker]", f'[broker]\nca_file = "{own.authority}"')
    file.write_text(text.replace('id = "tobu"', 'id = "tobu"\nsensors_port = 8901'), encoding="utf-8")
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "mosquitto"
    made.mkdir()
    return made


def test_the_files_that_ship_are_what_is_written() -> None:
    """Otherwise: `python -m tests.support.broker_example`."""
    shipped = {path.name: path.read_text("utf-8") for path in broker_example.SHIPPED.iterdir() if path.suffix != ".md"}
    assert shipped == broker_example.files()


def test_everything_is_written_for_the_owner_alone_with_whole_paths(
    file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    assert main([str(file), "broker", folder.name]) == 0
    assert {path.name for path in folder.iterdir()} == {
        "sukusuku.conf", "sukusuku.acl", "sensors-tobu.acl", "passwords", "sensors-tobu.passwords",
        "nodes-ca.pem", "nodes-revoked.pem",
    }  # fmt: skip
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    text = (folder / "sukusuku.conf").read_text("utf-8")
    assert f"acl_file {folder}/sensors-tobu.acl" in text
    assert "listener 8884" not in text  # no [certificates]


def test_accounts_stay_and_own_rules_are_put_behind_ours(file: Path, folder: Path) -> None:
    (folder / "passwords").write_text("collector:x\n", encoding="utf-8")
    (folder / "own.acl").write_text("user home-assistant\ntopic read homeassistant/#\n", encoding="utf-8")
    for _ in range(2):
        assert main([str(file), "broker", str(folder)]) == 0
    assert (folder / "passwords").read_text("utf-8") == "collector:x\n"
    rules = (folder / "sukusuku.acl").read_text("utf-8")
    assert rules.endswith("# From own.acl:\nuser home-assistant\ntopic read homeassistant/#\n")


def test_own_rules_that_are_not_utf_8_are_told_and_nothing_is_written(
    file: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "own.acl").write_bytes("# 表示盤\n".encode("shift-jis"))
    assert main([str(file), "broker", str(folder)]) == 2
    assert "own.acl: expected UTF-8, found other bytes at 2; save it as UTF-8" in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["own.acl"]


def test_an_edge_node_reads_the_sensors_of_its_centres_and_the_collector_what_home_assistant_needs() -> None:
    text = (broker_example.SHIPPED / "sukusuku.acl").read_text("utf-8")
    assert "user tobu-pi\ntopic read sensors/tobu/#\nuser seibu-pi\n" in text
    assert "homeassistant" not in text
    home = parse(CENTRES.format(tobu=1, seibu=2) + '[home_assistant]\nprefix = "ha"\n', Facility, "facility.toml")
    assert "topic readwrite ha/#" in broker_files.rules(home, Path("/x"), "")["sukusuku.acl"]


def test_a_collector_without_tls_is_told_what_is_missing_and_nothing_is_written(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(facility_file(tmp_path, 1883)), "broker", str(folder)]) == 2
    assert "broker.ca_file: expected the authority of the broker" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_two_listeners_on_one_port_are_told_and_nothing_is_written(
    file: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With them the broker would not start."""
    file.write_text(f"{file.read_text('utf-8')}\n[certificates]\nport = 8883\n", encoding="utf-8")
    assert main([str(file), "broker", str(folder)]) == 2
    assert "certificates.port: port 8883 is already broker.port; give another one" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("tobu", "seibu", "why"),
    [(8901, 8901, "already site[0].sensors_port"), (1883, 8902, "already broker.port"), (8884, 1, "certificates.port")],
)
def test_a_listener_is_for_one_centre(tobu: int, seibu: int, why: str) -> None:
    with pytest.raises(WrongSettingsError) as told:
        check(parse(CENTRES.format(tobu=tobu, seibu=seibu), Facility, "facility.toml"), "facility.toml")
    assert why in str(told.value)


def test_each_group_of_sites_has_its_own_topics(tmp_path: Path) -> None:
    group = '[[group]]\nid = "north"\nhost_id = "north-host"\nschema = "north"\nsites = ["tobu"]\n'
    found = parse(CENTRES.format(tobu=8901, seibu=8902) + group, Facility, "facility.toml")
    text = broker_files.rules(found, tmp_path, "")[broker_files.RULES]
    collector, _, others = text.partition("user viewer")
    viewer, _, nodes = others.partition("# Every edge node")
    for name, host in (("toshima", "sukusuku"), ("north", "north-host")):
        assert f"topic readwrite spBv1.0/STATE/{host}\n" in collector
        assert f"topic write spBv1.0/{name}/NCMD/+\n" in collector
        assert f"topic read sukusuku/{name}/+/+/state\n" in viewer
        assert f"pattern read spBv1.0/STATE/{host}\n" in nodes
        assert f"pattern write spBv1.0/{name}/DDATA/%u/+\n" in nodes
