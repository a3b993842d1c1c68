"""How panels share a place: what has the same limits shares a panel. Pure."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import TypeVar

from sukusuku_dashboards.board import Place

ROW_PIXELS, BORDER_PIXELS = 38, 64
"""Pixels of a row of a board, and of what is around the table or the bars of a panel."""
Thing = TypeVar("Thing")
Key = TypeVar("Key", bound=Hashable)
Share = Callable[[Place, Sequence[int]], list[Place]]
"""How parts lie: `cut` or `beside`."""


def alike(
    things: Sequence[Thing],
    key: Callable[[Thing], Key],
    place: Place,
    share: Share | None = None,
) -> Iterator[tuple[Key, list[Thing], Place]]:
    """Yield what has the same limits, and its part of a place, as large as it is many; without `share`, as `cut`."""
    groups: dict[Key, list[Thing]] = {}
    for thing in things:
        groups.setdefault(key(thing), []).append(thing)
    parts = (share or cut)(place, [len(group) for group in groups.values()])
    for (limits, group), part in zip(groups.items(), parts, strict=True):
        yield limits, group, part


def cut(place: Place, weights: Sequence[int]) -> list[Place]:
    """Return a place cut into parts that lie below each other, as high as their weights say."""
    return [Place(place.x, place.y + top, place.width, end - top) for top, end in _edges(place.height, weights)]


def beside(place: Place, weights: Sequence[int]) -> list[Place]:
    """Return a place cut into parts that lie beside each other, as wide as their weights say."""
    return [Place(place.x + left, place.y, end - left, place.height) for left, end in _edges(place.width, weights)]


def _edges(length: int, weights: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield where each part of a length begins and ends."""
    total = sum(weights)
    return pairwise([0, *(length * done // total for done in accumulate(weights))])
