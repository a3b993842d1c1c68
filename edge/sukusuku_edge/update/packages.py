"""The package of this agent, as apt and dpkg of this computer see it.

apt gets a world of its own for it (sources, lists), so that an ordinary `apt upgrade` does not take a version that
nobody watches.
"""

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Protocol

from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_edge.update_settings import UpdateSettings

NAME = "sukusuku-edge"
_NOT_OURS = ("PYTHONPATH", "LANGUAGE")
"""Of the environment: the programs of the system shall find their own libraries."""


class Packages(Protocol):
    """What an update asks of the computer. Everything may be done twice. Raises PermanentError or TransientError."""

    def installed(self) -> str | None:
        """Return the version that is installed as a whole."""

    def newest(self) -> str:
        """Ask the repository; return the version that this computer should have."""

    def fetch(self, version: str) -> Path:
        """Download a version, checked against the signature of the repository."""

    def install(self, package: Path) -> None:
        """Finish what was ended in the middle, install, and start the agent anew."""


class Apt:
    """`folder` keeps what apt needs for this one repository, and downloads."""

    def __init__(self, settings: UpdateSettings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder

    def installed(self) -> str | None:
        """Return the version."""
        told = self._run("dpkg-query", "--show", "--showformat=${db:Status-Status} ${Version}", NAME, check=False)
        status, _, version = told.partition(" ")
        return version.strip() if status == "installed" else None

    def newest(self) -> str:
        """Return the candidate of apt."""
        (self._folder / "lists/partial").mkdir(parents=True, exist_ok=True)
        (self._folder / "downloads").mkdir(exist_ok=True)
        trusted = Path(self._settings.key_file)
        if not trusted.exists():
            raise PermanentError(f"update.key_file: {trusted} is not there: copy sukusuku.asc of the repository to it")
        source = f"deb [signed-by={trusted}] {self._settings.url} {self._settings.stage} main\n"
        (self._folder / "sources.list").write_text(source, encoding="utf-8")
        self._apt("apt-get", "update", "--quiet", "-o", "APT::Update::Error-Mode=any")
        found = re.search(r"^ *Candidate: (\S+)$", self._apt("apt-cache", "policy", NAME), re.MULTILINE)
        if found is None or found[1] == "(none)":
            raise PermanentError(f"{self._settings.url}: stage {self._settings.stage} has no {NAME} for this computer")
        return found[1]

    def fetch(self, version: str) -> Path:
        """Return the package file."""
        downloads = self._folder / "downloads"
        self._apt("apt-get", "download", "--quiet", f"{NAME}={version}", cwd=downloads)
        return next(downloads.glob(f"{NAME}_{version}_*.deb"))

    def install(self, package: Path) -> None:
        """Let apt see to what it depends on, but remove nothing."""
        self._run("dpkg", "--configure", "-a", check=False)  # what it lacks, apt says below
        options = ("--yes", "--quiet", "--no-install-recommends", "--no-remove", "--allow-downgrades", "--reinstall")
        keep = ("-o", "Dpkg::Options::=--force-confold", "-o", "DPkg::Lock::Timeout=300")
        self._apt("apt-get", "install", *options, *keep, str(package))

    def _apt(self, program: str, *words: str, cwd: Path | None = None) -> str:
        places = {
            "Dir::Etc::sourcelist": self._folder / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::State::lists": self._folder / "lists",
            "Dir::Cache::pkgcache": "",
            "Dir::Cache::srcpkgcache": "",
        }
        given = [word for name, place in places.items() for word in ("-o", f"{name}={place}")]
        return self._run(program, *given, *words, cwd=cwd)

    def _run(self, *command: str, check: bool = True, cwd: Path | None = None) -> str:
        kept = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
        environment = kept | {"LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        try:
            done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False)
        except OSError as error:
            raise PermanentError(f"{command[0]}: cannot be started: {error}; updates need Debian's apt") from error
        if check and done.returncode:
            said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
            marked = [line for line in said if re.match(r"E:|dpkg: error|sukusuku-edge:", line)] or said[-3:]
            raise TransientError(f"{shlex.join(command[:1])}: {' '.join(marked)}")
        return done.stdout
