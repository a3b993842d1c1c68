"""The page of a centre: what is there, what comes, who is told; and who may see what of it."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace

import httpx
import msgspec
import pytest

from sukusuku_api.access.principal import Principal
from sukusuku_api.lazy_store import LazyStore
from sukusuku_server.access.records import Actor
from sukusuku_server.access.rights import Role, granting
from sukusuku_server.settings import Contact, Opening
from sukusuku_server.settings.mail_address import MailAddress
from tests.api import eight_weeks
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.in_process import client
from tests.api.two_centres import World


def _text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


@pytest.fixture
def busy(world: World) -> World:
    """A centre with readings, a count and a contact; the other one has a contact of its own."""
    world.commit(*worlds.unit("tobu-unit-1", NOW - 1000, level=41.0), *worlds.room("tobu-room", NOW - 1000, 5, 4))
    settings = worlds.facility(eight_weeks.ROUNDS)
    opening = Opening(closed_monthly=("last fri",))
    return replace(
        world,
        facility=msgspec.structs.replace(
            settings,
            site=tuple(msgspec.structs.replace(site, opening=opening) for site in settings.site),
            contact=(
                Contact(name="Sato", mail=MailAddress("sato@example.jp"), sites=("tobu",), after_minutes=30),
                Contact(name="Suzuki", mail=MailAddress("suzuki@example.jp"), sites=("seibu",)),
            ),
        ),
    )


@contextlib.contextmanager
def asking(world: World, role: Role, site: str | None) -> Iterator[httpx.Client]:
    """Somebody with a role looks at the centres of a world."""
    store = LazyStore(world.path)
    who = Principal("who", Actor("account 1"), granting(role, site), shared=False)
    with client(create_app(world.facility, store, world.operations, lambda: NOW, lambda _: who)) as found:
        yield found
    store.close()


def test_a_manager_finds_everything_about_the_centre(busy: World) -> None:
    with asking(busy, Role.MANAGER, None) as api:
        ja, en = (_text(api.get(f"/sites/tobu?lang={lang}").text) for lang in ("ja", "en"))
    for said in (
        "東部こども家庭センター",
        "本日の開館 09:00–18:00",
        "一時保育室",
        "おむつ圧縮機 1",
        "今月",
        "お知らせの送り先",
    ):
        assert said in ja
    assert "Next closed days 11/23 (Mon) Labour Thanksgiving Day 11/27 (Fri) regular closing day" in en
    assert "Sato Edit sato@example.jp · all alerts · after 30 min" in en
    assert "Suzuki" not in en
    assert "/ 10 Children / limit" in en
    assert "No round comes here." in en, "the centre is not on the map"


def test_what_somebody_may_not_see_or_change_is_not_there(busy: World) -> None:
    shown = {}
    for role in (Role.CREW, Role.VIEWER, Role.MANAGER):
        with asking(busy, role, "tobu") as api:
            shown[role] = api.get("/sites/tobu?lang=en").text
            assert api.get("/sites/seibu").status_code == 404
    assert {role: "/rooms/tobu-room" in html for role, html in shown.items()} == {
        Role.CREW: False, Role.VIEWER: True, Role.MANAGER: True,
    }  # fmt: skip
    assert {role: "sato@example.jp" in html for role, html in shown.items()} == {
        Role.CREW: False, Role.VIEWER: False, Role.MANAGER: True,
    }  # fmt: skip
    assert not any("/settings" in html for html in shown.values()), "settings are changed for the whole operator"


def test_wall_unit_and_room_lead_to_the_centre(busy: World) -> None:
    with asking(busy, Role.MANAGER, None) as api:
        for page in ("/units/tobu-unit-1", "/rooms/tobu-room", "/rooms", "/collection"):
            assert 'href="/sites/tobu?lang=en"' in api.get(f"{page}?lang=en").text, page
