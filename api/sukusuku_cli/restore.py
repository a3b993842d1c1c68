"""`sukusuku restore FOLDER FACILITY.toml --key-file KEY`: brings a backup back, on this computer or a new one."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sukusuku_cli import language
from sukusuku_cli.operations_command import BY
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import ConfigError, SukusukuError
from sukusuku_core.time import japan_time
from sukusuku_server.backup.encryption import BackupKey
from sukusuku_server.backup.manifest import Manifest
from sukusuku_server.backup.repository import Repository
from sukusuku_server.backup.restoring import Restored, restore
from sukusuku_server.db import Operations
from sukusuku_server.db.doors import DoorRecords
from sukusuku_server.db.sessions import Limits, Sessions
from sukusuku_server.i18n import Translate
from sukusuku_server.model import doors

_EPILOG = """examples · 例:
  sukusuku restore /var/backups/sukusuku /etc/sukusuku/facility.toml --key-file backup.key
  sukusuku restore ... --backup 20261130T194056123Z      # an older one · 以前のバックアップ
  sukusuku restore ... --replace                         # what is there is moved aside · 既存のものは退避
Run it as root, or as the account of the services. root またはサービスのアカウントで実行してください。
Exit status 終了コード: 0 done, 1 nothing was changed
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Bring a backup back. Returns the exit status."""
    options = parser().parse_args(argv)
    try:
        repository = Repository(options.folder, BackupKey.read(options.key_file))
        manifest = repository.manifest(_chosen(repository.names(), options.backup))
        done = restore(repository, manifest, options.facility, now_ms(), replace=options.replace)
        _settle(done, manifest)
    except SukusukuError as error:
        print(f"sukusuku restore: {error}", file=sys.stderr)
        return 1
    print("\n".join(_told(manifest, done, language.told(options))))
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku restore",
        description="Brings readings, operations data and settings back as they were. Everything is verified before "
        "anything is replaced. 計測値・運用データ・設定を復元します。すべて検証してから置き換えます。",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("folder", type=Path, help="the folder of backups · バックアップのフォルダー")
    made.add_argument("facility", type=Path, metavar="FACILITY.toml", help="where the settings belong · 設定の置き場所")
    made.add_argument("--key-file", type=Path, required=True, help="the key of the backups · バックアップの鍵")
    made.add_argument("--backup", metavar="NAME", help="default: the newest · 省略時は最新")
    made.add_argument("--replace", action="store_true", help="move aside what is there · 既存のものを退避")
    language.add_option(made)
    return made


def _chosen(names: Sequence[str], wanted: str | None) -> str:
    if not names:
        raise ConfigError("there is no backup in this folder")
    if wanted is not None and wanted not in names:
        raise ConfigError(f"--backup: there is no {wanted!r}; there are {', '.join(names)}")
    return wanted or names[-1]


def _settle(done: Restored, manifest: Manifest) -> None:
    """End sessions, of which some had ended since the backup was made, and note the backup: it knows not of itself."""
    with closing(Operations(f"sqlite:///{done.places.operations}")) as operations:
        Sessions(operations, Limits()).end_every(now_ms(), BY, f"restored {manifest.name}")
        records = DoorRecords(operations)
        records.taken(doors.BACKUP, doors.FOLDER, manifest.made)
        records.well(doors.BACKUP, doors.FOLDER)


def _told(manifest: Manifest, done: Restored, _: Translate) -> list[str]:
    """Return what was done, what is lost, and what to do next."""
    made = f"{japan_time(manifest.made):%Y-%m-%d %H:%M:%S}"
    return [
        _("Restored as it was at %(time)s, and verified:") % {"time": made},
        *(f"  {path}" for path in done.places.all() if path.exists()),
        *([_("What was there before is now called:"), *(f"  {path}" for path in done.aside)] if done.aside else []),
        "",
        _("What the old server acknowledged after %(time)s is lost: edge nodes delete what is acknowledged.")
        % {"time": made},
        _("What it had not acknowledged is still at the edge nodes. They send it as soon as the collector runs."),
        _("People, keys and settings are those of that time. Take back again what was taken back since;"),
        _("everybody is signed out. Mails that were waiting then are sent now, perhaps a second time."),
        "",
        _("Next: put secrets.env and the files that facility.toml names (certificates, keys) back, then"),
        "  sukusuku check FACILITY.toml && systemctl start sukusuku-collector sukusuku-api",
        "  sukusuku doctor FACILITY.toml",
    ]


if __name__ == "__main__":
    sys.exit(main())
