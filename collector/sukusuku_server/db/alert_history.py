"""What became of alerts: the steps of their lives, and who was told of them."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import fields
from typing import Protocol, TypeVar

from sqlalchemy import Connection, bindparam, func, select

from sukusuku_server.db import row_mapping
from sukusuku_server.db.tables_alerts import alert_event, alert_word, mail_outbox
from sukusuku_server.model.alerts import AlertEvent, AlertMessage, MailState, Word

_LAST_BEFORE = (
    select(mail_outbox.c.id)
    .where(mail_outbox.c.created < bindparam("since"))
    .order_by(mail_outbox.c.id.desc())
    .limit(1)
)
"""Found at once, going back from the newest; mails are numbered as they are written."""
_WRITTEN = select(func.count()).where(
    mail_outbox.c.id > bindparam("last"),
    mail_outbox.c.channel == bindparam("channel"),
    func.lower(mail_outbox.c.recipient) == bindparam("recipient"),
)


class Readable(Protocol):
    """The operations data, as far as it is read."""

    def reading(self) -> AbstractContextManager[Connection]:
        """Provide a transaction that only reads."""


def events(operations: Readable, alerts: Collection[int]) -> Mapping[int, list[AlertEvent]]:
    """Return the life of each alert in order; one that is not there is left out."""
    columns = alert_event.c
    query = select(*(columns[field.name] for field in fields(AlertEvent)))
    query = query.where(columns.alert_id.in_(alerts)).order_by(columns.id)
    with operations.reading() as connection:
        return _by_alert(AlertEvent(*row) for row in connection.execute(query))


def told(operations: Readable, alerts: Collection[int]) -> Mapping[int, list[AlertMessage]]:
    """Return the messages about each alert, in the order in which they were written."""
    words, mails = alert_word.c, mail_outbox.c
    query = select(words.alert_id, words.kind, words.channel, words.recipient, mails.created, mails.sent, mails.state)
    query = query.join(mail_outbox, mails.id == words.mail_id).where(words.alert_id.in_(alerts)).order_by(words.id)
    with operations.reading() as connection:
        return _by_alert(AlertMessage(*row[:6], MailState(row.state)) for row in connection.execute(query))


def waiting(operations: Readable, alerts: Collection[int]) -> Mapping[int, list[Word]]:
    """Return what people are still to hear of each alert, in the order in which it came up."""
    query = select(alert_word).where(alert_word.c.mail_id.is_(None), alert_word.c.alert_id.in_(alerts))
    with operations.reading() as connection:
        return _by_alert(row_mapping.to_word(row) for row in connection.execute(query.order_by(alert_word.c.id)))


def written(connection: Connection, channel: str, recipient: str, since: int) -> int:
    """Return how many messages were written to a recipient since a moment (UTC ms), whatever they are about."""
    last = connection.execute(_LAST_BEFORE, {"since": since}).scalar() or 0
    asked = {"channel": channel, "recipient": recipient.lower(), "last": last}
    number: int = connection.execute(_WRITTEN, asked).scalar_one()
    return number


_Entry = TypeVar("_Entry", AlertEvent, AlertMessage, Word)


def _by_alert(entries: Iterator[_Entry]) -> dict[int, list[_Entry]]:
    found: dict[int, list[_Entry]] = {}
    for entry in entries:
        found.setdefault(entry.alert_id, []).append(entry)
    return found
