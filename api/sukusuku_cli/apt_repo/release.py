"""The texts of a repository as apt reads them: `Packages` of an architecture, `Release` of a stage. Pure.

The form is that of Debian's repositories (wiki.debian.org/DebianRepository/Format).
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

_DATE = "%a, %d %b %Y %H:%M:%S UTC"


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """A package of a stage. `stanza`: its paragraph of `Packages`."""

    name: str
    version: str
    architecture: str
    stanza: str

    @property
    def file(self) -> str:
        """Where it is below the repository."""
        return _field(self.stanza, "Filename")

    @classmethod
    def made(cls, control: str, file: str, content: bytes) -> "Package":
        """Return the package whose `control` says what it is, at its place in the repository."""
        text = control.strip()
        added = f"Filename: {file}\nSize: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}"
        return next(parse(f"{text}\n{added}\n"))


def parse(packages: str) -> Iterator[Package]:
    """Yield what is in a `Packages`."""
    for stanza in re.split(r"\n{2,}", packages.strip()):
        if stanza:
            name, version, architecture = (_field(stanza, key) for key in ("Package", "Version", "Architecture"))
            yield Package(name, version, architecture, stanza)


def indexes(packages: Iterable[Package]) -> Mapping[str, bytes]:
    """Return the texts of `Packages` by architecture."""
    found: dict[str, list[str]] = {}
    for package in sorted(packages):
        found.setdefault(package.architecture, []).append(package.stanza + "\n")
    return {architecture: "\n".join(stanzas).encode() for architecture, stanzas in found.items()}


def release(stage: str, architectures: Iterable[str], files: Mapping[str, bytes], now: int) -> bytes:
    """Return the `Release` of a stage, made `now` (UTC ms), with the digests of its files."""
    moment = datetime.fromtimestamp(now / 1000, UTC)
    head = {
        "Origin": "Sukusuku",
        "Label": "Sukusuku",
        "Suite": stage,
        "Codename": stage,
        "Date": moment.strftime(_DATE),
        "Architectures": " ".join(sorted(architectures)),
        "Components": "main",
        "Acquire-By-Hash": "yes",
    }
    lines = [f"{name}: {value}" for name, value in head.items()]
    digests = [f" {hashlib.sha256(files[name]).hexdigest()} {len(files[name])} {name}" for name in sorted(files)]
    return "\n".join([*lines, "SHA256:", *digests, ""]).encode()


def _field(stanza: str, name: str) -> str:
    """Raise ValueError when it is not there."""
    match = re.search(rf"^{name}:[ \t]*(.*)$", stanza, re.MULTILINE)
    if match is None:
        raise ValueError(f"no field {name}")
    return match[1].strip()
