"""Which counts are withheld outside, as it was decided."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CountKey = tuple[str, str]
"""Whose count it is (`room/ID`, `site/ID` or `all`), and of when (`2026-06-03`, `2026-06`, `fy2026`)."""


@dataclass(frozen=True, slots=True)
class Content:
    """A count, and the rooms with visits that it is the sum of; none for the count of a single room."""

    count: int
    rooms: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """What is withheld of a fiscal year, and what may be told. `open` are small counts that nothing protects.

    They can only come from counts that were told before later readings changed others. `contents` is what was last
    told of each count, also of those that are withheld by now.
    """

    withheld: frozenset[CountKey] = frozenset()
    told: frozenset[CountKey] = frozenset()
    open: frozenset[CountKey] = frozenset()
    contents: Mapping[CountKey, Content] = field(default_factory=dict)

    def hides(self, cell: CountKey, count: int) -> bool:
        """Whether a count is withheld: one that was decided to be, and one that nothing was decided about."""
        return cell in self.withheld or (count > 0 and cell not in self.told)


def joined(decisions: Iterable[Decision]) -> Decision:
    """Return the decisions of several fiscal years as one."""
    found = list(decisions)
    return Decision(
        frozenset(cell for one in found for cell in one.withheld),
        frozenset(cell for one in found for cell in one.told),
        frozenset(cell for one in found for cell in one.open),
        {cell: content for one in found for cell, content in one.contents.items()},
    )
