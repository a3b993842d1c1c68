"""Acknowledgements that wait until a second copy has what they are about (`[store] acknowledge = "replicated"`).

An acknowledgement lets an edge node delete readings. With this one that happens only when they are in the store *and*
in InfluxDB: the loss of either loses none. While InfluxDB is away nothing is acknowledged, which is told; edge nodes
keep their readings and send them again now and then.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sukusuku_core.errors import TransientError
from sukusuku_core.host_session import Ack, NodeKey
from sukusuku_server.model import second_copy
from sukusuku_server.timeseries.protocols import Notes

_log = logging.getLogger("sukusuku_collector.ingest.second_copy")


@dataclass(frozen=True, slots=True)
class _Held:
    """An acknowledgement, the newest time (UTC ms) that must be in the second copy, and since when it waits."""

    ack: Ack
    newest: int
    since: int


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Since when a node waits for an acknowledgement (UTC ms), and the newest time of what it was about then."""

    since: int
    newest: int


class SecondCopy:
    """Holds them back. `before`: every reading that was measured before this time (UTC ms) is in the second copy."""

    def __init__(self, before: Callable[[], int], notes: Notes) -> None:
        self._before = before
        self._notes = notes
        self._newest: dict[NodeKey, int] = {}
        self._held: dict[NodeKey, deque[_Held]] = {}
        self._waiting: dict[NodeKey | None, _Waiting] = {}
        """Nodes that wait, whatever became of their session: one that gets no acknowledgement soon begins another one.
        None: whoever waited when the collector ended."""
        self._told = bool(notes.noted(second_copy.WAITING))
        self._before_start = notes.noted(second_copy.WAITING) or None

    def begin_session(self) -> None:
        """Forget what is held: nothing that came before may be acknowledged."""
        self._newest, self._held = {}, {}

    def measured(self, node: NodeKey, times: Iterable[int]) -> None:
        """Note when readings of a node were measured that go into the next commit."""
        self._newest[node] = max([self._newest.get(node, 0), *times])

    def hold(self, ack: Ack, now: int) -> None:
        """Hold back what a commit allows to acknowledge. What is of an earlier birth of the node is of no use now."""
        held = self._held.setdefault(ack.node, deque())
        if held and held[-1].ack.birth != ack.birth:
            held.clear()
        newest = self._newest.get(ack.node, 0)
        held.append(_Held(ack, newest, now))
        self._waiting.setdefault(ack.node, _Waiting(now, newest))

    def confirmed(self, now: int) -> Iterator[Ack]:
        """Yield, for each node, the last acknowledgement that may go now, and tell when one waits too long."""
        if self._before_start is not None:
            self._waiting[None], self._before_start = _Waiting(self._before_start, now), None
        if not self._waiting:
            return
        try:
            before = self._before()
        except TransientError:
            before = 0
        for held in self._held.values():
            last = None
            while held and held[0].newest < before:
                last = held.popleft().ack
            if last is not None:
                yield last
        for node, waiting in list(self._waiting.items()):
            if waiting.newest < before:
                del self._waiting[node]
                if node is not None and (held := self._held.get(node, deque())):
                    self._waiting[node] = _Waiting(held[0].since, held[0].newest)
        oldest = min((it.since for it in self._waiting.values()), default=now)
        self._tell(oldest if now - oldest > second_copy.LATE_MS else None)

    def _tell(self, since: int | None) -> None:
        if (since is not None) is self._told:
            return
        try:
            self._notes.note(second_copy.WAITING, since or 0)
        except TransientError:
            return  # the next time
        self._told = since is not None
        if self._told:
            _log.error("%s", second_copy.CURE)
        else:
            _log.info("the second copy has everything again, and readings are acknowledged")


def awaited(before: Callable[[], int] | None, notes: Notes) -> SecondCopy | None:
    """Return what holds acknowledgements back; None where nobody waits for a second copy, or does so any more."""
    if before is not None:
        return SecondCopy(before, notes)
    if notes.noted(second_copy.WAITING):
        notes.note(second_copy.WAITING, 0)
    return None
