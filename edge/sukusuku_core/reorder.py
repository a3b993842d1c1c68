"""Messages of an edge node in the order of their seq, where a broker has let some overtake others. Pure.

A message ahead of its turn is held. When the missing ones come in time, all follow in order; when the window ends, or
too many are held, they are given out as they are, and the host session asks for a rebirth because of the gap.
One broker keeps the order of one sender, so this matters behind clusters and bridges only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sukusuku_core.host_session import HostSession, NodeKey
from sukusuku_core.sparkplug import SEQ_MODULUS

HELD = 16
"""Most messages that are held of one edge node."""

T = TypeVar("T")


@dataclass(slots=True)
class _Held(Generic[T]):
    since: int
    items: dict[int, T] = field(default_factory=dict)


class Reorder(Generic[T]):
    """What is held of every edge node of one host session. `window` in ms; 0: nothing is ever held."""

    def __init__(self, session: HostSession, window: int) -> None:
        self._session = session
        self._window = window
        self._held: dict[NodeKey, _Held[T]] = {}

    def arrange(self, key: NodeKey, seq: int | None, item: T, now: int) -> Sequence[T]:
        """Return the messages to handle now, in order, after this one (no NBIRTH or NDEATH) has arrived."""
        ahead = 0 if seq is None else self._session.ahead(key, seq)
        held = self._held.get(key)
        if seq is None or (held is None and ahead == 0):
            return (item,)
        if held is None:
            if ahead > HELD or not self._window:
                return (item,)
            held = self._held[key] = _Held(now)
        if 0 < ahead <= HELD and seq not in held.items:
            held.items[seq] = item
            return ()
        if ahead != 0:
            return (*self._give_out(key), item)  # another gap, or a seq that was used before
        ready = [item]
        while (seq := (seq + 1) % SEQ_MODULUS) in held.items:
            ready.append(held.items.pop(seq))
        if held.items:
            held.since = now  # the next gap has a window of its own
        else:
            del self._held[key]
        return ready

    def late(self, now: int) -> list[T]:
        """Return what need not wait any longer, to be handled with the gap before it."""
        over = [key for key, held in self._held.items() if not 0 <= now - held.since < self._window]
        return [item for key in over for item in self._give_out(key)]

    def forget(self, key: NodeKey) -> None:
        """Forget what is held of a node that is born or dead: its session is over, nothing was acknowledged."""
        self._held.pop(key, None)

    def _give_out(self, key: NodeKey) -> list[T]:
        items = self._held.pop(key).items
        return [items[seq] for seq in sorted(items, key=lambda seq: self._session.ahead(key, seq))]
