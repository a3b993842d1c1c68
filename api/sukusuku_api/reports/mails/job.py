"""Makes the mails with the reports of a month and hands them to the outbox, each once.

Whether a mail was made is known from the outbox by its Message-ID. A server that was down on the first, or a database
that did not answer, therefore only makes it later; a restart makes no second one. Health tells whether all are made.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import cache, partial

from fastapi.concurrency import run_in_threadpool

from sukusuku_api.dependencies import Context
from sukusuku_api.drawing import DrawingError
from sukusuku_api.problems import ProblemError
from sukusuku_api.reports.generate import WRITERS, asked, make
from sukusuku_api.reports.mails.composer import Enclosed, compose, message_id
from sukusuku_api.reports.mails.due import Due, due
from sukusuku_api.reports.pdf import MissingError
from sukusuku_api.reports.period import Period
from sukusuku_api.work_queue import WorkQueue
from sukusuku_core.errors import TransientError
from sukusuku_core.supervision import repeat, supervise
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db.doors import DoorRecords
from sukusuku_server.db.outbox import put_once, was_put
from sukusuku_server.model import doors
from sukusuku_server.model.issued import ReportKind
from sukusuku_server.settings import Language
from sukusuku_server.settings.report_mail import ReportMail

log = logging.getLogger(__name__)

LOOK_SECONDS = 300.0
RETRY_SECONDS = 60.0


class MonthlyReports:
    """See the module. `context` returns the context in use; reports wait in `queue` with those that people ask for."""

    def __init__(self, context: Callable[[], Context], queue: WorkQueue) -> None:
        self._context = context
        self._queue = queue
        self._done: tuple[int, tuple[ReportMail, ...]] | None = None

    async def run(self) -> None:
        """Look again and again until cancelled. What fails is logged once and tried again."""
        look = partial(repeat, "monthly reports", self.look, LOOK_SECONDS, asyncio.sleep, TransitionLog(log))
        await supervise("monthly reports", look, RETRY_SECONDS, asyncio.sleep, log)

    async def look(self) -> None:
        """Make what is due and was not made yet. Raises TransientError when that has to be tried again."""
        context = self._context()
        facility, now = context.facility, context.clock()
        mail, recipients = facility.mail, facility.report_mail
        newest = due(now)
        if mail is None or not recipients or self._done == (newest.since, recipients):
            return
        if context.clock_doubt() is not None or context.derived_until() is not None:
            return  # by a wrong clock a month that is not over would be told, before the derivation wrong figures
        records = DoorRecords(context.operations)
        enclose = cache(partial(_enclosed, context))  # what several people get is made once
        failure: Exception | None = None
        for recipient in recipients:
            try:
                await self._queue.run(partial(_send, context, enclose, mail.sender, recipient, newest, now))
            except (DrawingError, ProblemError, TransientError) as error:  # others may want other files
                failure = error
        if failure is not None:
            await run_in_threadpool(records.failed, doors.REPORTS, doors.OUTBOX, now, str(failure))
            raise TransientError(f"the reports of {newest.month.key} are not all made yet: {failure}") from failure
        await run_in_threadpool(records.taken, doors.REPORTS, doors.OUTBOX, now)
        await run_in_threadpool(records.well, doors.REPORTS, doors.OUTBOX)
        self._done = (newest.since, recipients)


def _send(
    context: Context, enclose: Callable[..., Enclosed], sender: str, recipient: ReportMail, newest: Due, now: int
) -> None:
    """Hand the mail to somebody to the outbox, unless it was before. `enclose` makes what is enclosed."""
    if was_put(context.operations, message_id(newest, recipient, sender)):
        return
    enclosed = [
        enclose(kind, wanted, site, recipient.language, recipient.endings)
        for kind in recipient.about
        for wanted in newest.periods
        for site in recipient.sites or (None,)
    ]
    made = compose(context.facility, sender, recipient, newest, enclosed, now)
    if put_once(context.operations, made, now):
        log.info("the reports of %s go to one more recipient%s", newest.month.key, " (late)" if newest.late else "")


def _enclosed(
    context: Context, kind: str, wanted: Period, site: str | None, language: Language, endings: Sequence[str]
) -> Enclosed:
    """Return a report with its files; nothing is known of its period: without any."""
    what = asked(ReportKind(kind), wanted, site, language, outward=True)
    report = make(context.whole, context.store.history, context.operations, what, context.clock())
    files: dict[str, bytes] = {}
    lacks = ""
    for ending in () if report.empty else endings:
        try:
            files[ending] = WRITERS[ending](report)
        except MissingError as error:
            log.error("the reports of %s are mailed without PDF: %s", wanted.key, error)  # noqa: TRY400
            lacks = error.command
    where = "" if site is None else context.whole.sites[site].name[language]
    return Enclosed(report, where, files, lacks)
