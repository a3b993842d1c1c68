"""What became of alerts: the steps of their lives, and who was told of them."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from sqlalchemy import Connection, select

from sukusuku_server.db.tables_alerts import alert_event, alert_word, mail_outbox
from sukusuku_server.model.alerts import AlertEvent, MailState, Told


class Readable(Protocol):
    """The operations data, as far as it is read."""

    def reading(self) -> AbstractContextManager[Connection]:
        """Provide a transaction that only reads."""


def events(operations: Readable, alerts: Collection[int]) -> Mapping[int, list[AlertEvent]]:
    """Return the life of each alert in order; one that is not there is left out."""
    columns = alert_event.c
    query = select(columns.alert_id, columns.time, columns.kind, columns.value, columns.who, columns.note)
    query = query.where(columns.alert_id.in_(alerts)).order_by(columns.id)
    with operations.reading() as connection:
        return _by_alert(AlertEvent(*row) for row in connection.execute(query))


def told(operations: Readable, alerts: Collection[int]) -> Mapping[int, list[Told]]:
    """Return the messages about each alert, in the order in which they were written."""
    words, mails = alert_word.c, mail_outbox.c
    query = select(words.alert_id, words.kind, words.channel, words.recipient, mails.created, mails.sent, mails.state)
    query = query.join(mail_outbox, mails.id == words.mail_id).where(words.alert_id.in_(alerts)).order_by(words.id)
    with operations.reading() as connection:
        return _by_alert(Told(*row[:6], MailState(row.state)) for row in connection.execute(query))


_Entry = TypeVar("_Entry", AlertEvent, Told)


def _by_alert(entries: Iterator[_Entry]) -> dict[int, list[_Entry]]:
    found: dict[int, list[_Entry]] = {}
    for entry in entries:
        found.setdefault(entry.alert_id, []).append(entry)
    return found
