"""The operations data in an SQL database, behind one class. Safe to use from several threads and processes."""

import copy
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any, Self

from sqlalchemy import Connection, case, delete, event, exists, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from sukusuku_core.errors import TransientError
from sukusuku_server.access.records import Actor
from sukusuku_server.db import alert_history, audit_entry, row_mapping
from sukusuku_server.db.alert_changes import Change
from sukusuku_server.db.engine import open_engine, writing
from sukusuku_server.db.mail_order import LATE, next_in_order
from sukusuku_server.db.names import ERASED
from sukusuku_server.db.tables_alerts import ACTOR, alert, alert_event, alert_word, audit, known_asset, mail_outbox
from sukusuku_server.model.alerts import (
    Alert,
    AlertEvent,
    AlertState,
    AlertStateError,
    AuditEntry,
    ChannelTally,
    MailRow,
    MailState,
    UnknownAlertError,
    Word,
)


class Operations:
    """Alerts, mail outbox and audit log of one facility.

    Every method raises TransientError when the database does not answer (locked, disk full, server away); nothing is
    half done then, and the same call may be made again. The constructor raises ConfigError.
    """

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        self._thread = threading.local()

    def acting(self, actor: Actor) -> Self:
        """Return the same data, with the audit log telling that this actor did what is done through it."""
        acting = copy.copy(self)
        acting._engine = self._engine.execution_options(**{ACTOR: actor})  # noqa: SLF001 - one of its own kind
        return acting

    def close(self) -> None:
        """Give back the connections. One that another thread still uses is closed when that is done with it."""
        event.listen(self._engine, "checkin", lambda _, record: record.invalidate())
        self._engine.dispose()

    # ------------------------------------------------------------ alerts

    def alerts(
        self,
        *,
        open_only: bool,
        site: str | None = None,
        about: Collection[str] | None = None,
        account: int | None = None,
        limit: int = 200,
    ) -> list[Alert]:
        """Alerts, the newest first; `open_only` leaves out the resolved ones. Pending ones are among them.

        `about` are ids of assets and sites, `account` is to whom they are assigned; None: all.
        """
        query = select(alert).order_by(alert.c.since.desc(), alert.c.id.desc()).limit(limit)
        if open_only:
            query = query.where(alert.c.resolved.is_(None))
        if site is not None:
            query = query.where(alert.c.site == site)
        if about is not None:
            query = query.where(alert.c.asset.in_(about))
        if account is not None:
            query = query.where(alert.c.assigned_account == account)
        with self.reading() as connection:
            return [row_mapping.to_alert(row) for row in connection.execute(query)]

    def open_alerts(self) -> list[Alert]:
        """Every alert that is not resolved."""
        with self.reading() as connection:
            query = select(alert).where(alert.c.resolved.is_(None)).order_by(alert.c.id)
            return [row_mapping.to_alert(row) for row in connection.execute(query)]

    def resting_alerts(self, since: int) -> list[Alert]:
        """Return the newest alert of each rule and subject, where it was resolved since a moment (UTC ms) and rests."""
        newest = select(func.max(alert.c.id)).group_by(alert.c.rule, alert.c.asset)
        rests = (alert.c.resolved >= since) & alert.c.clearing.is_not(None)
        query = select(alert).where(alert.c.id.in_(newest), rests).order_by(alert.c.id)
        with self.reading() as connection:
            return [row_mapping.to_alert(row) for row in connection.execute(query)]

    def waiting_words(self) -> list[Word]:
        """Return what people are still to hear, in the order in which it came up."""
        query = select(alert_word).where(alert_word.c.mail_id.is_(None)).order_by(alert_word.c.id)
        with self.reading() as connection:
            return [row_mapping.to_word(row) for row in connection.execute(query)]

    def alert(self, alert_id: int) -> Alert | None:
        """One alert, None when there is none with this id."""
        with self.reading() as connection:
            return _find(connection, alert_id)

    def events(self, alert_id: int) -> list[AlertEvent]:
        """Return the life of an alert in order. Empty for an alert that is not there."""
        return alert_history.events(self, [alert_id]).get(alert_id, [])

    def acknowledge(self, alert_id: int, who: str, now: int, note: str = "", *, account: int | None = None) -> Alert:
        """Somebody takes care of a firing alert, which is theirs then. Doing it again changes nothing.

        `note` is what they say about it, at most 500 characters, `account` theirs, where they have one of their own.
        Raises UnknownAlertError, and AlertStateError when the alert is resolved already or not firing yet.
        """
        who = who[:120]
        with self.writing() as connection:
            values = {"state": AlertState.ACKNOWLEDGED, "acknowledged": now, "acknowledged_by": who}
            values |= {"assigned_to": who, "assigned_account": account}
            firing = (alert.c.id == alert_id) & (alert.c.state == AlertState.FIRING)
            if connection.execute(update(alert).where(firing).values(values)).rowcount:
                event = {"alert_id": alert_id, "time": now, "kind": "acknowledged", "who": who, "note": note[:500]}
                connection.execute(insert(alert_event).values(event))
                audit_entry.note(connection, now, who, "alert.acknowledge", str(alert_id))
            found = _find(connection, alert_id)
        if found is None:
            raise UnknownAlertError(alert_id)
        if found.state is not AlertState.ACKNOWLEDGED:
            raise AlertStateError(found)
        return found

    def assign(
        self, alert_id: int, to: str, who: str, now: int, note: str = "", *, account: int | None = None
    ) -> Alert:
        """Say who shall take care of a firing alert, by name and account. Doing it again changes nothing.

        They have not said yet that they do: if somebody took care of it, nobody does now.
        Raises UnknownAlertError, and AlertStateError when the alert is resolved already or not firing yet.
        """
        to = to[:120]
        with self.writing() as connection:
            found = _cared_for(connection, alert_id)
            if (found.assigned_to, found.assigned_account) == (to, account):
                return found
            values = _NOBODYS | {"assigned_to": to, "assigned_account": account}
            event = {"kind": "assigned", "who": who[:120], "note": note[:500], "assigned_to": to}
            _hand_over(connection, found, values, event, now)
            before, after = found.assigned_account, account
            audit_entry.note(
                connection,
                now,
                who,
                "alert.assign",
                str(alert_id),
                before=None if before is None else {"account": before},
                after=None if after is None else {"account": after},
            )
            return replace(found, **values)

    def release(self, alert_id: int, who: str, now: int) -> Alert:
        """Nobody takes care of an alert after all, nor shall anybody in particular. Doing it again changes nothing.

        Raises UnknownAlertError, and AlertStateError when the alert is resolved already or not firing yet.
        """
        with self.writing() as connection:
            found = _cared_for(connection, alert_id)
            acknowledged = found.state is AlertState.ACKNOWLEDGED
            if not acknowledged and found.assigned_to is None:
                return found
            event = {"kind": "released" if acknowledged else "unassigned", "who": who[:120]}
            _hand_over(connection, found, _NOBODYS, event, now)
            action = "alert.release" if acknowledged else "alert.unassign"
            audit_entry.note(connection, now, who, action, str(alert_id))
            return replace(found, **_NOBODYS)

    def in_hand(self) -> set[int]:
        """Return the open alerts of which somebody takes care (their ids)."""
        query = select(alert.c.id).where(alert.c.resolved.is_(None), alert.c.acknowledged.is_not(None))
        with self.reading() as connection:
            return set(connection.execute(query).scalars())

    @contextmanager
    def change(self) -> Iterator[Change]:
        """One transaction of the alert engine: committed when the block ends, undone when it raises."""
        with self.writing() as connection:
            yield Change(connection)

    def known_assets(self) -> Mapping[str, int]:
        """Since when (UTC ms) each asset is watched."""
        with self.reading() as connection:
            found = connection.execute(select(known_asset.c.asset, known_asset.c.since))
            return {row.asset: row.since for row in found}

    def audit(self, limit: int = 200) -> list[AuditEntry]:
        """Return the newest entries of the audit log, newest first."""
        query = select(*(audit.c[field.name] for field in fields(AuditEntry)))
        with self.reading() as connection:
            return [AuditEntry(*row) for row in connection.execute(query.order_by(audit.c.id.desc()).limit(limit))]

    # ------------------------------------------------------------ mails

    def mails(self, limit: int = 200) -> list[MailRow]:
        """Return the newest mails of the outbox, newest first, whatever became of them."""
        with self.reading() as connection:
            query = select(mail_outbox).order_by(mail_outbox.c.id.desc()).limit(limit)
            return [row_mapping.to_mail(row) for row in connection.execute(query)]

    def mail_counts(self, channel: str | None = None) -> Mapping[MailState, int]:
        """How many messages of a channel, or of all, are in each state; a state without any is left out."""
        query = select(mail_outbox.c.state, func.count()).group_by(mail_outbox.c.state)
        if channel is not None:
            query = query.where(mail_outbox.c.channel == channel)
        with self.reading() as connection:
            return {MailState(state): number for state, number in connection.execute(query)}

    def channel_tallies(self) -> Mapping[str, ChannelTally]:
        """Return what the outbox holds of each channel other than mail; one without any message is left out."""
        columns = mail_outbox.c
        waiting = (columns.state == MailState.WAITING) & (columns.reason != "")
        settled = columns.state != MailState.WAITING
        told = (func.count(), func.min(columns.created), func.max(columns.sent))
        query = select(columns.channel, columns.state, *told).where(columns.channel != "mail")
        found: dict[str, ChannelTally] = {}
        with self.reading() as connection:
            for channel, state, number, oldest, sent in connection.execute(
                query.group_by(columns.channel, columns.state)
            ):
                tally = found.get(channel, ChannelTally())
                match MailState(state):
                    case MailState.WAITING:
                        tally = replace(tally, waiting=number, oldest=oldest)
                    case MailState.DEAD:
                        tally = replace(tally, dead=number)
                    case MailState.SENT:
                        tally = replace(tally, sent=sent)
                    case MailState.EXPIRED:
                        pass
                found[channel] = tally
            for which in (settled, waiting):  # what still waits says more than what is over
                newest = select(func.max(columns.id)).where(which).group_by(columns.channel)
                reasons = select(columns.channel, columns.reason).where(
                    columns.id.in_(newest), columns.channel.in_(found)
                )
                for channel, reason in connection.execute(reasons):
                    found[channel] = replace(found[channel], reason=reason)
        return found

    def oldest_waiting_mail(self) -> int | None:
        """When (UTC ms) the oldest mail was written that still waits; None: none does."""
        query = select(func.min(mail_outbox.c.created)).where(mail_outbox.c.state == MailState.WAITING)
        with self.reading() as connection:
            found: int | None = connection.execute(query).scalar_one()
        return found

    def forget_mails(self, before: int) -> None:
        """Forget what settled mails said that were written before a moment (UTC ms), and to which addresses they went.

        One that still waits keeps both, however old it is. An address stays while an alert of the mail is open, or was
        after that moment: whoever was told of it hears of its end. What other channels call a recipient is no address.
        """
        columns, word = mail_outbox.c, alert_word.c
        settled = (columns.state != MailState.WAITING) & (columns.created < before)
        needed = exists().where(
            word.mail_id == columns.id,
            word.alert_id == alert.c.id,
            alert.c.resolved.is_(None) | (alert.c.resolved >= before),
        )
        known = settled & (columns.channel == "mail") & (columns.recipient != ERASED) & ~needed
        erased = select(columns.id).where(columns.recipient == ERASED)
        with self.writing() as connection:
            connection.execute(update(mail_outbox).where(settled, columns.content != b"").values(content=b""))
            if connection.execute(update(mail_outbox).where(known).values(recipient=ERASED)).rowcount:
                told = word.mail_id.in_(erased) & (word.recipient != ERASED)
                connection.execute(update(alert_word).where(told).values(recipient=ERASED))

    def refused_mails(self, since: int) -> int:
        """How many mails the mail server has refused for good, at a try that was due since a time (UTC ms)."""
        columns = mail_outbox.c
        dead = (columns.state == MailState.DEAD) & (columns.next_try >= since)
        with self.reading() as connection:
            found: int = connection.execute(select(func.count()).select_from(mail_outbox).where(dead)).scalar_one()
        return found

    def lease_mail(self, now: int, until: int, channel: str = "mail") -> MailRow | None:
        """Return the next mail of a channel that is due, reserved for the caller until `until`; None when none is due.

        A caller that dies leaves the mail to the next one after that time.
        """
        columns = mail_outbox.c
        with self.writing() as connection:
            due = [(mail.next_try, mail.id) for mail in next_in_order(connection, channel) if mail.due <= now]
            if not due:
                return None
            own = (columns.id == min(due)[1]) & (columns.state == MailState.WAITING) & (columns.leased_until <= now)
            row = connection.execute(select(mail_outbox).where(own).with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            connection.execute(update(mail_outbox).where(columns.id == row.id).values(leased_until=until))
            return row_mapping.to_mail(row)

    def next_mail(self, channel: str = "mail") -> int | None:
        """When (UTC ms) the next waiting mail of a channel is due; None when none is waiting."""
        with self.reading() as connection:
            return min((mail.due for mail in next_in_order(connection, channel)), default=None)

    def heard(self, row: MailRow) -> bool:
        """Whether the recipient of a mail has been sent another one about an alert that it tells of."""
        columns, own, other = mail_outbox.c, alert_word.alias().c, alert_word.alias().c
        same = (columns.channel == row.mail.channel) & (func.lower(columns.recipient) == row.mail.recipient.lower())
        told = select(own.alert_id).where(own.mail_id == row.id)
        about = select(other.mail_id).where(other.alert_id.in_(told) | (other.alert_id == row.alert_id))
        same &= columns.id.in_(about) | (columns.alert_id == row.alert_id)
        with self.reading() as connection:
            query = select(columns.id).where(same, columns.state == MailState.SENT).limit(1)
            return connection.execute(query).first() is not None

    def expire_mails(self, channel: str, now: int) -> int:
        """Set aside the mails of a channel that are of no use any more; return how many."""
        with self.reading() as connection:
            if connection.execute(LATE, {"of": channel, "now": now}).first() is None:
                return 0
        with self.writing() as connection:
            late = mail_outbox.c.id.in_(LATE.params(of=channel, now=now))
            gone = update(mail_outbox).where(late).values(state=MailState.EXPIRED)
            return connection.execute(gone).rowcount

    def hasten(self, channel: str, now: int) -> None:
        """Let every mail of a channel that has failed be tried now: its far end takes mails again."""
        columns = mail_outbox.c
        failed = (columns.state == MailState.WAITING) & (columns.channel == channel) & (columns.attempts > 0)
        with self.writing() as connection:
            connection.execute(update(mail_outbox).where(failed & (columns.next_try > now)).values(next_try=now))

    def drop_mail(self, mail_id: int) -> None:
        """Forget a mail that means nothing to its recipient."""
        with self.writing() as connection:
            connection.execute(delete(mail_outbox).where(mail_outbox.c.id == mail_id))

    def mail_sent(self, mail_id: int, now: int) -> None:
        """Record that the mail server has accepted the mail."""
        self._settle(mail_id, {"state": MailState.SENT, "sent": now, "reason": ""})

    def mail_failed(self, mail_id: int, reason: str, next_try: int) -> None:
        """One try failed; the next one is due at `next_try`. Its age counts from when it was due for the first time."""
        columns = mail_outbox.c
        postponed = (columns.attempts == 0) & (columns.next_try > columns.created)
        begun = case((postponed, columns.next_try), else_=columns.created)
        self._settle(mail_id, {"reason": reason, "next_try": next_try, "created": begun})

    def mail_dead(self, mail_id: int, reason: str) -> None:
        """Record that the mail server has refused the mail for good."""
        self._settle(mail_id, {"state": MailState.DEAD, "reason": reason})

    def _settle(self, mail_id: int, values: dict[str, object]) -> None:
        values |= {"leased_until": 0, "attempts": mail_outbox.c.attempts + 1}
        with self.writing() as connection:
            connection.execute(update(mail_outbox).where(mail_outbox.c.id == mail_id).values(values))

    # ------------------------------------------------------------ transactions

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Provide a transaction that only reads. For the modules of this package."""
        joined = self._joined()
        if joined is not None:
            yield joined
            return
        with _translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction with the write lock: committed at the end, undone when the block raises."""
        joined = self._joined()
        if joined is not None:
            yield joined
            return
        with _translated(), writing(self._engine).begin() as connection:
            yield connection

    @contextmanager
    def together(self) -> Iterator[None]:
        """Whatever this thread reads and writes in the block is one transaction: one wait for the disk, not many."""
        with self.writing() as connection:
            self._thread.connection = connection
            try:
                yield
            finally:
                self._thread.connection = None

    def _joined(self) -> Connection | None:
        found: Connection | None = getattr(self._thread, "connection", None)
        return found


_NOBODYS: dict[str, Any] = {
    "state": AlertState.FIRING,
    "acknowledged": None,
    "acknowledged_by": None,
    "assigned_to": None,
    "assigned_account": None,
}
"""An open alert of which nobody takes care."""


def _cared_for(connection: Connection, alert_id: int) -> Alert:
    """Return an alert of which somebody can take care, or does. Raises UnknownAlertError, AlertStateError."""
    found = _find(connection, alert_id)
    if found is None:
        raise UnknownAlertError(alert_id)
    if found.state not in {AlertState.FIRING, AlertState.ACKNOWLEDGED}:
        raise AlertStateError(found)
    return found


def _hand_over(
    connection: Connection, found: Alert, values: Mapping[str, Any], event: Mapping[str, Any], now: int
) -> None:
    connection.execute(update(alert).where(alert.c.id == found.id).values(values))
    connection.execute(insert(alert_event).values({"alert_id": found.id, "time": now, **event}))


def _find(connection: Connection, alert_id: int) -> Alert | None:
    row = connection.execute(select(alert).where(alert.c.id == alert_id)).first()
    return None if row is None else row_mapping.to_alert(row)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise TransientError(f"operations database: {error.orig}") from error
