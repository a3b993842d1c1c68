"""Who asks: an account that has signed in, a program with its key, or a display with its link."""

from collections.abc import Sequence
from dataclasses import dataclass

from sukusuku_server.access.records import AccessKey, Account, AccountKind, Actor, KeyKind, Session
from sukusuku_server.access.rights import Grant, Rights, rights


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever a request comes from, and their rights.

    `shared`: several people act through it, so they give their own name with what they enter. `by_cookie`: a browser
    sends the proof by itself, also when a page of somebody else makes it do so. `switch` is a page on which to look on
    as somebody else; empty: there is none. `outdated`: rights were given or taken since the session got its token.
    """

    name: str
    actor: Actor
    rights: Rights
    shared: bool
    by_cookie: bool = False
    account: Account | None = None
    session: Session | None = None
    switch: str = ""
    outdated: bool = False


def of_account(account: Account, grants: Sequence[Grant], now: int, address: str, session: Session | None) -> Principal:
    """Return an account as it may act now."""
    return Principal(
        account.name,
        Actor(account.reference, address),
        rights(grants, now),
        account.kind is AccountKind.SHARED,
        by_cookie=session is not None,
        account=account,
        session=session,
        outdated=session is not None and any(max(it.since, it.revoked or 0) > session.turned for it in grants),
    )


def of_key(key: AccessKey, grants: Sequence[Grant], now: int, address: str, session: Session | None) -> Principal:
    """Return a key as it may act now; a display only looks."""
    return Principal(
        key.name,
        Actor(key.reference, address),
        rights(grants, now),
        shared=key.kind is KeyKind.API,
        by_cookie=session is not None,
        session=session,
    )
