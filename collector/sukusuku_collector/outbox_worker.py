"""Brings the messages of the outbox to where they belong: at least once, in order of when they are due.

Messages to one recipient about alerts go in the order in which they were written, and so do those about one round. One
that is of no use any more is set aside unsent. When a message gets through after others have failed, all that failed
are tried again at once.

Each channel (mail is one) has a worker of its own, so that a service that does not answer holds up nobody else. A
message is marked as sent only after the far end has taken it. Only a crash between the two sends it again, with the
same Message-ID, by which mail programs and receivers of webhooks see that it is the same one.
"""

import asyncio
import contextlib
import logging
import re

from sukusuku_collector.channels.protocol import Channel, LaterError
from sukusuku_core.backoff import Backoff
from sukusuku_core.clock import Clock, now_ms
from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_core.supervision import Gate, always
from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db import MailRow
from sukusuku_server.db.mail_queue import MailQueue
from sukusuku_server.threads import unbroken

PAUSES = Backoff(MINUTE_MS, HOUR_MS, factor=4)
"""Between the tries of one message (ms): 1, 4, 16 minutes, then an hour."""
LEASE_MS = 10 * MINUTE_MS
"""How long a message stays reserved for a worker that does not come back. Longer than any try lasts."""
LOOK_SECONDS = 60.0
"""The outbox is looked at this often even when nobody wakes the worker: the clock may have been set."""
LOOK_OF_SEVERAL_SECONDS = 2.0
"""The same where other processes write into the outbox, too."""

_DOUBT_SLEEP_S = 1.0
"""How often it is asked whether the clock is believed again: nothing is due by a clock that is in doubt."""

_log = logging.getLogger(__name__)


class OutboxWorker:
    """Sends the messages of one channel until cancelled.

    `expires` is how long (ms) a message is worth trying; then it is set aside. None: for ever. `look` is how often (s)
    the outbox is looked at when nobody wakes the worker.
    """

    def __init__(
        self,
        name: str,
        channel: Channel,
        queue: MailQueue,
        clock: Clock = now_ms,
        expires: int | None = None,
        look: float = LOOK_SECONDS,
    ) -> None:
        self._look = look
        self._name = name
        self._channel = channel
        self._expires = expires
        self._queue = queue
        self._clock = clock
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._problems = TransitionLog(_log)
        self._unmarked: int | None = None
        self._resumes = 0
        """When (UTC ms) the far end, which has failed, may be asked again."""
        self._failing = False

    def wake(self) -> None:
        """Look at the outbox now. May be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self, sure: Gate = always) -> None:
        """Send what is due while the clock is `sure`, sleep until more is.

        A try that has begun is finished before a cancel takes effect, so that what was sent is also marked.
        """
        self._loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            try:
                pause = await unbroken(self._work) if sure() else _DOUBT_SLEEP_S
            except TransientError as error:
                self._problems.problem(
                    f"outbox of {self._name}", f"cannot be read, retrying every {self._look:g} s", error
                )
                pause = self._look
            else:
                self._problems.recovered(f"outbox of {self._name}", "can be read again")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    def _work(self) -> float:
        """One message, if one is due. Answers how long (s) to sleep then."""
        self._mark_sent()
        late = self._queue.expire(self._name, self._clock())
        if late:
            _log.warning("%d messages to channel %s are set aside: they are of no use any more", late, self._name)
        due = self._queue.next_due(self._name)
        now = self._clock()
        if due is None:
            return self._look
        if self._resumes - now <= HOUR_MS:  # or the clock has been set back
            due = max(due, self._resumes)
        if due > now:
            return min((due - now) / 1000, self._look)
        mail = self._queue.lease(now, now + LEASE_MS, self._name)
        if mail is not None and not self._expired(mail, now) and not self._unheard(mail):
            self._try(mail)
        return 0.0

    def _expired(self, row: MailRow, now: int) -> bool:
        """Set a message aside that has waited too long; tell whether it has. A mail that waits until morning is due."""
        begun = max(row.created, row.next_try) if row.attempts == 0 else row.created
        if self._expires is None or now - begun < self._expires:
            return False
        reason = f"not delivered within {self._expires / HOUR_MS:g} h" + (f"; last: {row.reason}" if row.reason else "")
        self._queue.dead(row.id, reason)
        _log.error("message %d to channel %s is set aside: %s", row.id, self._name, reason)
        return True

    def _unheard(self, row: MailRow) -> bool:
        """Drop the end of an alert of which the recipient has heard nothing; tell whether it was that."""
        if row.mail.kind != "resolved" or self._queue.heard(row):
            return False
        self._queue.drop(row.id)
        _log.info("message %d to channel %s is dropped: nothing was delivered of what has ended", row.id, self._name)
        return True

    def _try(self, row: MailRow) -> None:
        try:
            self._channel.send(row.mail)
        except TransientError as error:
            wanted = (error.seconds or 0.0) if isinstance(error, LaterError) else 0.0
            self._failed(row, _nameless(error, row.mail.recipient), round(min(wanted * 1000, HOUR_MS)))
        except PermanentError as error:
            reason = _nameless(error, row.mail.recipient)
            self._queue.dead(row.id, reason)
            _log.error("message %d to channel %s is refused for good: %s", row.id, self._name, reason)
        except Exception as error:  # noqa: BLE001 - of a library; its text may hold an address
            self._failed(row, f"unforeseen error: {type(error).__name__}", 0)
        else:
            self._unmarked = row.id
            self._mark_sent()
            if self._failing:
                self._failing = False
                self._queue.hasten(self._name, self._clock())
            self._problems.recovered(f"channel {self._name}", "takes messages again")

    def _failed(self, row: MailRow, reason: str, wanted: int) -> None:
        """Put a message off, and leave the far end alone for a minute, or as long (ms) as it wants."""
        now = self._clock()
        pause = max(round(PAUSES.after(row.attempts + 1)), wanted)
        self._resumes = now + max(MINUTE_MS, wanted)
        self._failing = True
        self._queue.failed(row.id, reason, now + pause)
        cause = f"message {row.id} in {pause // MINUTE_MS} min: {reason}"
        self._problems.problem(f"channel {self._name}", "takes no message, retrying", cause)

    def _mark_sent(self) -> None:
        """Record the message that has been taken; if the database does not answer, once more before the next one."""
        if self._unmarked is not None:
            self._queue.sent(self._unmarked, self._clock())
            self._unmarked = None


def _nameless(error: Exception, recipient: str) -> str:
    """Return what the far end said without the name of whom it is about: servers repeat the address, or its mailbox."""
    names = [name for name in (recipient, recipient.partition("@")[0]) if name]
    return re.sub(
        "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names), "***", str(error), flags=re.IGNORECASE
    )
