"""Mails that are made once, whoever makes them and however often they begin again."""

from sqlalchemy import Connection, select

from sukusuku_server.db.alert_changes import Change
from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_alerts import mail_outbox
from sukusuku_server.model.alerts import OutgoingMail


def was_put(operations: Operations, message_id: str) -> bool:
    """Tell whether a mail was handed to the outbox. Raises TransientError when the database does not answer."""
    with operations.reading() as connection:
        return _known(connection, message_id)


def put_once(operations: Operations, mail: OutgoingMail, now: int) -> bool:
    """Hand a mail to the outbox unless one with its Message-ID was before; tell whether it was handed over now.

    Raises TransientError when the database does not answer.
    """
    with operations.writing() as connection:  # the write lock: of two processes one puts it
        if _known(connection, mail.message_id):
            return False
        Change(connection).put_mail(None, mail, now)
        return True


def _known(connection: Connection, message_id: str) -> bool:
    return (
        connection.execute(select(mail_outbox.c.id).where(mail_outbox.c.message_id == message_id)).first() is not None
    )
