"""The page of rooms in a real Chromium."""

import pytest
from playwright.sync_api import Browser, expect

from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.model import Reading
from sukusuku_server.db.rooms import RoomRecords
from tests.api.applications import create_app
from tests.api.http_server import serving
from tests.api.two_centres import World
from tests.api.web.rooms.used_room import NOW, ROOM
from tests.support.browser import profile, visit


@pytest.mark.parametrize("width", [1280, 390])
def test_a_count_is_entered_in_the_browser(rooms: World, browser: Browser, width: int) -> None:
    store = LazyStore(rooms.path)
    with (
        serving(create_app(rooms.facility, store, rooms.operations, lambda: NOW)) as url,
        visit(browser, f"{url}/wall?lang=en", width, 844) as seen,
    ):
        seen.page.get_by_role("link", name="Rooms").click()
        room = seen.page.locator(f"#{ROOM}")
        chart = room.get_by_role("img", name="Children today: from 0 to 6")
        expect(chart).to_be_visible()
        form = room.locator(f"#count-{ROOM}")
        form.get_by_label("Children").fill("7")
        form.get_by_label("Your name or role").fill("Sato, nursery")
        form.get_by_role("button", name="Save the count").click()
        expect(room.get_by_role("listitem").filter(has_text="7 children")).to_contain_text("Sato, nursery")
        assert seen.page.evaluate("document.documentElement.scrollWidth") == width
        assert seen.complaints == []
    store.close()
    assert [item.children for item in RoomRecords(rooms.operations).said(ROOM, 0, NOW)] == [7]


def test_the_page_shows_what_is_new_but_not_over_a_form(rooms: World, browser: Browser) -> None:
    store = LazyStore(rooms.path)
    with serving(create_app(rooms.facility, store, rooms.operations, lambda: NOW)) as url, profile(browser) as own:
        page = own.new_page()
        page.clock.install()
        page.goto(f"{url}/rooms?lang=en")
        children = page.locator(f"#count-{ROOM}").get_by_label("Children")
        number = page.locator(f"#{ROOM} .in .ratio b")
        expect(number).to_have_text("6")
        rooms.store.put_derived(ROOM, NOW - 1, NOW, [Reading(ROOM, "Occupancy/ChildrenCorrected", NOW, 9.0)])

        children.fill("8")
        page.clock.run_for("00:31")
        expect(children).to_have_value("8")
        expect(number).to_have_text("6")

        children.fill("")
        children.blur()
        page.clock.run_for("00:31")
        expect(number).to_have_text("9")
        expect(page.locator(f"#{ROOM}")).to_have_attribute("data-tone", "near")
    store.close()
