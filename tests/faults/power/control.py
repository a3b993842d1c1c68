"""F3: the control of F2. Without the safeguard the same cuts must show the loss, or F2 means nothing.

The safeguard is taken out in three ways (`Way`). A commit is *exposed* when it was announced while nothing that it had
written was synced. F2 cuts the power right after announcements and keeps nothing that was not synced (`Cut.BARE`).
The image of an exposed commit then holds no byte of it, so its loss is certain; every one of these images must show it,
and one that does not is a fault. An image of the same moment that keeps everything must show no loss: so it is the
missing sync that loses, and not the making of images.

Nothing is left to chance but the number of exposed commits, which is counted before anything is judged: a writer with
fewer than POINTS of them is recorded again with another seed. At least 0.35 of the steps are exposed in every way,
whatever the others are: of operations those that raise an alert (5/14), of the outbox those that add readings (0.6;
0.54 where it is damaged now and then), of the store nearly all. Of STEPS steps fewer than POINTS are then exposed with
a chance of 1e-6, and in all of RECORDINGS recordings with one of 1e-18; the control then fails and says so.
"""

import random
import tempfile
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from tests.faults.power.commits import Commit, commits, safe, spread, told_apart
from tests.faults.power.disk import Cut, Disk
from tests.faults.power.images import REOPEN, Found, Recording, Tally, judge, record
from tests.faults.power.subjects import NAMES
from tests.faults.power.trace import Op
from tests.faults.row import Outcome, Tier

POINTS = 10
"""Commits of every subject at which the power is cut, in every way."""
STEPS = REOPEN + 10
"""Steps of a recording: the writer opens its file again in the midst of them."""
RECORDINGS = 3


class Way(StrEnum):
    """How the safeguard is out."""

    ONE = "one fsync ignored"
    """By the disk: that of the commit itself, after all earlier ones were honoured."""
    ALL = "every fsync ignored"
    """By the disk."""
    OFF = "synchronous=OFF"
    """The program does not wait for the disk."""

    def honoured(self, commit: Commit) -> int:
        """How many operations come before the first sync that the disk ignores."""
        return {Way.ONE: commit.begin, Way.ALL: 0, Way.OFF: commit.end}[self]


CARELESS = {False: (Way.ONE, Way.ALL), True: (Way.OFF,)}
"""The ways that a recording of a careful and of a careless writer serves."""


def control(_tier: Tier, rng: random.Random, names: Sequence[str] = NAMES) -> Outcome:
    """F3."""
    tally = Tally()
    faults = [
        f"{name}, {way}: {fault}"
        for name in names
        for careless, ways in CARELESS.items()
        for way, fault in _subject(name, ways, rng, tally, careless=careless)
    ]
    return Outcome(
        "F3",
        "control: without fsync the same must lose",
        tally.images,
        tally.accepted,
        tally.stored,
        tally.lost,
        0,
        passed=not faults,
        why="; ".join(faults),
        control=True,
    )


def _subject(
    name: str, ways: Sequence[Way], rng: random.Random, tally: Tally, *, careless: bool
) -> Iterator[tuple[Way, str]]:
    """What the control does not see, in each of the ways."""
    left = set(ways)
    for _ in range(RECORDINGS):
        recording = record(name, rng.randrange(10**6), STEPS, careless=careless)
        powered = [way for way in ways if way in left and len(exposed(recording, way)) >= POINTS]
        left.difference_update(powered)
        for way in powered:
            for fault in unseen(recording, way, rng, tally):
                yield way, fault
        if not left:
            return
    for way in sorted(left):
        yield way, f"no power: {RECORDINGS} recordings of {STEPS} steps had fewer than {POINTS} exposed commits each"


def exposed(recording: Recording, way: Way) -> list[Commit]:
    """The commits that are surely lost when the power fails right after their announcement."""
    return [
        commit
        for commit in commits(recording.ops)
        if told_apart(recording.digests, commit.step) and not safe(recording.ops[commit.begin : way.honoured(commit)])
    ]


def unseen(recording: Recording, way: Way, rng: random.Random, tally: Tally) -> Iterator[str]:
    """The cuts at which the control is blind (no loss is seen), or sees what is not there."""
    for commit in spread(exposed(recording, way), POINTS):
        disk = _disk(recording.ops[: commit.end], way.honoured(commit))
        where = f"{recording.name} seed {recording.seed}, step {commit.step}"
        bare, kept = (_found(recording, disk, cut, rng) for cut in (Cut.BARE, Cut.KEPT))
        tally.add(disk.steps, bare, where)
        tally.add(disk.steps, kept, where)
        lost = disk.steps - bare.kept
        if not lost:
            yield f"{where}: nothing of the commit was synced, and no loss is seen; so F2 shows nothing"
        if way is Way.ONE and lost > 1:
            yield f"{where}: one commit was not synced, and {lost} are lost"
        if kept.verdict:
            yield f"{where}: all was there, but {kept.verdict} {kept.detail}"


def _disk(ops: Sequence[Op], honoured: int) -> Disk:
    disk = Disk()
    for at, op in enumerate(ops):
        disk.honest = at < honoured
        disk.apply(op)
    return disk


def _found(recording: Recording, disk: Disk, cut: Cut, rng: random.Random) -> Found:
    with tempfile.TemporaryDirectory() as place:
        disk.image(Path(place), cut, rng, None)
        return judge(recording, Path(place), disk.steps)
