"""Room on the disk that is given up when it runs full, so that acknowledgements can still be written down."""

import contextlib
import errno
import logging
import os
from pathlib import Path

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_log = logging.getLogger("sukusuku_edge.outbox")


class Ballast:
    """A file of `size` bytes that stands for room."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size
        self._kept = False

    def keep(self) -> bool:
        """Reserve the room; False when the disk has not so much left.

        A file system that refuses for another reason is left alone: the room is then not looked after any more.
        """
        if self._kept:
            return True
        try:
            self._reserve()
        except OSError as error:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
            if error.errno in _NO_ROOM:
                return False
            _log.warning("%s: no room can be reserved: %s", self._path, error)
        self._kept = True
        return True

    def _reserve(self) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.ftruncate(file, self._size)
            if self._size:
                os.posix_fallocate(file, 0, self._size)
        finally:
            os.close(file)

    def give(self) -> bool:
        """Give the room back; False when there was none."""
        self._kept = False
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
