"""Managing people: who may invite, give and take what. Nobody gives what they have not, nor touches who has more."""

from dataclasses import dataclass

from sukusuku_api.access.principal import Principal
from sukusuku_api.dependencies import Context
from sukusuku_core.errors import SukusukuError
from sukusuku_server.access.records import (
    AccessKey,
    Account,
    AccountKind,
    KeyKind,
    Organisation,
    Purpose,
    UnknownAccountError,
)
from sukusuku_server.access.rights import Act, Grant, Rights, Role, granting, rights
from sukusuku_server.db import names
from sukusuku_server.db.access_keys import AccessKeys
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.db.one_time_links import OneTimeLinks, purpose_for


class NotYoursError(SukusukuError):
    """A right is given, or somebody is touched, beyond what whoever does it may do themselves."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who is invited, and as what. Without `organisation` the role is given to the account itself."""

    login: str
    name: str
    language: str
    kind: AccountKind
    role: Role | None
    site: str | None
    until: int | None
    organisation: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """An account with what it was given, itself and through its organisation."""

    account: Account
    grants: tuple[Grant, ...]
    organisation: Organisation | None


class People:
    """The accounts, partners, keys and display links that one principal may manage. Every change is audited."""

    def __init__(self, context: Context, principal: Principal) -> None:
        self._context = context
        self._who = principal
        self._now = context.clock()
        self._accounts = Accounts(context.operations)
        self._grants = Grants(context.operations)
        self._keys = AccessKeys(context.operations)

    # ------------------------------------------------------------ what there is

    def all(self) -> list[Person]:
        """Return the people who have nothing beyond what the principal may give, in the order of their accounts."""
        ended = {item.id: item for item in self._accounts.organisations()}
        found = []
        for account in self._accounts.all():
            person = Person(account, tuple(self._grants.of(account)), ended.get(account.organisation or 0))
            if self._mine(rights(person.grants, self._now)) and account.name != names.ERASED:
                found.append(person)
        return found

    def partners(self) -> list[tuple[Organisation, tuple[Grant, ...]]]:
        """Return the partner organisations with what was granted to each, as far as the principal may manage it."""
        grants = self._grants.all()
        found = []
        for organisation in self._accounts.organisations():
            own = tuple(grant for grant in grants if grant.organisation == organisation.id)
            if self._mine(rights(own, self._now)):
                found.append((organisation, own))
        return found

    def keys(self, kind: KeyKind) -> list[tuple[AccessKey, tuple[Grant, ...]]]:
        """Return keys or display links with what each was given, as far as the principal may manage it."""
        found = []
        for key in self._keys.all():
            own = tuple(self._grants.of_key(key.id))
            if key.kind is kind and self._mine(rights(own, self._now)):
                found.append((key, own))
        return found

    # ------------------------------------------------------------ accounts

    def invite(self, invitation: Invitation) -> tuple[Account, str]:
        """Make an account and return it with the token of its link. Raises NotYoursError and LoginTakenError."""
        if invitation.role is not None:
            self._may_give(invitation.role, invitation.site)
        if invitation.organisation is not None:
            self._partner(invitation.organisation)
        elif invitation.role is None:
            raise NotYoursError("an account needs a role or an organisation that has one")
        with self._context.operations.together():
            account = self._accounts.add(
                invitation.login,
                invitation.name,
                self._now,
                self._who.name,
                kind=invitation.kind,
                language=invitation.language,
                organisation=invitation.organisation,
            )
            if invitation.role is not None:
                self._give(invitation.role, invitation.site, invitation.until, account=account.id)
            return account, self._link(Purpose.INVITATION, account)

    def link(self, ident: int) -> tuple[Account, str]:
        """Return the token of a new link by which somebody sets their password. Raises NotYoursError."""
        account = self._touch(ident)
        return account, self._link(purpose_for(account), account)

    def give(self, ident: int, role: Role, site: str | None, until: int | None) -> None:
        """Give a role to an account. Raises NotYoursError."""
        self._touch(ident)
        self._may_give(role, site)
        self._give(role, site, until, account=ident)

    def revoke(self, ident: int) -> None:
        """Take a role back from whoever has it. Raises UnknownAccountError, LastAdminError.

        What the principal could not give is answered as what is not there.
        """
        grant = next((item for item in self._grants.all() if item.id == ident), None)
        if grant is None or not self._can_give(grant.role, grant.site):
            raise UnknownAccountError(f"there is no grant {ident}")
        self._grants.revoke(ident, self._now, self._who.name)

    def disable(self, ident: int) -> None:
        """End every way in for an account. Raises NotYoursError, LastAdminError."""
        self._accounts.disable(self._touch(ident).id, self._now, self._who.name)

    def enable(self, ident: int) -> None:
        """Let an account sign in again. Raises NotYoursError."""
        self._accounts.enable(self._touch(ident).id, self._now, self._who.name)

    def second_factor_off(self, ident: int) -> None:
        """Switch the second factor of somebody off who has lost it. Raises NotYoursError."""
        self._accounts.set_totp(self._touch(ident).id, None, self._now, self._who.name)

    def erase(self, ident: int) -> None:
        """Forget who an account was; what it did stays, under its number. Raises NotYoursError, LastAdminError."""
        self._accounts.erase(self._touch(ident).id, self._now, self._who.name)

    # ------------------------------------------------------------ partners

    def add_partner(self, name: str, role: Role, site: str | None, until: int | None) -> Organisation:
        """Add an organisation with a role. Raises NotYoursError."""
        self._may_give(role, site)
        with self._context.operations.together():
            made = self._accounts.add_organisation(name, self._now, self._who.name)
            self._give(role, site, until, organisation=made.id)
        return made

    def give_partner(self, ident: int, role: Role, site: str | None, until: int | None) -> None:
        """Give a role to an organisation. Raises NotYoursError."""
        self._partner(ident)
        self._may_give(role, site)
        self._give(role, site, until, organisation=ident)

    def end_partner(self, ident: int) -> None:
        """End an organisation. Raises NotYoursError."""
        self._partner(ident)
        self._accounts.end_organisation(ident, self._now, self._who.name)

    # ------------------------------------------------------------ keys and displays

    def make_key(
        self, kind: KeyKind, name: str, role: Role, site: str | None, until: int | None
    ) -> tuple[AccessKey, str]:
        """Make a key or a display's link; return it with its token. Raises NotYoursError."""
        role = Role.DISPLAY if kind is KeyKind.DISPLAY else role
        if kind is KeyKind.API and not self._who.rights.may(Act.MANAGE_KEYS):
            raise NotYoursError("keys of programs are made by administrators")
        self._may_give(role, site)
        with self._context.operations.together():
            key, token = self._keys.make(kind, name, self._now, self._who.name, until)
            self._give(role, site, None, key=key.id)
        return key, token

    def revoke_key(self, ident: int) -> None:
        """End a display's link, or as an administrator a key. Raises UnknownAccountError."""
        key = self._keys.one(ident)
        mine = self._mine(rights(self._grants.of_key(key.id), self._now))
        if not mine or (key.kind is KeyKind.API and not self._who.rights.may(Act.MANAGE_KEYS)):
            raise UnknownAccountError(f"there is no key {ident}")
        self._keys.revoke(ident, self._now, self._who.name)

    # ------------------------------------------------------------ rules

    def _mine(self, given: Rights) -> bool:
        """Whether the principal may manage whoever has these rights; who has none is the business of the operator."""
        who = self._who.rights
        if who.may(Act.MANAGE_PEOPLE):
            return who.covers(given)
        there = bool(given.at) and all(who.may(Act.MANAGE_PEOPLE, site) for site, _ in given.at)
        return there and who.covers(given)

    def _may_give(self, role: Role, site: str | None) -> None:
        if site is not None and site not in self._context.index.sites:
            raise UnknownAccountError(f"there is no centre {site!r}")
        if not self._can_give(role, site):
            raise NotYoursError(f"the role {role} is more than you may give here")

    def _can_give(self, role: Role, site: str | None) -> bool:
        return self._who.rights.may(Act.MANAGE_PEOPLE, site) and self._who.rights.covers(granting(role, site))

    def _touch(self, ident: int) -> Account:
        account = self._accounts.one(ident)
        if not self._mine(rights(self._grants.of(account), self._now)):
            raise UnknownAccountError(f"there is no account {ident}")
        return account

    def _partner(self, ident: int) -> Organisation:
        found = next((item for item, _ in self.partners() if item.id == ident and item.ended is None), None)
        if found is None:
            raise UnknownAccountError(f"there is no organisation {ident}")
        return found

    def _give(self, role: Role, site: str | None, until: int | None, **whose: int) -> None:
        self._grants.give(role, site, self._now, self._who.name, until=until, **whose)

    def _link(self, purpose: Purpose, account: Account) -> str:
        return OneTimeLinks(self._context.operations).make(purpose, account.id, self._now, self._who.name)
