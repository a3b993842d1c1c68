"""The collector's own figures, as series beside the readings: what waits, what is behind, what was not stored."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from sukusuku_collector import figures
from sukusuku_collector.figures import Subject
from sukusuku_collector.operations import AlertState, MailState, Operations
from sukusuku_collector.store import Store
from sukusuku_core.clock import Clock
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Reading

LOOK_SECONDS = 60.0
"""Between two looks. They are cheap: counts over indexes."""
GRID_MS = 5 * 60_000
"""A figure that has not changed is written again after so long; what is older is not true any more."""
_MINUTE_MS = 60_000

_log = logging.getLogger(__name__)

Moment = Callable[[], int | None]
"""Gives a time in UTC ms; None: not known."""


@dataclass(frozen=True, slots=True)
class Flow:
    """How many readings were stored, and how much else was not stored as a reading, since the start."""

    stored: int
    refused: int


class Vitals:
    """The figures of the collector with this host id. `run` goes on until cancelled.

    `derived` and `archived` tell up to when everything is derived, and in InfluxDB (without it, `archived` is None).
    """

    def __init__(
        self,
        host: str,
        store: Store,
        operations: Operations,
        flow: Callable[[], Flow],
        derived: Moment,
        archived: Moment | None,
        clock: Clock,
    ) -> None:
        self._name = Subject.HOST.named(host)
        self._store = store
        self._operations = operations
        self._flow = flow
        self._moments = {figures.DERIVATION_LAG: derived}
        if archived is not None:
            self._moments[figures.ARCHIVE_LAG] = archived
        self._clock = clock
        self._last: tuple[int, Flow] | None = None
        self._written: dict[str, Reading] = {}

    async def run(self) -> None:
        """One look after another. A store or database that does not answer is told once, and asked again."""
        trouble = False
        while True:
            try:
                await asyncio.to_thread(self.look)
            except TransientError as error:
                if not trouble:
                    _log.warning("the collector's own figures cannot be kept for now: %s", error)
                trouble = True
            else:
                trouble = False
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Write what has changed, or was written long ago."""
        now = self._clock()
        points = [it for it in self._points(now) if self._is_news(it)]
        if points:
            self._store.put_derived(self._name, now - 1, now, points)
            self._written.update((point.metric, point) for point in points)

    def _is_news(self, point: Reading) -> bool:
        last = self._written.get(point.metric)
        return last is None or last.value != point.value or not 0 <= point.time - last.time < GRID_MS

    def _points(self, now: int) -> list[Reading]:
        mails, oldest = self._operations.mail_counts(), self._operations.oldest_waiting_mail()
        firing = [alert for alert in self._operations.open_alerts() if alert.state is AlertState.FIRING]
        values: dict[str, float] = {
            figures.QUARANTINE: sum(tally.count for tally in self._store.tallies()),
            figures.UNASSIGNED: sum(tally.count for tally in self._store.unassigned()),
            figures.MAIL_WAITING: mails.get(MailState.WAITING, 0),
            figures.MAIL_OLDEST_AGE: 0.0 if oldest is None else max(0.0, (now - oldest) / 1000),
            figures.MAIL_DEAD: mails.get(MailState.DEAD, 0),
            figures.ALERTS_FIRING: len(firing),
        }
        moments = {metric: moment() for metric, moment in self._moments.items()}
        values |= {metric: max(0.0, (now - it) / 1000) for metric, it in moments.items() if it is not None}
        values |= self._rates(now)
        return [Reading(self._name, metric, now, float(value)) for metric, value in values.items()]

    def _rates(self, now: int) -> dict[str, float]:
        """A minute, since the last look; nothing at the first one."""
        flow, last = self._flow(), self._last
        self._last = now, flow
        if last is None or now <= last[0]:
            return {}
        minutes = (now - last[0]) / _MINUTE_MS
        return {
            figures.READINGS: (flow.stored - last[1].stored) / minutes,
            figures.REFUSED: (flow.refused - last[1].refused) / minutes,
        }
