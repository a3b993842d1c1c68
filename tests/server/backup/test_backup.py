"""A backup has all that was committed before it, and comes back as it was; what it lacks it does not hide."""

import os
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from sukusuku_core.errors import ConfigError, PermanentError
from sukusuku_server.backup.contents import SETTINGS, STORE, Places, places
from sukusuku_server.backup.encryption import BackupKey, DamagedError
from sukusuku_server.backup.making import WORK, make
from sukusuku_server.backup.manifest import Manifest
from sukusuku_server.backup.repository import Repository
from sukusuku_server.backup.restoring import restore
from sukusuku_server.backup.verifying import verify
from sukusuku_server.db import Operations
from sukusuku_server.settings.backup import BackupSettings
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.server.backup.world import KEPT, T, expected, facility, readings, repository, times
from tests.support.stores import commit

NEVER_DONE = 10**6


def _clock() -> int:
    return T


def _blocks(backups: Repository) -> set[Path]:
    return set((backups._folder / "blocks").glob("*/*"))


def test_what_was_committed_before_comes_back_and_a_copy_of_files_lacks_it(tmp_path: Path) -> None:
    """S9: `cp` of a running database passes SQLite's own check and has lost what was in its log."""
    here, backups = facility(tmp_path / "here"), repository(tmp_path)
    store = SqliteStore.open(here.store)
    commit(store, readings(range(300)), T)
    copied = Path(shutil.copy(here.store, tmp_path / "copied.db"))

    manifest = make(here, backups, KEPT, _clock)
    store.close()
    done = restore(backups, manifest, tmp_path / "there" / "facility.toml", T)

    assert times(done.places.store) == expected(range(300))
    assert done.places.settings.read_bytes() == here.settings.read_bytes()
    with closing(sqlite3.connect(copied)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            connection.execute("SELECT count(*) FROM reading")


def test_both_databases_are_of_one_moment_while_they_are_written_to(tmp_path: Path) -> None:
    """Each number is committed to the readings first and to the operations data after."""
    here, backups = facility(tmp_path / "here"), repository(tmp_path)
    store, operations = SqliteStore.open(here.store), Operations(f"sqlite:///{here.operations}")
    commit(store, readings([NEVER_DONE]), T)
    first, enough = threading.Event(), threading.Event()

    def write() -> None:
        for n in range(NEVER_DONE):
            commit(store, readings([n]), T)
            with operations.writing() as connection:
                connection.exec_driver_sql("INSERT INTO secret VALUES (?, x'00')", (f"{n:06d}",))
            first.set()
            if enough.is_set():
                return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        first.wait()
        manifests = [make(here, backups, KEPT, lambda n=n: T + n) for n in range(5)]  # type: ignore[misc]
    finally:
        enough.set()
        writer.join()
        store.close()
        operations.close()
    for manifest in manifests:
        stored, noted = manifest.rows[STORE]["reading"] - 1, manifest.rows["operations.db"]["secret"]
        assert stored - noted in {0, 1}


def test_the_second_backup_writes_only_what_changed(tmp_path: Path) -> None:
    here, backups = facility(tmp_path / "here"), repository(tmp_path)
    store = SqliteStore.open(here.store)
    commit(store, readings(range(20_000)), T)
    make(here, backups, KEPT, _clock)
    before = _blocks(backups)
    commit(store, readings(range(20_000, 20_010)), T)
    make(here, backups, KEPT, lambda: T + 1)
    store.close()

    assert len(before) > 4
    assert 0 < len(_blocks(backups) - before) <= 3


def test_nothing_in_the_folder_can_be_read_without_the_key(tmp_path: Path) -> None:
    here, backups = facility(tmp_path / "here"), repository(tmp_path)
    SqliteStore.open(here.store).close()
    name = make(here, backups, KEPT, _clock).name

    files = [path for path in (tmp_path / "backups").rglob("*") if path.is_file()]
    assert not [path for path in files if b"tobu" in path.read_bytes() or path.stat().st_mode & 0o077]
    with pytest.raises(DamagedError, match="another key"):
        Repository(tmp_path / "backups", BackupKey.new()).manifest(name)


def _made(folder: Path) -> tuple[Places, Repository, Manifest]:
    here, backups = facility(folder / "here"), repository(folder)
    store = SqliteStore.open(here.store)
    commit(store, readings(range(100)), T)
    store.close()
    return here, backups, make(here, backups, KEPT, _clock)


@pytest.mark.parametrize("harm", ["lost", "changed", "cut", "swapped"])
def test_a_block_that_is_not_what_was_kept_is_found_and_nothing_is_replaced(tmp_path: Path, harm: str) -> None:
    here, backups, manifest = _made(tmp_path)
    one, other = (backups._path(manifest.file(name).blocks[0]) for name in (STORE, SETTINGS))
    content = one.read_bytes()
    match harm:
        case "lost":
            one.unlink()
        case "changed":
            one.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        case "cut":
            one.write_bytes(content[:5])
        case _:
            one.write_bytes(other.read_bytes())

    before = here.store.read_bytes()
    with pytest.raises(DamagedError, match=r"readings\.db"):
        restore(backups, manifest, here.settings, T, replace=True)
    assert here.store.read_bytes() == before
    assert not [path for path in here.settings.parent.iterdir() if "before" in path.name or "restoring" in path.name]
    with pytest.raises(DamagedError):
        verify(backups, manifest)


def test_what_is_damaged_is_written_again_by_the_next_backup(tmp_path: Path) -> None:
    here, backups, manifest = _made(tmp_path)
    backups._path(manifest.file(STORE).blocks[0]).write_bytes(b"noise")
    with pytest.raises(DamagedError):
        verify(backups, manifest)

    make(here, backups, KEPT, lambda: T + 1)

    verify(backups, manifest)


def test_a_manifest_under_another_name_is_refused(tmp_path: Path) -> None:
    _, backups, manifest = _made(tmp_path)
    newer = "20990101T000000000Z"
    shutil.copy(backups._backups / manifest.name, backups._backups / newer)
    with pytest.raises(DamagedError, match=newer):
        backups.manifest(newer)


def test_a_restore_over_data_asks_first_and_moves_them_aside(tmp_path: Path) -> None:
    here, backups, manifest = _made(tmp_path)
    store = SqliteStore.open(here.store)
    commit(store, readings([500]), T)
    with pytest.raises(PermanentError, match="--replace"):
        restore(backups, manifest, here.settings, T)
    with pytest.raises(PermanentError, match="a collector is running"):
        restore(backups, manifest, here.settings, T, replace=True)
    store.close()

    done = restore(backups, manifest, here.settings, T, replace=True)

    assert times(here.store) == expected(range(100))
    assert {path.name.split(".before-")[0] for path in done.aside} >= {"readings.db", "operations.db", "facility.toml"}
    aside = next(path for path in done.aside if path.name.startswith("readings.db.before"))
    assert times(aside) == expected([*range(100), 500])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_services_can_use_what_root_restores_and_others_cannot_read_it(tmp_path: Path) -> None:
    """Settings lie in a folder of root, databases in one of the services, as the packages have it."""
    here, backups = facility(tmp_path / "here"), repository(tmp_path)
    data = tmp_path / "data"
    data.mkdir()
    os.chown(data, 4711, 4712)
    text = here.settings.read_text("utf-8")
    here.settings.write_text(f'{text}\n[store]\npath = "{data}/readings.db"\n', encoding="utf-8")
    here = places(here.settings, here.settings.read_text("utf-8"))
    SqliteStore.open(here.store).close()
    manifest = make(here, backups, KEPT, _clock)
    done = restore(backups, manifest, here.settings, T, replace=True).places
    found = {path: path.stat() for path in (done.settings, done.store)}
    assert {path: (it.st_uid, it.st_gid, it.st_mode & 0o777) for path, it in found.items()} == {
        done.settings: (0, 4712, 0o640),
        done.store: (4711, 4712, 0o600),
    }


def test_old_backups_go_with_what_only_they_have(tmp_path: Path) -> None:
    here, backups, manifest = _made(tmp_path)
    day = 86_400_000
    settings = BackupSettings(folder="x", key_file="x", keep_days=2, keep_weeks=0)
    store = SqliteStore.open(here.store)
    for n in (1, 2):
        commit(store, readings(range(1000 * n, 1000 * n + 500)), T)
        make(here, backups, settings, lambda n=n: T + n * day)  # type: ignore[misc]
    store.close()

    assert len(backups.names()) == 2
    assert manifest.name not in backups.names()
    needed = {block for name in backups.names() for block in backups.manifest(name).blocks}
    assert {path.name for path in _blocks(backups)} == needed
    for name in backups.names():
        verify(backups, backups.manifest(name))


def test_a_disk_that_is_full_leaves_the_backups_of_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, backups, manifest = _made(tmp_path)
    store = SqliteStore.open(here.store)
    commit(store, readings(range(5_000)), T)
    real = os.fsync

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(Exception, match="No space left"):
        make(here, backups, KEPT, lambda: T + 1)
    monkeypatch.setattr("os.fsync", real)
    store.close()

    assert backups.names() == [manifest.name]
    assert not (here.store.parent / WORK).exists()
    verify(backups, manifest)


def test_operations_data_elsewhere_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="pg_dump"):
        places(tmp_path / "facility.toml", '[operations]\nurl = "postgresql://db/sukusuku"\n')


def test_a_key_that_others_may_read_and_one_that_is_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "backup.key"
    path.write_text(BackupKey.new().text + "\n", encoding="ascii")
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        BackupKey.read(path)
    path.chmod(0o600)
    assert BackupKey.read(path).text in path.read_text(encoding="ascii")
    path.write_text("c2hvcnQ=", encoding="ascii")
    with pytest.raises(ConfigError, match="holds no key"):
        BackupKey.read(path)
