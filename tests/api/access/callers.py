"""Everybody who may ask: each role at one centre and for the operator, and those who come in another way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.api.access.neighbours import KANJI
from tests.api.conftest import NOW

from sukusuku_server.access.records import AccountKind, KeyKind
from sukusuku_server.access.rights import Act, Grant, Rights, Role, rights
from sukusuku_server.db import Operations
from sukusuku_server.db.access_keys import AccessKeys
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.db.sessions import Limits, Sessions

COOKIE = "sukusuku"
SAME_SITE = {"sec-fetch-site": "same-origin"}
_BEGAN = NOW - 1_000


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who asks. `shared`: they say who they are with each entry. `account`: they have one of their own."""

    name: str
    rights: Rights = field(default_factory=Rights)
    headers: Mapping[str, str] = field(default_factory=dict)
    shared: bool = False
    account: bool = False

    def may(self, act: Act, *, everywhere: bool) -> bool:
        """Whether a route that needs this right answers at all."""
        return self.rights.may(act) if everywhere else self.rights.somewhere(act)


NOBODY = Caller("nobody")


class Cast:
    """Makes callers in the operations data, and the people, partners and displays whom they may manage."""

    def __init__(self, operations: Operations) -> None:
        self._accounts, self._grants = Accounts(operations), Grants(operations)
        self._keys, self._sessions = AccessKeys(operations), Sessions(operations, Limits())

    def of_site(self, site: str) -> Iterator[Caller]:
        """Yield everybody of one centre."""
        for role in Role:
            if role is not Role.DISPLAY:
                yield self._person(f"{role} at {site}", role, site)
        yield self._person(f"shared at {site}", Role.STAFF, site, shared=True)
        yield self._partner(site)
        yield self._display(site)
        yield self._program(site)

    def of_operator(self) -> Iterator[Caller]:
        """Yield everybody of the operator, and an account without any role."""
        for role in Role:
            if role is not Role.DISPLAY:
                yield self._person(f"{role} everywhere", role, None)
        yield self._person("without a role", None, None)

    def managed(self, site: str) -> dict[str, int]:
        """Return the ids of somebody, a partner and a display of a centre, whom nobody acts as."""
        account = self._accounts.add(f"member@{site}.example", f"{KANJI[site]}田", _BEGAN, "start").id
        grant = self._grants.give(Role.STAFF, site, _BEGAN, "start", account=account).id
        partner = self._accounts.add_organisation(f"{KANJI[site]}保健所", _BEGAN, "start").id
        self._grants.give(Role.VIEWER, site, _BEGAN, "start", organisation=partner)
        key = self._keys.make(KeyKind.DISPLAY, f"{KANJI[site]}玄関", _BEGAN, "start")[0].id
        self._grants.give(Role.DISPLAY, site, _BEGAN, "start", key=key)
        return {"account": account, "grant": grant, "partner": partner, "key": key}

    def _person(self, name: str, role: Role | None, site: str | None, *, shared: bool = False) -> Caller:
        login = f"{name.replace(' ', '-')}@example.jp"
        kind = AccountKind.SHARED if shared else AccountKind.PERSON
        account = self._accounts.add(login, _called(name, site), _BEGAN, "start", kind=kind).id
        given = () if role is None else (self._grants.give(role, site, _BEGAN, "start", account=account),)
        self._accounts.set_password(account, "x", _BEGAN, "start")
        return self._signed_in(name, account, *given, shared=shared)

    def _partner(self, site: str) -> Caller:
        name = f"partner at {site}"
        organisation = self._accounts.add_organisation(f"{KANJI[site]}の協力機関", _BEGAN, "start").id
        given = self._grants.give(Role.VIEWER, site, _BEGAN, "start", organisation=organisation)
        login = f"partner@{site}.example"
        account = self._accounts.add(login, _called(name, site), _BEGAN, "start", organisation=organisation).id
        return self._signed_in(name, account, given)

    def _signed_in(self, name: str, account: int, *given: Grant, shared: bool = False) -> Caller:
        _, token = self._sessions.begin(_BEGAN, "testclient", "a browser", account=account)
        return Caller(name, rights(given, NOW), _cookie(token), shared, account=True)

    def _display(self, site: str) -> Caller:
        key, _ = self._keys.make(KeyKind.DISPLAY, f"{KANJI[site]}の壁", _BEGAN, "start")
        given = self._grants.give(Role.DISPLAY, site, _BEGAN, "start", key=key.id)
        _, token = self._sessions.begin(_BEGAN, "testclient", "a display", key=key.id)
        return Caller(f"display at {site}", rights([given], NOW), _cookie(token))

    def _program(self, site: str) -> Caller:
        key, token = self._keys.make(KeyKind.API, f"{KANJI[site]}の統計", _BEGAN, "start")
        given = self._grants.give(Role.MANAGER, site, _BEGAN, "start", key=key.id)
        self._keys.find(token, NOW)
        return Caller(f"key at {site}", rights([given], NOW), {"authorization": f"Bearer {token}"}, shared=True)


def _called(name: str, site: str | None) -> str:
    return name if site is None else f"{KANJI[site]} {name.partition(' ')[0]}"


def _cookie(token: str) -> dict[str, str]:
    return {"cookie": f"{COOKIE}={token}", **SAME_SITE}
