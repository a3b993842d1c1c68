"""The wall in a real Chromium, over the real store, while the collector's side writes."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.clock import now_ms
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.http_server import serving
from tests.api.two_centres import World
from tests.support.browser import visit


@pytest.fixture
def url(world: World) -> Iterator[str]:
    """The address of an API with a real clock."""
    store = LazyStore(world.path)
    with serving(create_app(world.facility, store, world.operations)) as found:
        yield found
    store.close()


def _mark(page: Page) -> None:
    """Leave a mark that a reload would wipe out."""
    page.evaluate("window.mark = 'here'")


def _marked(page: Page) -> bool:
    return bool(page.evaluate("window.mark === 'here'"))


def test_a_new_level_appears_without_a_reload(browser: Browser, world: World, url: str) -> None:
    world.commit(*worlds.troubled(now_ms()))

    with visit(browser, f"{url}/wall") as wall:
        _mark(wall.page)
        tile = wall.page.locator("#tobu-unit-1")
        expect(tile.locator(".number")).to_have_text("42%")
        gauge = tile.locator(".gauge").element_handle()

        world.commit(*worlds.unit("tobu-unit-1", now_ms(), level=91.0))

        expect(tile.locator(".number")).to_have_text("91%")
        expect(tile.locator(".badge").first).to_have_text("満杯間近")
        expect(tile).to_have_attribute("data-condition", "soon")
        assert wall.page.evaluate("gauge => gauge.isConnected", gauge), "the tile was replaced, not changed"
        assert _marked(wall.page)
        assert wall.hosts() == {urlsplit(url).netloc}
        assert wall.complaints == []


def test_a_new_alert_appears_and_its_acknowledgement_too(browser: Browser, world: World, url: str) -> None:
    world.commit(*worlds.unit("tobu-unit-1", now_ms()))
    with visit(browser, f"{url}/wall?lang=en") as wall:
        alerts = wall.page.get_by_role("region", name="Alerts")
        expect(alerts).to_contain_text("No open alerts")

        ident = worlds.fire(world.operations, "collection", "tobu-unit-2", now_ms(), 84.0).id
        expect(alerts.get_by_role("listitem")).to_contain_text("Fill level 84 %")

        world.operations.acknowledge(ident, "佐藤", now_ms())
        expect(alerts.get_by_role("listitem")).to_contain_text("In hand: 佐藤")


@pytest.mark.parametrize(
    ("language", "title", "old"), [("ja", "すくすく", "データなし"), ("en", "Sukusuku", "No data")]
)
def test_the_wall_in_both_languages(
    browser: Browser, world: World, url: str, language: str, title: str, old: str
) -> None:
    world.commit(*worlds.troubled(now_ms()))

    with visit(browser, f"{url}/wall?lang={language}") as wall:
        expect(wall.page.get_by_role("heading", level=1)).to_contain_text(title)
        expect(wall.page.locator("html")).to_have_attribute("lang", language)
        expect(wall.page.locator("#seibu-unit-2 .badge:visible")).to_have_text(old)
        expect(wall.page.locator("#tobu-unit-1 .badge:visible")).not_to_have_text(old)
        assert wall.hosts() == {urlsplit(url).netloc}
        assert wall.complaints == []


def test_a_tile_grows_old_although_the_server_is_gone(browser: Browser, world: World) -> None:
    world.commit(*worlds.unit("tobu-unit-1", now_ms()))
    store = LazyStore(world.path)

    with serving(create_app(world.facility, store, world.operations)) as url:
        port = urlsplit(url).port or 0
        context = browser.new_context()
        page = context.new_page()
        page.clock.install()
        page.goto(f"{url}/wall?lang=en")
        badge = page.locator("#tobu-unit-1 .badge:visible")
        tile, lost = page.locator("#tobu-unit-1"), page.get_by_role("alert")
        expect(tile.locator(".age")).to_have_text(re.compile(r"^\d+ s ago$"))
        expect(lost).to_be_hidden()

    expect(lost).to_have_text("Connection lost. Reconnecting…")
    page.clock.fast_forward("20:00")
    expect(tile.locator(".age")).to_have_text(re.compile(r"^2\d min ago$"))
    expect(badge).to_have_text("All right")
    page.clock.fast_forward("20:00")
    expect(badge).to_have_text("No data")
    expect(tile.get_by_text(re.compile("No data since"))).to_be_visible()

    world.commit(*worlds.unit("tobu-unit-1", now_ms(), level=12.0))
    with serving(create_app(world.facility, store, world.operations), port):
        page.clock.run_for("00:10")
        expect(lost).to_be_hidden()
        expect(tile.locator(".number")).to_have_text("12%")
        expect(badge).to_have_text("All right")
        context.close()
    store.close()


def test_what_does_not_answer_looks_old_at_once_and_stays_so(browser: Browser, world: World, url: str) -> None:
    now = now_ms()
    world.commit(*worlds.unit("tobu-unit-1", now - 2_000), *worlds.dead_device("tobu-unit-1", now - 1_000))

    with visit(browser, f"{url}/wall?lang=en") as wall:
        tile = wall.page.locator("#tobu-unit-1")
        age = tile.locator(".age")
        expect(age).to_have_text(re.compile(r"^\d+ s ago$"))
        was = age.text_content() or ""
        expect(age).not_to_have_text(was)  # the page has counted on
        expect(tile).to_have_attribute("data-stale", "")
        expect(tile.get_by_text(re.compile("No data since"))).to_be_visible()

        world.commit(*worlds.unit("tobu-unit-1", now_ms()))
        expect(tile).not_to_have_attribute("data-stale", "")


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1366, 768), (390, 844)])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_nothing_is_cut_off(browser: Browser, world: World, url: str, width: int, height: int, language: str) -> None:
    world.commit(*worlds.troubled(now_ms()))
    for asset in ("seibu-unit-1", "seibu-unit-2", "tobu-unit-1", "tobu-unit-2"):
        worlds.fire(world.operations, "unit_fault", asset, now_ms(), 1.0)

    with visit(browser, f"{url}/wall?lang={language}", width, height) as wall:
        cut = wall.page.evaluate(
            """[...document.querySelectorAll('.tile, .tile p, .tile h3, .alerts *, header *')]
                .filter(e => e instanceof HTMLElement && e.clientWidth && e.scrollWidth > e.clientWidth + 1)
                .map(e => e.textContent.trim())"""
        )
        assert cut == []
        assert wall.page.evaluate("document.documentElement.scrollWidth") == width
        if width > 1000:
            assert wall.page.evaluate("document.documentElement.scrollHeight") == height
            covered = wall.page.evaluate(
                """[...document.querySelectorAll('.tile')]
                    .filter(e => e.scrollHeight > e.clientHeight + 1).map(e => e.id)"""
            )
            assert covered == []
            small = wall.page.evaluate(
                """[...document.querySelectorAll('#board *, #alerts *, .now *')]
                    .filter(e => e instanceof HTMLElement && e.checkVisibility() && [...e.childNodes]
                        .some(it => it.nodeType === Node.TEXT_NODE && it.data.trim()))
                    .filter(e => parseFloat(getComputedStyle(e).fontSize) < 32 * innerWidth / 1920 - .1)
                    .map(e => e.className + ': ' + e.textContent.trim())"""
            )
            assert small == [], "at 4 m and 43 inches this cannot be read"
