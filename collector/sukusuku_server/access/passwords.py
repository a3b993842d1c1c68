"""Passwords: how they are kept (argon2id), and which are refused."""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from sukusuku_server.access import tokens

SHORTEST, LONGEST = 10, 128
_FEWEST_GUESSES = 10**8
"""Guesses that a password must withstand. An account allows ten a minute from an address: 19 years for all of them."""
_JUDGED = 72
"""Characters that are judged: the judge takes time that grows with the length."""


class Objection(StrEnum):
    """Why a password is refused."""

    SHORT = "short"
    LONG = "long"
    COMMON = "common"


def objection(password: str, personal: Sequence[str] = ()) -> Objection | None:
    """Return why a password is refused; None: it is good. `personal` are words that an attacker would try first."""
    if len(password) < SHORTEST:
        return Objection.SHORT
    if len(password) > LONGEST:
        return Objection.LONG
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its word lists take longer to load than a page

    judged = zxcvbn(password[:_JUDGED], user_inputs=[word for word in personal if word], max_length=_JUDGED)
    return Objection.COMMON if judged["guesses"] < _FEWEST_GUESSES else None


def hashed(password: str) -> str:
    """Return what is kept of a password."""
    return _hasher().hash(password)


def verify(password: str, kept: str | None) -> bool:
    """Tell whether a password is right. Without one that is kept, it takes as long and is wrong."""
    nobodys = _nobodys()
    try:
        right = _hasher().verify(password, nobodys if kept is None else kept)
    except UnknownHashError:
        return False
    return right and kept is not None


@lru_cache
def _hasher() -> PasswordHash:
    return hasher()


def hasher(time_cost: int = 3, memory_cost: int = 65_536, parallelism: int = 4) -> PasswordHash:
    """Return argon2id, with the cost that RFC 9106 recommends where memory is scarce."""
    return PasswordHash((Argon2Hasher(time_cost, memory_cost, parallelism),))


@lru_cache
def _nobodys() -> str:
    return hashed(tokens.new())
