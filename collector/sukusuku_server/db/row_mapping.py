"""Rows to records and back."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from sukusuku_server.model.alerts import Alert, AlertState, MailRow, MailState, OutgoingMail, Word


def to_alert(row: Row[Any]) -> Alert:
    """Return the alert in a row of table `alert`."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return Alert(**values | {"state": AlertState(values["state"])})


def alert_values(alert: Alert) -> dict[str, Any]:
    """Return an alert as column values."""
    return asdict(alert)


def to_mail(row: Row[Any]) -> MailRow:
    """Return the mail in a row of table `mail_outbox`."""
    mail = OutgoingMail(
        kind=row.kind,
        sender=row.sender,
        recipient=row.recipient,
        language=row.language,
        subject=row.subject,
        message_id=row.message_id,
        content=bytes(row.content),
        channel=row.channel,
        expires=row.expires,
    )
    return MailRow(
        id=row.id,
        alert_id=row.alert_id,
        mail=mail,
        state=MailState(row.state),
        created=row.created,
        attempts=row.attempts,
        next_try=row.next_try,
        sent=row.sent,
        reason=row.reason,
        run_id=row.run_id,
    )


def mail_values(mail: OutgoingMail) -> dict[str, Any]:
    """Return a mail as column values."""
    return asdict(mail)


def to_word(row: Row[Any]) -> Word:
    """Return the word in a row of table `alert_word`."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    del values["mail_id"]
    return Word(**values)


def word_values(word: Word) -> dict[str, Any]:
    """Return a new word as column values."""
    values = asdict(word)
    del values["id"]
    return values
