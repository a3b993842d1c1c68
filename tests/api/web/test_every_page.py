"""What holds for every page and every mail: WCAG 2.2 AA by axe-core, on paper, and no English for Japanese readers."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]  # the library has no types
from playwright.sync_api import Browser, Page

from sukusuku_api.web.people.action_texts import ACTIONS
from tests.api.access.routes import routes
from tests.api.web import other_mails
from tests.api.web.english_words import english
from tests.api.web.every_page import OTHERS, ROUTES, Pages, every_page

ROOT = Path(__file__).parents[3]
MAILS = ROOT / "tests" / "fixtures" / "golden"
DARK = ("/wall", "/rooms", "/design", "/r/{token}", "/vacancy")
"""Every colour is on one of these."""
NARROW = 320
"""Pixels of CSS at which a page is read by scrolling one way only (WCAG 1.4.10)."""
_FOUND = """axe.run({resultTypes: ['violations']}).then(found => found.violations
    .filter(it => ['critical', 'serious', 'moderate'].includes(it.impact))
    .map(it => `${it.impact} ${it.id}: ${it.nodes[0].html.slice(0, 150)} ${it.nodes[0].failureSummary}`))"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    with every_page(tmp_path_factory.mktemp("pages")) as made:
        yield made


def _found(page: Page) -> list[str]:
    """What shuts somebody out, with the first place of each."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(_FOUND)
    return found


@pytest.mark.parametrize(("language", "theme"), [("ja", "light"), ("en", "dark")])
def test_no_page_shuts_anybody_out(browser: Browser, pages: Pages, language: str, theme: Any) -> None:
    wrong: dict[str, list[str]] = {}
    with pages.browsing(browser, language, color_scheme=theme) as (page, addresses):
        for name, address in addresses.items():
            page.set_viewport_size({"width": 1280, "height": 800})
            page.goto(address)
            if theme == "light" or name in DARK:
                wrong |= {name: found} if (found := _found(page)) else {}
            page.set_viewport_size({"width": NARROW, "height": 800})
            if (wide := page.evaluate("document.documentElement.scrollWidth")) > NARROW:
                wrong.setdefault(name, []).append(f"{wide} px wide at {NARROW}: it must be scrolled both ways")
    assert wrong == {}


def test_no_mail_and_no_page_of_the_demo_shuts_anybody_out(browser: Browser, tmp_path: Path) -> None:
    wrong: dict[str, list[str]] = {}
    mails = [(path.name, path.read_text(encoding="utf-8")) for path in sorted(MAILS.glob("*/*.ja.html"))]
    mails += other_mails.pages(tmp_path)
    assert len(mails) > 20
    with browser.new_context() as own:
        page = own.new_page()
        for name, html in mails:
            page.set_content(html)
            wrong |= {name: found} if (found := _found(page)) else {}
    assert wrong == {}


def test_every_route_that_shows_a_page_is_looked_at() -> None:
    shown = {route for route in routes() if route.startswith("GET /") and not route.startswith("GET /api/")}
    assert shown == ROUTES.keys() | OTHERS.keys(), "say in every_page.py where a new page is seen"


def test_pages_are_dark_on_white_on_paper_without_what_is_for_hands(browser: Browser, pages: Pages) -> None:
    with pages.browsing(browser, "ja", color_scheme="dark") as (page, addresses):
        page.emulate_media(media="print")
        for name in ("/wall", "/rooms", "/collection", "/vacancy", "/units/{unit_id}"):
            page.goto(addresses[name])
            colours = page.evaluate("[getComputedStyle(document.body)].map(it => [it.backgroundColor, it.color])[0]")
            assert colours == ["rgb(255, 255, 255)", "rgb(21, 33, 27)"], name
            shown = page.evaluate(
                """[...document.querySelectorAll('nav, button, input, select')].filter(it => it.checkVisibility())
                     .map(it => it.outerHTML)"""
            )
            assert shown == [], name
            drawn = page.evaluate("[...document.querySelectorAll('main svg')].some(it => it.checkVisibility())")
            assert drawn or name == "/vacancy", name


def test_no_page_in_japanese_has_english_on_it(pages: Pages) -> None:
    found = {name: words for name in pages.paths if (words := english(pages.html(name, "ja")))}

    assert found == {"/account": {"English"}, "/people": {"English"}}, "how a language is called in itself"


def test_no_mail_in_japanese_has_english_in_it() -> None:
    paths = sorted(MAILS.glob("*/*.ja.html"))

    assert paths
    assert {path.name: words for path in paths if (words := english(path.read_text(encoding="utf-8")))} == {}


@pytest.mark.parametrize(
    "html",
    [
        "<p>1 visit</p>",
        '<svg aria-label="Fill level">',
        "<p><code>State</code> of 回収</p>",
        "<p>great circle x 1.35</p>",
    ],
)
def test_english_is_found(html: str) -> None:
    assert english(html) != set()


def test_every_action_of_the_audit_log_has_words() -> None:
    folder = ROOT / "collector" / "sukusuku_server" / "db"
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    noted = set(re.findall(r'note\([^()]*?"([a-z_]+\.[a-z_]+)"', source))

    assert len(noted) > 10
    assert noted - ACTIONS.keys() == set()
