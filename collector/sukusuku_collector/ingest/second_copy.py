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


class SecondCopy:
    """Holds them back. `before`: every reading that was measured before this time (UTC ms) is in the second copy."""

    def __init__(self, before: Callable[[], int], notes: Notes) -> None:
        self._before = before
        self._notes = notes
        self._newest: dict[NodeKey, int] = {}
        self._held: dict[NodeKey, deque[_Held]] = {}
        self._told = bool(notes.noted(second_copy.WAITING))

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
        held.append(_Held(ack, self._newest.get(ack.node, 0), now))

    def confirmed(self, now: int) -> Iterator[Ack]:
        """Yield, for each node, the last acknowledgement that may go now, and tell when one waits too long."""
        if not any(self._held.values()):
            self._tell(None)
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
        oldest = min((held[0].since for held in self._held.values() if held), default=now)
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
