"""What was found out about a server that keeps readings."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that was looked at."""

    good: bool
    text: str
