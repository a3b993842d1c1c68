"""A disk whose power can be cut: what is not synced may be there, in part, or not at all.

The model: data of a file is safe after fsync or fdatasync of it. Until then each write may be missing, be there up to
any sector of 512 bytes, or be there while earlier ones are not. Names (create, rename, remove) are safe after fsync of
the directory; until then any number of the latest changes may be missing, in order, as on every journalling file
system.
"""

import random
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

from tests.faults.power.trace import Announce, Create, Op, Rename, Sync, Truncate, Unlink, Write

SECTOR = 512


class Cut(Enum):
    """What becomes of the writes that were not synced."""

    BARE = auto()
    """None is there, nor any change of a name: the least that a disk may keep."""
    DROPPED = auto()
    """None is there."""
    PREFIX = auto()
    """The first of each file are there."""
    TORN = auto()
    """The same, and a part of the next one."""
    SECTORS = auto()
    """Any sector of any write is there or not."""
    KEPT = auto()
    """All are there, as after SIGKILL."""


@dataclass(slots=True)
class _File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Write | Truncate] = field(default_factory=list)


class Disk:
    """Takes operations in order; `image` is what could be found after a power cut now.

    `honest` is False while the disk ignores fsync.
    """

    def __init__(self) -> None:
        self.steps = 0
        """How many steps the writer has announced."""
        self.honest = True
        self._files: dict[int, _File] = {}
        self._durable: dict[str, int] = {}
        self._pending: list[Create | Rename | Unlink] = []

    def apply(self, op: Op) -> None:
        """One operation, complete."""
        match op:
            case Create():
                self._files[op.file] = _File()
                self._pending.append(op)
            case Rename() | Unlink():
                self._pending.append(op)
            case Write() | Truncate():
                self._files[op.file].pending.append(op)
            case Sync():
                if self.honest:
                    self._sync(op.file)
            case Announce():
                self.steps = op.steps

    def _sync(self, file: int | None) -> None:
        if file is None:
            self._durable = _names(self._durable, self._pending)
            self._pending.clear()
            return
        found = self._files[file]
        for change in found.pending:
            _change(found.durable, change)
        found.pending.clear()

    def image(self, folder: Path, cut: Cut, rng: random.Random, during: Op | None) -> None:
        """Write what is left of the files into a folder; `during` is the operation that the cut interrupts."""
        for name, number in _names(self._durable, self._kept_names(cut, rng)).items():
            file = self._files[number]
            pending = list(file.pending)
            if isinstance(during, Write) and during.file == number and cut is not Cut.KEPT:
                pending.append(during)
            content = bytearray(file.durable)
            for change in _survivors(pending, cut, rng):
                _change(content, change)
            (folder / name).write_bytes(content)

    def _kept_names(self, cut: Cut, rng: random.Random) -> list[Create | Rename | Unlink]:
        if cut is Cut.KEPT:
            return self._pending
        return [] if cut is Cut.BARE else self._pending[: rng.randint(0, len(self._pending))]


def _names(durable: dict[str, int], changes: list[Create | Rename | Unlink]) -> dict[str, int]:
    names = dict(durable)
    for change in changes:
        match change:
            case Create():
                names[change.name] = change.file
            case Rename():
                names[change.new] = names.pop(change.old)
            case Unlink():
                del names[change.name]
    return names


def _change(content: bytearray, change: Write | Truncate) -> None:
    if isinstance(change, Truncate):
        del content[change.size :]
        content.extend(bytes(change.size - len(content)))
        return
    content.extend(bytes(max(0, change.at - len(content))))
    content[change.at : change.at + len(change.data)] = change.data


def _survivors(pending: list[Write | Truncate], cut: Cut, rng: random.Random) -> list[Write | Truncate]:
    if cut is Cut.KEPT:
        return pending
    if cut in {Cut.BARE, Cut.DROPPED} or not pending:
        return []
    if cut is Cut.SECTORS:
        return [part for change in pending for part in _sectors(change) if rng.random() < 0.5]
    count = rng.randint(0, len(pending))
    survivors = pending[:count]
    if cut is Cut.TORN and count < len(pending):
        parts = _sectors(pending[count])
        survivors += parts[: rng.randint(0, len(parts))]
    return survivors


def _sectors(change: Write | Truncate) -> list[Write | Truncate]:
    """A write in pieces, cut where the disk's sectors begin."""
    if isinstance(change, Truncate):
        return [change]
    parts: list[Write | Truncate] = []
    start, end = change.at, change.at + len(change.data)
    while start < end:
        stop = min(end, (start // SECTOR + 1) * SECTOR)
        parts.append(Write(change.file, start, change.data[start - change.at : stop - change.at]))
        start = stop
    return parts
