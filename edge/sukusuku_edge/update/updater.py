"""One update: fetch, install, watch, and go back when the new version does not report well.

Each step is noted on disk before it is done and may be done twice, so that an update that was ended at any moment goes
on at the next run. `before.deb` is there from before the first change until the new version has proved itself: when the
program of the new version cannot even run, systemd puts it back (`sukusuku-edge-return.service`) and leaves `returned`.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from sukusuku_core.clock import now_ms
from sukusuku_core.errors import ConfigError, PermanentError, SukusukuError
from sukusuku_edge import update_journal
from sukusuku_edge.settings import Edge
from sukusuku_edge.update.packages import Apt, Packages
from sukusuku_edge.update.wellness import Sight, look
from sukusuku_edge.update_journal import Journal, Phase

BEFORE, RETURNED = "before.deb", "returned"
STEADY = 60.0
"""Seconds for which one process must be well."""
LOOK = 2.0
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True)
class World:
    """What an update works with. `sleep` and `monotonic` are in seconds, `now` is UTC ms."""

    folder: Path
    packages: Packages
    look: Callable[[str | None], Sight]
    """How the agent is, which should be of this version."""
    sleep: Callable[[float], None]
    monotonic: Callable[[], float]
    now: Callable[[], int]
    patience: float
    """Seconds in which a new version must have become well."""
    steady: float = STEADY


def update(edge: Edge, *, now: bool, again: bool) -> tuple[Journal, bool]:
    """Update this computer as its settings say; `now`: outside of the window too. See `Updater.run`.

    Returns how it is in the end, and whether an update has failed just now. Raises SukusukuError.
    """
    settings = edge.settings.update
    if settings is None:
        raise ConfigError("there is no [update]; expected at least url, the address of what `sukusuku apt-repo` made")
    folder = Path(settings.folder)
    world = World(
        folder,
        Apt(settings, folder),
        partial(look, edge),
        time.sleep,
        time.monotonic,
        now_ms,
        patience=settings.minutes * 60,
    )
    before = update_journal.read(folder)
    try:
        done = Updater(world).run(begin=now or settings.opens(now_ms()), again=again)
    except OSError as error:
        raise PermanentError(f"{folder}: {error}; an update needs root, and room on the disk") from error
    return done, bool(done.why) and done != before


class Updater:
    """`run` does one update, or finishes one."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._before = world.folder / BEFORE
        self._returned = world.folder / RETURNED

    def run(self, *, begin: bool, again: bool = False) -> Journal:
        """Finish what was begun; then, when `begin`, take the newest version, `again` also one that has failed.

        Returns how it is in the end. Raises SukusukuError when nothing could be done, with what to do.
        """
        with self._alone():
            journal = self._heed_systemd(update_journal.read(self._world.folder))
            if journal.phase is Phase.RESTING and begin:
                journal = self._begin(journal, again=again)
            if journal.phase is Phase.INSTALLING:
                journal = self._install(journal)
            if journal.phase is Phase.TRYING:
                journal = self._try(journal)
            if journal.phase is Phase.RETURNING:
                journal = self._return(journal)
            return journal

    def _begin(self, journal: Journal, *, again: bool) -> Journal:
        world = self._world
        before = world.packages.installed()
        if before is None:
            raise PermanentError("this agent was not installed as a Debian package, so apt cannot update it")
        after = world.packages.newest()
        if after == before or (after in journal.failed and not again):
            return journal
        if missing := world.look(None).missing:
            raise PermanentError(f"{after} is not tried now: {missing}, so that nobody could tell whether it is better")
        try:
            world.packages.fetch(before).replace(self._before)
        except SukusukuError as error:
            raise PermanentError(
                f"{after} is not tried, as there would be no way back: add {before} to the repository too ({error})"
            ) from error
        world.packages.fetch(after)
        failed = tuple(version for version in journal.failed if version != after)
        return self._note(Journal(phase=Phase.INSTALLING, before=before, after=after, failed=failed))

    def _install(self, journal: Journal) -> Journal:
        packages = self._world.packages
        try:
            packages.install(packages.fetch(journal.after))
        except SukusukuError as error:
            return self._note(replace(journal, phase=Phase.RETURNING, why=f"it could not be installed: {error}"))
        return self._note(replace(journal, phase=Phase.TRYING))

    def _try(self, journal: Journal) -> Journal:
        world = self._world
        deadline = world.monotonic() + world.patience
        well: tuple[int | None, float] | None = None
        while True:
            sight, now = world.look(journal.after), world.monotonic()
            if sight.missing:
                well = None
            elif well is None or well[0] != sight.process:
                well = (sight.process, now)
            elif now - well[1] >= world.steady:
                return self._rest(journal, why="")
            if now >= deadline and (well is None or now >= deadline + world.steady):
                why = f"after {world.patience / 60:g} minutes, {sight.missing or 'it is started again and again'}"
                return self._note(replace(journal, phase=Phase.RETURNING, why=why))
            world.sleep(LOOK)

    def _return(self, journal: Journal) -> Journal:
        packages = self._world.packages
        try:
            packages.install(self._before if self._before.exists() else packages.fetch(journal.before))
        except SukusukuError as error:
            if packages.installed() != journal.after:
                raise
            return self._rest(replace(journal, before=journal.after), why=f"{journal.why}; no way back: {error}")
        return self._rest(journal, why=journal.why)

    def _heed_systemd(self, journal: Journal) -> Journal:
        """See whether systemd has put the version before back, because this program could not run to its end."""
        if not self._returned.exists():
            return journal
        if journal.phase is not Phase.RESTING:
            journal = self._rest(journal, why=journal.why or "the update was ended before the new version was well")
        self._returned.unlink()
        return journal

    def _rest(self, journal: Journal, *, why: str) -> Journal:
        """End an update. What systemd would put back goes first: it must not undo what is well."""
        failed = (*journal.failed, journal.after) if why else journal.failed
        self._before.unlink(missing_ok=True)
        ended = self._note(replace(journal, phase=Phase.RESTING, why=why, failed=failed))
        for path in self._world.folder.glob("downloads/*.deb"):
            path.unlink()
        return ended

    def _note(self, journal: Journal) -> Journal:
        return update_journal.write(self._world.folder, replace(journal, time=self._world.now()))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._world.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._world.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise PermanentError("another update of this computer is going on; wait until it has ended") from error
        finally:
            os.close(handle)
