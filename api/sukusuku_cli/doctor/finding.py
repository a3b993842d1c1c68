"""What the doctor says of one thing."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How it is."""

    OK = "ok"
    NOTE = "note"
    """Nothing is wrong yet, and somebody should know."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, what was found, and what to do about it."""

    subject: str
    status: Status
    said: str
    todo: str = ""


def ok(subject: str, said: str) -> Finding:
    """Return a finding of something that is as it must be."""
    return Finding(subject, Status.OK, said)


def note(subject: str, said: str, todo: str) -> Finding:
    """Return a finding that somebody should know."""
    return Finding(subject, Status.NOTE, said, todo)


def wrong(subject: str, said: str, todo: str) -> Finding:
    """Return a finding of something that must be changed."""
    return Finding(subject, Status.WRONG, said, todo)
