"""F2 and F3: power cuts, as images of what a disk may hold after them, opened by our own code."""

import hashlib
import logging
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sukusuku_core.errors import SukusukuError
from tests.faults.power import trace
from tests.faults.power.disk import Cut, Disk
from tests.faults.power.subjects import Subject, canonical, rng_of, subject
from tests.faults.power.trace import Announce, Op
from tests.faults.row import Outcome, Tier

ROOT = Path(__file__).parents[3]
IMAGES = {Tier.PR: 1_000, Tier.NIGHTLY: 10_000, Tier.RELEASE: 50_000}
CONTROLS = 200
PER_RECORDING = 1_000
"""Images made of one run of a writer; then another seed is recorded."""
SHARES = {"outbox": 0.4, "damaged": 0.15, "store": 0.3, "operations": 0.15}
STEPS = {"outbox": 300, "damaged": 80, "store": 300, "operations": 100}
REOPEN = 70
"""Steps after which the writer closes its file and opens it again."""
WORST = 5
"""Cases that are told in words."""


@dataclass(slots=True)
class Tally:
    """What became of the images. `accepted` and `stored` count announced commits, over all images."""

    images: int = 0
    accepted: int = 0
    stored: int = 0
    lost: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    cases: list[str] = field(default_factory=list)

    def bad(self, verdict: str, case: str) -> None:
        """One image that must not be."""
        self.verdicts[verdict] += 1
        if len(self.cases) < WORST:
            self.cases.append(f"{verdict}: {case}")


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


def check(recording: Recording, count: int, rng: random.Random, tally: Tally, *, honest: bool = True) -> None:
    """Cut the power `count` times and look at what is found."""
    cuts = Counter(rng.randrange(len(recording.ops) + 1) for _ in range(count))
    disk = Disk(honest=honest)
    for at, op in enumerate((*recording.ops, None)):
        for _ in range(cuts[at]):
            cut = rng.choice(list(Cut))
            with tempfile.TemporaryDirectory() as place:
                disk.image(Path(place), cut, rng, op)
                _judge(recording, Path(place), disk.steps, f"{recording.name} seed {recording.seed} {at} {cut}", tally)
        if op is not None:
            disk.apply(op)


def _judge(recording: Recording, folder: Path, announced: int, case: str, tally: Tally) -> None:
    """Start on an image: what must be there is what was announced, and may be the one step after it."""
    tally.images += 1
    tally.accepted += announced
    try:
        found = _look(subject(recording.name, folder), recording.seed)
    except SukusukuError as error:
        tally.bad("refused", f"{case}: {error}")
        tally.lost += announced
        return
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the image did to the program
        tally.bad("crashed", f"{case}: {error!r}")
        tally.lost += announced
        return
    detected = recording.name != "damaged" and any(".corrupt" in entry.name for entry in folder.iterdir())
    if found in recording.digests[announced : announced + 2] and not detected:
        tally.stored += announced
        return
    earlier = [step for step in range(announced) if recording.digests[step] == found]
    kept = earlier[-1] if earlier else 0
    tally.stored += kept
    tally.lost += announced - kept
    if detected:
        tally.bad("corrupt, detected", case)
    elif earlier:
        tally.bad("announced commits lost", f"{case}: {announced - kept} of {announced}")
    else:
        tally.bad("corrupt, not detected", case)


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


def control(_tier: Tier, rng: random.Random) -> Outcome:
    """F3: on a disk that lies, and with a writer that does not wait, loss must be seen, or F2 means nothing."""
    seen: dict[str, Tally] = {}
    for name, share in SHARES.items():
        for way, careless in ((f"{name} on a disk that ignores fsync", False), (f"{name} with synchronous=OFF", True)):
            recording = record(name, rng.randrange(10**6), careless=careless)
            check(recording, round(CONTROLS * share / 2), rng, seen.setdefault(way, Tally()), honest=careless)
    blind = [way for way, tally in seen.items() if tally.lost == 0]
    made, accepted, stored, lost = (
        sum(getattr(tally, name) for tally in seen.values()) for name in ("images", "accepted", "stored", "lost")
    )
    return Outcome(
        "F3",
        "control: without fsync the same must lose",
        made,
        accepted,
        stored,
        lost,
        0,
        passed=not blind,
        why=f"no loss was seen: {', '.join(blind)}; so F2 shows nothing" if blind else "",
        control=True,
    )
