"""Notices when the document changes, however it was changed: by a page, a command, an editor or another server."""

import contextlib
from dataclasses import dataclass

from sukusuku_core.errors import Mistake, SukusukuError, WrongSettingsError
from sukusuku_server.facility_document.source import FacilitySource
from sukusuku_server.settings import Facility

LOOK_SECONDS = 1.0
"""Between two looks. A text counts when two looks in a row have seen it: an editor may write a file in parts."""


@dataclass(frozen=True, slots=True)
class Right:
    """The document has changed, or is right again."""

    facility: Facility
    version: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """The document has changed, and is wrong."""

    mistakes: tuple[Mistake, ...]
    version: str


class Watch:
    """Looks at a document. `version` is the one from which the process was started.

    What was changed by hand comes into the history, where this process may write that.
    """

    def __init__(self, source: FacilitySource, version: str) -> None:
        self.source = source
        self._known = self._seen = version
        self._noticed = False

    def look(self) -> Right | Wrong | None:
        """Return what is new. Raises TransientError when the document cannot be read; look again then."""
        try:
            document = self.source.look()
        except WrongSettingsError as error:
            return self._wrong(error, f"unreadable: {error}")
        version = document.version
        if version == self._known:
            self._seen = version
            self._notice()
            return None
        if version != self._seen:
            self._seen = version
            return None
        self._noticed = False
        self._notice()
        try:
            facility = self.source.check(document.text)
        except WrongSettingsError as error:
            return self._wrong(error, version)
        self._known = version
        return Right(facility, version)

    def _wrong(self, error: WrongSettingsError, version: str) -> Wrong | None:
        if version == self._known:
            return None
        self._known = self._seen = version
        return Wrong(error.mistakes, version)

    def _notice(self) -> None:
        if not self._noticed:
            with contextlib.suppress(SukusukuError):
                self.source.notice()
            self._noticed = True
