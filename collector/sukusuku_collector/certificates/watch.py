"""Looks when certificates end; says in the log and by mail what ends soon, and that it does not any more."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from sukusuku_collector.certificates import shown
from sukusuku_collector.certificates.mails import messages
from sukusuku_core.broker_settings import MqttSettings
from sukusuku_core.clock import Clock
from sukusuku_core.errors import TransientError
from sukusuku_core.supervision import Gate, always, repeat
from sukusuku_core.time import HOUR_MS
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db import Operations
from sukusuku_server.db.node_certificates import NodeCertificates
from sukusuku_server.db.outbox import put_once
from sukusuku_server.live.certificates import NOTED, Ending, Owner, endings
from sukusuku_server.settings import Facility
from sukusuku_server.threads import unbroken
from sukusuku_server.timeseries.protocols import Notes

LOOK_SECONDS = 60.0
ASK_MS = HOUR_MS
"""How often the broker is asked for its certificate."""

_log = logging.getLogger("sukusuku_collector.certificates")


class CertificateWatch:
    """Looks once a minute, while the clock is believed. `ask` gives the ends of what the broker shows."""

    def __init__(
        self,
        facility: Facility,
        notes: Notes,
        operations: Operations,
        clock: Clock,
        ask: Callable[[MqttSettings], tuple[int, int]] = shown.ends,
    ) -> None:
        self._facility = facility
        self._notes = notes
        self._operations = operations
        self._clock = clock
        self._ask = ask
        self._asked: int | None = None
        self._problems = TransitionLog(_log)

    async def run(self, sure: Gate = always) -> None:
        """Go on until cancelled. A database that does not answer is reported once and asked again."""
        look = partial(unbroken, self.look)
        await repeat("ends of certificates", look, LOOK_SECONDS, asyncio.sleep, self._problems, sure)

    def look(self) -> None:
        """Tell what is new. Raises TransientError; then nothing is forgotten, the next look tells it."""
        now = self._clock()
        self._ask_broker(now)
        records = NodeCertificates(self._operations)
        found = list(endings(self._facility, records.newest(), records.authorities(), self._notes.noted))
        begun = [it for it in found if it.late(now) and not self._told(it)]
        over = [it for it in found if not it.late(now) and self._told(it)]
        for ending in begun:
            _log.error("%s %s", ending.said(now, str), ending.cure(str))
        for ending in over:
            _log.info("%s", ending.said(now, str))
        for which, late in ((begun, True), (over, False)):
            if which:
                for message in messages(self._facility, which, now, late=late):
                    put_once(self._operations, message, now)
                for ending in which:
                    self._notes.note(_key(ending), int(late))

    def _told(self, ending: Ending) -> bool:
        return bool(self._notes.noted(_key(ending)))

    def _ask_broker(self, now: int) -> None:
        """Note what the broker shows, once an hour; while it does not answer, what it has shown last stays noted."""
        if self._facility.broker.ca_file is None or (self._asked is not None and 0 <= now - self._asked < ASK_MS):
            return
        try:
            broker, authority = self._ask(self._facility.broker.session("certificate"))
        except TransientError as error:
            self._problems.problem("broker", str(error))
            return
        self._problems.recovered("broker", "its certificate can be looked at again")
        self._asked = now
        for owner, ends in ((Owner.BROKER, broker), (Owner.BROKER_AUTHORITY, authority)):
            if (self._notes.noted(NOTED[owner]) or 0) != ends:
                self._notes.note(NOTED[owner], ends)


def _key(ending: Ending) -> str:
    return f"certificate.told/{ending.id}"
