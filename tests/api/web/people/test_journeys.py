"""From the first start to a partner who sees exactly what it was given, in a real browser."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from sukusuku_api.access.sign_in import first_link
from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.clock import now_ms
from sukusuku_server.db import MailState, Operations
from sukusuku_server.settings.facility import MailServer
from sukusuku_server.settings.mail_address import MailAddress
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.http_server import serving

PASSWORDS = {"鈴木": "ふくろう 青い 自転車 七つ", "加藤": "七つの 椅子 と 緑の 川", "高橋": "雪の 朝 パン 三日月"}


@dataclass
class Place:
    url: str
    browser: Browser
    operations: Operations

    def visitor(self) -> Page:
        """Somebody with a browser of their own, in which nobody has signed in."""
        page = self.browser.new_page(base_url=self.url, viewport={"width": 1280, "height": 900})
        page.on("dialog", lambda dialog: dialog.dismiss())
        return page

    def accept(self, link: str, name: str) -> Page:
        """Open a link in a fresh browser and set the password."""
        page = self.visitor()
        page.goto(link)
        if page.locator("[name=name]").count():
            page.fill("[name=name]", name)
            page.fill("[name=login]", "suzuki@city.example.jp")
        page.fill("[name=password]", PASSWORDS[name])
        page.fill("[name=again]", PASSWORDS[name])
        page.get_by_role("button").click()
        expect(page).not_to_have_url(re.compile(r"/welcome"))
        return page


@pytest.fixture
def place(tmp_path: Path, browser: Browser) -> Iterator[Place]:
    world = worlds.make(tmp_path)
    facility = msgspec.structs.replace(
        worlds.always_open(world.facility), mail=MailServer(sender=MailAddress("sukusuku@city.example.jp"))
    )
    store = LazyStore(world.path)
    with serving(create_app(facility, store, world.operations, visitor=None)) as url:
        yield Place(url, browser, world.operations)
        for context in browser.contexts:
            context.close()
    store.close()
    world.close()


def _invited(page: Page) -> str:
    """Return the link that the page of accounts shows once."""
    link = page.locator(".secret input").input_value()
    return link[link.index("/welcome/") :]


def test_from_the_first_start_to_a_partner_of_one_centre(place: Place) -> None:
    stranger = place.visitor()
    stranger.goto("/rooms?lang=ja")
    expect(stranger).to_have_url(re.compile(r"/sign-in\?.*next="))

    office = place.accept(f"/welcome/{first_link(place.operations, now_ms())}", "鈴木")
    office.get_by_role("link", name="利用者", exact=True).click()
    partner = office.locator("form[action*='/partners/']").last
    partner.locator("[name=name]").fill("池袋保健所")
    partner.locator("[name=site]").select_option("tobu")
    partner.get_by_role("button").click()
    expect(office.locator(".person", has_text="池袋保健所")).to_contain_text("東部")
    invite = office.locator("form.fields", has=office.locator("[name=login]"))
    invite.locator("[name=name]").fill("加藤")
    invite.locator("[name=login]").fill("kato@health.example.jp")
    invite.locator("[name=partner]").select_option(label="池袋保健所")
    invite.get_by_role("button").click()
    health = place.accept(_invited(office), "加藤")

    for path in ("/wall", "/collection", "/rooms", "/reports"):
        health.goto(f"{path}?lang=ja")
        text = health.locator("body").inner_text()
        assert "西部" not in text, path
        assert "東部" in text or path == "/reports", path
    health.goto("/wall/seibu")
    assert "西部" not in health.locator("body").inner_text()
    assert health.evaluate("async () => (await (await fetch('/api/v1/units')).json()).units.map(u => u.site)") == [
        "tobu",
        "tobu",
    ]
    told = health.evaluate(
        """() => new Promise(done => {
             const source = new EventSource('/api/v1/stream');
             source.addEventListener('state', event => { source.close(); done(event.data); });
           })"""
    )
    assert "tobu-unit-1" in told
    assert "seibu" not in told
    status = health.evaluate("async () => (await fetch('/people')).status")
    assert status == 403
    health.goto("/account")
    expect(health.locator("main")).to_contain_text("閲覧者")
    expect(health.locator("main")).to_contain_text("東部こども家庭センター")

    health.goto("/wall")
    office.goto("/people?lang=ja")
    office.locator(".person", has_text="池袋保健所").last.get_by_role("button", name="取り消す").click()
    expect(health).to_have_url(re.compile(r"/wall"))
    expect(health.get_by_role("heading", name="この画面は表示できません")).to_be_visible()


def test_a_second_factor_is_set_up_by_a_picture_that_the_policies_of_the_page_allow(place: Place) -> None:
    office = place.accept(f"/welcome/{first_link(place.operations, now_ms())}", "鈴木")
    complaints: list[str] = []
    office.on("console", lambda message: complaints.extend([message.text] if message.type == "error" else []))
    office.goto("/account?lang=ja")
    office.get_by_role("button", name="設定する").click()

    picture = office.get_by_role("img", name="QRコード")
    expect(picture).to_be_visible()
    size = picture.locator("svg").bounding_box()
    assert size is not None
    assert size["width"] == size["height"] > 200
    secret = office.locator("#second-factor code").inner_text()
    office.fill("[name=code]", pyotp.TOTP(secret).now())
    office.locator("#second-factor").get_by_role("button").click()
    expect(office.locator("#second-factor")).to_contain_text("有効")
    assert complaints == []


def test_a_crew_member_is_invited_by_mail_and_sees_no_rooms(place: Place) -> None:
    office = place.accept(f"/welcome/{first_link(place.operations, now_ms())}", "鈴木")
    office.goto("/people?lang=ja")
    invite = office.locator("form.fields", has=office.locator("[name=login]"))
    invite.locator("[name=name]").fill("高橋")
    invite.locator("[name=login]").fill("takahashi@crew.example.jp")
    invite.locator("[name=role]").select_option("crew")
    invite.get_by_role("button").click()

    (mail,) = place.operations.mails()
    assert (mail.mail.recipient, mail.state) == ("takahashi@crew.example.jp", MailState.WAITING)
    crew = place.accept(_invited(office), "高橋")
    expect(crew.get_by_role("link", name="一時保育室")).to_have_count(0)
    crew.goto("/wall?lang=ja")
    assert "一時保育室" not in crew.locator("main").inner_text()
    crew.goto("/rooms?lang=ja")
    expect(crew.get_by_role("heading", name="この画面は表示できません")).to_be_visible()

    office.goto("/people?lang=ja")
    row = office.locator(".person", has_text="takahashi@crew.example.jp")
    row.locator("summary").click()
    row.get_by_role("button", name="利用を停止").click()
    crew.goto("/collection?lang=ja")
    expect(crew).to_have_url(re.compile(r"/sign-in"))
    actions = [entry.action for entry in place.operations.audit()]
    assert actions[0] == "account.disable"
    assert {"account.add", "grant.give", "account.password"} <= set(actions)
