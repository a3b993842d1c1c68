"""Files that are replaced in one step and survive a power cut."""

import contextlib
import os
from pathlib import Path


def replace(path: Path, text: str, mode: int) -> Path:
    """Replace a file; whoever reads it sees the one before or the new one, whole. It belongs to whom its folder does.

    Raises OSError; then the one before is there.
    """
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    opened = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(opened, "w", encoding="utf-8") as file:
        owner = path.parent.stat()
        if os.geteuid() == 0:  # root enrols for the account of the agent
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    with contextlib.suppress(OSError):  # the change of the name, too
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return path
