"""What others say in the collector's name: counted for health, and told in the log."""

import logging

from sukusuku_collector.host.claim import CLAIM_EVERY, Claim, Heard, HostClaim
from sukusuku_server.model import foreign
from sukusuku_server.timeseries.protocols import Notes

TOLD = 100
"""Other collectors that are named in the log; whoever forges their words can invent any number."""

_log = logging.getLogger("sukusuku_collector.host.session")


class Foreign:
    """Those others. `tenure` counts them; the counts are of one run."""

    def __init__(self, store: Notes, tenure: HostClaim) -> None:
        self._store = store
        self._tenure = tenure
        self._told: set[tuple[str, Heard]] = set()
        self._asked: int | None = None
        self._noted = (-1, -1)
        self._noted_at = 0

    def claimed(self, other: Claim, heard: Heard, host_id: str) -> None:
        """Log that another collector has spoken, once for each."""
        if (other.instance, heard) in self._told or len(self._told) >= TOLD:
            return
        self._told.add((other.instance, heard))
        _log.error(
            "another collector (%s) uses our host id %s; this one (%s) %s continues",
            other.name,
            host_id,
            self._tenure.name,
            "came first and" if heard is Heard.YOUNGER else "asks it to prove that it came first, and",
        )

    def may_ask(self, now: int) -> bool:
        """Whether to ask for a proof now; it counts as done."""
        if self._asked is not None and 0 <= now - self._asked < CLAIM_EVERY // 2:
            return False
        self._asked = now
        return True

    def note(self, now: int) -> None:
        """Note the counts for health, every few seconds. Raises TransientError."""
        counts = (self._tenure.unproved, self._tenure.contests)
        if counts == self._noted or 0 <= now - self._noted_at < CLAIM_EVERY:
            return
        self._noted, self._noted_at = counts, now
        self._store.note(foreign.CLAIMS, counts[0])
        self._store.note(foreign.STATES, counts[1])
