"""Corrections and counts of staff in the operations data."""

from pathlib import Path

import pytest

from sukusuku_server.db.derivation import DerivationRecords
from sukusuku_server.db.rooms import RoomRecords, WrongCountError
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


@pytest.mark.parametrize(("children", "staff", "ahead"), [(-1, None, 0), (1001, None, 0), (3, -1, 0), (3, 2, 1)])
def test_counts_that_cannot_be_are_refused(tmp_path: Path, children: int, staff: int | None, ahead: int) -> None:
    rooms = RoomRecords(operations(tmp_path))
    with pytest.raises(WrongCountError):
        rooms.enter(Calibration(ROOM, T0 + ahead, children, staff, "佐藤"), T0)
    assert rooms.said(ROOM, 0, T0 + HOUR) == []
