"""What is known of one JSON sensor: what it said, when it was heard, whether it is there. No I/O.

`now` is a time of the event loop, in seconds; a clock that is set does not change for how long somebody was silent.
"""

from dataclasses import dataclass, field
from typing import Self

from sukusuku_core.availability import topic_of
from sukusuku_core.profile import Availability, JsonProfile
from sukusuku_core.registers import Decoded
from sukusuku_core.time import MINUTE_MS
from sukusuku_edge.settings import SILENT_AFTER, Device
from sukusuku_edge.sources.recency import Memory


@dataclass(slots=True)
class Sensor:
    """One device. `heard` is when it last proved that it lives, or when the session began in which it could."""

    id: str
    profile: JsonProfile
    topic: str
    patience: float | None
    """Seconds without a word after which it counts as failing."""
    memory: Memory
    availability: dict[str, Availability]
    """By topic."""
    excused: bool = False
    """Whether it may be silent for any time while its availability says that it is there."""
    heard: float | None = None
    spoken: bool = False
    """Whether it has said anything."""
    identity: str = ""
    refused: set[str] = field(default_factory=set)
    """Topics whose latest message could not be read, or not all of it."""
    words: dict[str, bool] = field(default_factory=dict)
    """By topic of its availability: what was said there last."""
    kept: dict[str, Decoded] = field(default_factory=dict)
    """What the broker has kept of it, from an unknown time: true as soon as it is known to be there."""

    @classmethod
    def of(cls, device: Device, profile: JsonProfile) -> Self:
        """Return what is known before the first message."""
        topic, patience = device.topic or "", device.patience(profile)
        places = ((topic_of(topic, item.topic), item) for item in profile.availability)
        return cls(
            device.id,
            profile,
            topic,
            patience,
            Memory(round(1000 * (patience or SILENT_AFTER)), profile.clock == "server"),
            {place: item for place, item in places if place is not None},
            excused=device.silent_after is None and profile.interval is None,
        )

    @property
    def periods(self) -> frozenset[str]:
        """The points that tell what happened in a period."""
        return frozenset(point.name for point in self.profile.point if point.period)

    @property
    def there(self) -> bool | None:
        """Whether its availability says that it is there; None when that says nothing."""
        if not all(self.words.values()):
            return False
        return True if any(self.availability[topic].of == "device" for topic in self.words) else None

    def said(self, now: float, age: float) -> None:
        """Note a message that is news: whoever speaks is there, or was so many seconds ago."""
        lived = now - age if self.profile.clock == "server" else now  # a device's own clock may be off by any zone
        self.heard = lived if self.heard is None or not self.spoken else max(self.heard, lived)
        self.spoken = True
        self.words = {topic: word for topic, word in self.words.items() if word}

    def is_before_its_absence(self, age: int) -> bool:
        """Whether a message of this age (ms) is from before the sensor went away."""
        return self.there is False and self.profile.clock == "server" and age > MINUTE_MS

    def connected(self, now: float, away: float) -> None:
        """Note a new session with the broker. What was missed without one is not held against the sensor."""
        self.heard = now if self.heard is None else self.heard + away
        self.words = {topic: word for topic, word in self.words.items() if not word}

    def silence(self, now: float) -> float | None:
        """Return for how long it has been silent, when that is too long and not known already."""
        if self.patience is None or self.heard is None or self.there is False or (self.excused and self.there):
            return None
        return now - self.heard if now - self.heard >= self.patience else None

    def holds(self, now: float) -> bool:
        """Whether what it said last is taken to be true now."""
        if not self.profile.changes_only or self.there is False:
            return False
        return bool(self.there) or self._believed(now)

    def returns(self, now: float, *, was: bool | None) -> bool:
        """Whether it lives again, or still, after a word about its availability."""
        return bool(self.there) or (was is False and self.there is None and self._believed(now))

    def _believed(self, now: float) -> bool:
        in_time = self.patience is not None and self.heard is not None and now - self.heard < self.patience
        return self.spoken and in_time
