"""F4: the n-th read, write, sync or opening of a file fails with an input/output error.

What a program of ours does then: it tries again (exit status 0 in the end), or ends with one line that names the file
and the trouble, exit status 1 (2 where it takes the settings for wrong). Nothing announced is missing afterwards.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sukusuku_core.errors import SukusukuError
from tests.faults.power.images import ROOT, digest, quiet, states
from tests.faults.power.subjects import rng_of, subject
from tests.faults.row import Outcome, Tier

SUBJECTS = ("outbox", "store")
CALLS = ("pwrite64", "fsync,fdatasync", "openat", "pread64")
BEFORE, STEPS = 8, 16
"""Steps that the file of an ordinary start holds already, and steps that follow."""
MOST = {Tier.PR: 40, Tier.NIGHTLY: 400, Tier.RELEASE: 400}
ERRORS = {Tier.PR: ("EIO",), Tier.NIGHTLY: ("EIO", "ENOSPC", "EROFS"), Tier.RELEASE: ("EIO", "ENOSPC", "EROFS")}
FILES = ("", "-wal", "-journal", "-shm", ".lock", ".new", ".new-wal", ".new-journal", ".new-shm")
SECONDS = 60
AGAIN, STOPPED = "tried again", "stopped cleanly"


@dataclass(frozen=True, slots=True)
class Place:
    """A file as it is when the writer starts, and what must be found after each of its steps."""

    name: str
    seed: int
    before: Path
    done: int
    expected: Sequence[str]


@dataclass(frozen=True, slots=True)
class Case:
    """One failing call. `lasting`: all later ones fail too, as on a disk that has died."""

    place: Place
    calls: str
    error: str
    when: int
    lasting: bool

    def __str__(self) -> str:
        start = f"{self.place.name} after {self.place.done} steps, seed {self.place.seed}"
        return f"{start}: {self.calls} number {self.when}{' and later' if self.lasting else ''} gives {self.error}"


@dataclass(frozen=True, slots=True)
class Result:
    """Whether a call failed, how many steps were announced, how the writer ended, and what is in the file then."""

    injected: bool
    announced: int
    end: str
    found: str


@dataclass(slots=True)
class Seen:
    """What came of the cases. `accepted` and `stored` count announced commits."""

    injected: int = 0
    accepted: int = 0
    stored: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def errors(tier: Tier, rng: random.Random, most: int | None = None) -> Outcome:
    """F4."""
    limit = most or MOST[tier]
    seen = Seen()
    with tempfile.TemporaryDirectory() as work:
        for name in SUBJECTS:
            fresh, used = places(name, rng.randrange(10**6), Path(work))
            for calls in CALLS:
                for error in ERRORS[tier]:
                    each = 4 if calls == "pread64" and tier is Tier.PR else 1
                    run((Case(used, calls, error, n, lasting=False) for n in range(1, limit + 1, each)), seen)
                    run((Case(used, calls, error, n, lasting=True) for n in range(1, limit + 1, 10)), seen)
                    run((Case(fresh, calls, error, n, lasting=False) for n in range(1, limit + 1, 6)), seen)
    for end in (AGAIN, STOPPED):
        if not seen.ends[end]:
            seen.faults.append(f"no writer {end}, so that was not tested")
    ends = ", ".join(f"{count} {end}" for end, count in sorted(seen.ends.items()))
    return Outcome(
        "F4",
        f"I/O error at the n-th call ({ends})",
        seen.injected,
        seen.accepted,
        seen.stored,
        seen.accepted - seen.stored,
        0,
        passed=not seen.faults,
        why="; ".join(seen.faults[:5]),
    )


def places(name: str, seed: int, work: Path) -> tuple[Place, Place]:
    """The first start of all, and a start on a file whose last writer was killed."""
    fresh, used, folder = (work / f"{name}-{kind}" for kind in ("fresh", "used", "folder"))
    fresh.mkdir()
    folder.mkdir()
    with quiet():
        expected = list(states(subject(name, fresh), seed, BEFORE + STEPS))
        shutil.rmtree(fresh)
        fresh.mkdir()
        file = subject(name, folder)
        file.open()
        for step in range(BEFORE):
            file.step(rng_of(seed, step))
        shutil.copytree(folder, used, ignore=shutil.ignore_patterns("*-shm"))
        file.close()
    return Place(name, seed, fresh, 0, expected), Place(name, seed, used, BEFORE, expected)


def run(cases: Iterable[Case], seen: Seen) -> None:
    """The cases in their order, until there are no more calls that could fail."""
    at_once = os.cpu_count() or 1
    left = list(cases)
    with ThreadPoolExecutor(at_once) as pool:
        while left:
            some, left = left[:at_once], left[at_once:]
            results = list(pool.map(run_case, some))
            for case, result in zip(some, results, strict=True):
                if result.injected:
                    _judge(case, result, seen)
            if not results[-1].injected:
                break


def _judge(case: Case, result: Result, seen: Seen) -> None:
    announced, expected = result.announced, case.place.expected
    seen.injected += 1
    seen.accepted += announced
    seen.ends[result.end] += 1
    if result.end not in {AGAIN, STOPPED}:
        seen.faults.append(f"{case}: {result.end}")
    if result.end == AGAIN and announced != case.place.done + STEPS:
        seen.faults.append(f"{case}: ended well after step {announced}")
    known = [step for step in range(announced + 2) if expected[step : step + 1] == [result.found]]
    kept = min(announced, known[-1]) if known else 0
    seen.stored += kept
    if not known or kept < announced:
        seen.faults.append(f"{case}: announced {announced}, found {kept if known else result.found}")


def run_case(case: Case) -> Result:
    """One writer process under one fault; then the file is opened without it."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work).resolve() / "disk"
        shutil.copytree(case.place.before, folder)
        log = Path(work) / "log"
        strace = ["strace", "-f", "-qq", "--seccomp-bpf", "-o", str(log), "-e", f"trace={case.calls}"]
        strace += ["-e", f"inject={case.calls}:error={case.error}:when={case.when}{'+' if case.lasting else ''}"]
        for path in (folder, *(folder / f"{case.place.name}.db{suffix}" for suffix in FILES)):
            strace += ["-P", str(path)]
        writer = [sys.executable, "-m", "tests.faults.power.writer", case.place.name, str(folder)]
        writer += [str(case.place.seed), str(STEPS), "--first", str(case.place.done)]
        done = subprocess.run(
            [*strace, *writer], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        injected = "(INJECTED)" in log.read_text(encoding="utf-8", errors="replace")
        said = done.stdout.split()
        found = _found(case.place.name, folder)
        if list(folder.glob("*.corrupt*")):
            return Result(injected, 0, "took the trouble for damage", found)
    return Result(injected, int(said[-1]) if said else case.place.done, _end(done, folder), found)


def _found(name: str, folder: Path) -> str:
    file = subject(name, folder)
    with quiet():
        try:
            file.open()
            try:
                return digest(file)
            finally:
                file.close()
        except SukusukuError as error:
            return str(error)


def _end(done: "subprocess.CompletedProcess[str]", folder: Path) -> str:
    if "Traceback" in done.stderr:
        return f"crashed: {done.stderr[-400:]}"
    if done.returncode == 0:
        return AGAIN
    last = done.stderr.strip().rpartition("\n")[2]
    if done.returncode in {1, 2} and str(folder) in last:
        return STOPPED
    return f"exit status {done.returncode}, saying {last!r}"
