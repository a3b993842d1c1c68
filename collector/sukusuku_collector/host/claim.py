"""One host id, one collector: which of two goes on. Pure.

A collector that is online says who it is on `sukusuku/<operator>/host/<host id>` every few seconds. One that comes
anew says nothing, and listens first when the broker holds an online STATE that is not its own: that may be a leftover
of a crash, or a living collector. Whoever hears of an older one ends. The order never changes while both live (online
since, then the instance), so exactly one goes on. Where both hold a lease, the newer lease decides instead: a collector
that hung while another one took over ends as soon as it hears of that one.

An online STATE on our topic without such words comes from a host application that is not ours, or from an old retained
message. It is answered with a newer STATE of our own; one that keeps coming back ends us.

Whoever may publish could end us so. As soon as an edge node has a key, and thus deletes nothing on the word of a
collector that has not the same, nobody ends us without a proof: an older collector must answer our challenge, with the
secret of the operations data that both have opened (a copy, as after a restore, has it too). Everything else is counted
and told, and we go on.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated

import msgspec

from sukusuku_collector.lease import SupersededError
from sukusuku_core import proof
from sukusuku_core.errors import DecodeError, PermanentError
from sukusuku_core.proof import ProofKey
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
YOUNGEST = 1 << 62
"""As `since` of one that is not online: every collector that is answers it."""


class RivalError(PermanentError):
    """Another collector or host application uses our host id; this one must not go on."""


class Claim(msgspec.Struct, frozen=True):
    """Who uses the host id. `since` (UTC ms of its clock) is when it came online; `name` is for people.

    `epoch` is that of its lease; 0: it has none.
    `challenge` is what an answer to it must prove, `answers` the challenge that this one answers.
    """

    instance: str
    since: int
    name: Annotated[str, msgspec.Meta(max_length=200)]
    challenge: Annotated[str, msgspec.Meta(max_length=64)] = ""
    answers: Annotated[str, msgspec.Meta(max_length=64)] = ""
    proof: Annotated[str, msgspec.Meta(max_length=64)] = ""
    epoch: Annotated[int, msgspec.Meta(ge=0)] = 0

    def older_than(self, other: "Claim") -> bool:
        """Whether the other one must end."""
        if self.epoch and other.epoch and self.epoch != other.epoch:
            return self.epoch > other.epoch
        return (self.since, self.instance) < (other.since, other.instance)

    def proved(self, secret: ProofKey, host_id: str) -> str:
        """Return the proof that these words need."""
        lease = (str(self.epoch),) if self.epoch else ()
        return secret.claim(host_id, self.instance, str(self.since), self.name, self.challenge, self.answers, *lease)

    def encode(self) -> bytes:
        """Return the JSON body."""
        return msgspec.json.encode(self)


class Heard(Enum):
    """What the words of a collector mean for us."""

    OURSELVES = "nothing"
    YOUNGER = "it does not know of us yet"
    UNPROVED = "it says that it came first, and must prove it"


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
    """The use of a host id by one process. Times are UTC ms; `name` says who and where we are.

    `challenge` is random. `secret` gives that of the operations data once an edge node has a key; None: nobody needs to
    prove anything. `epoch` is that of our lease, 0 without one.
    """

    host_id: str
    instance: str
    name: str
    challenge: str = ""
    secret: Callable[[], ProofKey | None] = lambda: None
    epoch: int = 0
    unproved: int = 0
    """Claims of others that came first and have not proved it."""
    contests: int = 0
    """STATE messages of others on our topic."""
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

    def claim(self, now: int, *, at_once: bool = False, to: Claim | None = None) -> Claim | None:
        """Return what to say now, maybe as an answer to another one; None while it is not yet time, or not online."""
        if self.since is None or (not at_once and 0 <= now - self._claimed < CLAIM_EVERY):
            return None
        self._claimed = now
        return self._said(self.since, "" if to is None else to.challenge)

    def question(self) -> Claim:
        """Return what an older collector will answer with its proof."""
        return self._said(YOUNGEST if self.since is None else self.since, "")

    def _said(self, since: int, answers: str) -> Claim:
        secret = self.secret()
        said = Claim(self.instance, since, self.name, self.challenge, answers, epoch=self.epoch)
        return said if secret is None else msgspec.structs.replace(said, proof=said.proved(secret, self.host_id))

    def heard(self, other: Claim) -> Heard:
        """Another collector has spoken. Raises RivalError or SupersededError when it goes on and we do not."""
        if other.instance == self.instance:
            return Heard.OURSELVES
        online = self.since is not None or self.epoch > other.epoch > 0
        if online and Claim(self.instance, self.since or YOUNGEST, self.name, epoch=self.epoch).older_than(other):
            return Heard.YOUNGER
        secret = self.secret()
        if other.since == YOUNGEST:
            return Heard.OURSELVES  # neither is online yet
        if secret is not None and not self._holds(other, secret):
            self.unproved += 1
            return Heard.UNPROVED
        if other.epoch > self.epoch > 0:
            raise SupersededError(other.name)
        raise RivalError(
            f"host id {self.host_id!r} is in use by another collector ({other.name}); this one ({self.name}) ends so "
            "that only one acknowledges readings; stop the other first, or give this one its own host_id"
        )

    def _holds(self, other: Claim, secret: ProofKey) -> bool:
        return other.answers == self.challenge and proof.same(other.proof, other.proved(secret, self.host_id))

    def follows(self, now: int) -> bool:
        """Whether another one's STATE is followed by a newer one of ours. With a secret not too often."""
        return not self._too_often(now) or self.secret() is None

    def _too_often(self, now: int) -> bool:
        self.contests += 1
        while self._contests and now - self._contests[0] > CONTEST_WINDOW:
            self._contests.popleft()
        if len(self._contests) > CONTESTS:
            return True
        self._contests.append(now)
        return len(self._contests) > CONTESTS

    def contested(self, now: int) -> bool:
        """Somebody else's STATE stands on our topic; True when that is news. Raises RivalError when it keeps coming."""
        if self._contested is not None:
            return False
        too_often = self._too_often(now)
        if too_often and self.secret() is not None:
            return False  # only repeat ours: edge nodes with a key doubt what others say
        self._contested = now
        if too_often:
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
