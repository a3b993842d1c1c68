"""Every page that people see, over worlds in which each has something to show, for tests that look at all of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, Route
from starlette.requests import HTTPConnection

from sukusuku_api.access.authentication import Visitor
from sukusuku_api.access.principal import Principal
from sukusuku_api.access.sign_in import first_link
from sukusuku_api.app import follow
from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.clock import Clock, now_ms
from sukusuku_core.time import DAY_MS, day_start, local_day
from sukusuku_server.access.records import Actor
from sukusuku_server.access.rights import Role, granting
from sukusuku_server.db import Operations
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.bookings import BookingRecords
from sukusuku_server.db.grants import Grants
from sukusuku_server.db.shared_secrets import LINKS, shared
from sukusuku_server.facility_document.facility_file import FacilityFile
from sukusuku_server.facility_document.watching import Watch
from sukusuku_server.mail.alert_links import AlertLinks
from sukusuku_server.model.bookings import Booked, Bookings, Cover
from sukusuku_server.rounds.signed_links import Action
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.api import eight_weeks
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.in_process import client
from tests.api.two_centres import World
from tests.api.web.rooms import used_room
from tests.api.web.rounds.sent_round import Trip
from tests.support.browser import profile
from tests.support.stores import commit

NOW, HOUR = used_room.NOW, used_room.HOUR

ROUTES = {
    "GET /": "/",
    "GET /sites/{site_id}": "/sites/tobu",
    "GET /wall": "/wall",
    "GET /wall/{site}": "/wall/tobu",
    "GET /collection": "/collection",
    "GET /rooms": "/rooms",
    "GET /rooms/{room_id}": f"/rooms/{used_room.ROOM}",
    "GET /vacancy": "/vacancy",
    "GET /design": "/design",
    "GET /bookings": "/bookings",
    "GET /reports": "/reports",
    "GET /r/{token}": "",
    "GET /r/last": "/r/last",
    "GET /rounds": "/rounds",
    "GET /rounds/{run}": "/rounds/1",
    "GET /sign-in": "/sign-in",
    "GET /sign-in/code": "/sign-in/code",
    "GET /welcome/{token}": "",
    "GET /account": "/account",
    "GET /alerts": "/alerts?past=true",
    "GET /a/{token}": "",
    "GET /people": "/people",
    "GET /people/audit": "/people/audit",
    "GET /people/security": "/people/security",
    "GET /units/{unit_id}": "/units/tobu-unit-1",
    "GET /settings": "/settings",
    "GET /settings/edit/{word}": "/settings/edit/opening?of=tobu",
    "GET /settings/history": "/settings/history",
    "GET /settings/devices": "/settings/devices",
}
"""Every route that shows a page, with where it is seen; empty: its address is made with the world."""

OTHERS = {
    "GET /settings/devices/adopt": "the form of /settings/edit, about a device that speaks",
    "GET /d/{token}": "leads to the wall",
    "GET /sign-in/provider": "leads to the provider",
    "GET /sign-in/provider/callback": "leads to the first page",
    "GET /wall/stream": "a stream",
    "GET /reports/file": "a file",
    "GET /people/audit.csv": "a file",
    "GET /account/data.json": "a file",
    "GET /manifest.webmanifest": "a file",
    "GET /apple-touch-icon.png": "a picture",
    "GET /worker.js": "a file",
    "GET /metrics": "for a program",
    "GET /r/{token}/way.gpx": "a file",
    "GET /r/{token}/live": "a part of a page",
    "GET /r/{token}/stream": "a stream",
    "GET /rounds/{run}/way.gpx": "a file",
    "GET /rounds/{run}/live": "a part of a page",
    "GET /rounds/{run}/stream": "a stream",
}
"""Routes that show none, and why."""


@dataclass(frozen=True)
class Pages:
    """The pages by a name: the number of the application that has it, and its path there."""

    apps: Sequence[httpx.Client]
    paths: Mapping[str, tuple[int, str]]

    def html(self, name: str, language: str) -> str:
        """Return a page as it is sent."""
        number, path = self.paths[name]
        return self._answer(number, _in(path, language)).text

    @contextmanager
    def browsing(self, browser: Browser, language: str, **options: Any) -> Iterator[tuple[Page, dict[str, str]]]:
        """Yield a browser's page, and the address of each of these by its name. Options are Playwright's.

        Where an answer leads on, the page is that to which it leads, under the address of what was asked.
        """

        def answer(route: Route) -> None:
            split = urlsplit(route.request.url)
            if route.request.resource_type not in {"document", "stylesheet", "image"} or ".svg" in split.path:
                route.abort()
                return
            number, path = int(split.netloc.partition(".")[0]), f"{split.path}?{split.query}"
            found = self._answer(number, path, route.request.method, route.request.post_data_buffer)
            route.fulfill(status=found.status_code, body=found.content, content_type=found.headers["content-type"])

        with profile(browser, **options) as own:
            page = own.new_page()
            page.route("**/*", answer)
            shown = self.paths.items()
            yield page, {name: f"http://{number}.test{_in(path, language)}" for name, (number, path) in shown}

    def _answer(self, number: int, path: str, method: str = "GET", form: bytes | None = None) -> httpx.Response:
        headers = {"accept": "text/html"}
        if form is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
        return self.apps[number].request(method, path, content=form, headers=headers, follow_redirects=True)


def _in(path: str, language: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}lang={language}"


@contextmanager
def every_page(folder: Path) -> Iterator[Pages]:
    """Make the worlds in a folder: a town with all it can have, one where nobody has an account, a round under way."""
    with ExitStack() as stack:
        town, first, road = (folder / name for name in ("town", "first", "road"))
        for place in (town, first, road):
            place.mkdir()
        paths = {route.removeprefix("GET "): (0, path) for route, path in ROUTES.items() if path}
        paths |= {"no such page": (0, "/nowhere"), "no such centre": (0, "/wall/nowhere"), "no link": (0, "/r/none")}
        world = stack.enter_context(_closing(worlds.make(town, fill=_filled)))
        alert = next(it for it in world.operations.alerts(open_only=True) if it.rule == "collection")
        paths["/a/{token}"] = 0, AlertLinks(shared(world.operations, LINKS), "").url(alert.id, "鈴木", NOW)
        new = stack.enter_context(_closing(worlds.make(first)))
        paths["/welcome/{token}"] = 1, f"/welcome/{first_link(new.operations, NOW)}"
        trip = stack.enter_context(closing(Trip(road)))
        paths |= {"/r/{token}": (2, trip.path(Action.ROUND)), "a stop": (2, trip.path(Action.CANNOT, 0))}
        paths["/rounds/{run}"] = 2, f"/rounds/{trip.run.id}"
        here, there = (stack.enter_context(closing(LazyStore(it.path))) for it in (world, new))
        apps = [_town(world, here, town), _served(new, there, lambda: NOW, None), trip.app()]
        yield Pages([stack.enter_context(client(app)) for app in apps], paths)


@contextmanager
def _closing(world: World) -> Iterator[World]:
    yield world
    world.close()


def _town(world: World, store: LazyStore, folder: Path) -> FastAPI:
    """The application over settings that can be changed."""
    text = worlds.FACILITY.replace(used_room.ZONE, f"{used_room.STANDARDS}{used_room.ZONE}", 1)
    head, tail = text.split("[[site]]", 1)
    path = folder / "facility.toml"
    path.write_text(f"{head}{eight_weeks.ROUNDS}[bookings]\n[[site]]{tail}", encoding="utf-8")
    source = FacilityFile(path)
    document = source.read()
    app = _served(replace(world, facility=source.check(document.text)), store, lambda: NOW, _office)
    follow(app, Watch(source, document.version))
    return app


def _served(world: World, store: LazyStore, clock: Clock, visitor: Visitor | None) -> FastAPI:
    return create_app(world.facility, store, world.operations, clock, visitor)


def _filled(store: SqliteStore, operations: Operations) -> None:
    used_room.five_weeks(store, operations)
    commit(store, [item for item in worlds.troubled(NOW) if item.asset != used_room.ROOM], now_ms())
    eight_weeks.live(store, operations)
    eight_weeks.stuffed(operations)
    eight_weeks.forecast(operations)
    eight_weeks.planned(operations)
    worlds.fire(operations, "unit_fault", "seibu-unit-1", NOW - 3_600_000, 1.0)
    worlds.fire(operations, "collection", "tobu-unit-2", NOW - 720_000, 84.0)
    today = day_start(local_day(NOW))
    told = Bookings(
        (Booked(used_room.ROOM, today + 36 * HOUR, today + 40 * HOUR, 4),),
        (Cover(used_room.ROOM, today, today + 2 * DAY_MS),),
    )
    BookingRecords(operations).take(told, "upload", "鈴木", NOW)
    account = Accounts(operations).add("suzuki@example.jp", "鈴木", NOW, "start")
    Grants(operations).give(Role.ADMIN, None, NOW, "start", account=account.id)


def _office(request: HTTPConnection) -> Principal:
    """Somebody who may do everything, at a desk that several people share."""
    account = Accounts(request.app.state.context.operations).one(1)
    return Principal("鈴木", Actor(account.reference), granting(Role.ADMIN, None), shared=True, account=account)
