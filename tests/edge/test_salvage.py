"""A damaged outbox is replaced as a whole or not at all."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from sukusuku_core.errors import PermanentError
from sukusuku_core.model import Reading
from sukusuku_edge import salvage
from sukusuku_edge.database import connect
from sukusuku_edge.outbox import Outbox

T = 1_760_000_000_000
PAGE = 4096


def fill(path: Path, rows: int) -> None:
    async def run() -> None:
        async with Outbox(path, ballast=0) as outbox:
            await outbox.add([Reading("unit-1", "Fill/Percent", T + n, float(n)) for n in range(rows)], {})

    asyncio.run(run())


def waiting(path: Path) -> list[int]:
    async def run() -> list[int]:
        async with Outbox(path, ballast=0) as outbox:
            return [reading.time - T for _, reading in await outbox.peek(0, 10**6)]

    return asyncio.run(run())


def damage_page(path: Path, page: int) -> None:
    data = bytearray(path.read_bytes())
    data[page * PAGE : (page + 1) * PAGE] = b"\xff" * PAGE
    path.write_bytes(data)


def test_rows_on_both_sides_of_a_bad_page_are_saved(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    fill(path, 5000)
    damage_page(path, path.stat().st_size // PAGE // 2)

    found = waiting(path)

    assert len(found) > 4900
    assert (found[0], found[-1]) == (0, 4999)


def test_a_replacement_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    fill(path, 3)
    path.rename(tmp_path / "outbox.db.new")
    (tmp_path / "outbox.db-wal").write_bytes(b"the log of the damaged file")

    assert waiting(path) == [0, 1, 2]
    assert not (tmp_path / "outbox.db.new").exists()


def test_what_is_left_of_a_replacement_that_did_not_come_to_its_end_is_done_again(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    fill(path, 5000)
    damage_page(path, path.stat().st_size // PAGE // 2)
    (tmp_path / "outbox.db.new").write_bytes(b"half a file")

    assert len(waiting(path)) > 4900


def test_when_the_new_file_cannot_be_written_nothing_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    fill(path, 5000)
    damage_page(path, path.stat().st_size // PAGE // 2)
    before = path.read_bytes()

    def on_a_small_disk(new: Path) -> sqlite3.Connection:
        file = connect(new)
        file.execute("PRAGMA max_page_count=10").fetchall()
        return file

    with pytest.raises(sqlite3.OperationalError, match="full"):
        salvage.replace(path, on_a_small_disk)

    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.glob("*.new*")] == []
    assert [entry.name for entry in tmp_path.glob("*corrupt*")] == []


def test_two_damaged_files_are_kept_to_be_looked_at(tmp_path: Path) -> None:
    for _ in range(4):
        (tmp_path / "outbox.db").write_bytes(b"x" * 5000)
        waiting(tmp_path / "outbox.db")

    assert sorted(entry.name for entry in tmp_path.glob("*corrupt*")) == ["outbox.corrupt-3", "outbox.corrupt-4"]


def test_a_page_that_can_be_read_the_second_time_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "outbox.db"
    fill(path, 3)
    monkeypatch.setattr(salvage, "_PAUSE", 0.0)
    tries = 0

    def flaky(file: Path) -> sqlite3.Connection:
        nonlocal tries
        tries += 1
        if tries == 1:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
            raise error
        return connect(file)

    assert salvage.damage(path, flaky) is None
    assert tries == 2


def test_a_file_that_another_program_holds_is_no_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    fill(path, 1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(PermanentError, match="locked"):
        waiting(path)

    other.close()
    assert waiting(path) == [0]
