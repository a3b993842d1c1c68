"""Whoever looks after the server hears that there is no new backup, and that there is one again."""

from pathlib import Path

import pytest

from sukusuku_collector.backups.watch import BackupWatch
from sukusuku_core.errors import TransientError
from sukusuku_core.settings import parse
from sukusuku_core.time import HOUR_MS
from sukusuku_server.db.doors import DoorRecords
from sukusuku_server.model import doors
from sukusuku_server.settings import Facility
from tests.collector.operator_mails import CONTACTS, said
from tests.collector.small_facility import FACILITY
from tests.support.databases import both

T = 1_800_000_000_000
BACKUPS = """
[backup]
folder = "/var/backups/sukusuku"
key_file = "/etc/sukusuku/backup.key"
"""
SETTINGS = BACKUPS + CONTACTS


def test_a_backup_that_is_missed_is_told_once_and_its_end_too(tmp_path: Path) -> None:
    store, operations = both(tmp_path)
    records, now = DoorRecords(operations), T
    facility = parse(SETTINGS + FACILITY.format(port=1883), Facility, "facility.toml")
    watch = BackupWatch(facility, store, operations, lambda: now)

    for hours in (0, 35.9):
        now = T + round(hours * HOUR_MS)
        watch.look()
    assert said(operations) == []
    records.failed(doors.BACKUP, doors.FOLDER, now, "/var/backups/sukusuku: No space left on device")
    now = T + 37 * HOUR_MS
    watch.look()
    watch.look()
    ((recipient, text),) = said(operations)
    assert recipient == "office@example.jp"
    assert "まだ一度もバックアップされていません" in text
    assert "No space left on device" in text

    records.taken(doors.BACKUP, doors.FOLDER, now)
    records.well(doors.BACKUP, doors.FOLDER)
    watch.look()
    watch.look()
    assert len(said(operations)) == 2
    assert "読み戻し" in said(operations)[1][1]

    now += 40 * HOUR_MS
    watch.look()
    assert "2027-01-17 06:00" in said(operations)[2][1]
    store.close()
    operations.close()


def test_a_mail_that_was_written_but_not_noted_goes_once_and_its_end_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, operations = both(tmp_path)
    now = T
    watch = BackupWatch(parse(SETTINGS + FACILITY.format(port=1883), Facility, "f"), store, operations, lambda: now)
    watch.look()
    now += 37 * HOUR_MS

    def full(_key: str, _value: int) -> None:
        raise TransientError("the disk is full")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(store, "note", full)
        with pytest.raises(TransientError):
            watch.look()
    watch.look()
    assert len(said(operations)) == 1
    DoorRecords(operations).taken(doors.BACKUP, doors.FOLDER, now)
    watch.look()
    assert len(said(operations)) == 2
    store.close()
    operations.close()


@pytest.mark.parametrize("told", [True, False])
def test_without_backups_in_the_settings_nothing_is_awaited(tmp_path: Path, *, told: bool) -> None:
    store, operations = both(tmp_path)
    now = T
    with_backup = parse(SETTINGS + FACILITY.format(port=1883), Facility, "facility.toml")
    BackupWatch(with_backup, store, operations, lambda: now).look()
    now += 50 * HOUR_MS
    if told:
        BackupWatch(with_backup, store, operations, lambda: now).look()
    without = parse(FACILITY.format(port=1883), Facility, "facility.toml")
    BackupWatch(without, store, operations, lambda: now).look()
    now += 50 * HOUR_MS
    BackupWatch(with_backup, store, operations, lambda: now).look()
    assert len(said(operations)) == told
    store.close()
    operations.close()
