"""A computer whose packages and agent are made up, and which can lose its power at each step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_edge import update_journal
from sukusuku_edge.update.updater import BEFORE, RETURNED, Updater, World
from sukusuku_edge.update.wellness import Sight
from sukusuku_edge.update_journal import Journal

NOW = 1_796_000_000_000


class PowerCut(BaseException):
    """Everything ends."""


@dataclass
class Computer:
    """`ill` versions never become well. `cut_at` counts down with everything that changes something."""

    folder: Path
    version: str | None = "0.1.0"
    offered: Sequence[str] = ("0.1.0", "0.2.0")
    ill: Sequence[str] = ()
    uninstallable: Sequence[str] = ()
    cut_at: int | None = None
    installs: list[str] = field(default_factory=list)
    clock: float = 0.0
    process: int = 1

    def step(self) -> None:
        """Something changes."""
        if self.cut_at is not None:
            self.cut_at -= 1
            if self.cut_at <= 0:
                self.cut_at = None
                raise PowerCut

    # ------------------------------------------------------------ Packages

    def installed(self) -> str | None:
        return self.version

    def newest(self) -> str:
        self.step()
        return max(self.offered, default="")

    def fetch(self, version: str) -> Path:
        self.step()
        if version not in self.offered:
            raise PermanentError(f"Version '{version}' was not found")
        path = self.folder / "downloads" / f"sukusuku-edge_{version}_arm64.deb"
        path.parent.mkdir(exist_ok=True)
        path.write_text(version, encoding="ascii")
        return path

    def install(self, package: Path) -> None:
        self.step()
        version = package.read_text(encoding="ascii")
        if version in self.uninstallable:
            raise TransientError(f"apt-get: E: {version} does not fit")
        self.version = None
        self.step()
        self.version = version
        self.process += 1
        self.installs.append(version)
        self.step()

    # ------------------------------------------------------------ the agent

    def look(self, version: str | None) -> Sight:
        if self.version is None:
            return Sight("the agent does not run")
        if version not in {None, self.version}:
            return Sight(f"the agent that runs is version {self.version}, not {version}", self.process)
        return Sight("no acknowledgement since its start" if self.version in self.ill else "", self.process)

    def sleep(self, seconds: float) -> None:
        self.step()
        self.clock += seconds

    # ------------------------------------------------------------ what is tried

    def update(self, *, begin: bool = True, again: bool = False) -> Journal:
        """Run the update once."""
        world = World(
            self.folder, self, self.look, self.sleep, lambda: self.clock, lambda: NOW, patience=600.0, steady=20.0
        )
        return Updater(world).run(begin=begin, again=again)

    def put_back_by_systemd(self) -> None:
        """What `sukusuku-edge-return.service` does."""
        before = self.folder / BEFORE
        if before.exists():
            self.install(before)
            (self.folder / RETURNED).touch()

    def noted(self) -> Journal:
        """What is on disk."""
        return update_journal.read(self.folder)


def steps(make: Callable[[], Computer]) -> int:
    """How often something changes in an update that nothing ends."""
    computer = make()
    computer.cut_at = 1_000_000
    computer.update()
    return 1_000_000 - computer.cut_at
