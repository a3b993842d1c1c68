"""F2: power cuts, as images of what a disk may hold after them, opened by our own code. `control` is its control."""

import hashlib
import logging
import random
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sukusuku_core.errors import SukusukuError
from tests.faults.power import trace
from tests.faults.power.commits import commits, spread
from tests.faults.power.disk import Cut, Disk
from tests.faults.power.subjects import Subject, canonical, rng_of, subject
from tests.faults.power.trace import Announce, Op
from tests.faults.row import Outcome, Tier

ROOT = Path(__file__).parents[3]
IMAGES = {Tier.PR: 1_000, Tier.NIGHTLY: 10_000, Tier.RELEASE: 50_000}
PER_RECORDING = 1_000
"""Images made of one run of a writer; then another seed is recorded."""
SHARES = {"outbox": 0.25, "grouped": 0.15, "damaged": 0.15, "store": 0.3, "operations": 0.15}
STEPS = {"outbox": 300, "grouped": 100, "damaged": 80, "store": 300, "operations": 100}
REOPEN = 70
"""Steps after which the writer closes its file and opens it again."""
WORST = 5
"""Cases that are told in words."""


@dataclass(frozen=True, slots=True)
class Found:
    """How many of the announced commits an image holds; `verdict` says what is wrong with it, when something is."""

    kept: int
    verdict: str = ""
    detail: str = ""


@dataclass(slots=True)
class Tally:
    """What became of the images. `accepted` and `stored` count announced commits, over all images."""

    images: int = 0
    accepted: int = 0
    stored: int = 0
    lost: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    cases: list[str] = field(default_factory=list)

    def add(self, announced: int, found: Found, case: str) -> None:
        """One image of a disk after so many announced commits."""
        self.images += 1
        self.accepted += announced
        self.stored += found.kept
        self.lost += announced - found.kept
        if found.verdict:
            self.verdicts[found.verdict] += 1
            if len(self.cases) < WORST:
                self.cases.append(f"{found.verdict}: {case}: {found.detail}")


@dataclass(frozen=True, slots=True)
class Recording:
    """What a writer did, and what there is to be found after each of its steps."""

    name: str
    seed: int
    ops: Sequence[Op]
    digests: Sequence[str]


def record(name: str, seed: int, steps: int | None = None, *, careless: bool = False) -> Recording:
    """Run a real writer process under strace, and the same steps here for the states to compare with."""
    steps = steps or STEPS[name]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve() / "disk"
        folder.mkdir()
        command = [sys.executable, "-m", "tests.faults.power.writer", name, str(folder), str(seed), str(steps)]
        command += ["--reopen", str(REOPEN), *(["--careless"] if careless else [])]
        ops = trace.record(command, folder, Path(place) / "trace", ROOT)
        reference = Path(place) / "reference"
        reference.mkdir()
        with quiet():
            digests = list(states(subject(name, reference), seed, steps))
    said = [op.steps for op in ops if isinstance(op, Announce)]
    if said != list(range(1, steps + 1)):
        raise AssertionError(f"the writer of the {name} announced {len(said)} of {steps} steps")
    return Recording(name, seed, ops, digests)


def states(writer: Subject, seed: int, steps: int) -> Iterator[str]:
    """Digests of what is in there before the first step and after each."""
    writer.open()
    try:
        yield digest(writer)
        for step in range(steps):
            writer.step(rng_of(seed, step))
            yield digest(writer)
    finally:
        writer.close()


def digest(reader: Subject) -> str:
    """A short name of everything that can be read."""
    return hashlib.sha256(canonical(reader.dump()).encode()).hexdigest()


def check(recording: Recording, count: int, rng: random.Random, tally: Tally) -> None:
    """Cut the power `count` times and look at what is found.

    Half of the cuts come right after announcements, at even distances, when the disk may keep least (`Cut.BARE`): what
    the control F3 shows to be lost without a sync. The others come anywhere and leave anything.
    """
    cuts: defaultdict[int, list[Cut]] = defaultdict(list)
    after = spread(list(commits(recording.ops)), count // 2)
    for commit in after:
        cuts[commit.end].append(Cut.BARE)
    for _ in range(count - len(after)):
        cuts[rng.randrange(len(recording.ops) + 1)].append(rng.choice(list(Cut)))
    disk = Disk()
    for at, op in enumerate((*recording.ops, None)):
        for cut in cuts[at]:
            with tempfile.TemporaryDirectory() as place:
                disk.image(Path(place), cut, rng, op)
                found = judge(recording, Path(place), disk.steps)
            tally.add(disk.steps, found, f"{recording.name} seed {recording.seed} {at} {cut}")
        if op is not None:
            disk.apply(op)


def judge(recording: Recording, folder: Path, announced: int) -> Found:
    """Start on an image: what must be there is what was announced, and may be the one step after it."""
    try:
        found = _look(subject(recording.name, folder), recording.seed)
    except SukusukuError as error:
        return Found(0, "refused", str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the image did to the program
        return Found(0, "crashed", repr(error))
    detected = recording.name != "damaged" and any(".corrupt" in entry.name for entry in folder.iterdir())
    if found in recording.digests[announced : announced + 2] and not detected:
        return Found(announced)
    earlier = [step for step in range(announced) if recording.digests[step] == found]
    kept = earlier[-1] if earlier else 0
    if detected:
        return Found(kept, "corrupt, detected")
    if earlier:
        return Found(kept, "announced commits lost", f"{announced - kept} of {announced}")
    return Found(kept, "corrupt, not detected")


def _look(found_there: Subject, seed: int) -> str:
    """Start, read everything, commit something more."""
    with quiet():
        found_there.open()
        try:
            found = digest(found_there)
            found_there.step(rng_of(seed, -1))
        finally:
            found_there.close()
    return found


@contextmanager
def quiet() -> Iterator[None]:
    """Without the log lines that belong to damaged files."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def power_cuts(tier: Tier, rng: random.Random, images: int | None = None, steps: int | None = None) -> Outcome:
    """F2: on a disk that keeps what it has been told to keep, nothing announced is ever missing."""
    wanted = images or IMAGES[tier]
    tally = Tally()
    for name, share in SHARES.items():
        left = round(wanted * share)
        while left > 0:
            count = min(left, PER_RECORDING)
            check(record(name, rng.randrange(10**6), steps), count, rng, tally)
            left -= count
    return Outcome(
        "F2",
        "power cut: outbox, store, operations database",
        tally.images,
        tally.accepted,
        tally.stored,
        tally.lost,
        0,
        passed=not tally.verdicts,
        why=_words(tally),
    )


def _words(tally: Tally) -> str:
    counts = ", ".join(f"{verdict} {count}" for verdict, count in tally.verdicts.items())
    return "; ".join([counts, *tally.cases]) if counts else ""
