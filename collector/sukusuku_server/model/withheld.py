"""Which counts are withheld outside, as it was decided."""

from dataclasses import dataclass

CountKey = tuple[str, str]
"""Whose count it is (`room/ID`, `site/ID` or `all`), and of when (`2026-06-03`, `2026-06`, `fy2026`)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is withheld of a fiscal year, and what has been told. `open` are small counts that nothing protects.

    They can only come from counts that were told before later readings changed others.
    """

    withheld: frozenset[CountKey] = frozenset()
    told: frozenset[CountKey] = frozenset()
    open: frozenset[CountKey] = frozenset()
