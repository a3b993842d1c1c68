"""From the word of an OpenID provider to a session: whose account it is, and the roles that their groups give."""

from collections.abc import Mapping
from typing import Any

from sukusuku_api.access.authentication import Authentication
from sukusuku_api.access.sign_in import Refusal, SignedIn, SignInError
from sukusuku_core.clock import Clock
from sukusuku_server.access.records import Account, AccountKind, Actor, LoginTakenError
from sukusuku_server.access.single_sign_on import BY, Stranger, UnusableClaimsError, roles, stranger
from sukusuku_server.db import Operations
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.settings import Language
from sukusuku_server.settings.oidc import Oidc


class SingleSignOn:
    """Signs in whoever a provider vouches for. The second factor is the provider's business."""

    def __init__(self, operations: Operations, clock: Clock, authentication: Authentication, settings: Oidc) -> None:
        self._operations = operations
        self._clock = clock
        self._authentication = authentication
        self._settings = settings

    def signed_in(
        self, claims: Mapping[str, Any], id_token: str, language: Language, address: str, agent: str
    ) -> SignedIn:
        """Begin the session of whoever verified claims are about; their roles become those of their groups.

        Roles are taken away also when somebody cannot sign in any more for having none. Raises SignInError.
        """
        who, now = self._stranger(claims), self._clock()
        given = roles(who.groups, self._settings.group)
        operations = self._operations.acting(Actor(BY, address))
        accounts, grants = Accounts(operations), Grants(operations)
        with operations.together():
            account = accounts.by_subject(who.subject) or self._linked(accounts, who, now)
            if account is None:
                if not self._settings.new_accounts or not given:
                    raise SignInError(Refusal.UNKNOWN)
                account = _added(accounts, who, language, now)
            grants.renew(account.id, given, now)
        if account.disabled is not None:
            raise SignInError(Refusal.DISABLED)
        if not any(grant.holds(now) for grant in grants.of(account)):
            raise SignInError(Refusal.NO_ROLE)
        _, token = self._authentication.sessions.begin(
            now, address, agent, account=account.id, who=account.name, id_token=id_token
        )
        return SignedIn(token)

    def link(self, account: Account, claims: Mapping[str, Any], address: str) -> None:
        """Let somebody who is signed in come by the provider from now on, with the roles that it gives besides.

        Raises SignInError.
        """
        who, now = self._stranger(claims), self._clock()
        operations = self._operations.acting(Actor(account.reference, address))
        accounts = Accounts(operations)
        with operations.together():
            holder = accounts.by_subject(who.subject)
            if holder is not None and holder.id != account.id:
                raise SignInError(Refusal.LINKED)
            accounts.set_subject(account.id, who.subject, now, account.name)
            Grants(operations).renew(account.id, roles(who.groups, self._settings.group), now)

    def _stranger(self, claims: Mapping[str, Any]) -> Stranger:
        try:
            return stranger(claims, self._settings.groups_claim)
        except UnusableClaimsError as error:
            raise SignInError(Refusal.CLAIMS) from error

    def _linked(self, accounts: Accounts, who: Stranger, now: int) -> Account | None:
        """Return the account that has had the verified mail address so far, now theirs, if settings allow that."""
        found = accounts.by_login(who.mail) if who.mail else None
        if found is None or not self._settings.link_by_mail:
            return None
        if found.subject or found.disabled is not None or found.kind is not AccountKind.PERSON:
            return None
        accounts.set_subject(found.id, who.subject, now, BY)
        return accounts.one(found.id)


def _added(accounts: Accounts, who: Stranger, language: Language, now: int) -> Account:
    try:
        account = accounts.add(who.login, who.name, now, BY, language=language)
    except LoginTakenError as error:
        raise SignInError(Refusal.NOT_LINKED) from error
    accounts.set_subject(account.id, who.subject, now, BY)
    return accounts.one(account.id)
