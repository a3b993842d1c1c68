"""Room that is reserved on the disk; what a really full disk does is shown by row F5 of the fault matrix."""

import errno
from pathlib import Path

import pytest

from sukusuku_edge.ballast import Ballast

MEGABYTE = 1024 * 1024


def blocks(path: Path) -> int:
    """Bytes that a file really takes."""
    return path.stat().st_blocks * 512


def test_the_room_is_really_taken_and_given_back(tmp_path: Path) -> None:
    path = tmp_path / "o.ballast"
    ballast = Ballast(path, MEGABYTE)

    assert ballast.keep()
    assert blocks(path) >= MEGABYTE
    assert ballast.keep()
    assert ballast.give()
    assert not path.exists()
    assert not ballast.give()
    assert ballast.keep()
    assert blocks(path) >= MEGABYTE


def test_a_restart_finds_it_and_brings_it_to_its_size(tmp_path: Path) -> None:
    path = tmp_path / "o.ballast"
    path.write_bytes(b"x" * 3 * MEGABYTE)  # of an earlier version, or torn by a power cut

    assert Ballast(path, MEGABYTE).keep()
    assert path.stat().st_size == MEGABYTE


def test_a_disk_without_so_much_room_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "o.ballast"

    assert not Ballast(path, 2**59).keep()
    assert not path.exists()


def test_what_cannot_be_reserved_for_another_reason_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "no folder" / "o.ballast"
    ballast = Ballast(path, MEGABYTE)

    assert ballast.keep()
    assert ballast.keep()
    assert caplog.text.count("no room can be reserved") == 1
    assert f"[Errno {errno.ENOENT}]" in caplog.text
