"""Secrets that the processes of one facility share: made by the first one that needs them."""

import secrets

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_collection import secret

LINKS = "round-links"
"""Signs the links of round mails."""
CLAIMS = "host-claims"
"""Proves to a collector that another one has opened the same operations data, or a copy."""
_BYTES = 32


def shared(operations: Operations, name: str) -> tuple[bytes, ...]:
    """Read the secrets of this name, the same for every process. Raises TransientError.

    The last one is the present one. Before it stands the one that it replaced, if any, which is still believed.
    """
    with operations.reading() as connection:
        found = _read(connection, name)
    if found:
        return found
    with operations.writing() as connection:
        found = _read(connection, name)
        if found:
            return found
        made = secrets.token_bytes(_BYTES)
        try:
            with connection.begin_nested():
                connection.execute(insert(secret).values(name=name, value=made))
        except IntegrityError:  # where writers do not wait for each other, another one may have been first
            return _read(connection, name)
    return (made,)


def renew(operations: Operations, name: str) -> None:
    """Make a new secret; the present one becomes the one before, and that is forgotten. Raises TransientError."""
    with operations.writing() as connection:
        connection.execute(delete(secret).where(secret.c.name == _before(name)))
        connection.execute(update(secret).where(secret.c.name == name).values(name=_before(name)))
        connection.execute(insert(secret).values(name=name, value=secrets.token_bytes(_BYTES)))


def _before(name: str) -> str:
    return f"{name}, before"


def _read(connection: Connection, name: str) -> tuple[bytes, ...]:
    rows = connection.execute(select(secret).where(secret.c.name.in_((name, _before(name)))))
    found: dict[str, bytes] = {row.name: row.value for row in rows}
    return tuple(found[each] for each in (_before(name), name) if each in found)
