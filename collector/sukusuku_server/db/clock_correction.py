"""Puts right what the operations data hold of a time that has not come yet, because the clock was ahead."""

from collections.abc import Callable, Collection

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, func, or_, select, update

from sukusuku_server.db.database import Operations
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.forecasts import Forecasts
from sukusuku_server.db.rooms import RoomRecords
from sukusuku_server.db.tables_alerts import alert, alert_event, alert_word, mail_outbox
from sukusuku_server.db.tables_collection import checkpoint, finding, round_person, round_run
from sukusuku_server.model.alerts import MailState

_FOREVER = 1 << 62
_ALERT = ("since", "raised", "clearing", "told_first", "told_at", "fired", "acknowledged", "resolved")
_RUN = ("planned", "sent", "accepted", "withdrawn", "changed", "given_up")
_PERSON = ("told", "declined")

Minds = Callable[[str], bool]


def take_back(
    operations: Operations, assets: Collection[str], now: int, minds: Minds = lambda _: True, *, leads: bool = True
) -> int:
    """Take back what lies after `now` (UTC ms), in one transaction; tell how many rounds were planned in error.

    What was derived is deleted. Alerts began now, at the latest: if their cause is gone they end in the ordinary way,
    and whoever was told of them is told so. Words and mails wait no longer than they would have. A round that was told
    by the wrong clock is forgotten with its unsent mails, so that it is planned when its time comes; one that was told
    before and looked at again by the wrong clock stays, with its answers.

    Only what is of subjects that this process `minds` is looked at, and rounds only where it `leads`: the clock of
    another process that works for the same operator may show another time, and be right.

    Raises TransientError.
    """
    with operations.together():
        for asset in assets:
            Emptyings(operations).replace_detected(asset, now, _FOREVER, ())
            RoomRecords(operations).replace(asset, now, _FOREVER, ())
            Forecasts(operations).replace(asset, now, _FOREVER, (), ())
        with operations.writing() as connection:
            _derived(connection, now, minds)
            forgotten = _rounds(connection, now) if leads else 0
            _alerts(connection, now, minds)
            _mails(connection, now, minds, leads=leads)
            return forgotten


def _derived(connection: Connection, now: int, minds: Minds) -> None:
    def own(asset: Column[str], ahead: ColumnElement[bool]) -> ColumnElement[bool]:
        found = connection.execute(select(asset).where(ahead).distinct()).scalars()
        return asset.in_([name for name in found if minds(name)]) & ahead

    connection.execute(delete(checkpoint).where(own(checkpoint.c.asset, checkpoint.c.time > now)))
    connection.execute(delete(finding).where(own(finding.c.asset, finding.c.since > now)))
    connection.execute(update(finding).where(own(finding.c.asset, finding.c.until > now)).values(until=None))


def _rounds(connection: Connection, now: int) -> int:
    planned = select(round_run.c.id).where(round_run.c.planned > now, func.coalesce(round_run.c.sent, now + 1) > now)
    unsent = mail_outbox.c.run_id.in_(planned) & (mail_outbox.c.state == MailState.WAITING)
    connection.execute(delete(mail_outbox).where(unsent))
    forgotten = connection.execute(delete(round_run).where(round_run.c.id.in_(planned))).rowcount
    connection.execute(update(round_run).where(round_run.c.closed > now).values(closed=None))
    for table, columns in ((round_run, _RUN), (round_person, _PERSON)):
        _not_after(connection, table, columns, now)
    return forgotten


def _alerts(connection: Connection, now: int, minds: Minds) -> None:
    word, event = alert_word.c, alert_event.c
    ahead = or_(
        *(alert.c[name] > now for name in _ALERT),
        alert.c.id.in_(select(event.alert_id).where(event.time > now)),
        alert.c.id.in_(select(word.alert_id).where(word.since > now)),
    )
    own = [row.id for row in connection.execute(select(alert.c.id, alert.c.asset).where(ahead)) if minds(row.asset)]
    over = word.since - now
    rest = select(alert.c.id).where(alert.c.resolved <= now)  # an end is told when its cause has stayed away
    wrong = word.alert_id.in_(own) & (word.since > now) & ~((word.kind == "resolved") & word.alert_id.in_(rest))
    moved = {"since": now, "opens": word.opens - over, "due": word.due - over}
    connection.execute(update(alert_word).where(wrong).values(moved))
    _not_after(connection, alert, _ALERT, now, alert.c.id.in_(own))
    _not_after(connection, alert_event, ("time",), now, event.alert_id.in_(own))


def _mails(connection: Connection, now: int, minds: Minds, *, leads: bool) -> None:
    """Those that tell of no alert are of whoever leads."""
    mail = mail_outbox.c
    asked = select(mail.id, alert.c.asset).outerjoin(alert, alert.c.id == mail.alert_id).where(mail.created > now)
    found = connection.execute(asked)
    own = [row.id for row in found if (leads if row.asset is None else minds(row.asset))]
    moved = {"created": now, "next_try": now, "leased_until": 0}
    connection.execute(update(mail_outbox).where(mail.id.in_(own)).values(moved))


def _not_after(
    connection: Connection, table: Table, columns: Collection[str], now: int, *which: ColumnElement[bool]
) -> None:
    for name in columns:
        column: Column[int] = table.c[name]
        connection.execute(update(table).where(column > now, *which).values({name: now}))
