"""F4: the n-th write, sync or opening of a file fails with an input/output error; F5: the disk is full, then not.

What a program of ours does then: it tries again (exit status 0 in the end), or ends with one line that names the file
and the trouble, exit status 1 (2 where it takes the settings for wrong). Nothing announced is missing afterwards.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sukusuku_core.errors import SukusukuError
from tests.faults.power.images import ROOT, digest, quiet, states
from tests.faults.power.subjects import SUBJECTS
from tests.faults.row import Outcome, Tier

CALLS = ("pwrite64", "fsync,fdatasync", "openat")
SUBJECT_NAMES = ("outbox", "store")
STEPS = 14
MOST = {Tier.PR: 40, Tier.NIGHTLY: 400, Tier.RELEASE: 400}
ERRORS = {Tier.PR: ("EIO",), Tier.NIGHTLY: ("EIO", "ENOSPC", "EROFS"), Tier.RELEASE: ("EIO", "ENOSPC", "EROFS")}
FILES = ("", "-wal", "-journal", "-shm", ".lock")
SECONDS = 60


@dataclass(frozen=True, slots=True)
class Case:
    """One failing call. `lasting`: all later ones fail too, as on a disk that has died."""

    subject: str
    calls: str
    error: str
    when: int
    lasting: bool
    seed: int

    def __str__(self) -> str:
        return f"{self.subject}: {self.calls} number {self.when}{' and later' if self.lasting else ''} gives {self.error}"


@dataclass(slots=True)
class Seen:
    """What came of the cases."""

    injected: int = 0
    accepted: int = 0
    stored: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def errors(tier: Tier, rng: random.Random, most: int | None = None) -> Outcome:
    """F4."""
    limit = most or MOST[tier]
    seen = Seen()
    seed = rng.randrange(10**6)
    for name in SUBJECT_NAMES:
        with tempfile.TemporaryDirectory() as place, quiet():
            expected = list(states(SUBJECTS[name](Path(place)), seed, STEPS))
        for calls in CALLS:
            for error in ERRORS[tier]:
                for lasting, step in ((False, 1), (True, 8)):
                    numbers = range(1, limit + 1, step)
                    _run_all([Case(name, calls, error, n, lasting, seed) for n in numbers], expected, seen)
    if seen.injected == 0:
        seen.faults.append("no call ever failed, so nothing was tested")
    ends = ", ".join(f"{count} {end}" for end, count in sorted(seen.ends.items()))
    return Outcome(
        "F4",
        f"input/output error at the n-th call ({ends})",
        seen.injected,
        seen.accepted,
        seen.stored,
        seen.accepted - seen.stored,
        0,
        passed=not seen.faults,
        why="; ".join(seen.faults[:5]),
    )


def _run_all(cases: Sequence[Case], expected: Sequence[str], seen: Seen) -> None:
    """The cases in their order, until there are no more calls that could fail."""
    at_once = os.cpu_count() or 1
    with ThreadPoolExecutor(at_once) as pool:
        for start in range(0, len(cases), at_once):
            some = cases[start : start + at_once]
            results = list(pool.map(run_case, some))
            for case, result in zip(some, results, strict=True):
                if result.injected:
                    _judge(case, result, expected, seen)
            if not results[-1].injected:
                break


def _judge(case: Case, result: "Result", expected: Sequence[str], seen: Seen) -> None:
    announced = result.announced
    seen.injected += 1
    seen.accepted += announced
    seen.ends[result.end] += 1
    if result.end not in {"tried again", "stopped cleanly"}:
        seen.faults.append(f"{case}: {result.end}")
    if result.end == "tried again" and announced != STEPS:
        seen.faults.append(f"{case}: ended well after {announced} of {STEPS} steps")
    known = [step for step in range(announced + 2) if expected[step : step + 1] == [result.found]]
    kept = min(announced, known[-1]) if known else 0
    seen.stored += kept
    if kept < announced or not known:
        seen.faults.append(f"{case}: announced {announced}, found {kept if known else 'something else'}")


@dataclass(frozen=True, slots=True)
class Result:
    """Whether a call failed, how many steps were announced, how the writer ended, and what is in the file then."""

    injected: bool
    announced: int
    end: str
    found: str


def run_case(case: Case) -> Result:
    """One writer process under one fault."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve() / "disk"
        folder.mkdir()
        log = Path(place) / "log"
        strace = ["strace", "-f", "-qq", "--seccomp-bpf", "-o", str(log), "-e", f"trace={case.calls}"]
        when = f"{case.when}+" if case.lasting else str(case.when)
        strace += ["-e", f"inject={case.calls}:error={case.error}:when={when}"]
        for path in (folder, *(folder / f"{case.subject}.db{suffix}" for suffix in FILES)):
            strace += ["-P", str(path)]
        writer = [sys.executable, "-m", "tests.faults.power.writer", case.subject, str(folder), str(case.seed)]
        done = subprocess.run(
            [*strace, *writer, str(STEPS)], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        injected = "(INJECTED)" in log.read_text(encoding="utf-8", errors="replace")
        subject = SUBJECTS[case.subject](folder)
        with quiet():
            try:
                subject.open()
                found = digest(subject)
                subject.close()
            except SukusukuError as error:
                found = str(error)
    return Result(injected, len(done.stdout.splitlines()), _end(done, folder), found)


def _end(done: "subprocess.CompletedProcess[str]", folder: Path) -> str:
    if "Traceback" in done.stderr:
        return f"crashed: {done.stderr[-400:]}"
    if done.returncode == 0:
        return "tried again"
    last = done.stderr.strip().rpartition("\n")[2]
    if done.returncode in {1, 2} and str(folder) in last:
        return "stopped cleanly"
    return f"exit status {done.returncode}, saying {last!r}"
