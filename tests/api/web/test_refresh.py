"""Pages that are left open, in a real Chromium, while their server is away."""

from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, expect

from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.clock import now_ms
from sukusuku_core.model import Reading
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.http_server import serving
from tests.api.two_centres import World
from tests.support.browser import profile

PAGES = ("/rooms", "/collection", "/vacancy", "/units/tobu-unit-1")
LONGEST = "05:01"
"""After so long each of them has asked for itself again."""


def _opened(page: Page, address: str) -> Page:
    page.clock.install()
    page.goto(address, wait_until="networkidle")  # until its scripts have come
    return page


def test_pages_outlive_their_server_and_go_on_when_it_is_back(browser: Browser, world: World) -> None:
    world.commit(*worlds.unit("tobu-unit-1", now_ms(), level=41.0), *worlds.room("tobu-room", now_ms(), 5, 4))
    store = LazyStore(world.path)
    with profile(browser) as own:
        with serving(create_app(world.facility, store, world.operations)) as url:
            port = urlsplit(url).port or 0
            pages = [_opened(own.new_page(), f"{url}{path}?lang=en") for path in PAGES]

        for page in pages:
            page.clock.run_for(LONGEST)
            expect(page.get_by_text("Connection lost")).to_be_visible()
            expect(page.locator("main")).to_contain_text("Tobu Child and Family Centre")

        now = now_ms()
        world.commit(*worlds.room("tobu-room", now, 8, 7))
        world.store.put_derived(
            "tobu-room", now - 1, now, [Reading("tobu-room", "Occupancy/ChildrenCorrected", now, 7)]
        )
        with serving(create_app(world.facility, store, world.operations), port):
            for page in pages:
                page.clock.run_for(LONGEST)
                expect(page.get_by_text("Connection lost")).to_be_hidden()
            expect(pages[0].locator("#tobu-room .in .ratio b")).to_have_text("7")
    store.close()


def test_no_page_reloads_by_itself(browser: Browser, world: World) -> None:
    """A page that does takes away what somebody is reading, and stays on an error when the server is away."""
    world.commit(*worlds.unit("tobu-unit-1", now_ms()))
    store = LazyStore(world.path)
    with serving(create_app(world.facility, store, world.operations)) as url, profile(browser) as own:
        page = own.new_page()
        for path in (*PAGES, "/wall", "/settings/devices"):
            page.goto(url + path)
            assert page.locator("meta[http-equiv=refresh]").count() == 0, path
    store.close()


def test_a_look_is_that_of_the_system_until_somebody_chooses(browser: Browser, world: World) -> None:
    store = LazyStore(world.path)
    ground = "getComputedStyle(document.body).backgroundColor"
    light, dark = "rgb(239, 243, 241)", "rgb(12, 17, 27)"
    with (
        serving(create_app(world.facility, store, world.operations)) as url,
        profile(browser, color_scheme="light") as own,
    ):
        page = own.new_page()
        page.goto(f"{url}/collection?lang=en")
        assert page.evaluate(ground) == light
        page.get_by_label("Colours").select_option("dark")
        assert page.evaluate(ground) == dark
        for path in ("/wall", "/vacancy", "/sign-in", "/design"):
            page.goto(url + path)
            assert page.evaluate(ground) == dark, path
        page.goto(f"{url}/wall?theme=light")  # as the link of a display says
        assert page.evaluate(ground) == light
    store.close()
