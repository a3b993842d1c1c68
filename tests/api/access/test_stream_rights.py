"""An open stream of a real server follows the rights of its listener within two seconds."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.http_server import client

from sukusuku_api.lazy_store import LazyStore
from sukusuku_server.access.records import KeyKind
from sukusuku_server.access.rights import Role
from sukusuku_server.db import Operations
from sukusuku_server.db.access_keys import AccessKeys
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.db.sessions import GRACE_MS, Limits, Sessions

AT_ONCE = 2.0
"""Seconds within which what was given or taken is told, or not told any more."""
BOTH, TOBU = {"tobu", "seibu"}, {"tobu"}


@dataclass
class Server:
    """A real server, and somebody whose right to see each centre comes by itself."""

    app: FastAPI
    api: httpx.Client
    operations: Operations
    now: int = NOW

    def somebody(self) -> tuple[int, str]:
        account = Accounts(self.operations).add("sato@example.jp", "佐藤", self.now, "start").id
        _, token = Sessions(self.operations, Limits()).begin(self.now, "127.0.0.1", "a browser", account=account)
        return account, token

    @contextmanager
    def listening(self, **headers: str) -> Iterator[Iterator[set[str]]]:
        """Yield the centres that each state tells of, until the stream ends."""
        with self.api.stream("GET", "/api/v1/stream", headers=headers) as answer:
            assert answer.status_code == 200
            lines = answer.iter_lines()
            found = (json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {"))
            yield ({unit["site"] for unit in data["units"]} for data in found)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    world = worlds.make(tmp_path)
    store = LazyStore(world.path)
    found: Server | None = None
    app = create_app(world.facility, store, world.operations, lambda: NOW if found is None else found.now, visitor=None)
    with client(app) as api:
        found = Server(app, api, world.operations)
        yield found
    store.close()
    world.close()


def _administrator(server: Server) -> None:
    """Somebody must be left who may manage people."""
    accounts = Accounts(server.operations)
    admin = accounts.add("suzuki@example.jp", "鈴木", NOW, "start").id
    accounts.set_password(admin, "x", NOW, "start")
    Grants(server.operations).give(Role.ADMIN, None, NOW, "start", account=admin)


def _told(events: Iterator[set[str]]) -> tuple[set[str] | None, float]:
    """Return what is told next, or None where nothing comes any more, and after how many seconds."""
    begun = time.monotonic()
    return next(events, None), time.monotonic() - begun


def test_what_is_given_and_taken_shows_on_an_open_stream(server: Server) -> None:
    grants = Grants(server.operations)
    account, token = server.somebody()
    _administrator(server)
    grants.give(Role.VIEWER, "tobu", NOW, "start", account=account)
    there = grants.give(Role.VIEWER, "seibu", NOW, "start", account=account)

    with server.listening(cookie=f"sukusuku={token}") as events:
        assert _told(events)[0] == BOTH
        for change, seen in (
            (lambda: grants.revoke(there.id, NOW + 1, "start"), TOBU),
            (lambda: grants.give(Role.CREW, "seibu", NOW, "start", account=account), BOTH),
            (lambda: Accounts(server.operations).disable(account, NOW, "start"), None),
        ):
            change()
            told, seconds = _told(events)
            assert told == seen
            assert seconds <= AT_ONCE


def test_a_display_that_is_open_shows_what_is_given_and_taken(server: Server) -> None:
    grants = Grants(server.operations)
    account, token = server.somebody()
    grants.give(Role.VIEWER, "tobu", NOW, "start", account=account)

    with server.api.stream("GET", "/wall/stream?lang=en", headers={"cookie": f"sukusuku={token}"}) as answer:
        lines = answer.iter_lines()
        told = ([site for site in BOTH if f"site-{site}" in line] for line in lines if '<section class="site"' in line)
        assert next(told) == ["tobu"]
        there = grants.give(Role.VIEWER, "seibu", NOW, "start", account=account)
        assert sorted([*next(told), *next(told)]) == ["seibu", "tobu"]
        grants.revoke(there.id, NOW + 1, "start")
        assert next(told) == ["tobu"]
        grants_left = next(iter(grants.all()))
        grants.revoke(grants_left.id, NOW + 1, "start")
        assert next(told, None) is None


def test_a_display_of_a_centre_that_is_not_seen_is_refused(server: Server) -> None:
    account, token = server.somebody()
    Grants(server.operations).give(Role.VIEWER, "tobu", NOW, "start", account=account)
    headers = {"cookie": f"sukusuku={token}"}
    assert server.api.get("/wall/stream?site=seibu", headers=headers).status_code == 404


def test_the_session_outlives_a_change_of_rights_that_its_stream_has_seen(server: Server) -> None:
    """The stream cannot bring the new token, so it must not use it up."""
    grants = Grants(server.operations)
    account, token = server.somebody()
    grants.give(Role.VIEWER, "tobu", NOW, "start", account=account)
    with server.listening(cookie=f"sukusuku={token}") as events:
        assert next(events) == TOBU
        server.now += 1
        grants.give(Role.VIEWER, "seibu", server.now, "start", account=account)
        assert next(events) == BOTH

    server.now += 2 * GRACE_MS
    server.app.state.authentication.forget()
    answer = server.api.get("/api/v1/units", headers={"cookie": f"sukusuku={token}"})

    assert answer.status_code == 200
    assert "sukusuku=" in answer.headers["set-cookie"], "an ordinary request brings it"


@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_key_or_a_display_that_is_revoked_hears_nothing_more(server: Server, kind: KeyKind) -> None:
    keys = AccessKeys(server.operations)
    key, token = keys.make(kind, "玄関", NOW, "start")
    Grants(server.operations).give(Role.DISPLAY, "tobu", NOW, "start", key=key.id)
    headers = {"authorization": f"Bearer {token}"}
    if kind is KeyKind.DISPLAY:
        server.api.get(f"/d/{token}")
        headers = {}

    with server.listening(**headers) as events:
        assert _told(events)[0] == TOBU
        keys.revoke(key.id, NOW, "start")
        told, seconds = _told(events)

    assert told is None
    assert seconds <= AT_ONCE


def test_a_partnership_that_ends_is_over_on_open_streams(server: Server) -> None:
    accounts = Accounts(server.operations)
    partner = accounts.add_organisation("保健所", NOW, "start").id
    Grants(server.operations).give(Role.VIEWER, "tobu", NOW, "start", organisation=partner)
    account, token = server.somebody()
    accounts.describe(account, {"organisation_id": partner}, NOW, "start")

    with server.listening(cookie=f"sukusuku={token}") as events:
        assert _told(events)[0] == TOBU
        accounts.end_organisation(partner, NOW, "start")
        told, seconds = _told(events)

    assert told is None
    assert seconds <= AT_ONCE
