"""Puts right what the operations data hold of a time that has not come yet, because the clock was ahead."""

from sqlalchemy import Column, Table, delete, func, select, update

from sukusuku_server.db.database import Operations
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.forecasts import Forecasts
from sukusuku_server.db.rooms import RoomRecords
from sukusuku_server.db.tables_alerts import alert, alert_event, alert_word, mail_outbox
from sukusuku_server.db.tables_collection import checkpoint, finding, round_person, round_run
from sukusuku_server.model.alerts import MailState

_FOREVER = 1 << 62
_MOMENTS: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (alert, ("since", "raised", "clearing", "told_first", "told_at", "fired", "acknowledged", "resolved")),
    (alert_event, ("time",)),
    (round_run, ("planned", "sent", "accepted", "withdrawn", "changed", "given_up")),
    (round_person, ("told", "declined")),
)


def take_back(operations: Operations, assets: list[str], now: int) -> int:
    """Take back what lies after `now` (UTC ms), in one transaction; tell how many rounds were planned in error.

    What was derived is deleted. Alerts began now, at the latest: if their cause is gone they end in the ordinary way,
    and whoever was told of them is told so. Words and mails wait no longer than they would have. A round that was told
    by the wrong clock is forgotten with its unsent mails, so that it is planned when its time comes; one that was told
    before and looked at again by the wrong clock stays, with its answers.

    Raises TransientError.
    """
    with operations.together():
        for asset in assets:
            Emptyings(operations).replace_detected(asset, now, _FOREVER, ())
            RoomRecords(operations).replace(asset, now, _FOREVER, ())
            Forecasts(operations).replace(asset, now, _FOREVER, (), ())
        with operations.writing() as connection:
            connection.execute(delete(checkpoint).where(checkpoint.c.time > now))
            connection.execute(delete(finding).where(finding.c.since > now))
            connection.execute(update(finding).where(finding.c.until > now).values(until=None))
            planned = select(round_run.c.id).where(
                round_run.c.planned > now, func.coalesce(round_run.c.sent, now + 1) > now
            )
            unsent = mail_outbox.c.run_id.in_(planned) & (mail_outbox.c.state == MailState.WAITING)
            connection.execute(delete(mail_outbox).where(unsent))
            forgotten = connection.execute(delete(round_run).where(round_run.c.id.in_(planned))).rowcount
            connection.execute(update(round_run).where(round_run.c.closed > now).values(closed=None))
            word, over = alert_word.c, alert_word.c.since - now
            rest = select(alert.c.id).where(alert.c.resolved <= now)  # an end is told when its cause has stayed away
            wrong = (word.since > now) & ~((word.kind == "resolved") & word.alert_id.in_(rest))
            moved = {"since": now, "opens": word.opens - over, "due": word.due - over}
            connection.execute(update(alert_word).where(wrong).values(moved))
            for table, columns in _MOMENTS:
                for name in columns:
                    column: Column[int] = table.c[name]
                    connection.execute(update(table).where(column > now).values({name: now}))
            ahead = mail_outbox.c.created > now
            connection.execute(update(mail_outbox).where(ahead).values(created=now, next_try=now, leased_until=0))
            return forgotten
