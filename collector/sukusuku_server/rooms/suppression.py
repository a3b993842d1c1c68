"""Which counts may not be told outside: few people stand behind them, or they give such a count away. Pure.

Counts of 1 to 4 are withheld. A count that could be found by subtraction is withheld too: no sum that is told may have
exactly one part that is not. Where the sums form a tree (days in a month, rooms in a centre) that is enough.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

SMALLEST_TOLD = 5
"""Counts below this, except 0, are withheld."""


def is_small(count: float | None) -> bool:
    """Whether a count may not be told for itself. None, a gap, tells nothing."""
    return count is not None and 0 < count < SMALLEST_TOLD


def withheld(counts: Mapping[K, float | None], sums: Iterable[tuple[K, Sequence[K]]]) -> frozenset[K]:
    """Return the keys of counts that are withheld. Each of `sums` is a total and its parts, both keys of `counts`.

    A small count takes with it the smallest other one of each sum, of equal ones the first.
    """
    hidden = {key for key, count in counts.items() if is_small(count)}
    equations = [(whole, *parts) for whole, parts in sums]
    changed = True
    while changed:
        changed = False
        for members in equations:
            if sum(member in hidden for member in members) != 1:
                continue
            other = _another(members, hidden, counts)
            if other is not None:
                hidden.add(other)
                changed = True
    return frozenset(hidden)


def _another(members: Sequence[K], hidden: set[K], counts: Mapping[K, float | None]) -> K | None:
    """Return the smallest other part that is not 0, else the total; nothing when nothing is shown anyway."""
    whole, *parts = members
    told = {part: count for part in parts if part not in hidden and (count := counts[part])}
    if told:
        return min(told, key=lambda part: told[part])
    return None if whole in hidden or counts[whole] is None else whole
