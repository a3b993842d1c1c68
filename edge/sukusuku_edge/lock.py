"""One agent per outbox: a lock that goes with the process that holds it."""

import contextlib
import fcntl
import os
from pathlib import Path

from sukusuku_core.errors import PermanentError


def path_of(outbox: Path) -> Path:
    """Return the lock file of an outbox."""
    return outbox.with_name(outbox.name + ".lock")


def acquire(outbox: Path) -> int:
    """Take the lock; the open file, to be closed at the end. Raises PermanentError when another process has it."""
    file = os.open(path_of(outbox), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(file, 20).decode(errors="replace").strip()
        os.close(file)
        raise PermanentError(
            f"outbox {outbox} is in use by another agent (process {holder or 'unknown'}): stop that one, "
            "or give this one a file of its own under [outbox] path"
        ) from error
    with contextlib.suppress(OSError):  # who holds it is good to know, but a full disk must not matter
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())
    return file


def held(outbox: Path) -> bool:
    """Whether an agent runs on the outbox."""
    try:
        file = os.open(path_of(outbox), os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
