"""Where the document comes from: a file on one server, a database where several servers share it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sukusuku_core.errors import SukusukuError
from sukusuku_server.settings import Facility


@dataclass(frozen=True, slots=True)
class Document:
    """What the document says now. `version` names exactly this text; who changes it says which one they have seen."""

    text: str
    version: str


class Origin(StrEnum):
    """How a version came to be."""

    FOUND = "found"
    """It was there before there was a history."""
    BY_HAND = "by_hand"
    """Somebody has changed the file with an editor; nobody said who."""
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
    """The document of one operator.

    Every method raises TransientError when the source cannot be read, and PermanentError when it may not be written.
    """

    def read(self) -> Document:
        """Return the document as it is now, right or wrong."""

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
