"""The application beside an OpenID provider, nobody signed in."""

from dataclasses import dataclass

import httpx
from fastapi import FastAPI
from tests.support.glewlwyd import Glewlwyd

from sukusuku_core.clock import now_ms
from sukusuku_server.access import passwords
from sukusuku_server.access.records import Account
from sukusuku_server.access.rights import Role
from sukusuku_server.db import Operations
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.settings import Secret
from sukusuku_server.settings.oidc import Group, Oidc

URL = "http://sukusuku.example"
BROWSER = {"accept": "text/html", "sec-fetch-site": "same-origin"}
PASSWORD = "ふくろう 青い 自転車 七つ"
GROUPS = (Group(name="centre-staff", role="staff", sites=("tobu",)), Group(name="city-managers", role="manager"))


@dataclass
class Place:
    """The application that nobody has signed in to, and the provider."""

    app: FastAPI
    api: httpx.Client
    operations: Operations
    provider: Glewlwyd
    later: int = 0
    has_moved: bool = False

    def begin(self, then: str = "") -> str:
        """Follow the button; return where it leads to."""
        answer = self.api.get("/sign-in/provider", params={"next": then}, headers=BROWSER)
        assert answer.status_code == 303
        return answer.headers["location"]

    def sign_in(self, login: str, then: str = "") -> httpx.Response:
        """Sign in at the provider; return how its answer is taken."""
        return self.take(self.provider.code(self.begin(then), login))

    def take(self, back: str) -> httpx.Response:
        """Hand over what the provider sends back by the browser."""
        assert back.startswith(f"{URL}/sign-in/provider/callback?")
        return self.api.get(back, headers=BROWSER | {"sec-fetch-site": "cross-site"})

    def account(self, login: str, role: Role = Role.ADMIN) -> Account:
        """Add an account that signs in with a password."""
        accounts = Accounts(self.operations)
        made = accounts.add(login, login.partition("@")[0], now_ms(), "start")
        accounts.set_password(made.id, passwords.hashed(PASSWORD), now_ms(), "start")
        Grants(self.operations).give(role, None, now_ms(), "加藤", account=made.id)
        return accounts.one(made.id)

    def with_password(self, login: str) -> httpx.Response:
        return self.api.post("/sign-in", data={"login": login, "password": PASSWORD}, headers=BROWSER)

    def roles(self, login: str) -> set[tuple[str, str | None, str]]:
        """Roles that hold, with their site and who gave them."""
        account = Accounts(self.operations).by_login(login)
        assert account is not None
        grants = Grants(self.operations).of(account)
        return {(it.role.value, it.site, it.given_by) for it in grants if it.holds(now_ms() + self.later)}

    def move(self, *groups: str) -> None:
        """Put Suzuki into just these groups of the provider, until the end of the test."""
        self.provider.set_groups("suzuki", groups)
        self.has_moved = True

    def units(self) -> httpx.Response:
        self.app.state.authentication.forget()
        return self.api.get("/api/v1/units")


def settings_of(provider: Glewlwyd) -> Oidc:
    return Oidc(issuer=provider.issuer, client_id="sukusuku", client_secret=Secret("s3cret"), group=GROUPS)
