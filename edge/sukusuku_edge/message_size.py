"""How large a message may be for the broker, where it does not say so. No I/O.

A broker that finds a message too large closes the connection (or passes the message over), and after the reconnect gets
the same one again. What was under way when a session ended twice in a row, and is larger than anything that has ever
been acknowledged, is suspected, and messages are halved until they arrive.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sukusuku_edge.readings import Row

STRIKES = 2
"""So often in a row a size must have failed: connections end for many reasons."""
FLOOR = 512
"""Bytes; no broker takes less, and most births are larger."""


@dataclass(slots=True)
class _Sent:
    rows: set[int]
    size: int


@dataclass(slots=True)
class MessageSize:
    """The largest payload in bytes; None: as the session rules make them."""

    limit: int | None = None
    _proven: int = 0
    """The largest payload that was acknowledged."""
    _strikes: int = 0
    _under_way: list[_Sent] = field(default_factory=list)

    def told(self, limit: int | None) -> None:
        """Note what the broker itself has said, if it has."""
        if limit is not None:
            self.limit = limit

    def fitting(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the first of the rows, as many as fit one message for certain; one at least."""
        if self.limit is None:
            return rows
        size = 0
        for place, (_, reading) in enumerate(rows):
            text = len(reading.value) if isinstance(reading.value, str) else 0
            size += 64 + 4 * (len(reading.metric) + text)  # 4: the longest form of a character
            if size > self.limit and place:
                return rows[:place]
        return rows

    def sent(self, rows: Collection[int], size: int) -> None:
        """Note rows that are under way, and the largest payload of them."""
        self._under_way.append(_Sent(set(rows), size))

    def delivered(self, rows: Collection[int]) -> None:
        """Note rows that have arrived."""
        for sent in self._under_way:
            sent.rows.difference_update(rows)
            if not sent.rows and sent.size > self._proven:
                self._proven, self._strikes = sent.size, 0
        self._under_way = [sent for sent in self._under_way if sent.rows]

    def forget(self) -> None:
        """Note that what was under way is sent again, for a reason that has nothing to do with its size."""
        self._under_way.clear()

    def failed(self) -> bool:
        """Note that what was under way has not arrived. Return whether messages are smaller from now on."""
        suspect = max((sent.size for sent in self._under_way), default=0)
        self._under_way.clear()
        if suspect <= max(self._proven, FLOOR):
            return False
        self._strikes += 1
        if self._strikes < STRIKES:
            return False
        self._strikes = 0
        self.limit = max(FLOOR, self._proven, suspect // 2)
        return True
