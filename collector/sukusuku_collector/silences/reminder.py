"""Tells whoever has begun a silence that it stands, so that none is forgotten: every three days until it ends.

Pages show silences, but whoever has begun one may not look there. The mail goes to their account; where that is not
known (a shared name, a program) or there is none any more, to the contacts whom the server as a whole concerns.
"""

import asyncio
import logging
from functools import partial

from sukusuku_collector.operator_mail.composer import Reader
from sukusuku_collector.silences.mails import messages
from sukusuku_core.clock import Clock
from sukusuku_core.supervision import Gate, always, repeat
from sukusuku_core.time import DAY_MS
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.access.records import AccountKind
from sukusuku_server.db import Operations
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.modes import Mode, Modes
from sukusuku_server.model.alerts import AlertState
from sukusuku_server.settings import FacilityIndex
from sukusuku_server.threads import unbroken

LONG_MS = 3 * DAY_MS
"""A silence that has stood for so long may be forgotten."""
LOOK_SECONDS = 300.0

_log = logging.getLogger("sukusuku_collector.silences")


class SilenceReminder:
    """Looks every few minutes, while the clock is believed."""

    def __init__(self, index: FacilityIndex, operations: Operations, clock: Clock) -> None:
        self._index = index
        self._operations = operations
        self._modes = Modes(operations)
        self._clock = clock

    async def run(self, sure: Gate = always) -> None:
        """Go on until cancelled. A database that does not answer is reported once and asked again."""
        look = partial(unbroken, self.look)
        await repeat("standing silences", look, LOOK_SECONDS, asyncio.sleep, TransitionLog(_log), sure)

    def look(self) -> None:
        """Write the mails that are due. Raises TransientError."""
        now = self._clock()
        for silence in self._modes.silences(now):
            if now - (silence.reminded or silence.since) >= LONG_MS:
                mails = messages(self._index, silence, self._open(silence), now, self._readers(silence))
                self._modes.remind(silence, mails, now)

    def _open(self, silence: Mode) -> int:
        """Return how many alerts about it are open."""
        site = self._index.sites.get(silence.subject)
        about = {silence.subject}
        if site is not None:
            about |= {asset.id for asset in self._index.assets.values() if asset.site.id == site.id}
        found = self._operations.alerts(open_only=True, about=about)
        return sum(alert.state is not AlertState.PENDING for alert in found)

    def _readers(self, silence: Mode) -> list[Reader] | None:
        """Return whoever has begun it; None: nobody can be reached under that account."""
        for account in Accounts(self._operations).all():
            person = account.kind is AccountKind.PERSON and account.disabled is None and "@" in account.login
            if account.reference == silence.actor and person:
                return [Reader(account.login, "en" if account.language == "en" else "ja")]
        return None
