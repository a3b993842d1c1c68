"""Keys of programs and links of displays."""

from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update

from sukusuku_server.access import tokens
from sukusuku_server.access.records import AccessKey, KeyKind, UnknownAccountError
from sukusuku_server.db import audit_entry
from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_access import access_key, session

_C = access_key.c
_BY_TOKEN = select(access_key).where(_C.digest == bindparam("digest"))
_USED_MS = 60_000
"""How exactly it is kept when a key was last used."""


class AccessKeys:
    """The keys of a facility. Methods raise TransientError when the database does not answer."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def make(self, kind: KeyKind, name: str, now: int, by: str, expires: int | None = None) -> tuple[AccessKey, str]:
        """Make a key that opens nothing yet; return it with its token, which is kept nowhere."""
        token = tokens.new()
        values = {
            "kind": kind,
            "name": name[:120],
            "digest": tokens.digest(token),
            "start": token[: tokens.START],
            "created": now,
            "created_by": by[:120],
            "expires": expires,
        }
        with self._operations.writing() as connection:
            row = connection.execute(insert(access_key).values(values).returning(access_key)).one()
            told = {"kind": kind, "name": name[:120], "expires": expires}
            audit_entry.note(connection, now, by, "key.make", f"key {row.id}", after=told)
        return _key(row), token

    def find(self, token: str, now: int) -> AccessKey | None:
        """Return the key with a token while it holds, and remember that it was used."""
        with self._operations.reading() as connection:
            row = connection.execute(_BY_TOKEN, {"digest": tokens.digest(token)}).first()
        if row is None or not (found := _key(row)).holds(now):
            return None
        if found.used is None or now - found.used >= _USED_MS:
            with self._operations.writing() as connection:
                connection.execute(update(access_key).where(_C.id == found.id).values(used=now))
        return found

    def one(self, ident: int) -> AccessKey:
        """Return a key. Raises UnknownAccountError."""
        with self._operations.reading() as connection:
            row = connection.execute(select(access_key).where(_C.id == ident)).first()
        if row is None:
            raise UnknownAccountError(f"there is no key {ident}")
        return _key(row)

    def all(self) -> list[AccessKey]:
        """Return every key, also those that hold no more."""
        with self._operations.reading() as connection:
            return [_key(row) for row in connection.execute(select(access_key).order_by(_C.id))]

    def revoke(self, ident: int, now: int, by: str) -> None:
        """End a key at once, and what displays show by it. Raises UnknownAccountError."""
        with self._operations.writing() as connection:
            own = (_C.id == ident) & _C.revoked.is_(None)
            if not connection.execute(update(access_key).where(own).values(revoked=now)).rowcount:
                raise UnknownAccountError(f"there is no key {ident} that holds")
            connection.execute(delete(session).where(session.c.key_id == ident))
            audit_entry.note(connection, now, by, "key.revoke", f"key {ident}")


def _key(row: Row[Any]) -> AccessKey:
    return AccessKey(
        id=row.id,
        kind=KeyKind(row.kind),
        name=row.name,
        start=row.start,
        created=row.created,
        created_by=row.created_by,
        expires=row.expires,
        used=row.used,
        revoked=row.revoked,
    )
