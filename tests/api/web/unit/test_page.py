import re
from itertools import pairwise

import httpx
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_api.access.principal import Principal
from sukusuku_api.lazy_store import LazyStore
from sukusuku_api.web.unit import chart
from sukusuku_core.model import Reading
from sukusuku_server.access.records import Actor
from sukusuku_server.access.rights import ROLES, Rights, Role
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.visit_requests import Requests
from sukusuku_server.model.collection import EmptyingState
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.in_process import client
from tests.api.two_centres import World

HOUR = 3_600_000
OWN = {"sec-fetch-site": "same-origin", "accept": "text/html"}


def _text(answer: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def _level(world: World) -> None:
    """A day of levels that rise by two percent an hour, and the estimate beside them."""
    for n in range(24, 0, -1):
        world.commit(*worlds.unit("tobu-unit-1", NOW - n * HOUR, level=50.0 - 2 * n))
    points = [Reading("tobu-unit-1", "Fill/Estimate", NOW - n * HOUR, 51.0 - 2 * n) for n in range(24, 0, -1)]
    world.store.put_derived("tobu-unit-1", NOW - 25 * HOUR, NOW, points)


def test_the_course_is_drawn_and_the_sensors_are_listed(api: httpx.Client, world: World) -> None:
    _level(world)

    for days in (1, 7, 30, 365):
        html = api.get(f"/units/tobu-unit-1?days={days}").text
        measured = re.findall(r'class="measured" d="([^"]*)"', html)
        assert len(measured) == 1
        assert measured[0].startswith("M")
    text = _text(api.get("/units/tobu-unit-1"))
    assert "Fill/Percent 48 %" in text
    assert "tobu-pi" in text
    assert api.get("/units/tobu-unit-9").status_code == 404
    assert api.get("/units/tobu-room").status_code == 404


def test_a_changed_bag_is_kept_with_the_estimate_and_can_be_withdrawn(api: httpx.Client, world: World) -> None:
    _level(world)

    assert api.post("/units/tobu-unit-1/emptied", data={"by": "佐藤"}, headers=OWN).status_code == 303
    (found,) = Emptyings(world.operations).of("tobu-unit-1", NOW - HOUR, NOW + 1)
    assert (found.state, round(found.percent), found.by) == (EmptyingState.ENTERED, 49, "佐藤")
    again = api.post("/units/tobu-unit-1/emptied", data={"by": "佐藤"}, headers=OWN)
    assert again.status_code == 422
    assert "すでに記録されています" in _text(again)
    assert 'class="emptied"' in api.get("/units/tobu-unit-1?days=1").text
    api.post("/collection/emptyings", data={"by": "佐藤", "withdraw": found.id}, headers=OWN)
    assert Emptyings(world.operations).of("tobu-unit-1", NOW - HOUR, NOW + 1) == []


def test_a_visit_is_requested_and_the_request_withdrawn(api: httpx.Client, world: World) -> None:
    api.post("/units/tobu-unit-1/visit", data={"by": "佐藤"}, headers=OWN)
    (asked,) = Requests(world.operations).standing()
    assert (asked.asset, asked.who) == ("tobu-unit-1", "佐藤")
    assert "回収の依頼を取り消す" in _text(api.get("/units/tobu-unit-1"))

    other = api.post("/units/tobu-unit-2/visit", data={"by": "佐藤", "request": asked.id}, headers=OWN)
    assert other.status_code == 303
    assert Requests(world.operations).standing() == [asked], "it is about another unit"
    api.post("/units/tobu-unit-1/visit", data={"by": "佐藤", "request": asked.id}, headers=OWN)
    assert Requests(world.operations).standing() == []
    assert [(it.who, it.action, it.target) for it in world.operations.audit(2)] == [
        ("佐藤", "visit.withdraw", "tobu-unit-1"),
        ("佐藤", "visit.request", "tobu-unit-1"),
    ]


def test_a_silent_unit_says_so_and_wall_and_collection_lead_here(api: httpx.Client, world: World) -> None:
    assert "この期間の記録はありません" in _text(api.get("/units/seibu-unit-1"))
    assert 'href="/units/seibu-unit-1?lang=ja"' in api.get("/wall").text
    assert 'href="/units/seibu-unit-1?lang=ja"' in api.get("/collection").text


@given(st.lists(st.tuples(st.integers(0, 1000), st.floats(-50, 250)), max_size=2000), st.integers(1, 100))
def test_a_line_stays_in_the_picture_and_breaks_where_nothing_was_known(
    points: list[tuple[int, float]], gap: int
) -> None:
    course = sorted(points)
    path = chart.line(course, 0, 1000, gap)
    found = [(kind, float(x), float(y)) for kind, x, y in re.findall(r"([ML])(-?[\d.]+) (-?[\d.]+)", path)]

    assert all(0 <= x <= chart.WIDTH and 0 <= y <= chart.HEIGHT for _, x, y in found)
    assert len(found) <= max(1, 700)
    assert not found or found[0][0] == "M"
    if 0 < len(course) <= 700:
        breaks = sum(b[0] - a[0] > gap for a, b in pairwise(course))
        assert sum(kind == "M" for kind, _, _ in found) == breaks + 1


def test_a_line_of_a_year_breaks_where_nothing_was_known_for_half_a_day() -> None:
    hours = [(n * HOUR, 50.0) for n in range(8760) if not 4000 <= n < 4012]

    assert chart.line(hours, 0, 8760 * HOUR, 3 * HOUR).count("M") == 2


def test_who_may_enter_something_elsewhere_only_is_offered_nothing_here(world: World) -> None:
    rights = Rights(at=(("seibu", ROLES[Role.STAFF]), ("tobu", ROLES[Role.VIEWER])))
    visitor = Principal("佐藤", Actor("account 1"), rights, shared=False)
    Emptyings(world.operations).enter("tobu-unit-1", NOW - HOUR, "鈴木", NOW, percent=90.0, nappies=30.0)
    store = LazyStore(world.path)
    with client(create_app(world.facility, store, world.operations, lambda: NOW, lambda _: visitor)) as api:
        here, there = (api.get(f"/units/{unit}").text for unit in ("tobu-unit-1", "seibu-unit-1"))
    store.close()

    assert "/emptied" in there
    assert "/visit" in there
    assert "<button" not in here.partition("<main")[2]
