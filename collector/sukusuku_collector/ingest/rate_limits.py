"""How much one edge node may ask for. Pure: token buckets over messages, births, bytes and quarantine rows."""

from dataclasses import dataclass, field

from sukusuku_core.host_session import NodeKey
from sukusuku_server.settings import Limits

BURST_SECONDS = 10.0


@dataclass(slots=True)
class Bucket:
    """Fills at `rate` per second up to `size`; begins full. Times are UTC ms, and may step back."""

    rate: float
    size: float
    level: float = field(init=False)
    _at: int | None = None

    def __post_init__(self) -> None:
        self.level = self.size

    def fill(self, now: int) -> float:
        """Return what is in it now."""
        elapsed = 0 if self._at is None else max(0, now - self._at)
        self.level = min(self.size, self.level + self.rate * elapsed / 1000)
        self._at = now
        return self.level

    def take(self, cost: float, now: int) -> bool:
        """Take so much out; False (and nothing is taken) when there is not enough."""
        if self.fill(now) < cost:
            return False
        self.level -= cost
        return True


class Gate:
    """The limits of every edge node, each for itself."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._messages: dict[NodeKey, Bucket] = {}
        self._births: dict[NodeKey, Bucket] = {}
        self._bytes: dict[NodeKey, Bucket] = {}
        self._quarantined: dict[NodeKey, Bucket] = {}

    def admits(self, key: NodeKey, size: int, now: int, *, birth: bool) -> bool:
        """Whether a message of `size` bytes may be read now."""
        limits = self._limits
        if not _bucket(self._messages, key, limits.messages_per_second).take(1, now):
            return False
        if birth and not _bucket(self._births, key, limits.births_per_second).take(1, now):
            return False
        return _bucket(self._bytes, key, limits.kilobytes_per_second * 1000).take(size, now)

    def admits_more(self, key: NodeKey, size: int, now: int) -> bool:
        """Whether an admitted message may be read although it has grown to `size` bytes when it was inflated."""
        return _bucket(self._bytes, key, self._limits.kilobytes_per_second * 1000).take(size, now)

    def may_quarantine(self, key: NodeKey, now: int) -> bool:
        """Whether one more row of this node may go to the quarantine."""
        bucket = self._quarantined.get(key)
        if bucket is None:
            size = float(self._limits.quarantined_per_minute)
            bucket = self._quarantined[key] = Bucket(size / 60, size)
        return bucket.take(1, now)


def _bucket(buckets: dict[NodeKey, Bucket], key: NodeKey, rate: float) -> Bucket:
    bucket = buckets.get(key)
    if bucket is None:
        bucket = buckets[key] = Bucket(rate, rate * BURST_SECONDS)
    return bucket
