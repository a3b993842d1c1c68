"""`sukusuku backup FACILITY.toml key|make|list|verify`: copies of everything that a facility keeps."""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from sukusuku_cli import key_file, language
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import ConfigError, SukusukuError, TransientError
from sukusuku_core.time import japan_time
from sukusuku_server import settings
from sukusuku_server.backup.contents import STORE, places
from sukusuku_server.backup.encryption import BackupKey, DamagedError
from sukusuku_server.backup.making import make
from sukusuku_server.backup.manifest import Manifest
from sukusuku_server.backup.repository import Repository
from sukusuku_server.backup.verifying import verify
from sukusuku_server.db import Operations
from sukusuku_server.db.doors import DoorRecords
from sukusuku_server.i18n import Translate
from sukusuku_server.model import doors
from sukusuku_server.settings import Facility
from sukusuku_server.settings.backup import BackupSettings

_EPILOG = """examples · 例:
  sukusuku backup facility.toml key       # once; keep a copy of the file elsewhere · 初回のみ。控えを別の場所に保管
  sukusuku backup facility.toml make      # the timer does it each night · 毎晩タイマーが実行
  sukusuku backup facility.toml list
  sukusuku backup facility.toml verify    # all of them; --newest only the last · すべて検証（--newest は最新のみ）
`sukusuku restore` brings one back; docs/backup.md has every step. 復元は sukusuku restore。手順は docs/backup.md。
Exit status 終了コード: 0 done, 1 a backup is damaged or could not be made, 2 wrong settings
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command. Returns the exit status."""
    options = parser().parse_args(argv)
    facility = settings.read(options.facility)
    if facility.backup is None:
        raise ConfigError(
            f'{options.facility}: there is no [backup]; expected for example folder = "/var/backups/sukusuku" and '
            'key_file = "/etc/sukusuku/backup.key"'
        )
    act: Callable[[argparse.Namespace, Facility, BackupSettings], int] = options.act
    try:
        return act(options, facility, facility.backup)
    except ConfigError:
        raise
    except SukusukuError as error:
        print(f"sukusuku backup: {error}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku backup",
        description="Encrypted copies of readings, operations data and settings, all of one moment, made while "
        "everything runs. 計測値・運用データ・設定の同一時点の暗号化バックアップ（稼働中に作成）。",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("facility", type=Path, metavar="FACILITY.toml", help="the operator's settings · 施設の設定")
    which = made.add_subparsers(required=True, metavar="COMMAND")
    which.add_parser("key", help="make the key file · 鍵ファイルを作成").set_defaults(act=_key)
    which.add_parser("make", help="make a backup and read it back · 作成して読み戻しを確認").set_defaults(act=_make)
    which.add_parser("list", help="what there is · 一覧").set_defaults(act=_list)
    check = which.add_parser("verify", help="read backups back · 読み戻して検証")
    check.add_argument("--newest", action="store_true", help="only the last one · 最新のみ")
    check.set_defaults(act=_verify)
    for command in which.choices.values():
        language.add_option(command)
    return made


def _key(options: argparse.Namespace, _facility: Facility, backup: BackupSettings) -> int:
    _, path = language.told(options), Path(backup.key_file)
    key_file.write_new(path, BackupKey.new().text + "\n", held="what was made with it can be read only with it")
    print(_("%(path)s was made.") % {"path": path})
    print(_("Copy it to a safe place that is not this computer: without it no backup can be read."))
    return 0


def _make(options: argparse.Namespace, facility: Facility, backup: BackupSettings) -> int:
    with closing(Operations(facility.operations.address)) as operations:
        records = DoorRecords(operations)
        try:
            where = places(options.facility, options.facility.read_text(encoding="utf-8"))
            manifest = make(where, _repository(backup), backup, now_ms)
            records.taken(doors.BACKUP, doors.FOLDER, manifest.made)
            records.well(doors.BACKUP, doors.FOLDER)
        except SukusukuError as error:
            _note_failure(records, error)
            raise
    print(_told(manifest, language.told(options)))
    return 0


def _note_failure(records: DoorRecords, error: SukusukuError) -> None:
    """Let the collector know why; without it, it sees at least that no new one has come."""
    try:
        records.failed(doors.BACKUP, doors.FOLDER, now_ms(), str(error))
    except TransientError as again:
        print(f"sukusuku backup: {again}", file=sys.stderr)


def _list(options: argparse.Namespace, _facility: Facility, backup: BackupSettings) -> int:
    repository, _ = _repository(backup), language.told(options)
    for name in repository.names():
        print(_told(repository.manifest(name), _))
    return 0


def _verify(options: argparse.Namespace, _facility: Facility, backup: BackupSettings) -> int:
    repository, _ = _repository(backup), language.told(options)
    names, damaged = repository.names(), 0
    for name in names[-1:] if options.newest else names:
        try:
            manifest = repository.manifest(name)
            verify(repository, manifest)
        except DamagedError as error:
            damaged += 1
            print(_("damaged"), error, sep="  ", file=sys.stderr)
        else:
            print(_("whole"), _told(manifest, _), sep="  ")
    if not names:
        print(_("there is no backup yet"), file=sys.stderr)
    return 1 if damaged or not names else 0


def _repository(backup: BackupSettings) -> Repository:
    return Repository(Path(backup.folder), BackupKey.read(Path(backup.key_file)))


def _told(manifest: Manifest, _: Translate) -> str:
    """Return a backup in one line."""
    rows = manifest.rows[STORE]["reading"]
    size = sum(file.size for file in manifest.files) / 1_000_000
    said = _("%(name)s  of %(time)s, %(rows)d readings, %(size).1f MB before compression")
    return said % {
        "name": manifest.name,
        "time": f"{japan_time(manifest.made):%Y-%m-%d %H:%M}",
        "rows": rows,
        "size": size,
    }


if __name__ == "__main__":
    sys.exit(main())
