"""What each person mainly does, in a browser: in both languages, on a phone, a laptop, a display and a large display.

The forms work without scripts; what is done is undone again, so that all walks go through one world.
"""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.web.every_page import Pages, every_page
from tests.api.web.rooms.used_room import ROOM

SIZES = ((390, 844), (1280, 800), (1920, 1080), (3840, 2160))
_OUTSIDE = """[...document.querySelectorAll('main :is(button, select, input, a.button, summary)')]
    .filter(it => it.checkVisibility() && !it.closest('.scroll'))
    .map(it => [it.outerHTML.slice(0, 80), it.getBoundingClientRect()])
    .filter(([, place]) => place.left < 0 || place.right > innerWidth).map(([html]) => html)"""
UNIT = "/units/tobu-unit-2"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    with every_page(tmp_path_factory.mktemp("walks")) as made:
        yield made


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
@pytest.mark.parametrize("language", ["ja", "en"])
def test_everybody_does_what_they_came_for(
    browser: Browser, pages: Pages, language: str, size: tuple[int, int]
) -> None:
    width, height = size
    with pages.browsing(browser, language, viewport={"width": width, "height": height}) as (page, addresses):
        town = addresses["/wall"].partition("/wall")[0]

        def look(address: str, shows: str) -> None:
            """Open a page: it shows what it is for, and nothing that is to be pressed lies outside."""
            page.goto(address)
            expect(page.locator(shows).first).to_be_visible()
            assert page.evaluate(_OUTSIDE) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width

        _staff(page, look, town, language)
        look(addresses["/r/{token}"], "li.stop")  # the crew
        page.locator("li.stop [data-answer=done] button").first.click()
        expect(page.locator("li.stop .recorded.done").first).to_be_visible()
        page.locator("li.stop [data-answer=none] button").first.click()
        expect(page.locator("li.stop .recorded.done")).to_have_count(0)
        look(addresses["/reports"], "button[name=ending]")  # the office
        look(f"{town}/sites/tobu?lang={language}", "main h2")  # a manager
        look(addresses["/vacancy"], "main [role=img]")  # a parent
        look(addresses["/wall"], ".tile")


def _staff(page: Page, look: Callable[[str, str], None], town: str, language: str) -> None:
    """Take an alert on, assign it, ask for a visit, change a bag, count children; and take all of it back."""

    def press(form: str, **fields: str) -> None:
        button = page.locator(f"main button[formaction*='{form}'], main form[action*='{form}'] button").first
        for name, value in {"by": "佐藤", **fields}.items():
            button.locator("xpath=ancestor::form").locator(f"[name={name}]").first.fill(value)
        button.click()

    look(f"{town}/alerts?lang={language}", "[formaction*='/acknowledge']")
    press("/acknowledge")
    expect(page.locator(".handling").filter(has_text="佐藤").first).to_be_visible()
    press("/release")
    expect(page.locator(".handling").filter(has_text="佐藤")).to_have_count(0)
    page.locator("select[name=to]").first.select_option("1")
    press("/assign")
    expect(page.locator(".handling").filter(has_text="鈴木").first).to_be_visible()
    press("/release")
    expect(page.locator(".handling").filter(has_text="鈴木")).to_have_count(0)

    look(f"{town}{UNIT}?lang={language}", "[formaction*='/visit']")
    press("/visit")
    expect(page.locator("button[name=request]")).to_be_visible()
    press("/visit")
    expect(page.locator("button[name=request]")).to_have_count(0)
    press("/emptied")
    expect(page.locator("#emptyings ~ form [name=withdraw]").first).to_be_visible()
    press("/emptyings")

    look(f"{town}/rooms/{ROOM}?lang={language}", "[name=children]")
    press("/counts", children="3")
    expect(page.locator("[formaction*='/withdraw']").first).to_be_visible()
    press("/withdraw")
    expect(page.locator("[formaction*='/withdraw']")).to_have_count(0)
