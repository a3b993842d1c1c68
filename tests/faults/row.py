"""What a row of the fault matrix takes and gives."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Tier(StrEnum):
    """How much is done: at every change, every night, before a release."""

    PR = "pr"
    NIGHTLY = "nightly"
    RELEASE = "release"


@dataclass(frozen=True)
class Outcome:
    """What a row came to. `recovery` holds seconds, one for each time that a recovery was seen."""

    fault: str
    title: str
    injected: int
    """Times injected."""
    accepted: int
    stored: int
    lost: int
    duplicates: int
    recovery: tuple[float, ...] = ()
    passed: bool = True
    why: str = ""
    """In words, when it failed."""
    control: bool = False
    """A run that must lose, to show that the others would be seen to lose; no part of the totals."""


Row = Callable[[Tier, random.Random], Outcome]
