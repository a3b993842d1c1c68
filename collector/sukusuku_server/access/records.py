"""Accounts, organisations, sessions, access keys and one-time links. Moments are UTC ms; secrets are never in them."""

from dataclasses import dataclass
from enum import StrEnum

from sukusuku_core.errors import SukusukuError


class AccountKind(StrEnum):
    """Who uses an account."""

    PERSON = "person"
    SHARED = "shared"
    """A screen or tablet of a centre, used by several people: they say who they are with each entry."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in. `login` is a mail address, or a name where no mail can be sent to it.

    `disabled` is since when nobody can sign in with it. `second_factor` tells whether a code is asked for as well;
    `subject` is who it is at the OpenID provider (issuer and subject), empty: never signed in there.
    """

    id: int
    login: str
    name: str
    kind: AccountKind
    language: str
    organisation: int | None
    created: int
    created_by: str
    disabled: int | None
    has_password: bool
    second_factor: bool
    subject: str

    @property
    def reference(self) -> str:
        """Return how the audit log names it; the id is never given to another account."""
        return f"account {self.id}"


@dataclass(frozen=True, slots=True)
class Organisation:
    """A partner: its accounts have what is granted to it. `ended` is since when it has nothing any more."""

    id: int
    name: str
    created: int
    created_by: str
    ended: int | None


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody is signed in, or a display shows what its link allows (`key`).

    `waits`: the password was right, and the second factor has not been given yet. `turned` is when its token last
    changed.
    """

    id: int
    account: int | None
    key: int | None
    created: int
    seen: int
    turned: int
    address: str
    agent: str
    waits: bool


class KeyKind(StrEnum):
    """What an access key is for."""

    API = "api"
    """A program that sends it with each request."""
    DISPLAY = "display"
    """A link that a screen opens; whoever has it sees what it allows."""


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key, known by its name and the first characters of its token."""

    id: int
    kind: KeyKind
    name: str
    start: str
    created: int
    created_by: str
    expires: int | None
    used: int | None
    revoked: int | None

    @property
    def reference(self) -> str:
        """Return how the audit log names it."""
        return f"key {self.id}"

    def holds(self, now: int) -> bool:
        """Tell whether it opens anything at a moment."""
        return self.revoked is None and (self.expires is None or now < self.expires)


class Purpose(StrEnum):
    """What a one-time link is for."""

    SETUP = "setup"
    """The first account of an installation."""
    INVITATION = "invitation"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class OneTimeLink:
    """A link that works once, until `expires`. `account` is for whom; None: it makes the first one."""

    id: int
    purpose: Purpose
    account: int | None
    created: int
    created_by: str
    expires: int


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as the audit log keeps it: `reference` is the account, key or link, `address` where from."""

    reference: str
    address: str = ""


class UnknownAccountError(SukusukuError):
    """There is no such account, organisation, grant, key or session."""


class LoginTakenError(SukusukuError):
    """Another account has this login."""


class LastAdminError(SukusukuError):
    """Nobody would be left who may manage people for the whole operator."""
