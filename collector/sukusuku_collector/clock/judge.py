"""Judges the server's clock by its witnesses. Pure: times come in as arguments.

A witness does not say what time it is, but when the computer was booted: its wall clock minus the time since boot. That
stays the same while clocks run as they should, so what a witness said once holds for a long time, and a step of any
clock shows at once. Witnesses are

* the edge nodes whose clock is set: each message says when it was sent;
* the memory: the last instant at which the clock was believed, kept across restarts of the collector;
* after a reboot, when no memory of this boot exists: what is stored already, which cannot be later than now;
* NTP, as far as the kernel knows: it decides only where nobody else does.

The clock is believed while at least as many edge nodes (and memory) agree with it as agree on another time.
"""

from dataclasses import dataclass

from sukusuku_collector.ingest.validation import AHEAD
from sukusuku_core.time import DAY_MS, EARLIEST_CLOCK, HOUR_MS, MINUTE_MS, SECOND_MS
from sukusuku_server.live.clock import Cause, ClockDoubt

LIMIT_MS = AHEAD
"""Clocks that differ by no more agree: what a reading may be ahead is stored as it is."""
SETTLED_MS = 15 * SECOND_MS
"""A message may be late, which looks like a clock of ours that is ahead. So long all of them must say so."""
STARTING_MS = 15 * SECOND_MS
"""So long a clock waits for a witness after a reboot."""
AWAY_MS = DAY_MS
"""After a longer time without anything stored the clock needs a witness."""
NTP_MS = 10 * MINUTE_MS
"""After so long in doubt NTP alone ends a doubt that only the memory gives cause for."""
VALID_MS = 12 * HOUR_MS
"""So long after the last message an edge node counts as a witness: quartz drifts by seconds in that time."""
REMEMBER_MS = MINUTE_MS
"""How often the time is remembered on disk: a belief may have lasted for so long after its memory."""
RENEWED_MS = 2 * MINUTE_MS
"""The earliest arrival within so long counts; the others came late."""


@dataclass(frozen=True, slots=True)
class Instant:
    """One look at a computer's clocks: wall clock (UTC ms), time since boot (ms), and which boot that is."""

    wall: int
    uptime: int
    boot: int

    @property
    def booted(self) -> int:
        """When the computer was booted, by its wall clock (UTC ms)."""
        return self.wall - self.uptime


@dataclass(frozen=True, slots=True)
class Memory:
    """The last instant at which the clock was believed.

    `confirmed`: an edge node has agreed. `since` is when a belief that nobody has confirmed began (UTC ms).
    """

    instant: Instant
    confirmed: bool
    since: int


@dataclass(slots=True)
class _Vote:
    """What an edge node says: when we were booted; `begun` and `heard` are times since boot."""

    booted: int
    begun: int
    heard: int
    contrary_since: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What holds at an instant. `now` is the best estimate of the time (UTC ms); `confirmed`: an edge node agrees."""

    now: int
    doubt: ClockDoubt | None
    confirmed: bool


class ClockJudge:
    """Collects what the witnesses say. `newest` is the latest time (UTC ms) that was stored before the start."""

    def __init__(self, begun: Instant, memory: Memory | None, newest: int | None) -> None:
        self._begun = begun
        self._memory = memory
        self._newest = newest
        self._votes: dict[str, _Vote] = {}
        self._since: int | None = None  # uptime at which the doubt began

    def heard(self, node: str, sent: int, at: Instant) -> bool:
        """Take a message of an edge node whose clock is set; tell whether that is news for the verdict."""
        booted = sent - at.uptime
        vote = self._votes.get(node)
        if vote is None or at.uptime - vote.heard > VALID_MS:
            self._votes[node] = _Vote(booted, at.uptime, at.uptime)
            return True
        vote.heard = at.uptime
        if booted >= vote.booted or at.uptime - vote.begun > RENEWED_MS:
            news = abs(booted - vote.booted) > SECOND_MS
            vote.booted, vote.begun = booted, at.uptime
            return news or vote.contrary_since is not None
        return vote.contrary_since is not None

    def unset(self, node: str) -> bool:
        """Take it that an edge node's clock is not set (any more): it is no witness. Tell whether it was one."""
        return self._votes.pop(node, None) is not None

    def remember(self, verdict: Verdict, at: Instant) -> Memory:
        """Keep an instant at which the clock is believed."""
        known = self._memory
        same = known is not None and known.instant.boot == at.boot and _agree(known.instant.booted, at.booted)
        confirmed = verdict.confirmed or (same and known is not None and known.confirmed)
        since = known.since if same and known is not None else self._begun.wall
        self._memory = Memory(at, confirmed, at.wall if confirmed else since)
        return self._memory

    def verdict(self, at: Instant, *, ntp: bool) -> Verdict:
        """Return what holds at an instant. `ntp`: the kernel says that its clock is kept by NTP."""
        agreeing, contrary = self._sides(at)
        memory = self._memory if self._memory is not None and self._memory.instant.boot == at.boot else None
        if memory is not None and (memory.confirmed or not (agreeing or contrary)):
            (agreeing if _agree(memory.instant.booted, at.booted) else contrary)[""] = memory.instant.booted
        cluster = _largest(contrary)
        if agreeing and len(agreeing) >= len(cluster):
            return self._believed(at, confirmed=any(agreeing))
        nodes = {node: booted for node, booted in cluster.items() if node}
        if not cluster:
            cause = self._alone(at, ntp=ntp)
            return self._believed(at, confirmed=False) if cause is None else self._doubted(at, cause, None, {})
        if ntp and (not agreeing and len(cluster) == 1) and (nodes or self._lasted(at) >= NTP_MS):
            return self._believed(at, confirmed=False)
        booted = sorted((nodes or cluster).values())[len(nodes or cluster) // 2]
        return self._doubted(at, Cause.OUTVOTED if nodes else Cause.STEPPED, booted, nodes)

    # ------------------------------------------------------------ inside

    def _sides(self, at: Instant) -> tuple[dict[str, int], dict[str, int]]:
        """Return which edge nodes agree with the clock, and which contradict it: ids, and when they say it booted."""
        agreeing: dict[str, int] = {}
        contrary: dict[str, int] = {}
        for node, vote in self._votes.items():
            if at.uptime - vote.heard > VALID_MS:
                continue
            if _agree(vote.booted, at.booted):
                vote.contrary_since = None
                agreeing[node] = vote.booted
                continue
            vote.contrary_since = at.uptime if vote.contrary_since is None else vote.contrary_since
            from_the_future = vote.booted > at.booted  # no message comes before it was sent
            if from_the_future or vote.heard - vote.contrary_since >= SETTLED_MS or not self._has_memory(at):
                contrary[node] = vote.booted
        return agreeing, contrary

    def _has_memory(self, at: Instant) -> bool:
        """Whether the clock was known before: a message that is late then proves nothing."""
        memory = self._memory
        return memory is not None and memory.instant.boot == at.boot and _agree(memory.instant.booted, at.booted)

    def _alone(self, at: Instant, *, ntp: bool) -> Cause | None:
        """Return why the clock cannot be believed although nobody contradicts it now; None: it can."""
        if at.wall < EARLIEST_CLOCK:
            return Cause.NOT_SET
        known = [] if self._memory is None else [self._memory.instant.wall]
        known += [] if self._newest is None else [self._newest]
        if not known:
            return None
        if at.wall < max(known) - LIMIT_MS:
            return Cause.BEHIND
        if at.wall > max(known) + at.uptime - self._begun.uptime + AWAY_MS and not ntp:
            return Cause.LONG_AWAY
        return Cause.STARTING if self._memory is not None and at.uptime - self._begun.uptime < STARTING_MS else None

    def _lasted(self, at: Instant) -> int:
        return 0 if self._since is None else at.uptime - self._since

    def _believed(self, at: Instant, *, confirmed: bool) -> Verdict:
        self._since = None
        return Verdict(at.wall, None, confirmed)

    def _doubted(self, at: Instant, cause: Cause, booted: int | None, nodes: dict[str, int]) -> Verdict:
        self._since = at.uptime if self._since is None else self._since
        now = at.wall if booted is None else at.uptime + booted
        against = tuple((node, said - at.booted) for node, said in sorted(nodes.items()))
        offset = None if booted is None else at.wall - now
        return Verdict(now, ClockDoubt(cause, now - self._lasted(at), offset, against), confirmed=False)


def corrected(before: Memory, now: Instant) -> tuple[int, int] | None:
    """Return from when until when (UTC ms) the clock was believed although it was wrong; None: never, as is known.

    `before` is the memory of the last belief, `now` an instant at which an edge node confirms the clock. What an edge
    node has confirmed is not taken back.
    """
    instant = before.instant
    if before.confirmed:
        return None
    same = instant.boot == now.boot
    wrong = not _agree(instant.booted, now.booted) if same else instant.wall > now.wall + LIMIT_MS
    return (before.since, instant.wall + REMEMBER_MS) if wrong else None


def _agree(one: int, other: int) -> bool:
    return abs(one - other) <= LIMIT_MS


def _largest(said: dict[str, int]) -> dict[str, int]:
    """Return the largest group that agrees on one time; of several, one without the memory last."""
    groups = [
        {node: booted for node, booted in said.items() if 0 <= booted - first <= LIMIT_MS} for first in said.values()
    ]
    return max(groups, key=lambda group: (len(group), "" not in group), default={})
