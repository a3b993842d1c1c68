"""Says in the log, in the store (for health and pages) and by mail when the settings are wrong, and right again.

While they are wrong the collector goes on with those of before. A mail waits for a while: whoever edits a file by hand
may save it in between.
"""

import logging
from collections.abc import Sequence

from sukusuku_collector.document.mails import messages
from sukusuku_core.clock import Clock
from sukusuku_core.errors import Mistake, TransientError
from sukusuku_core.time import MINUTE_MS
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db import Operations
from sukusuku_server.db.outbox import put_once
from sukusuku_server.facility_document.restart import NEEDS_RESTART
from sukusuku_server.facility_document.state import TOLD, WRONG_SINCE, waits_key
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries.protocols import Notes

PATIENCE_MS = 2 * MINUTE_MS
"""So long the settings must be wrong until a mail says so."""

_log = logging.getLogger("sukusuku_collector.document")


class DocumentTeller:
    """Knows how the document is. For one thread. What the databases do not take is made up for by the next look.

    Without `operations` it writes no mails: another process does.
    """

    def __init__(self, notes: Notes, operations: Operations | None, clock: Clock) -> None:
        self._notes = notes
        self._operations = operations
        self._clock = clock
        self._mistakes: Sequence[Mistake] = ()
        self._waiting: Sequence[str] = ()
        self._settled = False
        self._problems = TransitionLog(_log)

    def wrong(self, mistakes: Sequence[Mistake]) -> None:
        """Take it that the document is wrong from now on."""
        for mistake in mistakes:
            _log.error("the changed settings are wrong, going on with those of before: %s", mistake)
        self._mistakes, self._settled = mistakes, False

    def right(self, waiting: Sequence[str] = ()) -> None:
        """Take it that the document is right; `waiting` are the keys whose change waits for a restart."""
        if self._mistakes:
            _log.info("the settings are right again")
        if waiting:
            _log.warning("this change needs a restart: %s", ", ".join(waiting))
        self._mistakes, self._waiting, self._settled = (), waiting, False

    def look(self, facility: Facility) -> None:
        """Note how the document is, and write what mails are due under these settings."""
        if self._settled:
            return
        try:
            self._look(facility)
        except TransientError as error:
            self._problems.problem("state of the settings", "cannot be stored, retrying", error)
        else:
            self._problems.recovered("state of the settings", "is stored again")

    def _look(self, facility: Facility) -> None:
        now = self._clock()
        for key in NEEDS_RESTART:
            self._note(waits_key(key), int(key in self._waiting))
        since, told = self._notes.noted(WRONG_SINCE) or 0, self._notes.noted(TOLD) or 0
        if self._mistakes:
            if not since:
                since = now
                self._note(WRONG_SINCE, since)
            if not told and now - since >= PATIENCE_MS:
                self._mail(facility, now, since)
                self._note(TOLD, since)
                told = since
        elif since:
            if told:
                self._mail(facility, now, since)
                self._note(TOLD, 0)
            self._note(WRONG_SINCE, 0)
        self._settled = bool(told) or not self._mistakes

    def _note(self, key: str, value: int) -> None:
        if (self._notes.noted(key) or 0) != value:
            self._notes.note(key, value)

    def _mail(self, facility: Facility, now: int, since: int) -> None:
        if self._operations is not None:
            for message in messages(facility, self._mistakes, since, now):
                put_once(self._operations, message, now)
