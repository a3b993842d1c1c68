"""Signing in: password, second factor, one-time links. What is found out here never depends on how long it takes."""

from dataclasses import dataclass
from enum import StrEnum

from sukusuku_api.access.authentication import Authentication
from sukusuku_core.clock import Clock
from sukusuku_core.time import SECOND_MS
from sukusuku_server.access import passwords, second_factor
from sukusuku_server.access.passwords import Objection
from sukusuku_server.access.records import (
    Account,
    Actor,
    KeyKind,
    LoginTakenError,
    OneTimeLink,
    Purpose,
    Session,
)
from sukusuku_server.access.rights import Rights, Role, rights
from sukusuku_server.db import Operations
from sukusuku_server.db.access_keys import AccessKeys
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.db.one_time_links import OneTimeLinks
from sukusuku_server.db.sign_in_attempts import SignInAttempts


class Refusal(StrEnum):
    """Why somebody is not signed in."""

    WRONG = "wrong"
    """Login or password is wrong, or the account is disabled: which of them, nobody is told."""
    LATER = "later"
    """Too many attempts failed."""
    CODE = "code"
    """The code of the second factor is wrong, or has been used."""
    EXPIRED = "expired"
    """The link, or the wait for the second factor, is over."""
    TAKEN = "taken"
    """Another account has this login."""
    ELSEWHERE = "elsewhere"
    """Passwords do not count here: the provider of the single sign-on is the way in."""
    AWAY = "away"
    """The provider does not answer."""
    CANCELLED = "cancelled"
    """The person gave up at the provider."""
    REFUSED = "refused"
    """What came back from the provider, or not from it, is not accepted."""
    CLAIMS = "claims"
    """The provider does not say in which groups somebody is."""
    UNKNOWN = "unknown"
    """The provider knows the person; there is no account, and none is made."""
    NOT_LINKED = "not_linked"
    """There is an account with this login, and nothing says that it is the same person."""
    LINKED = "linked"
    """Another account is linked with this person already."""
    DISABLED = "disabled"
    """The account is disabled; only who has proved to be its holder is told."""
    NO_ROLE = "no_role"
    """The account has no role any more."""


class SignInError(Exception):
    """Somebody is not signed in. `wait` is in seconds, with `LATER`; `objection` is what is wrong with a password."""

    def __init__(self, refusal: Refusal | None, *, wait: int = 0, objection: Objection | None = None) -> None:
        super().__init__(refusal or objection)
        self.refusal, self.wait, self.objection = refusal, wait, objection


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has begun: its token goes into the cookie. `waits`: the second factor is still wanted."""

    token: str
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What somebody fills in who opens a one-time link; login and name only for the first account."""

    password: str
    login: str = ""
    name: str = ""
    language: str = "ja"


class SignIn:
    """The ways in. `address` is where a request comes from, `agent` what the browser calls itself.

    Without `passwords`, one counts only for the first account, which makes everything else possible.
    """

    def __init__(
        self, operations: Operations, clock: Clock, authentication: Authentication, *, passwords: bool = True
    ) -> None:
        self._passwords = passwords
        self._operations = operations
        self._clock = clock
        self._authentication = authentication
        self._accounts = Accounts(operations)
        self._links = OneTimeLinks(operations)
        self._attempts = SignInAttempts(operations)

    def with_password(self, login: str, password: str, address: str, agent: str) -> SignedIn:
        """Sign in. Raises SignInError."""
        if not self._passwords:
            raise SignInError(Refusal.ELSEWHERE)
        now = self._clock()
        self._admit(login, address, now)
        account = self._accounts.by_login(login.strip())
        kept = None if account is None else self._accounts.password(account.id)
        right = passwords.verify(password[: passwords.LONGEST + 1], kept)
        if account is None or not right or account.disabled is not None:
            raise SignInError(Refusal.WRONG)
        self._attempts.succeeded(login, address)
        return self._begin(account, address, agent, waits=account.second_factor)

    def with_code(self, session: Session | None, code: str, address: str) -> SignedIn:
        """Give the second factor of a session that waits for it; its token changes. Raises SignInError."""
        now = self._clock()
        if session is None or session.account is None or not session.waits:
            raise SignInError(Refusal.EXPIRED)
        account = self._accounts.one(session.account)
        guesses = f"second factor of account {account.id}"
        self._admit(guesses, guesses, now)  # from wherever: who is here knows the password, and a code is short
        secret, used = self._accounts.totp(account.id)
        step = None if secret is None else second_factor.step(secret, code, now, used)
        if step is None or not self._accounts.use_totp_step(account.id, step):
            raise SignInError(Refusal.CODE)
        self._attempts.succeeded(guesses, guesses)
        self._authentication.sessions.end(session.id)
        return self._begin(account, address, session.agent, waits=False)

    def by_display_link(self, token: str, address: str, agent: str) -> tuple[SignedIn, Rights] | None:
        """Begin the session of a display, which has these rights; None: its link opens nothing."""
        now = self._clock()
        key = AccessKeys(self._operations).find(token, now)
        if key is None or key.kind is not KeyKind.DISPLAY:
            return None
        _, cookie = self._authentication.sessions.begin(now, address, agent, key=key.id)
        return SignedIn(cookie), rights(Grants(self._operations).of_key(key.id), now)

    def link(self, token: str) -> OneTimeLink | None:
        """Return a one-time link while it works, without using it up."""
        return self._links.look(token, self._clock())

    def with_link(self, token: str, newcomer: Newcomer, address: str, agent: str) -> SignedIn:
        """Use up a one-time link: make the first account, or set a password; then sign in. Raises SignInError.

        Nothing is used up while something is wrong with what was filled in.
        """
        now = self._clock()
        link = self._links.look(token, now)
        if link is None:
            raise SignInError(Refusal.EXPIRED)
        if not self._passwords and link.account is not None:
            raise SignInError(Refusal.ELSEWHERE)
        account = None if link.account is None else self._accounts.one(link.account)
        if account is not None and account.disabled is not None:
            raise SignInError(Refusal.EXPIRED)
        login, name = (newcomer.login, newcomer.name) if account is None else (account.login, account.name)
        wrong = passwords.objection(newcomer.password, (*login.split("@"), name, "sukusuku"))
        if wrong is not None:
            raise SignInError(None, objection=wrong)
        kept = passwords.hashed(newcomer.password)
        operations = self._operations.acting(Actor(f"link {link.id}", address))
        with operations.together():
            if OneTimeLinks(operations).use(token, now) is None:
                raise SignInError(Refusal.EXPIRED)
            if account is None:
                account = _first(operations, newcomer, now)
            Accounts(operations).set_password(account.id, kept, now, account.name)
        return self._begin(account, address, agent, waits=account.second_factor)

    def _admit(self, login: str, address: str, now: int) -> None:
        wait = self._attempts.admit(login, address, now)
        if wait:
            raise SignInError(Refusal.LATER, wait=-(-wait // SECOND_MS))

    def _begin(self, account: Account, address: str, agent: str, *, waits: bool) -> SignedIn:
        sessions = self._authentication.sessions
        _, token = sessions.begin(self._clock(), address, agent, account=account.id, waits=waits, who=account.name)
        return SignedIn(token, waits)


def _first(operations: Operations, newcomer: Newcomer, now: int) -> Account:
    accounts = Accounts(operations)
    if accounts.all():
        raise SignInError(Refusal.EXPIRED)
    try:
        made = accounts.add(newcomer.login, newcomer.name, now, newcomer.name, language=newcomer.language)
    except LoginTakenError as error:
        raise SignInError(Refusal.TAKEN) from error
    Grants(operations).give(Role.ADMIN, None, now, made.name, account=made.id)
    return made


def first_link(operations: Operations, now: int) -> str | None:
    """Return the token of a link that makes the first account; None: there are accounts already."""
    if Accounts(operations).all():
        return None
    return OneTimeLinks(operations).make(Purpose.SETUP, None, now, "start")
