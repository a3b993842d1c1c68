"""Moves what an edge agent keeps from `/var/lib/sukusuku` to `/var/lib/sukusuku-edge`, where it meets no server.

The package's postinst runs it, with the agent stopped. Ended in the middle, it goes on when it is run again: the
settings change last, and until then the agent does not start (it may not write the old folder).
"""

import fcntl
import os
import re
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

SETTINGS = Path("/etc/sukusuku/edge.toml")
OLD, NEW = Path("/var/lib/sukusuku"), Path("/var/lib/sukusuku-edge")


def move(settings: Path, old: Path, new: Path) -> list[Path]:
    """Move every file that the settings name below `old`, with those beside it of its name; return where they are.

    Raises BlockingIOError when an agent runs: nothing was moved then.
    """
    text = settings.read_text(encoding="utf-8") if settings.exists() else ""
    named = dict.fromkeys(Path(name).stem for name in re.findall(f"[\"']{re.escape(str(old))}/([^\"'/]+)", text))
    if not named:
        return []
    files = [path for stem in named for path in sorted(old.glob(f"{stem}*")) if path.is_file()]
    with ExitStack() as held:
        for lock in (path for path in files if path.suffix == ".lock"):
            fcntl.flock(held.enter_context(lock.open()), fcntl.LOCK_EX | fcntl.LOCK_NB)
        new.mkdir(mode=0o700, exist_ok=True)
        owner = new.stat()
        for path in files:
            os.chown(path, owner.st_uid, owner.st_gid)
            shutil.move(path, new / path.name)
    changed = settings.with_name(f".{settings.name}.new")
    changed.write_text(re.sub(f"([\"']){re.escape(str(old))}/", rf"\1{new}/", text), encoding="utf-8")
    shutil.copystat(settings, changed)
    with changed.open("rb") as file:
        os.fsync(file.fileno())
    changed.replace(settings)
    _give_back(old)
    return [new / path.name for path in files]


def _give_back(folder: Path) -> None:
    """Undo what systemd made of a folder that it gave to the agent: a link to one that no server may enter."""
    if folder.is_symlink():
        private = folder.resolve()
        folder.unlink()
        if any(private.iterdir()):
            private.rename(folder)
        else:
            private.rmdir()


if __name__ == "__main__":
    try:
        for moved in move(SETTINGS, OLD, NEW):
            print(f"sukusuku-edge: moved to {moved} 移動しました")
    except BlockingIOError:
        sys.exit("sukusuku-edge: an agent still runs; stop it, then: dpkg --configure sukusuku-edge")
