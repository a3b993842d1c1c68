"""The document of an operator in a file, `facility.toml`, that people edit as well."""

from collections.abc import Sequence
from pathlib import Path

from sukusuku_core.clock import Clock, now_ms
from sukusuku_core.errors import Mistake, PermanentError, TransientError, WrongSettingsError
from sukusuku_server.facility_document.source import (
    Change,
    ChangedMeanwhileError,
    Document,
    Origin,
    Version,
    version_of,
)
from sukusuku_server.facility_document.version_folder import VersionFolder, store
from sukusuku_server.mail import facility_checks
from sukusuku_server.settings import Facility, from_text
from sukusuku_server.settings.facility_checks import Checks


class FacilityFile:
    """See `source.FacilitySource`. The history stands in a folder beside the file: `facility.history`.

    `more` finds mistakes beyond those between keys; without it, those of mails.
    """

    def __init__(self, path: Path, more: Checks = facility_checks.mistakes, clock: Clock = now_ms) -> None:
        self._path = path
        self._more = more
        self._clock = clock
        self._versions = VersionFolder(path.resolve().with_suffix(".history"))

    @property
    def name(self) -> str:
        """See `source.FacilitySource`."""
        return str(self._path)

    def read(self) -> Document:
        """See `source.FacilitySource`. What is no UTF-8 is wrong rather than unreadable: WrongSettingsError."""
        try:
            content = self._path.read_bytes()
        except OSError as error:
            raise TransientError(f"{self._path}: cannot be read: {error}") from error
        try:
            return Document(content.decode(), version_of(content))
        except UnicodeDecodeError as error:
            raise WrongSettingsError(str(self._path), [Mistake("", f"cannot be read: {error}")]) from error

    def look(self) -> Document:
        """See `source.FacilitySource`."""
        return self.read()

    def begin(self) -> tuple[Document, Facility]:
        """See `source.FacilitySource`. A file that is wrong is refused: whoever starts a program can mend it."""
        document = self.read()
        return document, self.check(document.text)

    def check(self, text: str) -> Facility:
        """See `source.FacilitySource`."""
        return from_text(text, self.name, self._path.parent, self._more)

    def write(self, text: str, expected: str, change: Change) -> Document:
        """See `source.FacilitySource`. The file keeps its owner and mode, and stays where a link points to."""
        self.check(text)
        with self._versions.locked():
            now = self.read()
            self._notice(now)
            if now.version != expected:
                raise ChangedMeanwhileError(now)
            if now.text == text:
                return now
            content = text.encode()
            made = Version(
                self._next(), version_of(content), self._clock(), change.by, change.why.strip(), change.origin
            )
            self._versions.prepare(made, text)
            try:
                target = self._path.resolve()
                known = target.stat()
                store(target, content, known.st_mode & 0o7777, (known.st_uid, known.st_gid))
            except OSError as error:
                self._versions.drop(made)
                raise PermanentError(
                    f"{self._path}: cannot be written: {error}; give this process the right to write there and into "
                    "its folder"
                ) from error
            self._versions.keep(made)
            return Document(text, made.version)

    def notice(self) -> Version | None:
        """See `source.FacilitySource`."""
        with self._versions.locked():
            return self._notice(self.read())

    def history(self) -> Sequence[Version]:
        """See `source.FacilitySource`."""
        return self._versions.versions()[::-1]

    def text_of(self, number: int) -> str:
        """See `source.FacilitySource`."""
        return self._versions.text_of(number)

    def _notice(self, now: Document) -> Version | None:
        """Bring the history up to the file: finish what a crash has left half done, then add what nobody has told."""
        begun = self._versions.prepared()
        if begun is not None and begun.version == now.version:
            self._versions.keep(begun)
        elif begun is not None:
            self._versions.drop(begun)
        known = self._versions.versions()
        if known and known[-1].version == now.version:
            return None
        origin = Origin.BY_HAND if known else Origin.FOUND
        found = Version(self._next(), now.version, self._clock(), None, "", origin)
        self._versions.prepare(found, now.text)
        self._versions.keep(found)
        return found

    def _next(self) -> int:
        return max((version.number for version in self._versions.versions()), default=0) + 1
