"""Links that work once: to make the first account, to accept an invitation, to set a new password."""

from sqlalchemy import Connection, delete, insert, select

from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.access import tokens
from sukusuku_server.access.records import Account, OneTimeLink, Purpose
from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_access import one_time_link

_C = one_time_link.c
LASTS_MS = {Purpose.SETUP: DAY_MS, Purpose.INVITATION: 7 * DAY_MS, Purpose.RESET: HOUR_MS}
"""How long a link works, by its purpose."""


def purpose_for(account: Account) -> Purpose:
    """Return what a link by which somebody sets their password is for."""
    return Purpose.RESET if account.has_password else Purpose.INVITATION


class OneTimeLinks:
    """The links that nobody has used yet. Methods raise TransientError when the database does not answer."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def make(self, purpose: Purpose, account: int | None, now: int, by: str) -> str:
        """Make a link and return its token. Earlier ones for the same purpose and account do not work any more."""
        token = tokens.new()
        values = {
            "digest": tokens.digest(token),
            "purpose": purpose,
            "account_id": account,
            "created": now,
            "created_by": by[:120],
            "expires": now + LASTS_MS[purpose],
        }
        with self._operations.writing() as connection:
            same = (_C.purpose == purpose) & _C.account_id.is_not_distinct_from(account)
            connection.execute(delete(one_time_link).where(same | (_C.expires <= now)))
            connection.execute(insert(one_time_link).values(values))
        return token

    def look(self, token: str, now: int) -> OneTimeLink | None:
        """Return the link with a token while it works, without using it up."""
        with self._operations.reading() as connection:
            return _find(connection, token, now)

    def use(self, token: str, now: int) -> OneTimeLink | None:
        """Use a link up and return it; None: it does not work. Of two at the same time one gets it."""
        with self._operations.writing() as connection:
            found = _find(connection, token, now)
            if found is None or not connection.execute(delete(one_time_link).where(_C.id == found.id)).rowcount:
                return None
            return found


def _find(connection: Connection, token: str, now: int) -> OneTimeLink | None:
    query = select(one_time_link).where(_C.digest == tokens.digest(token), _C.expires > now)
    row = connection.execute(query).first()
    if row is None:
        return None
    return OneTimeLink(row.id, Purpose(row.purpose), row.account_id, row.created, row.created_by, row.expires)
