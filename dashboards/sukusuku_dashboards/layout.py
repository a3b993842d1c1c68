"""How panels share a place: what has the same limits shares a panel, and panels lie below each other. Pure."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

from sukusuku_dashboards.board import Place

Thing = TypeVar("Thing")
Key = TypeVar("Key", bound=Hashable)


def alike(
    things: Sequence[Thing], key: Callable[[Thing], Key], place: Place
) -> Iterator[tuple[Key, list[Thing], Place]]:
    """Yield what has the same limits, and its part of a place, as high as it is many."""
    groups: dict[Key, list[Thing]] = {}
    for thing in things:
        groups.setdefault(key(thing), []).append(thing)
    parts = cut(place, [len(group) for group in groups.values()])
    for (limits, group), part in zip(groups.items(), parts, strict=True):
        yield limits, group, part


def cut(place: Place, weights: Sequence[int]) -> list[Place]:
    """Return a place cut into parts that lie below each other, as high as their weights say."""
    total, done, edges = sum(weights), 0, [0]
    for weight in weights:
        done += weight
        edges.append(place.height * done // total)
    return [Place(place.x, place.y + top, place.width, end - top) for top, end in pairwise(edges)]
