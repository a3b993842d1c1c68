"""Secrets that the processes of one facility share: made by the first one that needs them."""

import secrets

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_collection import secret

LINKS = "round-links"
"""Signs the links of round mails."""
_BYTES = 32


def shared(operations: Operations, name: str) -> bytes:
    """The secret of this name, the same for every process. Raises TransientError."""
    with operations.reading() as connection:
        found = _read(connection, name)
    if found is not None:
        return found
    with operations.writing() as connection:
        found = _read(connection, name)
        if found is not None:
            return found
        made = secrets.token_bytes(_BYTES)
        try:
            with connection.begin_nested():
                connection.execute(insert(secret).values(name=name, value=made))
        except IntegrityError:  # where writers do not wait for each other, another one may have been first
            made = connection.execute(select(secret.c.value).where(secret.c.name == name)).scalar_one()
    return made


def _read(connection: Connection, name: str) -> bytes | None:
    return connection.execute(select(secret.c.value).where(secret.c.name == name)).scalar_one_or_none()
