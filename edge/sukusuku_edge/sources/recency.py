"""Whether a message is news or history, by its own time and number. No I/O; times are UTC ms.

Bridges repeat what they remember when they start (Zigbee2MQTT, Node-RED, Home Assistant's state stream), and brokers
when they are asked. Only a message that is newer than all before it says that its device lives now.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from sukusuku_core.jsonmap import JsonSample
from sukusuku_core.message_order import AHEAD, REMEMBERED, Mark, Place, Seen, place
from sukusuku_core.registers import Decoded
from sukusuku_core.time import DAY_MS

EARLIEST = 7 * DAY_MS
"""A device's own clock may be so much behind ours, for readings that it kept; else the arrival counts."""


@dataclass(frozen=True, slots=True)
class Recency:
    """Where a message belongs among those of its device."""

    time: int
    """Of its readings."""
    mark: Mark
    known: bool
    """It came before, and says nothing at all."""
    news: bool
    """The device has said something since its latest message."""
    missing: int
    """By how many the messages that have not arrived have become more."""
    wrong_clock: bool


@dataclass(slots=True)
class Memory:
    """What one device has said so far.

    Its first message is news when it is not older than `patience`: before that, nobody knows what came. `of_server`
    says whose clock its times are from (see `JsonProfile.clock`).
    """

    patience: int
    of_server: bool
    _seen: Seen = field(default_factory=Seen)
    _newest: int | None = None
    """The own time of its latest message."""
    _told: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    """The own times of the messages that came last."""
    _values: dict[str, Decoded] = field(default_factory=dict)

    def take(self, sample: JsonSample, now: int) -> Recency:
        """Return where a message belongs, and remember it."""
        own, numbered = sample.time, sample.sequence is not None
        wrong_clock = own is not None and self._is_wrong(own, now)
        own = None if wrong_clock else own
        mark = Mark(sample.sequence, own, now)
        before, placed = self._seen, place(self._seen, mark)
        self._seen = placed.seen
        if numbered:
            known = placed.place is Place.AGAIN
            news = placed.place is Place.NEW if before.numbers else self._is_newer(own, now)
        else:
            changed = (
                own is not None and own == self._newest and self._differs(sample.values)
            )  # within one tick of its clock
            known = own in self._told and not changed
            news = self._is_newer(own, now) or changed
        if not known:
            self._remember(own, sample.values, news=news)
        return Recency(now if own is None else own, mark, known, news or own is None, placed.missing, wrong_clock)

    def _is_wrong(self, own: int, now: int) -> bool:
        return own > now + AHEAD or (own < now - EARLIEST and not self.of_server)

    def _is_newer(self, own: int | None, now: int) -> bool:
        if own is None:
            return True
        if self._newest is None or self._newest > now + AHEAD:
            return now - own <= self.patience
        return own > self._newest

    def _differs(self, values: Mapping[str, Decoded]) -> bool:
        return any(self._values.get(name) != decoded for name, decoded in values.items())

    def _remember(self, own: int | None, values: Mapping[str, Decoded], *, news: bool) -> None:
        if own is not None:
            self._told.append(own)
        if news or self._newest is None:
            self._newest = self._newest if own is None else own
            self._values |= values
