"""Guesses of passwords: how many failed lately, by account and address."""

from sqlalchemy import ColumnElement, Select, delete, func, insert, select

from sukusuku_server.access import tokens
from sukusuku_server.db import audit_entry
from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_access import sign_in_attempt

_C = sign_in_attempt.c
WINDOW_MS = 60_000
MOST_PER_LOGIN = 10
"""Failed attempts a minute at one account from one address. Whoever sits elsewhere is not locked out by them."""
MOST_PER_ADDRESS = 60
"""Failed attempts a minute from one address at whatever account: a whole office may share an address."""


class SignInAttempts:
    """Failed attempts to sign in. Methods raise TransientError when the database does not answer."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def admit(self, login: str, address: str, now: int) -> int:
        """Count an attempt as failed before it is judged, so that many at the same time are no way around.

        Return 0, or how long (ms) to wait before another one is heard: then it is not counted, and not to be judged.
        """
        lately = (_C.address == address[:64]) & (_C.time > now - WINDOW_MS)
        mine = lately & (_C.login == _known(login))
        with self._operations.writing() as connection:
            connection.execute(delete(sign_in_attempt).where(_C.time <= now - WINDOW_MS))
            for condition, most in ((mine, MOST_PER_LOGIN), (lately, MOST_PER_ADDRESS)):
                newest = select(_C.time).where(condition).order_by(_C.time.desc()).limit(1).offset(most - 1)
                first = connection.execute(newest).scalar()
                if first is not None:
                    return int(first) + WINDOW_MS - now
            values = {"login": _known(login), "address": address[:64], "time": now}
            connection.execute(insert(sign_in_attempt).values(values))
            counted = ((mine, MOST_PER_LOGIN), (lately, MOST_PER_ADDRESS))
            if any(connection.execute(_how_many(which)).scalar_one() == most for which, most in counted):
                audit_entry.note(connection, now, "", "session.limit", address)
        return 0

    def succeeded(self, login: str, address: str) -> None:
        """Forget the attempts of somebody who has signed in."""
        mine = (_C.address == address[:64]) & (_C.login == _known(login))
        with self._operations.writing() as connection:
            connection.execute(delete(sign_in_attempt).where(mine))

    def lately(self, now: int) -> int:
        """Return how many attempts failed in the last minute."""
        with self._operations.reading() as connection:
            return connection.execute(_how_many(_C.time > now - WINDOW_MS)).scalar_one()


def _how_many(condition: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(sign_in_attempt).where(condition)


def _known(login: str) -> str:
    return tokens.digest(login.strip().lower())
