"""Which mails of the outbox wait, and which of them may go: asked before each message, so built once."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from sukusuku_server.db.tables_alerts import mail_outbox
from sukusuku_server.model.alerts import MailState

LATE = select(mail_outbox.c.id).where(
    mail_outbox.c.state == MailState.WAITING,
    mail_outbox.c.channel == bindparam("of"),
    mail_outbox.c.expires <= bindparam("now"),
    mail_outbox.c.leased_until <= bindparam("now"),
)
"""The mails of channel `of` that are of no use any more at `now`."""

_WAITING = (
    select(
        mail_outbox.c.id,
        mail_outbox.c.recipient,
        mail_outbox.c.run_id,
        mail_outbox.c.next_try,
        mail_outbox.c.leased_until,
    )
    .where(mail_outbox.c.state == MailState.WAITING, mail_outbox.c.channel == bindparam("of"))
    .order_by(mail_outbox.c.id)
)


class Waiting(NamedTuple):
    """A mail that may be the next one: from `due` (UTC ms) on, when nobody else is trying it any more."""

    due: int
    next_try: int
    id: int


def next_in_order(connection: Connection, channel: str) -> Collection[Waiting]:
    """Return the waiting mails before which no other waits for the same recipient: about alerts, or about one run.

    Asked for in the database, each mail that waits would be held against all that were ever sent.
    """
    heads: dict[tuple[str, int | None], Waiting] = {}
    for number, recipient, run, next_try, leased in connection.execute(_WAITING, {"of": channel}):
        heads.setdefault((recipient.lower(), run), Waiting(max(next_try, leased), next_try, number))
    return heads.values()
