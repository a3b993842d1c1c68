"""Looks how old the last good backup is; says in the log and by mail when it is too old, and when there is one again.

`sukusuku backup` is a program of its own and notes each end in the operations data. So this also hears of a timer that
nobody has switched on, of a disk that is full and of a key that is away: nothing new is noted.
"""

import asyncio
import logging
from functools import partial

from sukusuku_collector.backups.mails import messages
from sukusuku_core.clock import Clock
from sukusuku_core.supervision import Gate, always, repeat
from sukusuku_core.time import HOUR_MS
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db import Operations
from sukusuku_server.db.doors import DoorRecords
from sukusuku_server.db.outbox import put_once
from sukusuku_server.model import doors
from sukusuku_server.model.doors import Exchanged
from sukusuku_server.settings import Facility
from sukusuku_server.threads import unbroken
from sukusuku_server.timeseries.protocols import Notes

LOOK_SECONDS = 60.0
AWAITED = "backup.awaited"
"""When backups were first asked for: the first one has as long as any other."""
TOLD = "backup.told"
"""Since when one is missed, once that has been told."""

_log = logging.getLogger("sukusuku_collector.backups")


class BackupWatch:
    """Looks once a minute, while the clock is believed."""

    def __init__(self, facility: Facility, notes: Notes, operations: Operations, clock: Clock) -> None:
        self._facility = facility
        self._notes = notes
        self._operations = operations
        self._clock = clock

    async def run(self, sure: Gate = always) -> None:
        """Go on until cancelled. A database that does not answer is reported once and asked again."""
        look = partial(unbroken, self.look)
        await repeat("age of the backup", look, LOOK_SECONDS, asyncio.sleep, TransitionLog(_log), sure)

    def look(self) -> None:
        """Tell what is new. Raises TransientError; then nothing is forgotten, the next look tells it."""
        settings, now = self._facility.backup, self._clock()
        told = self._notes.noted(TOLD) or 0
        if settings is None:
            self._set(AWAITED, 0)
            self._set(TOLD, 0)
            return
        exchanged = DoorRecords(self._operations).all().get((doors.BACKUP, doors.FOLDER), Exchanged())
        awaited = self._notes.noted(AWAITED) or 0
        if not awaited:
            awaited = now
            self._set(AWAITED, now)
        missed = max(exchanged.taken or 0, awaited) + round(settings.late_hours * HOUR_MS)
        if now > missed and not told:
            _log.error(
                "there is no new backup: %s", exchanged.reason or "`sukusuku backup` was not run, or did not end"
            )
            self._mail(exchanged, missed, now, late=True)
            self._set(TOLD, missed)
        elif now <= missed and told:
            _log.info("there is a new backup again")
            self._mail(exchanged, told, now, late=False)
            self._set(TOLD, 0)

    def _set(self, key: str, value: int) -> None:
        if (self._notes.noted(key) or 0) != value:
            self._notes.note(key, value)

    def _mail(self, found: Exchanged, since: int, now: int, *, late: bool) -> None:
        for message in messages(self._facility, found, since, now, late=late):
            put_once(self._operations, message, now)
