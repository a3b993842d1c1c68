"""The page of collection in a real Chromium."""

import httpx
from playwright.sync_api import Browser, expect

from sukusuku_api.lazy_store import LazyStore
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.model.collection import EmptyingState
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.eight_weeks import UNITS
from tests.api.http_server import serving
from tests.api.two_centres import World
from tests.support.browser import visit

NARROWEST = 64
"""Pixels: four letters of Japanese."""


def test_an_emptying_is_confirmed_in_the_browser(full: tuple[World, httpx.Client], browser: Browser) -> None:
    world, _ = full
    store = LazyStore(world.path)
    last = Emptyings(world.operations).of(UNITS[0], 0, NOW)[-1]
    with (
        serving(create_app(world.facility, store, world.operations, lambda: NOW)) as url,
        visit(browser, f"{url}/wall?lang=en") as seen,
    ):
        seen.page.get_by_role("link", name="Collection").click()
        seen.page.get_by_label("Your name").fill("Sato")
        seen.page.locator(f"button[name=confirm][value='{last.id}']").click()
        expect(seen.page.get_by_text("Confirmed (Sato)")).to_be_visible()
        seen.page.set_viewport_size({"width": 390, "height": 844})
        names = seen.page.evaluate("[...document.querySelectorAll('.stops tbody th')].map(it => it.offsetWidth)")
        assert len(names) > 1
        assert min(names) >= NARROWEST, "a name does not break within its words"
        assert seen.complaints == []
    store.close()
    assert Emptyings(world.operations).one(last.id).state is EmptyingState.CONFIRMED
