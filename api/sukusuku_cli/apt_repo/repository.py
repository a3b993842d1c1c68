"""The files of a repository: packages in `pool/`, and for each stage what is in it, signed, in `dists/STAGE/`.

A stage is a suite of apt. What it holds is read from its own `Packages`, so that the files are the only truth. apt asks
for indexes by their hash, and `InRelease` changes last and in one step: whoever fetches meanwhile gets the stage of
before or of after. Earlier versions stay in a stage: edge nodes go back to them when an update fails.
"""

import contextlib
import gzip
import hashlib
import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sukusuku_cli.apt_repo.release import Package, indexes, parse, release
from sukusuku_core.errors import ConfigError
from sukusuku_server.facility_document.version_folder import store

if TYPE_CHECKING:
    from sukusuku_cli.apt_repo.signing import Key

PUBLIC_KEY = "sukusuku.asc"
_READABLE = 0o644
_STAGE = re.compile(r"[a-z0-9][a-z0-9-]*")


class Repository:
    """A folder that a web server hands out. Methods raise ConfigError in words, and OSError for the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def stages(self) -> list[str]:
        """Return the stages that there are."""
        return sorted(path.parent.name for path in self._folder.glob("dists/*/InRelease"))

    def packages(self, stage: str) -> list[Package]:
        """Return what a stage holds; nothing for one that is not there yet."""
        found = sorted(self._stage(stage).glob("main/binary-*/Packages"))
        return sorted(package for path in found for package in parse(path.read_text(encoding="utf-8")))

    def add(self, stage: str, files: Iterable[Path], key: "Key", now: int) -> list[Package]:
        """Put packages into the pool and into a stage; return them."""
        added = [self._keep(file) for file in files]
        self._publish(stage, {*self.packages(stage), *added}, key, now)
        return added

    def promote(self, source: str, target: str, key: "Key", now: int) -> list[Package]:
        """Give a stage everything that another one has; return what is new in it."""
        if source not in self.stages():
            raise ConfigError(f"there is no stage {source!r}; there are: {', '.join(self.stages()) or 'none'}")
        there = set(self.packages(target))
        new = set(self.packages(source)) - there
        self._publish(target, there | new, key, now)
        return sorted(new)

    def remove(self, stage: str, name: str, version: str, key: "Key", now: int) -> list[Package]:
        """Take a version out of a stage, and its files out of the pool when no stage has them; return what went."""
        there = self.packages(stage)
        gone = [package for package in there if (package.name, package.version) == (name, version)]
        if not gone:
            held = ", ".join(sorted({f"{package.name} {package.version}" for package in there})) or "nothing"
            raise ConfigError(f"stage {stage} does not have {name} {version}; it has: {held}")
        self._publish(stage, set(there) - set(gone), key, now)
        used = {package.file for other in self.stages() for package in self.packages(other)}
        for package in gone:
            if package.file not in used:
                (self._folder / package.file).unlink(missing_ok=True)
        return gone

    def _keep(self, file: Path) -> Package:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise ConfigError(f"{file}: cannot be read: {error}") from error
        told = subprocess.run(["dpkg-deb", "--field", file], capture_output=True, text=True, check=False)
        if told.returncode:
            raise ConfigError(f"{file}: expected a Debian package: {told.stderr.strip()}")
        bare = Package.made(told.stdout, "", content)
        place = f"pool/{bare.name}_{bare.version}_{bare.architecture}.deb"
        kept = self._folder / place
        if kept.exists() and kept.read_bytes() != content:
            raise ConfigError(
                f"{file}: the repository has another {bare.name} {bare.version} ({bare.architecture}); what edge nodes "
                "have installed cannot change: build it with a version of its own, or `remove` that one first"
            )
        kept.parent.mkdir(parents=True, exist_ok=True)
        store(kept, content, _READABLE)
        return Package.made(told.stdout, place, content)

    def _publish(self, stage: str, packages: Iterable[Package], key: "Key", now: int) -> None:
        folder = self._stage(stage)
        by_architecture = indexes(packages)
        files = {
            f"main/binary-{architecture}/{name}": content
            for architecture, text in by_architecture.items()
            for name, content in (("Packages", text), ("Packages.gz", gzip.compress(text, mtime=0)))
        }
        self._forget_older(folder)
        for name, content in files.items():
            hashed = (folder / name).with_name("by-hash") / "SHA256" / hashlib.sha256(content).hexdigest()
            hashed.parent.mkdir(parents=True, exist_ok=True)
            store(hashed, content, _READABLE)
        text = release(stage, by_architecture, files, now)
        folder.mkdir(parents=True, exist_ok=True)
        store(self._folder / PUBLIC_KEY, key.public.encode(), _READABLE)
        store(folder / "InRelease", key.clear_signed(text), _READABLE)
        for name, content in files.items():
            store(folder / name, content, _READABLE)
        for path in folder.glob("main/binary-*/Packages*"):
            if str(path.relative_to(folder)) not in files:
                path.unlink()

    @staticmethod
    def _forget_older(folder: Path) -> None:
        """Delete what only stages before the present one asked for; who fetches now still asks for that."""
        with contextlib.suppress(FileNotFoundError):
            present = (folder / "InRelease").read_text(encoding="utf-8")
            for path in folder.glob("main/binary-*/by-hash/SHA256/*"):
                if path.name not in present:
                    path.unlink()

    def _stage(self, stage: str) -> Path:
        if not _STAGE.fullmatch(stage):
            raise ConfigError(f"a stage is named in small letters, digits and `-`, such as canary; found {stage!r}")
        return self._folder / "dists" / stage


def by_version(packages: Iterable[Package]) -> dict[tuple[str, str], Sequence[str]]:
    """Return the architectures of each name and version."""
    found: dict[tuple[str, str], list[str]] = {}
    for package in packages:
        found.setdefault((package.name, package.version), []).append(package.architecture)
    return dict(found)
