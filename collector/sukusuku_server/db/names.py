"""Names of people in the operations data, wherever they stand: a person can be erased, and what they did stays."""

from sqlalchemy import Column, Connection, Table, func, select, update

from sukusuku_server.access.single_sign_on import BY
from sukusuku_server.db.tables import metadata
from sukusuku_server.db.tables_access import account
from sukusuku_server.db.tables_reports import issued_report

ERASED = "–"
"""Stands where the name of an erased person stood."""
_NOBODYS = frozenset({ERASED, BY})
_NAMES = frozenset({
    "who", "by", "acknowledged_by", "accepted_by", "answered_by", "withdrawn_by", "imported_by", "created_by",
    "given_by", "revoked_by", "assigned_to",
})  # fmt: skip
"""Columns that hold the name of whoever did it, or shall. A new table that calls its column so is covered as well."""


def named() -> list[tuple[Table, Column[str]]]:
    """Return every column with names of people.

    Issued reports are left out: they are documents, which stay as they were issued.
    """
    return [
        (table, column)
        for table in metadata.sorted_tables
        if table is not issued_report
        for column in table.columns
        if column.name in _NAMES
    ]


def personal(name: str, login: str) -> str:
    """Return the name of an account: their login for whoever takes one that stands for no person.

    Who is called like an erased person is on no list, and what somebody gives who is called like the single sign-on is
    taken back by it.
    """
    return login if name.strip() in _NOBODYS else name


def erase(connection: Connection, name: str) -> bool:
    """Take a name out of everything that was done under it; False: somebody else has the same name, so it stays."""
    if connection.execute(select(func.count()).select_from(account).where(account.c.name == name)).scalar_one():
        return False
    for table, column in named():
        connection.execute(update(table).where(column == name).values({column.name: ERASED}))
    return True
