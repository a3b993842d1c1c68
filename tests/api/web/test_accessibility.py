"""WCAG 2.2 AA by axe-core: every page and every mail, in one browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from tests.api.access.routes import routes
from tests.api.web.every_page import OTHERS, ROUTES, Pages, every_page

GOLDEN = Path(__file__).parents[2] / "fixtures" / "golden"
DARK = ("/wall", "/collection", "/rooms", "/design", "/r/{token}", "/vacancy")
"""Every colour is on one of these."""
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
            if theme == "light" or name in DARK:
                page.goto(address)
                wrong |= {name: found} if (found := _found(page)) else {}
    assert wrong == {}


def test_no_mail_shuts_anybody_out(browser: Browser) -> None:
    wrong: dict[str, list[str]] = {}
    mails = sorted(GOLDEN.glob("*/*.html"))
    assert mails
    with browser.new_context() as own:
        page = own.new_page()
        for path in mails:
            page.set_content(path.read_text(encoding="utf-8"))
            wrong |= {path.name: found} if (found := _found(page)) else {}
    assert wrong == {}


def test_every_route_that_shows_a_page_is_looked_at() -> None:
    shown = {route for route in routes() if route.startswith("GET /") and not route.startswith("GET /api/")}
    assert shown == ROUTES.keys() | OTHERS.keys(), "say in every_page.py where a new page is seen"
