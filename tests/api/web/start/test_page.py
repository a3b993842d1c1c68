"""The first page leads each kind of user to their pages."""

import re

import httpx
import pytest

from sukusuku_api.access.principal import Principal
from sukusuku_api.lazy_store import LazyStore
from sukusuku_server.access.records import Actor
from sukusuku_server.access.rights import Role, granting
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.in_process import client
from tests.api.two_centres import World


def looked(world: World, role: Role | None, site: str | None = None) -> httpx.Response:
    """What somebody with a role gets; None: somebody who has not signed in."""
    store = LazyStore(world.path)
    who = None if role is None else Principal("who", Actor("account 1"), granting(role, site), shared=False)
    with client(create_app(world.facility, store, world.operations, lambda: NOW, lambda _: who)) as api:
        found = api.get("/?lang=en")
    store.close()
    return found


def led_to(html: str) -> list[str]:
    """The cards of the page, in their order."""
    return re.findall(r'<a class="card" href="([^?"]+)', html)


@pytest.mark.parametrize(
    ("role", "first"),
    [
        (Role.MANAGER, "/collection"),
        (Role.ADMIN, "/collection"),
        (Role.STAFF, "/wall"),
        (Role.CREW, "/rounds"),
        (Role.INTEGRATOR, "/settings"),
    ],
)
def test_each_kind_of_user_finds_their_own_work_first(world: World, role: Role, first: str) -> None:
    html = looked(world, role).text
    ways = led_to(html)
    assert ways[0] == first
    assert {"/sites/tobu", "/sites/seibu", "/vacancy"} <= set(ways)
    assert "/people" in ways or role not in {Role.MANAGER, Role.ADMIN}
    assert ("/rooms" in ways) is (role is not Role.CREW), "a crew sees no rooms"


def test_of_other_centres_nothing_is_said(world: World) -> None:
    html = looked(world, Role.STAFF, "tobu").text
    assert "/sites/tobu" in led_to(html)
    assert "Seibu" not in html


def test_whoever_has_not_signed_in_finds_the_vacancies_and_the_way_in(world: World) -> None:
    html = looked(world, None).text
    assert led_to(html) == ["/vacancy", "/sign-in"]
    assert "/collection" not in html


def test_a_display_goes_to_the_wall(world: World) -> None:
    answer = looked(world, Role.DISPLAY, "tobu")
    assert (answer.status_code, answer.headers["location"]) == (303, "/wall?lang=en")
