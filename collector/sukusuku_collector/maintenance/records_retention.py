"""Forgets what the operations data need not keep: mails, old audit entries, sessions that are over."""

import asyncio
import logging

from sukusuku_core.clock import Clock
from sukusuku_core.errors import TransientError
from sukusuku_core.supervision import Gate, always
from sukusuku_core.time import DAY_MS
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db import Operations
from sukusuku_server.db.audit_log import AuditLog
from sukusuku_server.db.mail_queue import MailQueue
from sukusuku_server.db.sessions import Limits, Sessions
from sukusuku_server.settings.operations import OperationsSettings
from sukusuku_server.threads import unbroken

ROUND_SECONDS = 3600.0

_log = logging.getLogger("sukusuku_collector.maintenance.records")


class RecordsRetention:
    """Looks once an hour, while the clock is believed."""

    def __init__(self, settings: OperationsSettings, operations: Operations, clock: Clock) -> None:
        self._settings = settings
        self._operations = operations
        self._clock = clock

    async def run(self, sure: Gate = always) -> None:
        """Go on until cancelled. A database that does not answer is reported once and asked again."""
        problems = TransitionLog(_log)
        while True:
            try:
                if sure():
                    await unbroken(self.step)
                problems.recovered("records", "works again")
            except TransientError as error:
                problems.problem("records", "failed, trying again", error)
            await asyncio.sleep(ROUND_SECONDS)

    def step(self) -> None:
        """Forget what is too old now. Raises TransientError."""
        now = self._clock()
        MailQueue(self._operations).forget(now - self._settings.keep_mail_days * DAY_MS)
        AuditLog(self._operations).prune(now - self._settings.keep_audit_days * DAY_MS)
        Sessions(self._operations, Limits()).prune(now)
