"""F28: a backup is killed at each of its steps while readings come in. F29: the control, copies of the files.

A backup that is there must hold every reading that was committed before it was begun, and verify. Those of before must
still do so whatever happened to a later one. Copies of the files of running databases must lack readings: were that not
seen, F28 would prove nothing.
"""

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from sukusuku_core.clock import now_ms
from sukusuku_core.errors import SukusukuError
from sukusuku_server.backup.making import make
from sukusuku_server.backup.repository import Repository
from sukusuku_server.backup.restoring import restore
from sukusuku_server.backup.verifying import verify
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.faults.row import Outcome, Tier
from tests.server.backup import world
from tests.support.patience import until
from tests.support.stores import commit

EVERY = {Tier.PR: 3, Tier.NIGHTLY: 1, Tier.RELEASE: 1}
"""Of so many steps one is a killing."""
COPIES = {Tier.PR: 5, Tier.NIGHTLY: 50, Tier.RELEASE: 50}
STEPS = ("open", "os.", "sqlite3.", "shutil.", "fcntl.")
"""Audit events of Python that a backup causes: each file that is opened, renamed, deleted, locked."""
BATCH = 40
PAUSE_SECONDS = 0.01
"""Between two commits: without it, the backups that are brought back and read grow as fast as a disk can write."""
_SILENT = "nothing is committed"


@dataclass(slots=True)
class Seen:
    """What came of it. `accepted` and `stored` count readings, summed over all backups that were looked at."""

    kills: int = 0
    accepted: int = 0
    stored: int = 0
    faults: list[str] = field(default_factory=list)

    def count(self, accepted: int, found: set[int]) -> None:
        """Count the readings of a backup that was begun when so many were committed."""
        self.accepted += accepted
        self.stored += len(world.expected(range(accepted)) & found)


def killed(tier: Tier, _: random.Random) -> Outcome:
    """F28."""
    seen = Seen()
    with tempfile.TemporaryDirectory() as name, writing(Path(name) / "here") as committed:
        folder = Path(name)
        here, backups = world.facility(folder / "here"), world.repository(folder)

        def attempt(step: int | None) -> bool:
            """Make a backup, killed at a step; tell whether it came to its end."""
            return ended(lambda: make(here, backups, world.KEPT, now_ms), step)

        step, begun_with = 0, 0
        while True:
            step += EVERY[tier]
            before = set(_names(backups))
            begun_with = committed()
            done = attempt(step)
            seen.kills += not done
            for made in set(_names(backups)) - before:
                _examine(backups, made, begun_with, folder / "there", seen)
            if done:
                break
        begun_with = committed()
        if not attempt(None):
            seen.faults.append("a backup after the killed ones did not come to its end")
        for made in _names(backups):
            _examine(backups, made, 0, folder / "there", seen)
        _examine(backups, _names(backups)[-1], begun_with, folder / "there", seen)
    return _outcome("F28", "backup killed at each of its steps", seen)


def copied(tier: Tier, _: random.Random) -> Outcome:
    """F29."""
    seen = Seen()
    with tempfile.TemporaryDirectory() as name, writing(Path(name) / "here") as committed:
        folder = Path(name)
        here = world.facility(folder / "here")
        for n in range(COPIES[tier]):
            begun_with = committed()
            copy = Path(shutil.copy(here.store, folder / f"{n}.db"))
            with contextlib.closing(sqlite3.connect(copy)) as connection:
                whole = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            if whole:
                seen.kills += 1
                seen.count(begun_with, _times(copy))
            until(lambda: committed() > begun_with, _SILENT)  # noqa: B023 - called before the next turn
    outcome = _outcome("F29", "control: files copied while running, must lose", seen)
    blind = "copies that pass SQLite's check lost nothing: the suite is blind" if outcome.lost == 0 else ""
    return Outcome(
        outcome.fault, outcome.title, outcome.injected, outcome.accepted, outcome.stored, outcome.lost, 0,
        passed=not blind, why=blind, control=True,
    )  # fmt: skip


def _outcome(fault: str, title: str, seen: Seen) -> Outcome:
    lost = seen.accepted - seen.stored
    return Outcome(
        fault, title, seen.kills, seen.accepted, seen.stored, lost, 0,
        passed=not (lost or seen.faults or not seen.kills), why="; ".join(seen.faults[:5]),
    )  # fmt: skip


def _names(backups: Repository) -> list[str]:
    try:
        return backups.names()
    except SukusukuError:  # the folder is not made yet
        return []


def _examine(backups: Repository, name: str, begun_with: int, there: Path, seen: Seen) -> None:
    """Verify a backup and bring it back: everything that was committed when it was begun must be there."""
    try:
        manifest = backups.manifest(name)
        verify(backups, manifest)
        done = restore(backups, manifest, there / "facility.toml", now_ms())
        seen.count(begun_with, _times(done.places.store))
    except SukusukuError as error:
        seen.faults.append(f"{name}: {error}")
    finally:
        shutil.rmtree(there, ignore_errors=True)


def _times(store: Path) -> set[int]:
    """The times of all readings; none where there is no table yet."""
    try:
        return world.times(store)
    except SukusukuError:
        return set()


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[Callable[[], int]]:
    """Have another process commit readings all the time; what is given tells how many are committed."""
    here = world.facility(folder)
    log = folder / "committed"
    log.write_text("0", encoding="ascii")

    def committed() -> int:
        return int(log.read_text(encoding="ascii"))

    def write() -> NoReturn:
        store, n = SqliteStore.open(here.store), 0
        while True:
            commit(store, world.readings(range(n, n + BATCH)), world.T)
            n += BATCH
            (folder / "committed.new").write_text(str(n), encoding="ascii")
            (folder / "committed.new").replace(log)
            time.sleep(PAUSE_SECONDS)

    child = _forked(write)
    try:
        until(lambda: committed() >= 20 * BATCH, _SILENT)
        yield committed
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def ended(work: Callable[[], object], step: int | None) -> bool:
    """Do something in another process, which is killed at a step; tell whether it came to its end."""
    child = _forked(lambda: _count_down(work, step))
    return os.waitpid(child, 0)[1] == 0


def _count_down(work: Callable[[], object], step: int | None) -> None:
    left = step

    def hook(event: str, _arguments: object) -> None:
        nonlocal left
        if left is not None and event.startswith(STEPS):
            left -= 1
            if left <= 0:
                left = None  # to kill is an event too
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    work()


def _forked(work: Callable[[], object]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException as error:  # noqa: BLE001 - the end of this process, whatever it is
        os.write(2, f"{error!r}\n".encode())
        os._exit(1)
    os._exit(0)
