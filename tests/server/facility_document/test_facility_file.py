"""The document in a file: who changes it, who meanwhile, and what is left when the power goes."""

import errno
import os
from pathlib import Path

import pytest

from sukusuku_core.errors import PermanentError, TransientError, WrongSettingsError
from sukusuku_server.facility_document import facility_file, version_folder
from sukusuku_server.facility_document.editing import Edit, Put, edited
from sukusuku_server.facility_document.facility_file import FacilityFile
from sukusuku_server.facility_document.source import Change, ChangedMeanwhileError, Origin

TEXT = """# ours
[operator]
id = "town"
name = { ja = "町", en = "Town" }

[[site]]
id = "east"
name = { ja = "東", en = "East" }
"""
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


def test_a_change_is_written_and_remembered_with_who_and_why(path: Path) -> None:
    file = source(path)

    save(file, Put("site[east].name.en", "Est"))

    assert '"Est"' in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o640
    assert story(file) == [(2, "anna", Origin.SAVED), (1, None, Origin.FOUND)]
    assert file.history()[0].why == "longer hours"
    assert (file.text_of(1), file.text_of(2)) == (TEXT, file.read().text)
    assert (path.parent / "facility.history").stat().st_mode & 0o777 == 0o700
    with pytest.raises(KeyError):
        file.text_of(3)


def test_a_wrong_text_is_refused_with_all_mistakes_and_nothing_changes(path: Path) -> None:
    file = source(path)
    wrong = TEXT.replace('id = "east"', 'id = "no id"').replace('en = "Town"', "en = 1")

    with pytest.raises(WrongSettingsError) as caught:
        file.write(wrong, file.read().version, ANNA)

    assert [mistake.where for mistake in caught.value.mistakes] == ["operator.name.en", "site[0].id"]
    assert path.read_text(encoding="utf-8") == TEXT
    assert file.history() == []


def test_what_somebody_has_edited_by_hand_is_noticed_and_never_overwritten_unseen(path: Path) -> None:
    file = source(path)
    seen = file.read()
    save(file, Put("site[east].name.en", "Est"))
    by_hand = path.read_text(encoding="utf-8").replace("# ours", "# ours, by hand")
    path.write_text(by_hand, encoding="utf-8")

    for version in (seen.version, "never there"):
        with pytest.raises(ChangedMeanwhileError) as caught:
            file.write(TEXT.replace("East", "Ost"), version, Change("ben"))
        assert caught.value.now.text == by_hand

    assert path.read_text(encoding="utf-8") == by_hand
    assert story(file)[0] == (3, None, Origin.BY_HAND)
    assert file.notice() is None
    path.write_text("broken [", encoding="utf-8")
    assert (found := file.notice()) is not None
    assert (found.number, file.text_of(4)) == (4, "broken [")


def test_the_same_text_again_is_no_version(path: Path) -> None:
    file = source(path)
    save(file, Put("host_id", "x"))
    file.write(file.read().text, file.read().version, ANNA)
    assert len(file.history()) == 2


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
