"""The mail outbox as those see it who send from it, and those who ask how it stands."""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import case, delete, exists, func, select, update

from sukusuku_server.db import row_mapping
from sukusuku_server.db.database import Operations
from sukusuku_server.db.mail_order import LATE, next_in_order
from sukusuku_server.db.names import ERASED
from sukusuku_server.db.tables_alerts import alert, alert_word, mail_outbox
from sukusuku_server.model.alerts import ChannelTally, MailRow, MailState


class MailQueue:
    """The messages of one facility, on all channels. Methods raise TransientError as those of `Operations` do."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def counts(self, channel: str | None = None) -> Mapping[MailState, int]:
        """How many messages of a channel, or of all, are in each state; a state without any is left out."""
        query = select(mail_outbox.c.state, func.count()).group_by(mail_outbox.c.state)
        if channel is not None:
            query = query.where(mail_outbox.c.channel == channel)
        with self._operations.reading() as connection:
            return {MailState(state): number for state, number in connection.execute(query)}

    def tallies(self) -> Mapping[str, ChannelTally]:
        """Return what the outbox holds of each channel other than mail; one without any message is left out."""
        columns = mail_outbox.c
        waiting = (columns.state == MailState.WAITING) & (columns.reason != "")
        settled = columns.state != MailState.WAITING
        told = (func.count(), func.min(columns.created), func.max(columns.sent))
        query = select(columns.channel, columns.state, *told).where(columns.channel != "mail")
        by_channel: dict[str, ChannelTally] = {}
        with self._operations.reading() as connection:
            for channel, state, number, oldest, sent in connection.execute(
                query.group_by(columns.channel, columns.state)
            ):
                tally = by_channel.get(channel, ChannelTally())
                match MailState(state):
                    case MailState.WAITING:
                        tally = replace(tally, waiting=number, oldest=oldest)
                    case MailState.DEAD:
                        tally = replace(tally, dead=number)
                    case MailState.SENT:
                        tally = replace(tally, sent=sent)
                    case MailState.EXPIRED:
                        pass
                by_channel[channel] = tally
            for which in (settled, waiting):  # what still waits says more than what is over
                newest = select(func.max(columns.id)).where(which).group_by(columns.channel)
                reasons = select(columns.channel, columns.reason).where(
                    columns.id.in_(newest), columns.channel.in_(by_channel)
                )
                for channel, reason in connection.execute(reasons):
                    by_channel[channel] = replace(by_channel[channel], reason=reason)
        return by_channel

    def oldest_waiting(self) -> int | None:
        """When (UTC ms) the oldest mail was written that still waits; None: none does."""
        query = select(func.min(mail_outbox.c.created)).where(mail_outbox.c.state == MailState.WAITING)
        with self._operations.reading() as connection:
            found: int | None = connection.execute(query).scalar_one()
        return found

    def forget(self, before: int) -> None:
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
        with self._operations.writing() as connection:
            connection.execute(update(mail_outbox).where(settled, columns.content != b"").values(content=b""))
            if connection.execute(update(mail_outbox).where(known).values(recipient=ERASED)).rowcount:
                told = word.mail_id.in_(erased) & (word.recipient != ERASED)
                connection.execute(update(alert_word).where(told).values(recipient=ERASED))

    def refused(self, since: int) -> int:
        """How many mails the mail server has refused for good, at a try that was due since a time (UTC ms)."""
        columns = mail_outbox.c
        dead = (columns.state == MailState.DEAD) & (columns.next_try >= since)
        with self._operations.reading() as connection:
            found: int = connection.execute(select(func.count()).select_from(mail_outbox).where(dead)).scalar_one()
        return found

    def lease(self, now: int, until: int, channel: str = "mail") -> MailRow | None:
        """Return the next mail of a channel that is due, reserved for the caller until `until`; None when none is due.

        A caller that dies leaves the mail to the next one after that time.
        """
        columns = mail_outbox.c
        with self._operations.writing() as connection:
            due = [(mail.next_try, mail.id) for mail in next_in_order(connection, channel) if mail.due <= now]
            if not due:
                return None
            own = (columns.id == min(due)[1]) & (columns.state == MailState.WAITING) & (columns.leased_until <= now)
            row = connection.execute(select(mail_outbox).where(own).with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            connection.execute(update(mail_outbox).where(columns.id == row.id).values(leased_until=until))
            return row_mapping.to_mail(row)

    def next_due(self, channel: str = "mail") -> int | None:
        """When (UTC ms) the next waiting mail of a channel is due; None when none is waiting."""
        with self._operations.reading() as connection:
            return min((mail.due for mail in next_in_order(connection, channel)), default=None)

    def heard(self, row: MailRow) -> bool:
        """Whether the recipient of a mail has been sent another one about an alert that it tells of."""
        columns, own, other = mail_outbox.c, alert_word.alias().c, alert_word.alias().c
        same = (columns.channel == row.mail.channel) & (func.lower(columns.recipient) == row.mail.recipient.lower())
        told = select(own.alert_id).where(own.mail_id == row.id)
        about = select(other.mail_id).where(other.alert_id.in_(told) | (other.alert_id == row.alert_id))
        same &= columns.id.in_(about) | (columns.alert_id == row.alert_id)
        with self._operations.reading() as connection:
            query = select(columns.id).where(same, columns.state == MailState.SENT).limit(1)
            return connection.execute(query).first() is not None

    def expire(self, channel: str, now: int) -> int:
        """Set aside the mails of a channel that are of no use any more; return how many."""
        with self._operations.reading() as connection:
            if connection.execute(LATE, {"of": channel, "now": now}).first() is None:
                return 0
        with self._operations.writing() as connection:
            late = mail_outbox.c.id.in_(LATE.params(of=channel, now=now))
            gone = update(mail_outbox).where(late).values(state=MailState.EXPIRED)
            return connection.execute(gone).rowcount

    def hasten(self, channel: str, now: int) -> None:
        """Let every mail of a channel that has failed be tried now: its far end takes mails again."""
        columns = mail_outbox.c
        failed = (columns.state == MailState.WAITING) & (columns.channel == channel) & (columns.attempts > 0)
        with self._operations.writing() as connection:
            connection.execute(update(mail_outbox).where(failed & (columns.next_try > now)).values(next_try=now))

    def drop(self, mail_id: int) -> None:
        """Forget a mail that means nothing to its recipient."""
        with self._operations.writing() as connection:
            connection.execute(delete(mail_outbox).where(mail_outbox.c.id == mail_id))

    def sent(self, mail_id: int, now: int) -> None:
        """Record that the mail server has accepted the mail, also when another collector has taken over meanwhile.

        Otherwise that one would send it again.
        """
        self._settle(mail_id, {"state": MailState.SENT, "sent": now, "reason": ""}, fact=True)

    def failed(self, mail_id: int, reason: str, next_try: int) -> None:
        """One try failed; the next one is due at `next_try`. Its age counts from when it was due for the first time."""
        columns = mail_outbox.c
        postponed = (columns.attempts == 0) & (columns.next_try > columns.created)
        begun = case((postponed, columns.next_try), else_=columns.created)
        self._settle(mail_id, {"reason": reason, "next_try": next_try, "created": begun})

    def dead(self, mail_id: int, reason: str) -> None:
        """Record that the mail server has refused the mail for good."""
        self._settle(mail_id, {"state": MailState.DEAD, "reason": reason})

    def _settle(self, mail_id: int, values: dict[str, object], *, fact: bool = False) -> None:
        values |= {"leased_until": 0, "attempts": mail_outbox.c.attempts + 1}
        with self._operations.writing(fact=fact) as connection:
            connection.execute(update(mail_outbox).where(mail_outbox.c.id == mail_id).values(values))
