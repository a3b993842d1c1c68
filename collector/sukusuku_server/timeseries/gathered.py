"""One reader over the stores of all shards of an operator. What is known of an asset is in one of them."""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Generic, TypeVar

from sukusuku_core.errors import TransientError
from sukusuku_server.model import foreign
from sukusuku_server.model.imports import Imported
from sukusuku_server.model.series import (
    Bucket,
    DerivedByAsset,
    Latest,
    LatestByAsset,
    Point,
    Quarantined,
    RoomHour,
    Tally,
    Unassigned,
)
from sukusuku_server.timeseries.protocols import Reader
from sukusuku_server.timeseries.unassigned import DROPPED

_COUNTS = {DROPPED, foreign.CLAIMS, foreign.STATES}
"""Notes that add up. Of the others, which are times and states, the smallest one that says something counts."""
_Item = TypeVar("_Item")


class Gathered:
    """Asks every store. They are opened when they are asked first; until all are there, TransientError is raised.

    `places` are the numbers of the stores in which assets are by the settings: those are asked first.
    """

    def __init__(self, openers: Sequence[Callable[[], Reader]], places: Mapping[str, int] = {}) -> None:
        self._openers = openers
        self._places = places
        self._opened: list[Reader] = []
        self._lock = threading.Lock()
        self._latest = _Union[Mapping[str, Latest]]()
        self._derived = _Union[Mapping[str, Point]]()

    def stores(self) -> Sequence[Reader]:
        """Return all stores."""
        with self._lock:
            while len(self._opened) < len(self._openers):
                self._opened.append(self._openers[len(self._opened)]())
            return self._opened

    @property
    def name(self) -> str:
        """Return where the stores are, for messages."""
        return ", ".join(store.name for store in self._opened)

    def close(self) -> None:
        """Give back files and connections."""
        for store in self._opened:
            store.close()

    # ------------------------------------------------------------ the present

    def latest(self) -> LatestByAsset:
        """See Store."""
        return self._latest.of([store.latest() for store in self.stores()])

    def derived_latest(self) -> DerivedByAsset:
        """See Store."""
        return self._derived.of([store.derived_latest() for store in self.stores()])

    def available(self) -> bool:
        """Whether all stores answer."""
        try:
            return all(store.available() for store in self.stores())
        except TransientError:
            return False

    def version(self) -> int:
        """See Store."""
        return sum(store.version() for store in self.stores())

    def noted(self, key: str) -> int | None:
        """See Store."""
        found = [value for store in self.stores() if (value := store.noted(key)) is not None]
        return _one(key, found) if found else None

    def noted_under(self, prefix: str) -> dict[str, int]:
        """See Store."""
        found = defaultdict[str, list[int]](list)
        for store in self.stores():
            for key, value in store.noted_under(prefix).items():
                found[key].append(value)
        return {key: _one(key, values) for key, values in found.items()}

    # ------------------------------------------------------------ the past

    def raw(self, asset: str, metric: str, start: int, end: int, limit: int) -> list[Point]:
        """See Store."""
        return self._told(asset, lambda store: store.raw(asset, metric, start, end, limit))

    def hourly(self, asset: str, metric: str, start: int, end: int) -> list[Bucket]:
        """See Store."""
        return self._told(asset, lambda store: store.hourly(asset, metric, start, end))

    def five_minutes(self, asset: str, metric: str, start: int, end: int) -> list[Bucket]:
        """See Store."""
        return self._told(asset, lambda store: store.five_minutes(asset, metric, start, end))

    def daily(self, asset: str, metric: str, start: int, end: int) -> list[Bucket]:
        """See Store."""
        return self._told(asset, lambda store: store.daily(asset, metric, start, end))

    def derived(self, asset: str, metric: str, start: int, end: int) -> list[Point]:
        """See Store."""
        return self._told(asset, lambda store: store.derived(asset, metric, start, end))

    def room_hours(self, asset: str, start: int, end: int) -> list[RoomHour]:
        """See Store."""
        return self._told(asset, lambda store: store.room_hours(asset, start, end))

    def first_derived(self, metric: str) -> Mapping[str, int]:
        """See Store."""
        return {asset: time for store in self.stores() for asset, time in store.first_derived(metric).items()}

    def first(self) -> int | None:
        """See Store."""
        return min((time for store in self.stores() if (time := store.first()) is not None), default=None)

    def imports(self) -> list[Imported]:
        """See Store."""
        return [it for store in self.stores() for it in store.imports()]

    def _told(self, asset: str, ask: Callable[[Reader], list[_Item]]) -> list[_Item]:
        """Return what the store tells that knows something of an asset."""
        stores = self.stores()
        place = self._places.get(asset, 0)
        ordered = chain(stores[place : place + 1], stores[:place], stores[place + 1 :])
        return next((found for store in ordered if (found := ask(store))), [])

    # ------------------------------------------------------------ what was refused

    def quarantine(self, limit: int) -> list[Quarantined]:
        """See Store."""
        found = [it for store in self.stores() for it in store.quarantine(limit)]
        return sorted(found, key=attrgetter("received"), reverse=True)[:limit]

    def tallies(self, since: int = 0) -> list[Tally]:
        """See Store."""
        found = defaultdict[str, list[Tally]](list)
        for store in self.stores():
            for tally in store.tallies(since):
                found[tally.reason].append(tally)
        return [
            Tally(reason, sum(it.count for it in own), min(it.first for it in own), max(it.last for it in own))
            for reason, own in found.items()
        ]

    def unassigned(self) -> list[Tally]:
        """See Store."""
        return [it for store in self.stores() for it in store.unassigned()]  # each shard has topics of its own

    def newest_unassigned(self, topic: str, limit: int) -> list[Unassigned]:
        """See Store."""
        return [it for store in self.stores() for it in store.newest_unassigned(topic, limit)]


class _Union(Generic[_Item]):
    """What several stores say of their assets. The same object as before where all say the same."""

    def __init__(self) -> None:
        self._known: tuple[Sequence[Mapping[str, _Item]], Mapping[str, _Item]] = (), {}

    def of(self, parts: Sequence[Mapping[str, _Item]]) -> Mapping[str, _Item]:
        before, known = self._known
        if len(before) != len(parts) or any(old is not new for old, new in zip(before, parts, strict=True)):
            known = {asset: item for part in parts for asset, item in part.items()}
            self._known = parts, known
        return known


def _one(key: str, found: Sequence[int]) -> int:
    return sum(found) if key in _COUNTS else min((value for value in found if value), default=0)
