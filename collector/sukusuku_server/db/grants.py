"""What is granted to accounts, organisations and access keys."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, insert, or_, select, update

from sukusuku_server.access.records import Account, LastAdminError, UnknownAccountError
from sukusuku_server.access.rights import Grant, Role
from sukusuku_server.access.single_sign_on import BY
from sukusuku_server.db import audit_entry
from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_access import account, one_time_link, organisation, role_grant

_C = role_grant.c
_OF_KEY = select(role_grant).where(_C.key_id == bindparam("key")).order_by(_C.id)
_OF_ACCOUNT = (
    select(role_grant)
    .where(
        or_(
            _C.account_id == bindparam("whose"),
            _C.organisation_id.in_(
                select(organisation.c.id).where(
                    organisation.c.id == bindparam("organisation"), organisation.c.ended.is_(None)
                )
            ),
        )
    )
    .order_by(_C.id)
)


class Grants:
    """Roles that were given, and when they were revoked. Methods raise TransientError."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def give(
        self,
        role: Role,
        site: str | None,
        now: int,
        by: str,
        *,
        account: int | None = None,
        organisation: int | None = None,
        key: int | None = None,
        until: int | None = None,
    ) -> Grant:
        """Give a role at a site, or (None) for the whole operator, to one of the three; it holds from now on.

        Links by which a password can be set work no more: whoever made one had only the roles of before in hand.
        """
        whose = {"account_id": account, "organisation_id": organisation, "key_id": key}
        values = {**whose, "role": role, "site": site, "since": now, "until": until, "given_by": by[:120]}
        with self._operations.writing() as connection:
            row = connection.execute(insert(role_grant).values(values).returning(role_grant)).one()
            audit_entry.note(connection, now, by, "grant.give", _whose(row), after=_shown(row))
            if account is not None:
                _end_links(connection, account)
            if organisation is not None:
                connection.execute(delete(one_time_link).where(_of_organisation(organisation)))
            return _grant(row)

    def revoke(self, ident: int, now: int, by: str) -> Grant:
        """Take a role back, from now on. Raises UnknownAccountError, and LastAdminError."""
        with self._operations.writing() as connection, keeping_an_admin(connection, now):
            open_ = (_C.id == ident) & _C.revoked.is_(None)
            values = {"revoked": now, "revoked_by": by[:120]}
            row = connection.execute(update(role_grant).where(open_).values(values).returning(role_grant)).first()
            if row is None:
                raise UnknownAccountError(f"there is no grant {ident} that holds")
            audit_entry.note(connection, now, by, "grant.revoke", _whose(row), before=_shown(row))
            return _grant(row)

    def renew(self, account: int, roles: AbstractSet[tuple[Role, str | None]], now: int) -> None:
        """Make the roles at sites that a provider of single sign-on gives to an account just these.

        What people gave stays. So does the word of the provider: nobody is kept in a role for being the last with it.
        With a new role links end as in `give`.
        """
        mine = (_C.account_id == account) & (_C.given_by == BY) & _C.revoked.is_(None)
        with self._operations.writing() as connection:
            rows = connection.execute(select(role_grant).where(mine)).all()
            there = {(Role(row.role), row.site): row for row in rows}
            for item, row in there.items():
                if item not in roles:
                    values = {"revoked": now, "revoked_by": BY}
                    connection.execute(update(role_grant).where(_C.id == row.id).values(values))
                    audit_entry.note(connection, now, BY, "grant.revoke", _whose(row), before=_shown(row))
            new = roles - there.keys()
            if new:
                _end_links(connection, account)
            for role, site in sorted(new, key=str):
                values = {"account_id": account, "role": role, "site": site, "since": now, "given_by": BY}
                row = connection.execute(insert(role_grant).values(values).returning(role_grant)).one()
                audit_entry.note(connection, now, BY, "grant.give", _whose(row), after=_shown(row))

    def of(self, who: Account) -> list[Grant]:
        """Return what an account was given, by itself and through its organisation while that has not ended."""
        with self._operations.reading() as connection:
            rows = connection.execute(_OF_ACCOUNT, {"whose": who.id, "organisation": who.organisation})
            return [_grant(row) for row in rows]

    def of_key(self, key: int) -> list[Grant]:
        """Return what an access key was given."""
        with self._operations.reading() as connection:
            return [_grant(row) for row in connection.execute(_OF_KEY, {"key": key})]

    def all(self) -> list[Grant]:
        """Return every grant, also those that have ended, in the order in which they were given."""
        return self._where(_C.id.is_not(None))

    def _where(self, condition: Any) -> list[Grant]:
        with self._operations.reading() as connection:
            return [_grant(row) for row in connection.execute(select(role_grant).where(condition).order_by(_C.id))]


def _end_links(connection: Connection, account: int) -> None:
    connection.execute(delete(one_time_link).where(one_time_link.c.account_id == account))


def _of_organisation(ident: int) -> ColumnElement[bool]:
    mine = select(account.c.id).where(account.c.organisation_id == ident)
    return one_time_link.c.account_id.in_(mine)


@contextmanager
def keeping_an_admin(connection: Connection, now: int) -> Iterator[None]:
    """Raise LastAdminError when what is done within takes the last administrator away who can sign in.

    Where there is none, everything can be done: somebody whose password was stolen is shut out all the same.
    """
    had = _has_admin(connection, now)
    yield
    if had and not _has_admin(connection, now):
        raise LastAdminError("nobody would be left who may manage people; make somebody else an administrator first")


def _has_admin(connection: Connection, now: int) -> bool:
    holds = _C.revoked.is_(None) & _C.site.is_(None) & (_C.until.is_(None) | (_C.until > now))
    usable = account.c.disabled.is_(None) & (account.c.password.is_not(None) | (account.c.subject != ""))
    query = select(_C.id).join(account, account.c.id == _C.account_id)
    query = query.where(holds, usable, _C.role == Role.ADMIN).limit(1)
    return connection.execute(query).first() is not None


def _whose(row: Row[Any]) -> str:
    for kind, ident in (("account", row.account_id), ("organisation", row.organisation_id)):
        if ident is not None:
            return f"{kind} {ident}"
    return f"key {row.key_id}"


def _shown(row: Row[Any]) -> dict[str, Any]:
    return {"role": row.role, "site": row.site, "until": row.until}


def _grant(row: Row[Any]) -> Grant:
    return Grant(
        id=row.id,
        role=Role(row.role),
        site=row.site,
        since=row.since,
        until=row.until,
        given_by=row.given_by,
        account=row.account_id,
        organisation=row.organisation_id,
        key=row.key_id,
        revoked=row.revoked,
        revoked_by=row.revoked_by,
    )
