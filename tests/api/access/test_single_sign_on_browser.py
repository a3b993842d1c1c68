"""Single sign-on as people do it: in a browser, on the pages of a real provider, and out again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.http_server import serving
from tests.support.browser import profile
from tests.support.glewlwyd import PASSWORD, Glewlwyd, glewlwyd
from tests.support.ports import free_port

from sukusuku_api.lazy_store import LazyStore
from sukusuku_server.settings import Secret, Text
from sukusuku_server.settings.oidc import Group, Oidc

LABEL = Text(ja="区のアカウントでログイン", en="Sign in with the city's account")


@dataclass
class Place:
    """The application for people without accounts, the provider, and somebody's browser."""

    page: Page
    provider: Glewlwyd

    def give_password(self, login: str) -> None:
        """Fill in the provider's form."""
        self.page.wait_for_url(f"http://127.0.0.1:{self.provider.port}/login.html?**")
        self.page.locator("#username").fill(login)
        self.page.locator("#password").fill(PASSWORD)
        self.page.locator("#password").press("Enter")

    def consent(self) -> None:
        """Let the application know who one is."""
        self.page.locator("input[type=checkbox]").last.check()
        with self.page.expect_response("**/api/auth/grant/*"):
            self.page.get_by_role("button", name="Grant access").click()
        self.page.get_by_role("button", name="Continue").click()

    def leave(self) -> None:
        """Let the provider end its session."""
        self.page.wait_for_url("**/login.html?*prompt=end_session")
        self.page.locator("button", has_text="Logout").first.click()
        expect(self.page.locator("body")).to_contain_text("You are disconnected")


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def provider(port: int) -> Iterator[Glewlwyd]:
    with glewlwyd() as server:
        server.add_client("sukusuku", "s3cret", f"http://127.0.0.1:{port}")
        server.add_person("suzuki", "鈴木", ["centre-staff"])
        yield server


@pytest.fixture
def place(tmp_path: Path, provider: Glewlwyd, port: int, browser: Browser) -> Iterator[Place]:
    world = worlds.make(tmp_path)
    oidc = Oidc(
        issuer=provider.issuer,
        client_id="sukusuku",
        client_secret=Secret("s3cret"),
        label=LABEL,
        group=(Group(name="centre-staff", role="staff", sites=("tobu",)),),
        new_accounts=True,
    )
    web = msgspec.structs.replace(world.facility.web, url=f"http://127.0.0.1:{port}")
    facility = msgspec.structs.replace(worlds.always_open(world.facility), web=web, oidc=oidc)
    store = LazyStore(world.path)
    app = create_app(facility, store, world.operations, visitor=None)
    with serving(app, port) as url, profile(browser, base_url=url, locale="en") as context:
        yield Place(context.new_page(), provider)
    store.close()
    world.close()


def test_in_by_the_button_and_out_everywhere(place: Place) -> None:
    page = place.page
    page.goto("/collection?lang=en")
    expect(page.get_by_role("link", name=LABEL.en)).to_be_visible()
    page.goto("/collection?lang=ja")

    page.get_by_role("link", name=LABEL.ja).click()
    place.give_password("suzuki")
    place.consent()

    page.wait_for_url("**/collection?lang=ja")
    expect(page.locator("main")).to_contain_text("東部こども家庭センター")
    assert "西部" not in page.locator("main").inner_text()
    page.goto("/account?lang=ja")
    expect(page.locator("main")).to_contain_text("職員")

    page.get_by_role("button", name="ログアウト").first.click()
    place.leave()

    page.goto("/collection?lang=ja")
    page.get_by_role("link", name=LABEL.ja).click()
    place.give_password("suzuki")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/collection?lang=ja")


@pytest.mark.parametrize(
    ("language", "button", "said"),
    [
        ("ja", LABEL.ja, "組織のログインサービスに接続できません。数分後にもう一度お試しください。"),
        ("en", LABEL.en, "The sign-in service of your organisation cannot be reached."),
    ],
    ids=["ja", "en"],
)
def test_a_provider_that_is_away_is_said_to_be_and_passwords_are_there(
    place: Place, language: str, button: str, said: str
) -> None:
    page = place.page
    place.provider.stop()
    try:
        page.goto(f"/wall?lang={language}")
        page.get_by_role("link", name=button).click()

        expect(page.get_by_role("alert")).to_contain_text(said)
        expect(page.locator("[name=password]")).to_be_visible()
        assert page.locator("[name=next]").input_value() == f"/wall?lang={language}"
    finally:
        place.provider.start()
