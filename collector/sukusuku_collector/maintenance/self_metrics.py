"""The collector's own figures, as series beside the readings: what waits, what is behind, what was not stored."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from sukusuku_core.clock import Clock
from sukusuku_core.model import Reading
from sukusuku_core.supervision import Gate, always, repeat
from sukusuku_core.time import DAY_MS, MINUTE_MS
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db import AlertState, MailState, Operations
from sukusuku_server.db.mail_queue import MailQueue
from sukusuku_server.kpi import series
from sukusuku_server.model.series import SeriesOwner
from sukusuku_server.threads import unbroken
from sukusuku_server.timeseries.protocols import DerivedSeries, RejectedMessages

LOOK_SECONDS = 60.0
"""Between two looks. They are cheap: counts over indexes."""
GRID_MS = 5 * MINUTE_MS
"""So often everything is written; in between, only counts that have changed: a year must not fill a disk."""
REFUSED_MS = DAY_MS
"""What was refused is told for a day: a board that stays red for ever is not looked at."""

_log = logging.getLogger(__name__)

Moment = Callable[[], int | None]
"""Gives a time in UTC ms; None: not known."""


class VitalsStore(DerivedSeries, RejectedMessages, Protocol):
    """Where the figures are kept, and what was not stored."""


@dataclass(frozen=True, slots=True)
class Flow:
    """How many readings were stored, and how much else was not stored as a reading, since the start."""

    stored: int
    refused: int


class SelfMetrics:
    """The figures of the collector with this host id. `run` goes on until cancelled.

    `derived` and `archived` tell up to when everything is derived, and in InfluxDB (without it, `archived` is None).
    """

    def __init__(
        self,
        host: str,
        store: VitalsStore,
        operations: Operations,
        flow: Callable[[], Flow],
        derived: Moment,
        archived: Moment | None,
        clock: Clock,
    ) -> None:
        self._name = SeriesOwner.HOST.named(host)
        self._store = store
        self._operations = operations
        self._mails = MailQueue(operations)
        self._flow = flow
        self._moments = {series.DERIVATION_LAG: derived}
        if archived is not None:
            self._moments[series.ARCHIVE_LAG] = archived
        self._clock = clock
        self._whole: tuple[int, Flow] | None = None
        """When everything was written last, and how much had come by then."""
        self._told: dict[str, float | None] = {}
        """What was written; with its value where a change is news."""

    async def run(self, sure: Gate = always) -> None:
        """One look after another while the clock is `sure`.

        A store or database that does not answer is reported once and asked again.
        """
        look = partial(unbroken, self.look)
        await repeat("own metrics", look, LOOK_SECONDS, asyncio.sleep, TransitionLog(_log), sure)

    def look(self) -> None:
        """Write everything when it is time, otherwise what has changed."""
        now, flow = self._clock(), self._flow()
        counts = self._counted(now)
        values = counts | self._ages(now) | self._rates(now, flow)
        whole = self._whole is None or not 0 <= now - self._whole[0] < GRID_MS
        if not whole:
            values = {metric: value for metric, value in values.items() if self._is_news(metric, value)}
        if values:
            points = [Reading(self._name, metric, now, float(value)) for metric, value in values.items()]
            self._store.put_derived(self._name, now - 1, now, points)
        self._told |= dict.fromkeys(values) | counts
        if whole:
            self._whole = now, flow

    def _is_news(self, metric: str, value: float) -> bool:
        """Return what was not known before, and counts that have changed."""
        return metric not in self._told or self._told[metric] not in {None, value}

    def _counted(self, now: int) -> dict[str, float]:
        firing = [alert for alert in self._operations.open_alerts() if alert.state is AlertState.FIRING]
        return {
            series.QUARANTINE: sum(tally.count for tally in self._store.tallies(now - REFUSED_MS)),
            series.UNASSIGNED: sum(tally.count for tally in self._store.unassigned()),
            series.MAIL_WAITING: self._mails.counts().get(MailState.WAITING, 0),
            series.MAIL_DEAD: self._mails.refused(now - REFUSED_MS),
            series.ALERTS_FIRING: len(firing),
        }

    def _ages(self, now: int) -> dict[str, float]:
        """Seconds. Nothing waiting is no age; what is not known is left out."""
        oldest = self._mails.oldest_waiting()
        moments = {metric: moment() for metric, moment in self._moments.items()}
        moments[series.MAIL_OLDEST_AGE] = now if oldest is None else oldest
        return {metric: max(0.0, (now - it) / 1000) for metric, it in moments.items() if it is not None}

    def _rates(self, now: int, flow: Flow) -> dict[str, float]:
        """Return a minute, since everything was written last; nothing at the first time."""
        if self._whole is None or now <= self._whole[0]:
            return {}
        minutes, before = (now - self._whole[0]) / MINUTE_MS, self._whole[1]
        return {
            series.READINGS: (flow.stored - before.stored) / minutes,
            series.REFUSED: (flow.refused - before.refused) / minutes,
        }
