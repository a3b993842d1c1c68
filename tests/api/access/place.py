"""The application that nobody has signed in to, over the real database, with the clock of a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
from fastapi import FastAPI
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.in_process import client

from sukusuku_api.lazy_store import LazyStore
from sukusuku_server.access import passwords
from sukusuku_server.access.records import Account
from sukusuku_server.access.rights import Role
from sukusuku_server.db import Operations
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants

NOW = 1_795_000_000_000
PASSWORD = "ふくろう 青い 自転車 七つ"
HOUR, DAY = 3_600_000, 86_400_000
BROWSER = {"accept": "text/html", "sec-fetch-site": "same-origin"}


@dataclass
class Place:
    """The application that nobody has signed in to, and what a test sets."""

    app: FastAPI
    api: httpx.Client
    operations: Operations
    now: int = NOW

    def account(self, login: str = "suzuki@example.jp", role: Role = Role.ADMIN, site: str | None = None) -> Account:
        accounts = Accounts(self.operations)
        made = accounts.add(login, login.partition("@")[0], self.now, "start")
        accounts.set_password(made.id, passwords.hashed(PASSWORD), self.now, "start")
        Grants(self.operations).give(role, site, self.now, "start", account=made.id)
        return accounts.one(made.id)

    def sign_in(self, password: str = PASSWORD, login: str = "suzuki@example.jp", **more: str) -> httpx.Response:
        form = {"login": login, "password": password, **more}
        return self.api.post("/sign-in", data=form, headers=BROWSER)

    def forget(self) -> None:
        """As if the second had passed for which it is kept who asks."""
        self.app.state.authentication.forget()


@contextmanager
def placed(folder: Path, url: str) -> Iterator[Place]:
    """Yield the application with two centres that never close and no account."""
    world = worlds.make(folder)
    facility = worlds.always_open(world.facility)
    facility = msgspec.structs.replace(facility, web=msgspec.structs.replace(facility.web, url=url))
    store = LazyStore(world.path)
    found: Place | None = None
    app = create_app(facility, store, world.operations, lambda: NOW if found is None else found.now, visitor=None)
    with client(app) as api:
        found = Place(app, api, world.operations)
        yield found
    store.close()
    world.close()
