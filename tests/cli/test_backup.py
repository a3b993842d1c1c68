"""`sukusuku backup` and `sukusuku restore`: one way through, and what they say when something is in it."""

import stat
from pathlib import Path

import pytest

from sukusuku_cli import backup, restore
from sukusuku_core.errors import ConfigError
from sukusuku_server.db import Operations
from sukusuku_server.db.doors import DoorRecords
from sukusuku_server.db.sessions import Limits, Sessions
from sukusuku_server.model.doors import Exchanged
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.server.backup.world import T, expected, facility, readings, times
from tests.support.databases import operations
from tests.support.stores import commit

BACKUP = '[backup]\nfolder = "backups"\nkey_file = "backup.key"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A facility with a hundred readings, somebody signed in, and a key of its backups."""
    here = facility(tmp_path / "here")
    here.settings.write_text(BACKUP + here.settings.read_text(encoding="utf-8"), encoding="utf-8")
    store = SqliteStore.open(here.store)
    commit(store, readings(range(100)), T)
    store.close()
    Sessions(operations(here.settings.parent), Limits()).begin(T, "::1", "browser", account=None)
    assert backup.main([str(here.settings), "key"]) == 0
    return here.settings


def _noted(file: Path) -> Exchanged:
    opened = Operations(f"sqlite:///{file.parent / 'operations.db'}")
    found = DoorRecords(opened).all().get(("backup", "folder"), Exchanged())
    opened.close()
    return found


def test_a_backup_comes_back_on_a_new_computer(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert stat.S_IMODE((file.parent / "backup.key").stat().st_mode) == 0o600
    assert backup.main([str(file), "make"]) == 0
    assert backup.main([str(file), "verify", "--newest", "--lang", "en"]) == 0
    assert "whole" in capsys.readouterr().out
    assert _noted(file).taken

    there = tmp_path / "there" / "facility.toml"
    arguments = [
        str(file.parent / "backups"),
        str(there),
        "--key-file",
        str(file.parent / "backup.key"),
        "--lang",
        "en",
    ]
    assert restore.main(arguments) == 0

    said = capsys.readouterr().out
    assert "is lost: edge nodes delete what is acknowledged" in said
    assert times(there.parent / "readings.db") == expected(range(100))
    restored = operations(there.parent)
    with restored.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM session").scalar() == 0
    assert restored.audit()[0].action == "session.end_every"
    assert _noted(there).taken == _noted(file).taken
    assert restore.main(arguments) == 1
    assert "there is something already" in capsys.readouterr().err


def test_a_failure_is_noted_with_its_reason_and_a_success_ends_it(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file.parent / "backups").write_text("no folder", encoding="ascii")
    assert backup.main([str(file), "make"]) == 1
    assert "File exists" in capsys.readouterr().err
    failed = _noted(file)
    assert failed.taken is None
    assert failed.failing is not None
    assert "File exists" in failed.reason

    (file.parent / "backups").unlink()
    assert backup.main([str(file), "make"]) == 0
    assert _noted(file).failing is None

    arguments = [str(file.parent / "backups"), str(file), "--key-file", str(file.parent / "backup.key"), "--replace"]
    assert restore.main(arguments) == 0
    assert _noted(file).failing is None, "the data of that moment still knew of the failure"


def test_a_damaged_backup_is_status_1_and_named(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert backup.main([str(file), "make"]) == 0
    for block in (file.parent / "backups" / "blocks").glob("*/*"):
        block.write_bytes(b"noise")
    capsys.readouterr()
    assert backup.main([str(file), "verify", "--lang", "en"]) == 1
    assert "damaged  backup 2" in capsys.readouterr().err


def test_settings_without_a_backup_and_a_second_key_are_refused_in_words(file: Path) -> None:
    with pytest.raises(ConfigError, match="there is a key already"):
        backup.main([str(file), "key"])
    file.write_text(file.read_text(encoding="utf-8").removeprefix(BACKUP), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"there is no \[backup\]"):
        backup.main([str(file), "make"])


def test_a_restore_with_another_key_and_of_a_name_that_is_not_there_is_refused(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert backup.main([str(file), "make"]) == 0
    folder, key = str(file.parent / "backups"), file.parent / "backup.key"
    there = str(tmp_path / "there" / "facility.toml")
    assert restore.main([folder, there, "--key-file", str(key), "--backup", "20200101T000000000Z"]) == 1
    assert "there is no '20200101T000000000Z'" in capsys.readouterr().err
    key.unlink()
    assert backup.main([str(file), "key"]) == 0
    assert restore.main([folder, there, "--key-file", str(key)]) == 1
    assert "made with another key" in capsys.readouterr().err
    assert not Path(there).exists()
