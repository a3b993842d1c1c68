"""The document in a file, beyond `test_source`: editors, links, and what is left when the power goes."""

import errno
import os
from pathlib import Path

import pytest

from sukusuku_core.errors import PermanentError, TransientError, WrongSettingsError
from sukusuku_server.facility_document import facility_file, version_folder
from sukusuku_server.facility_document.editing import Edit, Put, edited
from sukusuku_server.facility_document.facility_file import FacilityFile
from sukusuku_server.facility_document.source import Change, Origin
from tests.server.facility_document.sources import TEXT

ANNA = Change("anna", "longer hours")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "facility.toml"
    path.write_text(TEXT, encoding="utf-8")
    path.chmod(0o640)
    return path


def source(path: Path) -> FacilityFile:
    return FacilityFile(path, clock=lambda: 1000)


def save(file: FacilityFile, edit: Edit, change: Change = ANNA) -> None:
    now = file.read()
    file.write(edited(now.text, [edit]), now.version, change)


def story(file: FacilityFile) -> list[tuple[int, str | None, Origin]]:
    return [(version.number, version.by, version.origin) for version in file.history()]


def test_a_change_is_written_and_the_history_is_the_owners_alone(path: Path) -> None:
    file = source(path)

    save(file, Put("site[east].name.en", "Est"))

    assert '"Est"' in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o640
    assert story(file) == [(2, "anna", Origin.SAVED), (1, None, Origin.FOUND)]
    assert (path.parent / "facility.history").stat().st_mode & 0o777 == 0o700


def test_a_process_does_not_begin_with_a_file_that_is_wrong(path: Path) -> None:
    file = source(path)
    save(file, Put("host_id", "x"))
    path.write_text("broken [", encoding="utf-8")
    with pytest.raises(WrongSettingsError, match="not valid TOML"):
        file.begin()


def test_what_somebody_has_edited_by_hand_comes_into_the_history(path: Path) -> None:
    file = source(path)
    save(file, Put("site[east].name.en", "Est"))
    path.write_text(TEXT.replace("# ours", "# ours, by hand"), encoding="utf-8")
    assert (found := file.notice()) is not None
    assert (found.number, found.origin) == (3, Origin.BY_HAND)
    assert file.notice() is None
    path.write_text("broken [", encoding="utf-8")
    assert (found := file.notice()) is not None
    assert (found.number, file.text_of(4)) == (4, "broken [")


@pytest.mark.parametrize("dies", ["before", "after"])
def test_a_crash_in_the_middle_leaves_the_old_or_the_new_one_with_its_history(
    path: Path, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    file = source(path)
    save(file, Put("host_id", "x"))
    old = path.read_text(encoding="utf-8")
    real = version_folder.store

    def store(path: Path, content: bytes, mode: int, owner: tuple[int, int]) -> None:
        if dies == "after":
            real(path, content, mode, owner)
        raise KeyboardInterrupt

    monkeypatch.setattr(facility_file, "store", store)
    with pytest.raises(KeyboardInterrupt):
        save(file, Put("host_id", "y"), Change("ben"))
    monkeypatch.undo()

    file = source(path)
    assert file.notice() is None
    assert (file.read().text == old) is (dies == "before")
    assert story(file)[0] == ((2, "anna", Origin.SAVED) if dies == "before" else (3, "ben", Origin.SAVED))


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "facility.toml"
    link.parent.mkdir()
    link.symlink_to(path)

    save(source(link), Put("host_id", "x"))

    assert link.is_symlink()
    assert 'host_id = "x"' in path.read_text(encoding="utf-8")
    assert len(source(path).history()) == 2


def test_what_cannot_be_read_or_written_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TransientError, match="cannot be read"):
        source(path.with_name("none.toml")).read()
    file = source(path)
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(TransientError, match="no space left"):
        save(file, Put("host_id", "x"))
    monkeypatch.undo()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.EROFS, "read-only")))
    with pytest.raises(PermanentError, match="history of the document cannot be written"):
        save(file, Put("host_id", "x"))
    monkeypatch.undo()
    monkeypatch.setattr(facility_file, "store", lambda *_: (_ for _ in ()).throw(PermissionError("read-only")))
    with pytest.raises(PermanentError, match="give this process the right to write"):
        save(file, Put("host_id", "x"))
    monkeypatch.undo()
    assert path.read_text(encoding="utf-8") == TEXT
    assert [version.origin for version in file.history()] == [Origin.FOUND]
    path.write_bytes(b"\xff")
    with pytest.raises(WrongSettingsError):
        file.read()
