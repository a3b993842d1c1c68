"""Takes back what followed from a wrong clock, once the right time is known."""

import logging
from typing import Protocol

from sukusuku_server.db import Operations
from sukusuku_server.db.clock_correction import take_back
from sukusuku_server.settings.shard import Shard
from sukusuku_server.timeseries import protocols

_log = logging.getLogger("sukusuku_collector.clock")


class Deriver(Protocol):
    """What derives; `derivation.runner.DerivationRunner` in the collector."""

    def restart(self) -> None:
        """Begin the next pass at the checkpoints."""


class Alerting(Protocol):
    """What raises alerts; `alerts.engine.AlertEngine` in the collector."""

    def forget(self) -> None:
        """Read everything from the database at the next evaluation."""


class ClockCorrection:
    """Puts right readings, derived series and operations data of one shard.

    Readings that were moved return to their own time. What was derived is derived anew. Alerts whose cause was the
    clock end in the ordinary way, so whoever was told of them gets a mail. Raises TransientError; do it again then.
    """

    def __init__(
        self,
        shard: Shard,
        store: protocols.ClockCorrection,
        operations: Operations,
        deriver: Deriver,
        alerts: Alerting,
    ) -> None:
        self._shard = shard
        self._store = store
        self._operations = operations
        self._deriver = deriver
        self._alerts = alerts

    def __call__(self, since: int, until: int, now: int) -> None:
        """Correct what was done while the clock was believed, from `since` until `until` by its own time (UTC ms)."""
        shard, returned = self._shard, self._store.correct_clock(since, until, now)
        if returned:
            _log.warning("%d readings that a wrong clock had moved are back at their own time", returned)
        rounds = take_back(self._operations, shard.own_assets, now, shard.minds, leads=shard.leads)
        if rounds:
            _log.warning("%d rounds that a wrong clock had planned are forgotten; each is planned at its time", rounds)
        self._deriver.restart()
        self._alerts.forget()
