"""Edge nodes whose messages arrive and cannot be read: since when, and why. Pure.

What they measure is lost then, or waits at their side, so what was stored last must not look like the present. One
message may be an accident, and a rebirth mends most; whatever lasts longer than `PATIENCE` is told.
"""

from dataclasses import dataclass
from typing import Final

from sukusuku_core.host_session import NodeKey
from sukusuku_server.model.unreadable import CURES

PATIENCE = 10_000
"""ms for which nothing could be read before that is told: longer than a rebirth takes that is asked for at once."""
WHOLE: Final = "#"
"""Stands for a node with all its devices; no device can have this name."""
MOST = 1_000
"""Devices that are remembered; a hostile peer may invent more."""

Scope = str | None
"""A device; None: the node's own metrics; or `WHOLE`."""


@dataclass(slots=True)
class Trouble:
    """Something of a node cannot be read. `since` in UTC ms."""

    node: NodeKey
    scope: Scope
    reason: str
    since: int
    told: bool = False


class UnreadableNodes:
    """What cannot be read now."""

    def __init__(self) -> None:
        self._troubles: dict[tuple[NodeKey, Scope], Trouble] = {}

    def dropped(self, node: NodeKey, scope: Scope, reason: str, now: int) -> None:
        """Note that a message or a metric could not be read."""
        known = self._troubles.get((node, scope))
        if known is not None:
            known.since = min(known.since, now)  # the clock may step back
        elif len(self._troubles) < MOST:
            kind = reason if reason in CURES else "message"
            self._troubles[node, scope] = Trouble(node, scope, kind, now)

    def born(self, node: NodeKey, scope: Scope) -> list[Trouble]:
        """Note a birth that is believed. Return what is over and had been told."""
        found = [self._troubles.pop((node, scope), None)]
        if scope is None:
            found.append(self._troubles.pop((node, WHOLE), None))
        return [trouble for trouble in found if trouble is not None and trouble.told]

    def read(self, node: NodeKey, scope: Scope) -> list[Trouble]:
        """Note a message that was read whole; a birth that is missing or wrong still is."""
        known = self._troubles.get((node, scope))
        return self.born(node, scope) if known is not None and known.reason == "message" else []

    def dead(self, node: NodeKey) -> list[Trouble]:
        """Note that a node is dead: nothing is expected of it."""
        mine = [scope for known, scope in self._troubles if known == node]
        found = [self._troubles.pop((node, scope)) for scope in mine]
        return [trouble for trouble in found if trouble.told]

    def overdue(self, now: int) -> list[Trouble]:
        """Return what has lasted too long; each is told once."""
        found = [item for item in self._troubles.values() if not item.told and now - item.since >= PATIENCE]
        for trouble in found:
            trouble.told = True
        return found

    def since(self, node: str, reason: str) -> int | None:
        """Return since when something of a node cannot be read for this reason, of what has been told."""
        times = [
            item.since
            for item in self._troubles.values()
            if item.told and (item.node.node, item.reason) == (node, reason)
        ]
        return min(times, default=None)
