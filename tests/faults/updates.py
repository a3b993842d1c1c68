"""F34: an update of the edge agent is killed at each of its steps, while readings come in.

Two installations of the agent lie in a folder, and a link says which one is in use: that is the made-up part, apt and
dpkg are tried by `packages/try-in-chroot`. Agents, broker, collector and the update itself are the real ones. One new
version works, the other one ends as soon as it is started. After each kill the next run must come to its end with an
agent that works, and nothing that was accepted may be missing.
"""

import asyncio
import contextlib
import os
import random
import select
import shutil
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from sukusuku_core.errors import PermanentError
from sukusuku_edge import lock, update_journal
from sukusuku_edge.settings import Edge, read
from sukusuku_edge.update.updater import Updater, World
from sukusuku_edge.update.wellness import look
from sukusuku_edge.update_journal import Phase
from tests.faults.backups import ended
from tests.faults.outcome import finish
from tests.faults.rig import Plan, Rig, now_ms, rig
from tests.faults.row import Outcome, Tier

EVERY = {Tier.PR: 40, Tier.NIGHTLY: 3, Tier.RELEASE: 1}
"""Of so many steps one is a killing."""
GOOD, BETTER, BROKEN = "1", "2", "3"
PATIENCE = {BETTER: 30.0, BROKEN: 2.0}
"""Seconds; a version that works has much less to wait for, even on a busy machine."""
STEADY, LOOK_SECONDS = 0.5, 0.1
OURS = Path(__file__).parents[2] / "edge"


def run(tier: Tier, chance: random.Random) -> Outcome:
    """The row."""
    return asyncio.run(update(EVERY[tier], chance))


@dataclass(frozen=True, slots=True)
class Installations:
    """A folder with the agent in several versions; `current` is a link to the one in use."""

    folder: Path
    offered: str
    outbox: Path

    @property
    def current(self) -> Path:
        """The link."""
        return self.folder / "current"

    def installed(self) -> str | None:
        """Return the version in use."""
        return self.current.readlink().name

    def newest(self) -> str:
        """Return the one that is offered."""
        return self.offered

    def fetch(self, version: str) -> Path:
        """Return a file that holds nothing but the version."""
        if not (self.folder / version).exists():
            raise PermanentError(f"there is no version {version}")
        made = self.folder / f"{version}.deb"
        made.write_text(version, encoding="ascii")
        return made

    def install(self, package: Path) -> None:
        """Change the link and end the agent; whoever watches it starts it again."""
        new = self.folder / "next"
        new.unlink(missing_ok=True)
        new.symlink_to(package.read_text(encoding="ascii"))
        new.replace(self.current)
        if process := lock.holder(self.outbox):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)
                _wait_for_the_end_of(process)


async def update(every: int, chance: random.Random) -> Outcome:
    """Kill an update at one step after the other, until one comes to its end, for both new versions."""
    kills, faults = 0, list[str]()
    recovery: list[float] = []
    async with rig(Plan()) as it:
        folder = _versions(it.folder / "versions")
        it.edge.environment = {
            "PYTHONPATH": os.pathsep.join([str(folder / "current"), os.environ.get("PYTHONPATH", "")])
        }
        await it.start()
        async with _restarted(it):
            for offered, wanted in ((BETTER, BETTER), (BROKEN, GOOD)):
                step, done = chance.randint(1, every), False
                while not done:
                    await _begin_anew(it, folder)
                    done = await _attempt(it, folder, offered, step)
                    since, taken = time.monotonic(), now_ms()
                    if not done:
                        kills, step = kills + 1, step + every
                        await _attempt(it, folder, offered, None)
                    noted = update_journal.read(folder / "noted")
                    found = (folder / "current").readlink().name
                    if noted.phase is not Phase.RESTING or found != wanted:
                        faults.append(f"killed at step {step - every}: {noted.phase}, version {found}: {noted.why}")
                    await it.flowing()
                    recovery.append(it.watch.seconds(since, taken))
        verdict = await it.settle()
    return finish(
        "F34", "update of the edge agent killed at each of its steps", kills, verdict, recovery, faults=faults
    )


async def _attempt(it: Rig, folder: Path, offered: str, step: int | None) -> bool:
    """Run the update in a process that is killed at a step; tell whether it came to its end."""
    edge = read(it.folder / "edge-1.toml")
    return await asyncio.to_thread(ended, lambda: _update(edge, folder, offered), step)


def _update(edge: Edge, folder: Path, offered: str) -> None:
    installations = Installations(folder, offered, Path(edge.settings.outbox.path))
    world = World(
        folder / "noted",
        installations,
        lambda version: look(edge, version),
        lambda _: time.sleep(LOOK_SECONDS),
        time.monotonic,
        now_ms,
        patience=PATIENCE[offered],
        steady=STEADY,
    )
    Updater(world).run(begin=True)


async def _begin_anew(it: Rig, folder: Path) -> None:
    """The first version, nothing noted, and an agent that is well."""
    shutil.rmtree(folder / "noted", ignore_errors=True)
    edge = read(it.folder / "edge-1.toml")
    await asyncio.to_thread(Installations(folder, GOOD, it.outbox()).install, folder / f"{GOOD}.first")
    async with asyncio.timeout(60):
        while look(edge, GOOD).missing:  # noqa: ASYNC110 - files have no event
            await asyncio.sleep(LOOK_SECONDS)


@contextlib.asynccontextmanager
async def _restarted(it: Rig) -> AsyncIterator[None]:
    """Start the agent whenever it has ended, as systemd does."""

    async def watch() -> None:
        while True:
            if it.edge.process is not None:
                await it.edge.process.wait()
            await it.edge.start(wait=False)
            await asyncio.sleep(0.2)

    task = asyncio.create_task(watch(), name="restart")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await it.edge.until_ready()


def _versions(folder: Path) -> Path:
    """Lay out the agent in three versions, of which the last does not run."""
    for version in (GOOD, BETTER, BROKEN):
        for name in ("sukusuku_core", "sukusuku_mqtt", "sukusuku_edge"):
            shutil.copytree(OURS / name, folder / version / name)
        (folder / version / "sukusuku_core/__init__.py").write_text(f'__version__ = "{version}"\n', encoding="utf-8")
        pipeline = folder / version / "sukusuku_edge/pipeline.py"
        told_often = pipeline.read_text("utf-8").replace("HEALTH_SECONDS = 10.0", "HEALTH_SECONDS = 0.5")
        pipeline.write_text(told_often, encoding="utf-8")
    (folder / BROKEN / "sukusuku_core/logs.py").write_text("raise SystemExit(1)\n", encoding="utf-8")
    (folder / f"{GOOD}.first").write_text(GOOD, encoding="ascii")
    (folder / "current").symlink_to(GOOD)
    return folder


def _wait_for_the_end_of(process: int) -> None:
    """As `systemctl restart` does."""
    end = os.pidfd_open(process)
    try:
        select.select([end], [], [], 15)
    finally:
        os.close(end)
