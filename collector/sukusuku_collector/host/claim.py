"""One host id, one collector: which of two goes on. Pure.

A collector that is online says who it is on `sukusuku/<operator>/host/<host id>` every few seconds. One that comes
anew says nothing, and listens first when the broker holds an online STATE that is not its own: that may be a leftover
of a crash, or a living collector. Whoever hears of an older one ends. The order never changes while both live (online
since, then the instance), so exactly one goes on.

An online STATE on our topic without such words comes from a host application that is not ours, or from an old retained
message. It is answered with a newer STATE of our own; one that keeps coming back ends us.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from sukusuku_core.errors import DecodeError, PermanentError
from sukusuku_core.time import MINUTE_MS

CLAIM_EVERY = 2_000
"""ms between two words of a collector that is online."""
LISTEN = 5_000
"""ms to listen for another collector before going online where one may be."""
PATIENCE = 1_000
"""ms that another one gets to say who it is before its STATE is answered."""
CONTESTS = 3
"""So often within `CONTEST_WINDOW` our STATE may be overwritten by one who does not say who it is."""
CONTEST_WINDOW = MINUTE_MS


class RivalError(PermanentError):
    """Another collector or host application uses our host id; this one must not go on."""


class Claim(msgspec.Struct, frozen=True):
    """Who uses the host id. `since` (UTC ms of its clock) is when it came online; `name` is for people."""

    instance: str
    since: int
    name: Annotated[str, msgspec.Meta(max_length=200)]

    def older_than(self, other: "Claim") -> bool:
        """Whether the other one must end."""
        return (self.since, self.instance) < (other.since, other.instance)

    def encode(self) -> bytes:
        """Return the JSON body."""
        return msgspec.json.encode(self)


def decode(payload: bytes) -> Claim:
    """Return the claim in a message. Raises DecodeError (`claim`)."""
    try:
        return msgspec.json.decode(payload, type=Claim)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DecodeError("claim", f"found {payload[:40]!r}: {error}") from error


def topic(operator: str, host_id: str) -> str:
    """Where the collectors of a host id say who they are."""
    return f"sukusuku/{operator}/host/{host_id}"


@dataclass(slots=True)
class HostClaim:
    """The use of a host id by one process. Times are UTC ms; `name` says who and where we are."""

    host_id: str
    instance: str
    name: str
    since: int | None = None
    """Since when we are online without a break; None while we are not."""
    _claimed: int = 0
    _contested: int | None = None
    _contests: deque[int] = field(default_factory=deque)

    def begin(self, now: int) -> None:
        """We are online. After an interruption of our own making the time counts from before."""
        if self.since is None:
            self.since = now
        self._claimed = 0

    def lost(self) -> None:
        """Note that the broker is gone: whoever is online when it returns is older than we are."""
        self.since = None
        self._contested = None

    def claim(self, now: int, *, at_once: bool = False) -> Claim | None:
        """Return what to say now; None while it is not yet time, or not online."""
        if self.since is None or (not at_once and 0 <= now - self._claimed < CLAIM_EVERY):
            return None
        self._claimed = now
        return Claim(self.instance, self.since, self.name)

    def heard(self, other: Claim) -> bool:
        """Another collector has spoken; True when it is one that must be told of us. Raises RivalError."""
        if other.instance == self.instance:
            return False
        if self.since is not None and Claim(self.instance, self.since, self.name).older_than(other):
            return True
        raise RivalError(
            f"host id {self.host_id!r} is in use by another collector ({other.name}); this one ({self.name}) ends so "
            "that only one acknowledges readings; stop the other first, or give this one its own host_id"
        )

    def contested(self, now: int) -> bool:
        """Somebody else's STATE stands on our topic; True when that is news. Raises RivalError when it keeps coming."""
        if self._contested is not None:
            return False
        self._contested = now
        while self._contests and now - self._contests[0] > CONTEST_WINDOW:
            self._contests.popleft()
        self._contests.append(now)
        if len(self._contests) > CONTESTS:
            raise RivalError(
                f"host id {self.host_id!r} is in use by a host application that is not a collector; this one "
                f"({self.name}) ends: give this collector, or that application, its own host id"
            )
        return True

    def must_answer(self, now: int) -> bool:
        """Whether it is time to answer somebody else's STATE with a newer one of our own; told once."""
        if self._contested is None or 0 <= now - self._contested < PATIENCE:
            return False
        self._contested = None
        return True
