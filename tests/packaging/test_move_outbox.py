"""What an edge agent kept in the server's folder comes with it into a folder of its own."""

import fcntl
from pathlib import Path

import pytest
from packages.edge import move_outbox


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Settings, old and new folder, with what agent and server keep in the old one."""
    old, new = tmp_path / "sukusuku", tmp_path / "sukusuku-edge"
    old.mkdir()
    for name in ("outbox.db", "outbox.db-wal", "outbox.db.lock", "outbox.corrupt-1", "readings.db", "node.key"):
        (old / name).write_text(name, encoding="ascii")
    settings = tmp_path / "edge.toml"
    settings.write_text(
        f'node = "tobu-pi"  # 東部\n[uplink]\nkey_file = "{old}/node.key"\n[outbox]\npath = "{old}/outbox.db"\n',
        "utf-8",
    )
    settings.chmod(0o640)
    return settings, old, new


def test_outbox_and_key_move_and_what_is_the_servers_stays(places: tuple[Path, Path, Path]) -> None:
    settings, old, new = places
    move_outbox.move(*places)
    assert sorted(path.name for path in old.iterdir()) == ["readings.db"]
    assert {path.name: path.read_text("ascii") for path in new.iterdir()} == {
        name: name for name in ("outbox.db", "outbox.db-wal", "outbox.db.lock", "outbox.corrupt-1", "node.key")
    }
    assert new.stat().st_mode & 0o777 == 0o700
    said = settings.read_text("utf-8")
    assert f'path = "{new}/outbox.db"' in said
    assert f'key_file = "{new}/node.key"' in said
    assert "東部" in said
    assert settings.stat().st_mode & 0o777 == 0o640
    assert move_outbox.move(*places) == [], "a second time there is nothing to do"


def test_a_move_that_was_ended_in_the_middle_goes_on(places: tuple[Path, Path, Path]) -> None:
    settings, old, new = places
    new.mkdir()
    (old / "outbox.db").rename(new / "outbox.db")
    move_outbox.move(*places)
    assert (new / "outbox.db").read_text("ascii") == "outbox.db"
    assert (new / "outbox.db-wal").exists()
    assert f'"{new}/outbox.db"' in settings.read_text("utf-8")


def test_nothing_moves_under_an_agent_that_runs(places: tuple[Path, Path, Path]) -> None:
    settings, old, new = places
    before = settings.read_bytes()
    with (old / "outbox.db.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(BlockingIOError):
            move_outbox.move(*places)
    assert (old / "outbox.db").exists()
    assert not new.exists()
    assert settings.read_bytes() == before


@pytest.mark.parametrize("text", ["", 'path = "/data/outbox.db"\n', 'path = "/var/lib/sukusuku-edge/outbox.db"\n'])
def test_settings_that_name_another_place_stay_as_they_are(text: str, tmp_path: Path) -> None:
    settings = tmp_path / "edge.toml"
    settings.write_text(text, "utf-8")
    assert move_outbox.move(settings, Path("/var/lib/sukusuku"), tmp_path / "new") == []
    assert settings.read_text("utf-8") == text


@pytest.mark.parametrize("servers", [True, False])
def test_the_link_that_systemd_made_for_the_agent_goes(servers: bool, places: tuple[Path, Path, Path]) -> None:  # noqa: FBT001
    """A server may not enter the folder behind it."""
    _, old, new = places
    private = old.parent / "private"
    old.rename(private)
    old.symlink_to(private)
    if not servers:
        (private / "readings.db").unlink()
    move_outbox.move(*places)
    assert (new / "outbox.db").exists()
    assert not old.is_symlink()
    assert not private.exists()
    assert (old / "readings.db").exists() == servers
