"""Where the document comes from: a file on one server, a database where several servers share it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self

from sukusuku_core.errors import SukusukuError
from sukusuku_server.settings import Facility


@dataclass(frozen=True, slots=True)
class Document:
    """What the document says now. `version` names exactly this text; who changes it says which one they have seen."""

    text: str
    version: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Return a text with its version."""
        return cls(text, version_of(text.encode()))


def version_of(content: bytes) -> str:
    """Return the name of a text (UTF-8): another one for each."""
    return hashlib.sha256(content).hexdigest()


MOST_VERSIONS = 500
"""Versions that a history keeps; the oldest make room."""


class Origin(StrEnum):
    """How a version came to be."""

    FOUND = "found"
    """It was there before there was a history."""
    BY_HAND = "by_hand"
    """Somebody has changed it with an editor, or by SQL; nobody said who."""
    SAVED = "saved"
    """A page or a command has saved it."""
    UNDONE = "undone"
    """An earlier version was brought back."""


@dataclass(frozen=True, slots=True)
class Change:
    """Who makes a new version, and why (empty: they do not say)."""

    by: str
    why: str = ""
    origin: Origin = Origin.SAVED


@dataclass(frozen=True, slots=True)
class Version:
    """One version in the history. `number` counts from 1, `time` is UTC ms, `by` is None where nobody knows."""

    number: int
    version: str
    time: int
    by: str | None
    why: str
    origin: Origin


class ChangedMeanwhileError(SukusukuError):
    """The document is not the one that the change was made for. `now` is what it says, to be looked at first."""

    def __init__(self, now: Document) -> None:
        super().__init__("the document was changed meanwhile; look at what has changed, then change it again")
        self.now = now


class FacilitySource(Protocol):
    """The document of one operator. `name` is what messages call it.

    Every method raises TransientError when the source cannot be read, and PermanentError when it may not be written.
    """

    @property
    def name(self) -> str:
        """See the class."""

    def read(self) -> Document:
        """Return the document as it is now, right or wrong."""

    def look(self) -> Document:
        """As `read`, for whoever asks every second: what it returns may be half a second old."""

    def begin(self) -> tuple[Document, Facility]:
        """Return with what a process begins. Raises WrongSettingsError when no right text is known."""

    def check(self, text: str) -> Facility:
        """Return what a text says. Raises WrongSettingsError with all its mistakes."""

    def write(self, text: str, expected: str, change: Change) -> Document:
        """Make a right text the document, if it still is the version `expected`.

        Raises WrongSettingsError with all mistakes, ChangedMeanwhileError; nothing has changed then.
        """

    def notice(self) -> Version | None:
        """Put what was changed by hand into the history; return its version, None when there was nothing."""

    def history(self) -> Sequence[Version]:
        """Return all versions, the newest first."""

    def text_of(self, number: int) -> str:
        """Return what a version said. Raises KeyError when there is none of that number."""


class FacilitySources(Protocol):
    """The documents of several operators. `name` is what messages call them."""

    @property
    def name(self) -> str:
        """See the class."""

    def operators(self) -> Mapping[str, FacilitySource]:
        """Return where the document of each operator is, by a name for the log. Raises TransientError."""


@dataclass(frozen=True, slots=True)
class OneSource:
    """The document of a single operator where several are expected. See `FacilitySources`."""

    name: str
    source: FacilitySource

    def operators(self) -> Mapping[str, FacilitySource]:
        """Return it by its name."""
        return {self.name: self.source}
