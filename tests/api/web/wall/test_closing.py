"""What the wall says of centres that are closed."""

import re
from datetime import datetime

import pytest

from sukusuku_api.lazy_store import LazyStore
from sukusuku_api.live_state import present
from sukusuku_api.web.wall.news import News
from sukusuku_core.time import JAPAN
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.in_process import client
from tests.api.two_centres import World


def _at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=JAPAN).timestamp() * 1000)


def _wall(world: World, now: int, language: str = "ja") -> str:
    """The wall of the two centres with their ordinary hours."""
    store = LazyStore(world.path)
    with client(create_app(worlds.facility(), store, world.operations, lambda: now)) as api:
        text = api.get(f"/wall?lang={language}").text
    store.close()
    return text


@pytest.mark.parametrize(
    ("language", "title", "why", "opens"),
    [
        ("ja", "本日休館", "勤労感謝の日", "次の開館 明日 09:00"),
        ("en", "Closed today", "Labour Thanksgiving Day", "Opens tomorrow 09:00"),
    ],
)
def test_a_holiday_is_told_by_its_name_with_the_next_open_day(
    world: World, language: str, title: str, why: str, opens: str
) -> None:
    now = _at("2026-11-23 10:00")
    world.commit(*worlds.room("tobu-room", now, 0, 0), *worlds.unit("tobu-unit-1", now))

    html = _wall(world, now, language)

    assert f"<b>{title}</b> <span>{why}</span> <span>{opens}</span>" in html
    assert 'id="tobu-room"' not in html, "nobody is in"
    assert 'id="tobu-unit-1"' in html


def test_a_room_with_somebody_in_it_is_shown_although_its_centre_is_closed(world: World) -> None:
    now = _at("2026-11-23 10:00")
    world.commit(*worlds.room("tobu-room", now, 3, 2))

    assert 'id="tobu-room"' in _wall(world, now)


def test_a_room_of_a_closed_centre_comes_and_goes_on_displays_that_are_open(world: World) -> None:
    start, news = _at("2026-11-23 10:00"), News("ja", None)
    store = LazyStore(world.path)
    world.commit(*worlds.room("tobu-room", start, 0, 0))
    context = create_app(worlds.facility(), store, world.operations, lambda: start + 9_000).state.context
    told, before = news.whole(present(context), context), present(context)
    for second, children in ((1, 0), (2, 3), (3, 2), (4, 0)):
        world.commit(*worlds.room("tobu-room", start + 1_000 * second, children, children))
        after = present(context)
        displayed, told = told, news.change(before, after, context)
        parts = re.findall(r'^<(?:div|p|section|article)[^>]* id="([^"]+)"', told, re.MULTILINE)
        assert "site-tobu" in parts
        assert all(f'id="{part}"' in displayed for part in parts), "there is no place for it"
        assert ('id="tobu-room"' in told) is (children > 0)
        before = after
    store.close()


def test_in_the_evening_a_centre_is_closed_for_the_day_and_its_empty_room_is_not_green(world: World) -> None:
    now = _at("2026-11-18 19:00")
    world.commit(*worlds.room("tobu-room", now, 0, 0))

    html = _wall(world, now)

    assert "<b>閉館中</b> <span>次の開館 明日 09:00</span>" in html
    assert "data-rests" in html.split('id="tobu-room"')[1].split(">")[0]
    assert "data-night" not in html


@pytest.mark.parametrize(("clock", "night"), [("21:00", True), ("05:59", True), ("06:00", False), ("12:00", False)])
def test_at_night_the_display_of_closed_centres_is_dim(world: World, clock: str, night: bool) -> None:  # noqa: FBT001
    assert ("data-night" in _wall(world, _at(f"2026-11-18 {clock}"))) is night
