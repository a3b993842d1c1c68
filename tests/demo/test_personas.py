from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sukusuku_api.lazy_store import LazyStore
from sukusuku_demo.personas import COOKIE, PERSONAS, make
from tests.api import two_centres as worlds
from tests.api.in_process import client

HERE = "http://127.0.0.1:8080"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[httpx.Client]:
    world = worlds.make(tmp_path)
    store = LazyStore(world.path)
    with client(make(worlds.always_open(world.facility), store, world.operations)) as found:
        found.base_url = httpx.URL(HERE)
        yield found
    store.close()
    world.close()


def test_whoever_tries_the_demo_is_the_office_and_may_become_anybody(demo: httpx.Client) -> None:
    assert demo.get("/people").status_code == 200
    assert all(persona.ja in demo.get("/demo").text for persona in PERSONAS)

    seen = {}
    for persona in PERSONAS:
        answer = demo.get(f"/demo?as={persona.id}&lang=ja")
        assert answer.headers["location"] == f"{persona.page}?lang=ja"
        seen[persona.id] = [demo.get(path).status_code for path in ("/wall", "/rooms", "/people", "/vacancy")]

    assert seen == {
        "office": [200, 200, 200, 200],
        "staff": [200, 200, 403, 200],
        "crew": [200, 403, 403, 200],
        "partner": [200, 200, 403, 200],
        "parent": [401, 401, 401, 200],
    }
    demo.get("/demo?as=partner")
    assert {unit["site"] for unit in demo.get("/api/v1/units").json()["units"]} == {"tobu"}


def test_nobody_is_signed_in_by_itself_from_elsewhere_or_under_another_name(demo: httpx.Client) -> None:
    """A page of another site whose name was made to lead to this machine finds nobody signed in."""
    assert demo.get("/people", headers={"host": "evil.example"}).status_code == 421
    assert demo.get("/people", headers={"host": "localhost:8080"}).status_code == 200
    assert COOKIE not in demo.get("/people", headers={"host": "evil.example"}).headers.get("set-cookie", "")
