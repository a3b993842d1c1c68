"""A mark by which it is seen that rights may have changed, without looking at anybody's."""

from sqlalchemy import func, select

from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_access import session
from sukusuku_server.db.tables_alerts import audit

AccessMark = tuple[int | None, ...]
"""Two that are equal: nobody was given or denied anything in between. What ends at its time changes no mark."""

_ASKED = select(
    select(func.max(audit.c.id)).scalar_subquery(),
    select(func.count(session.c.id)).scalar_subquery(),
    select(func.max(session.c.turned)).scalar_subquery(),
)
"""Whatever is given or taken is in the audit log; sessions that end are not, nor are those with a new token."""


def access_mark(operations: Operations) -> AccessMark:
    """Return the mark of now. Raises TransientError when the database does not answer."""
    with operations.reading() as connection:
        return tuple(connection.execute(_ASKED).one())
