"""The commits of a recording, and those of them that a power cut must show as lost when the safeguard is out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.faults.power.trace import Announce, Create, Op, Rename, Sync, Truncate, Unlink, Write


@dataclass(frozen=True, slots=True)
class Commit:
    """One step of a writer: its operations are `ops[begin:end]`, and the last of them announces it."""

    step: int
    begin: int
    end: int


def commits(ops: Sequence[Op]) -> Iterator[Commit]:
    """Every announced step. What was done to open the file, or to open it again, belongs to the step that follows."""
    begin = 0
    for at, op in enumerate(ops):
        if isinstance(op, Announce):
            yield Commit(op.steps, begin, at + 1)
            begin = at + 1


def told_apart(digests: Sequence[str], step: int) -> bool:
    """Whether what is found after a step, or the one that follows, was never found before it: then its loss shows."""
    return not set(digests[step : step + 2]) & set(digests[:step])


def safe(ops: Sequence[Op]) -> bool:
    """Whether a sync among these operations covers anything that they have written."""
    written: set[int | None] = set()
    for op in ops:
        match op:
            case Write() | Truncate():
                written.add(op.file)
            case Create() | Rename() | Unlink():
                written.add(None)
            case Sync() if op.file in written:
                return True
    return False


def spread(found: Sequence[Commit], count: int) -> list[Commit]:
    """So many of them at even distances; all when there are fewer."""
    count = min(count, len(found))
    return [found[len(found) * n // count] for n in range(count)]
