"""An administrator changes the settings in a real browser, and an open wall follows without a restart."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from sukusuku_api.access.sign_in import first_link
from sukusuku_api.app import follow
from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.clock import now_ms
from sukusuku_server.facility_document.facility_file import FacilityFile
from sukusuku_server.facility_document.watching import Watch
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.http_server import serving
from tests.api.two_centres import FACILITY, World

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOSED = "\n".join(["[site.opening]", 'holidays = "open"', *(f"{day} = []" for day in DAYS)])
PASSWORD = "ふくろう 青い 自転車 七つ"


@pytest.fixture
def address(world: World, tmp_path: Path) -> Iterator[str]:
    """The API over a document in which all centres are closed at all times."""
    path = tmp_path / "facility.toml"
    text = FACILITY.replace("[[site.unit]]", f"{CLOSED}\n[[site.unit]]", 1)
    path.write_text(f"{text}\n[calendar]\nyear_end = []\n", encoding="utf-8")
    source = FacilityFile(path)
    document = source.read()
    store = LazyStore(world.path)
    app = create_app(source.check(document.text), store, world.operations, visitor=None)
    follow(app, Watch(source, document.version))
    with serving(app) as url:
        yield url
    store.close()


def _signed_in(browser: Browser, world: World, url: str, **how: Any) -> Page:
    """Return the browser of the first account, an administrator."""
    page = browser.new_context(base_url=url, **how).new_page()
    page.goto(f"/welcome/{first_link(world.operations, now_ms())}")
    page.fill("[name=name]", "鈴木")
    page.fill("[name=login]", "suzuki@city.example.jp")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=again]", PASSWORD)
    page.get_by_role("button").click()
    page.wait_for_url("**/?lang=*")
    return page


def test_new_opening_hours_are_on_the_open_wall_at_once_and_can_be_taken_back(
    browser: Browser, world: World, address: str
) -> None:
    world.commit(*worlds.room("tobu-room", now_ms(), 12, 10))
    office = _signed_in(browser, world, address, viewport={"width": 1280, "height": 900})
    wall = office.context.new_page()
    wall.goto("/wall?lang=ja")
    room = wall.locator("#tobu-room")
    expect(room).to_be_visible()
    expect(room.get_by_text("満員")).to_have_count(0)

    office.goto("/wall?lang=ja")
    office.get_by_role("link", name="設定", exact=True).click()
    office.get_by_role("heading", name="開館時間").first.get_by_role("link").click()
    for day in DAYS:
        office.fill(f"[name={day}]", "0:00〜24:00")
    office.get_by_role("button", name="変更内容を確認").click()
    expect(office.locator(".changes")).to_contain_text("月曜日 00:00-24:00")
    office.fill("[name=why]", "夏の時間")
    office.get_by_role("button", name="保存").click()
    expect(office.get_by_role("status")).to_have_text("第2版として保存しました。5秒以内に反映されます。")
    expect(room.get_by_text("満員")).to_be_visible()

    office.get_by_role("link", name="設定の変更履歴").click()
    version = office.locator(".versions > li").first
    expect(version).to_contain_text("鈴木")
    expect(version).to_contain_text("夏の時間")
    version.get_by_role("button", name="取り消す").click()
    office.get_by_role("button", name="保存").click()
    expect(room.get_by_text("満員")).to_have_count(0)
    assert [entry.action for entry in world.operations.audit()][:2] == ["settings.undone", "settings.saved"]
    office.context.close()


def test_a_wrong_value_is_told_beside_its_field_on_a_phone_without_scripts(
    browser: Browser, world: World, address: str
) -> None:
    phone = _signed_in(browser, world, address, viewport={"width": 390, "height": 844}, java_script_enabled=False)
    phone.goto("/settings/edit/opening?lang=ja&of=tobu")
    phone.fill("[name=tue]", "朝から")
    phone.fill("[name=wed]", "9:00-12:00")
    phone.get_by_role("button", name="変更内容を確認").click()
    field = phone.locator(".field", has=phone.locator("[name=tue]"))
    expect(field.locator(".mistake")).to_have_text("「朝から」は 09:00-12:00 のような時間帯ではありません。")
    expect(phone.locator(".mistake")).to_have_count(1)
    expect(phone.locator("[name=wed]")).to_have_value("9:00-12:00")

    phone.fill("[name=tue]", "13:00-15:00")
    phone.get_by_role("button", name="変更内容を確認").click()
    phone.get_by_role("button", name="戻る").click()
    expect(phone.locator("[name=tue]")).to_have_value("13:00-15:00")
    phone.get_by_role("button", name="変更内容を確認").click()
    phone.get_by_role("button", name="保存").click()
    expect(phone.get_by_text("火曜日", exact=True)).to_be_visible()
    for page in ("/settings", "/settings/history", "/settings/devices", "/settings/edit/opening?of=tobu"):
        phone.goto(page)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390, page
    phone.context.close()
