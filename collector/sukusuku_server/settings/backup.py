"""`[backup]`: where copies of the data are kept, for how long, and when one is missed."""

from pathlib import Path
from typing import Annotated, Self

import msgspec

from sukusuku_core.settings import Settings


class BackupSettings(Settings, frozen=True, kw_only=True):
    """Copies of readings, operations data and this file, made by `sukusuku backup`. Paths are relative to this file."""

    folder: str
    """On another disk or computer than the data."""
    key_file: str
    """The key that `sukusuku backup FACILITY.toml key` has made. Keep a copy of it elsewhere."""
    keep_days: Annotated[int, msgspec.Meta(ge=1, le=3_650)] = 14
    """Of so many days with a backup the newest one is kept."""
    keep_weeks: Annotated[int, msgspec.Meta(ge=0, le=520)] = 10
    """Of so many weeks too. What is forgotten or erased today is still in backups for that long."""
    late_hours: Annotated[float, msgspec.Meta(gt=0, le=8_760)] = 36.0
    """When the newest good backup is older, health, `sukusuku doctor` and a mail say so."""

    def resolved(self, folder: Path) -> Self:
        """Return the same with absolute paths. They need not be there: a share may be away for a while."""
        return msgspec.structs.replace(
            self, folder=str((folder / self.folder).resolve()), key_file=str((folder / self.key_file).resolve())
        )
