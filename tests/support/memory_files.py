"""Temporary files in memory: thousands of commits of small databases need not wait for a disk.

What a disk does with a commit is shown in `tests/faults/power`, by what the programs ask of it.
"""

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - pytest and tempfile make folders of their own in it
ROOM = 2 * 1024**3
"""Bytes that must be free there; a run needs 0.7 GB before it gives them back."""


def keep_files_in_memory() -> None:
    """Let this process and its children make temporary files in memory, unless somebody has said where.

    Where there is too little room, or programs must not be started from there (in many containers), the disk it is.
    """
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return
    found = os.statvfs(MEMORY)
    if found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
