"""Corrections and counts of staff in the operations data."""

from pathlib import Path

import pytest

from sukusuku_server.db.derivation import DerivationRecords
from sukusuku_server.db.rooms import RoomRecords, UnknownCountError, WrongCountError, doubtful
from sukusuku_server.model.collection import Calibration, Correction, CorrectionKind
from sukusuku_server.model.derivation import Advanced
from sukusuku_server.model.series import Late
from tests.collector.alerts.alert_cases import HOUR, T0
from tests.support.databases import operations

ROOM = "tobu-room"


def correction(time: int, after: int | None = 0) -> Correction:
    return Correction(ROOM, time, CorrectionKind.EMPTY, "people", 2, after, "")


def test_what_was_derived_replaces_what_was_stored_of_that_time(tmp_path: Path) -> None:
    base = operations(tmp_path)
    records, rooms = DerivationRecords(base), RoomRecords(base)
    first = (correction(T0 + 1), correction(T0 + HOUR), correction(T0 + 2 * HOUR, None))
    records.keep(ROOM, T0, T0 + 3 * HOUR, Advanced(None, corrections=first))
    assert tuple(rooms.corrections(ROOM, T0, T0 + 3 * HOUR)) == first
    records.keep(ROOM, T0 + 1, T0 + HOUR, Advanced(None, corrections=(correction(T0 + 5, 1),)))
    assert rooms.corrections(ROOM, T0, T0 + 3 * HOUR) == [first[0], correction(T0 + 5, 1), first[2]]
    assert rooms.corrections("other", T0, T0 + 3 * HOUR) == []
    assert rooms.corrections(ROOM, T0 + 2, T0 + 2 * HOUR) == [correction(T0 + 5, 1)]


def test_a_count_of_staff_is_kept_told_to_the_derivation_and_audited(tmp_path: Path) -> None:
    base = operations(tmp_path)
    records, rooms = DerivationRecords(base), RoomRecords(base)
    later = rooms.enter(Calibration(ROOM, T0 + HOUR, 5, 2, "佐藤", "昼"), T0 + 2 * HOUR)
    earlier = rooms.enter(Calibration(ROOM, T0 + 60_000, 4, None, "鈴木"), T0 + 2 * HOUR)
    assert list(records.said(ROOM, T0, T0 + HOUR)) == [earlier, later]
    assert list(records.said(ROOM, T0 + 60_000, T0 + HOUR)) == [later]
    assert records.spoken() == [Late(ROOM, T0 + 60_000, 2)]
    assert [entry.action for entry in base.audit()] == ["room.calibrate", "room.calibrate"]


def test_a_withdrawn_count_holds_no_more_and_the_room_is_derived_anew(tmp_path: Path) -> None:
    base = operations(tmp_path)
    records, rooms = DerivationRecords(base), RoomRecords(base)
    wrong = rooms.enter(Calibration(ROOM, T0 + HOUR, 47, None, "佐藤"), T0 + 2 * HOUR)
    (spoken,) = records.spoken()
    records.heard(spoken)
    gone = rooms.withdraw(ROOM, wrong.id, "鈴木", T0 + 3 * HOUR)
    assert (gone.withdrawn, gone.withdrawn_by) == (T0 + 3 * HOUR, "鈴木")
    assert rooms.said(ROOM, T0, T0 + 2 * HOUR) == []
    assert rooms.counts(ROOM, T0, T0 + 2 * HOUR) == [gone]
    assert [late.since for late in records.spoken()] == [T0 + HOUR]
    assert rooms.withdraw(ROOM, wrong.id, "other", T0 + 4 * HOUR) == gone
    assert [entry.action for entry in base.audit()] == ["room.withdraw", "room.calibrate"]
    for room, ident in (("other", wrong.id), (ROOM, 99)):
        with pytest.raises(UnknownCountError):
            rooms.withdraw(room, ident, "佐藤", T0 + 4 * HOUR)


def test_of_several_counts_about_one_minute_the_last_word_holds(tmp_path: Path) -> None:
    rooms = RoomRecords(operations(tmp_path))
    minute = T0 // 60_000 * 60_000 + 60_000
    typo = rooms.enter(Calibration(ROOM, minute + 40_000, 47, None, "佐藤"), T0 + HOUR)
    right = rooms.enter(Calibration(ROOM, minute + 10_000, 7, None, "佐藤"), T0 + HOUR)
    later = rooms.enter(Calibration(ROOM, minute + 60_000, 8, None, "佐藤"), T0 + HOUR)
    assert rooms.said(ROOM, minute - 1, minute + HOUR) == [right, later]
    assert rooms.said(ROOM, minute + 20_000, minute + 59_999) == [], "what it replaces does not hold in a part either"
    assert rooms.counts(ROOM, minute, minute + HOUR) == [right, typo, later]
    rooms.withdraw(ROOM, right.id, "佐藤", T0 + HOUR)
    assert rooms.said(ROOM, minute - 1, minute + HOUR) == [typo, later]


@pytest.mark.parametrize(("capacity", "children", "expected"), [(10, 15, False), (10, 16, True), (0, 1, True)])
def test_a_count_far_beyond_the_places_is_doubtful(capacity: int, children: int, expected: bool) -> None:  # noqa: FBT001
    assert doubtful(children, capacity) is expected


@pytest.mark.parametrize(("children", "staff", "ahead"), [(-1, None, 0), (1001, None, 0), (3, -1, 0), (3, 2, 1)])
def test_counts_that_cannot_be_are_refused(tmp_path: Path, children: int, staff: int | None, ahead: int) -> None:
    rooms = RoomRecords(operations(tmp_path))
    with pytest.raises(WrongCountError):
        rooms.enter(Calibration(ROOM, T0 + ahead, children, staff, "佐藤"), T0)
    assert rooms.said(ROOM, 0, T0 + HOUR) == []
