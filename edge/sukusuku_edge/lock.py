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


def holder(outbox: Path) -> int | None:
    """Return the id of the agent's process that runs on the outbox, 0 when it is not known; None: none runs."""
    try:
        file = os.open(path_of(outbox), os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        told = os.read(file, 20).strip()
        return int(told) if told.isdigit() else 0
    finally:
        os.close(file)
    return None
