"""Who is signed in. A session is found by its token; only the digest of that is kept."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, or_, select, update

from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.access import tokens
from sukusuku_server.access.records import Session
from sukusuku_server.access.single_sign_on import BY
from sukusuku_server.db import audit_entry
from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_access import session

_C = session.c
GRACE_MS = 60_000
"""How long the token before still opens a session: a page has requests under way when its token changes."""
_SEEN_MS = 60_000
"""How exactly it is kept when a session was last used: a write per request would be dear."""
SECOND_FACTOR_MS = 10 * 60_000
"""How long a session waits for its second factor."""

_BY_TOKEN = select(session).where(
    or_(
        _C.digest == bindparam("seen"),
        (_C.digest_before == bindparam("seen")) & (_C.turned > bindparam("since")),
    )
)
"""Made once: with each request it is asked, and to make it takes as long as to answer it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts: unused, and in all (ms). A display's lasts as long as its link."""

    idle: int = 12 * HOUR_MS
    whole: int = 14 * DAY_MS


class Sessions:
    """The sessions of a facility. Methods raise TransientError when the database does not answer."""

    def __init__(self, operations: Operations, limits: Limits) -> None:
        self._operations = operations
        self._limits = limits

    def begin(
        self,
        now: int,
        address: str,
        agent: str,
        *,
        account: int | None = None,
        key: int | None = None,
        waits: bool = False,
        who: str = "",
        id_token: str | None = None,
    ) -> tuple[Session, str]:
        """Begin a session of an account or of a display's link; return it with its token, which is kept nowhere.

        `id_token` is that of an OpenID provider, which wants it back when the session ends there too.
        """
        token = tokens.new()
        values = {
            "digest": tokens.digest(token),
            "turned": now,
            "account_id": account,
            "key_id": key,
            "created": now,
            "seen": now,
            "address": address[:64],
            "agent": agent[:200],
            "waits": now if waits else None,
            "id_token": id_token,
        }
        with self._operations.writing() as connection:
            row = connection.execute(insert(session).values(values).returning(session)).one()
            if account is not None and not waits:
                way = None if id_token is None else {"way": BY}
                audit_entry.note(connection, now, who, "session.begin", f"account {account}", after=way)
        return _session(row), token

    def find(self, token: str, now: int) -> Session | None:
        """Return the session that a token opens now, and remember that it was used."""
        values = {"seen": tokens.digest(token), "since": now - GRACE_MS}
        with self._operations.reading() as connection:
            row = connection.execute(_BY_TOKEN, values).first()
        if row is None or self._is_over(row, now):
            return None
        if now - row.seen >= _SEEN_MS:
            with self._operations.writing() as connection:
                connection.execute(update(session).where(_C.id == row.id).values(seen=now))
        return _session(row)

    def turn(self, turned: Session, now: int) -> str | None:
        """Give a session a new token and return it. The old one works for a moment more.

        None: the session is over, or has got another token meanwhile.
        """
        token = tokens.new()
        values = {"digest": tokens.digest(token), "digest_before": _C.digest, "turned": now, "waits": None}
        with self._operations.writing() as connection:
            same = (_C.id == turned.id) & (_C.turned == turned.turned)
            done = connection.execute(update(session).where(same).values(values)).rowcount
        return token if done else None

    def id_token(self, ident: int) -> str | None:
        """Return the ID token of the OpenID provider by which a session began; None: it began otherwise, or is over."""
        with self._operations.reading() as connection:
            found: str | None = connection.execute(select(_C.id_token).where(_C.id == ident)).scalar()
            return found

    def end(self, ident: int) -> None:
        """End a session."""
        with self._operations.writing() as connection:
            connection.execute(delete(session).where(_C.id == ident))

    def end_all(self, account: int, besides: int | None = None) -> int:
        """Sign an account out everywhere, `besides` one session of its own; return how many ended."""
        mine = _C.account_id == account
        if besides is not None:
            mine &= _C.id != besides
        with self._operations.writing() as connection:
            return connection.execute(delete(session).where(mine)).rowcount

    def end_every(self, now: int, by: str, why: str) -> None:
        """Sign everybody out, displays too."""
        with self._operations.writing() as connection:
            connection.execute(delete(session))
            audit_entry.note(connection, now, by, "session.end_every", why)

    def of(self, account: int, now: int) -> list[Session]:
        """Return the sessions of an account, the one used last first."""
        with self._operations.reading() as connection:
            rows = connection.execute(select(session).where(_C.account_id == account).order_by(_C.seen.desc())).all()
        return [_session(row) for row in rows if not self._is_over(row, now)]

    def prune(self, now: int) -> None:
        """Forget sessions that are over."""
        over = (_C.seen < now - self._limits.idle) | (_C.created < now - self._limits.whole)
        over = (_C.account_id.is_not(None) & over) | (_C.waits < now - SECOND_FACTOR_MS)
        with self._operations.writing() as connection:
            connection.execute(delete(session).where(over))

    def _is_over(self, row: Row[Any], now: int) -> bool:
        if row.waits is not None and row.waits <= now - SECOND_FACTOR_MS:
            return True
        if row.account_id is None:
            return False
        last: int = max(now - self._limits.idle - row.seen, now - self._limits.whole - row.created)
        return last >= 0


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        account=row.account_id,
        key=row.key_id,
        created=row.created,
        seen=row.seen,
        turned=row.turned,
        address=row.address,
        agent=row.agent,
        waits=row.waits is not None,
    )
