"""Accounts and organisations of a facility."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from sukusuku_server.access.records import Account, AccountKind, LoginTakenError, Organisation, UnknownAccountError
from sukusuku_server.db import audit_entry, names
from sukusuku_server.db.database import Operations
from sukusuku_server.db.grants import keeping_an_admin
from sukusuku_server.db.tables_access import account, one_time_link, organisation, session

_C = account.c
_BY_ID = select(account).where(_C.id == bindparam("ident"))
_ERASED = "erased"


class Accounts:
    """Who can sign in. Methods raise TransientError when the database does not answer."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def add(
        self,
        login: str,
        name: str,
        now: int,
        by: str,
        *,
        kind: AccountKind = AccountKind.PERSON,
        language: str = "ja",
        organisation: int | None = None,
    ) -> Account:
        """Add an account that cannot sign in yet: it has no password. Raises LoginTakenError."""
        values = {
            "login": login.lower(),
            "name": names.personal(name, login.lower()),
            "kind": kind,
            "language": language,
            "organisation_id": organisation,
            "created": now,
            "created_by": by,
            "subject": "",
        }
        with self._operations.writing() as connection:
            try:
                with connection.begin_nested():
                    row = connection.execute(insert(account).values(values).returning(account)).one()
            except IntegrityError as error:
                raise LoginTakenError(f"there is an account {login!r} already") from error
            audit_entry.note(connection, now, by, "account.add", f"account {row.id}", after=_shown(row))
            return _account(row)

    def all(self) -> list[Account]:
        """Return every account, in the order in which they were made."""
        with self._operations.reading() as connection:
            return [_account(row) for row in connection.execute(select(account).order_by(_C.id))]

    def one(self, ident: int) -> Account:
        """Return an account. Raises UnknownAccountError."""
        with self._operations.reading() as connection:
            return _account(_find(connection, ident))

    def by_login(self, login: str) -> Account | None:
        """Return the account with a login, in whatever case it is written."""
        with self._operations.reading() as connection:
            row = connection.execute(select(account).where(_C.login == login.lower())).first()
        return None if row is None else _account(row)

    def by_subject(self, subject: str) -> Account | None:
        """Return the account of somebody at an OpenID provider."""
        with self._operations.reading() as connection:
            row = connection.execute(select(account).where(_C.subject == subject)).first() if subject else None
        return None if row is None else _account(row)

    def password(self, ident: int) -> str | None:
        """Return what is kept of a password; None: there is none. Raises UnknownAccountError."""
        with self._operations.reading() as connection:
            kept: str | None = _find(connection, ident).password
            return kept

    def totp(self, ident: int) -> tuple[str | None, int | None]:
        """Return the secret of the second factor, and the step of time last used. Raises UnknownAccountError."""
        with self._operations.reading() as connection:
            row = _find(connection, ident)
            return row.totp, row.totp_step

    def use_totp_step(self, ident: int, step: int) -> bool:
        """Use up a step of time; tell whether nobody has used it, or a later one, before."""
        later = (_C.id == ident) & (_C.totp_step.is_(None) | (_C.totp_step < step))
        with self._operations.writing() as connection:
            return connection.execute(update(account).where(later).values(totp_step=step)).rowcount == 1

    def set_password(self, ident: int, kept: str, now: int, by: str) -> None:
        """Replace the password. Its holder is signed out everywhere, and links to set it do not work any more."""
        with self._operations.writing() as connection:
            self._change(connection, ident, {"password": kept}, now, by, "account.password")
            connection.execute(delete(session).where(session.c.account_id == ident))
            connection.execute(delete(one_time_link).where(one_time_link.c.account_id == ident))

    def set_totp(self, ident: int, secret: str | None, now: int, by: str) -> None:
        """Switch the second factor on, with its secret, or off. Its holder is signed out everywhere else."""
        action = f"account.second_factor_{'off' if secret is None else 'on'}"
        with self._operations.writing() as connection:
            self._change(connection, ident, {"totp": secret, "totp_step": None}, now, by, action)
            connection.execute(delete(session).where(session.c.account_id == ident))

    def set_subject(self, ident: int, subject: str, now: int, by: str) -> None:
        """Remember who it is at an OpenID provider."""
        with self._operations.writing() as connection:
            self._change(connection, ident, {"subject": subject}, now, by, "account.subject")

    def describe(self, ident: int, values: Mapping[str, Any], now: int, by: str) -> Account:
        """Change `name`, `language`, `kind` or `organisation_id`. Raises UnknownAccountError."""
        with self._operations.writing() as connection:
            before = _find(connection, ident)
            named = {"name": names.personal(values["name"], before.login)} if "name" in values else {}
            row = self._change(connection, ident, {**values, **named}, now, by, None)
            told, now_told = _shown(before), _shown(row)
            if told != now_told:
                audit_entry.note(connection, now, by, "account.change", f"account {ident}", before=told, after=now_told)
            return _account(row)

    def disable(self, ident: int, now: int, by: str) -> None:
        """End every way in for an account, at once. Raises LastAdminError."""
        with self._operations.writing() as connection, keeping_an_admin(connection, now):
            self._change(connection, ident, {"disabled": now}, now, by, "account.disable")
            connection.execute(delete(session).where(session.c.account_id == ident))
            connection.execute(delete(one_time_link).where(one_time_link.c.account_id == ident))

    def enable(self, ident: int, now: int, by: str) -> None:
        """Let an account sign in again."""
        with self._operations.writing() as connection:
            self._change(connection, ident, {"disabled": None}, now, by, "account.enable")

    def erase(self, ident: int, now: int, by: str) -> None:
        """Forget who it was: login, name, password. What the account did stays, under its number.

        The name goes from everything that was done under it, unless somebody else is called the same. Raises
        LastAdminError.
        """
        gone = {"login": f"{_ERASED}-{ident}", "name": names.ERASED, "password": None, "totp": None, "subject": ""}
        with self._operations.writing() as connection, keeping_an_admin(connection, now):
            name = _find(connection, ident).name
            self._change(connection, ident, gone | {"disabled": now}, now, by, "account.erase")
            names.erase(connection, name)
            connection.execute(delete(session).where(session.c.account_id == ident))
            connection.execute(delete(one_time_link).where(one_time_link.c.account_id == ident))

    # ------------------------------------------------------------ organisations

    def add_organisation(self, name: str, now: int, by: str) -> Organisation:
        """Add an organisation without accounts and grants."""
        with self._operations.writing() as connection:
            values = {"name": name, "created": now, "created_by": by}
            row = connection.execute(insert(organisation).values(values).returning(organisation)).one()
            audit_entry.note(connection, now, by, "organisation.add", f"organisation {row.id}", after={"name": name})
            return Organisation(*row)

    def organisations(self) -> list[Organisation]:
        """Return every organisation, also those that have ended."""
        with self._operations.reading() as connection:
            return [Organisation(*row) for row in connection.execute(select(organisation).order_by(organisation.c.id))]

    def end_organisation(self, ident: int, now: int, by: str) -> None:
        """End an organisation: its accounts lose what was granted to it, at once. Raises UnknownAccountError."""
        own = (organisation.c.id == ident) & organisation.c.ended.is_(None)
        with self._operations.writing() as connection:
            if not connection.execute(update(organisation).where(own).values(ended=now)).rowcount:
                raise UnknownAccountError(f"there is no organisation {ident}")
            audit_entry.note(connection, now, by, "organisation.end", f"organisation {ident}")

    def _change(
        self, connection: Connection, ident: int, values: dict[str, Any], now: int, by: str, action: str | None
    ) -> Row[Any]:
        row = connection.execute(update(account).where(_C.id == ident).values(values).returning(account)).first()
        if row is None:
            raise UnknownAccountError(f"there is no account {ident}")
        if action is not None:
            audit_entry.note(connection, now, by, action, f"account {ident}")
        return row


def _find(connection: Connection, ident: int) -> Row[Any]:
    row = connection.execute(_BY_ID, {"ident": ident}).first()
    if row is None:
        raise UnknownAccountError(f"there is no account {ident}")
    return row


def _shown(row: Row[Any]) -> dict[str, Any]:
    """Return what the audit log may keep of an account: not its login and name, which can be erased here only."""
    return {"kind": row.kind, "language": row.language, "organisation": row.organisation_id}


def _account(row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        login=row.login,
        name=row.name,
        kind=AccountKind(row.kind),
        language=row.language,
        organisation=row.organisation_id,
        created=row.created,
        created_by=row.created_by,
        disabled=row.disabled,
        has_password=row.password is not None,
        second_factor=row.totp is not None,
        subject=row.subject,
    )
