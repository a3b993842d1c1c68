"""The page for parents: what a sign promises, what else they are told, in three kinds of language, and to whom."""

import re
from collections.abc import Iterator
from dataclasses import replace

import httpx
import msgspec
import pytest

from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.time import DAY_MS, HOUR_MS, day_start, local_day
from sukusuku_server.db.bookings import BookingRecords
from sukusuku_server.model.bookings import Booked, Bookings, Cover
from sukusuku_server.settings import BookingSettings
from sukusuku_server.settings.parents import ForParents, Sentence
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.in_process import client
from tests.api.two_centres import World

TODAY = day_start(local_day(NOW))
TOLD = ForParents(
    address=Sentence(ja="豊島区東1-2-3", en="1-2-3 Higashi, Toshima"),
    phone="03-1234-5678",
    website="https://www.city.example/tobu",
    from_months=6,
    booking=Sentence(ja="前日までに電話で", en="Call by the day before"),
)


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def sections(html: str) -> list[str]:
    return re.findall(r'<section class="card".*?</section>', html, re.DOTALL)


@pytest.fixture
def told(world: World) -> World:
    """Bookings of the first centre are known for a week; nothing is known of the second one's."""
    nine, six = 9 * HOUR_MS, 18 * HOUR_MS
    days = [TODAY + day * DAY_MS for day in range(3)]
    spans = [Booked("tobu-room", day + nine, day + six, 3 + 4 * n) for n, day in enumerate(days)]
    cover = Cover("tobu-room", TODAY, TODAY + 14 * DAY_MS)
    BookingRecords(world.operations).take(Bookings(tuple(spans), (cover,)), "upload", "佐藤", NOW)
    first, *others = world.facility.site
    opening = msgspec.structs.replace(first.opening, closed=(local_day(TODAY + 7 * DAY_MS),))
    sites = (msgspec.structs.replace(first, parents=TOLD, opening=opening), *others)
    facility = msgspec.structs.replace(world.facility, site=sites, bookings=BookingSettings())
    return replace(world, facility=facility)


@pytest.fixture
def anybody(told: World) -> Iterator[httpx.Client]:
    store = LazyStore(told.path)
    with client(create_app(told.facility, store, told.operations, lambda: NOW, visitor=None)) as found:
        yield found
    store.close()


def test_a_circle_is_shown_only_where_bookings_are_known(anybody: httpx.Client) -> None:
    booked, usual = sections(anybody.get("/vacancy").text)
    assert "○" in booked
    assert "混み具合" not in booked
    assert "○" not in usual
    assert "予約の空きは、ここでは分かりません。利用の前にセンターへお問い合わせください。" in text_of(usual)


def test_parents_are_told_who_may_come_where_it_is_and_how_to_book(anybody: httpx.Client) -> None:
    booked, usual = sections(anybody.get("/vacancy").text)
    for said in (
        "6か月から就学前まで",
        "前日までに電話で",
        "豊島区東1-2-3",
        '<a href="tel:0312345678">03-1234-5678</a>',
    ):
        assert said in booked
    assert "センターにお問い合わせください。" in text_of(usual)
    assert "電話" not in text_of(usual)
    english = text_of(anybody.get("/vacancy?lang=en").text)
    for said in ("from 6 months until they go to school", "Call by the day before", "Labour Thanksgiving Day"):
        assert said in english
    assert "休" not in english.replace("日本語", "")


def test_time_slots_and_holidays_are_told_and_small_counts_are_not(anybody: httpx.Client) -> None:
    booked, _ = sections(anybody.get("/vacancy").text)
    assert "勤労感謝の日" in booked
    assert [booked.count(f'class="free {kind}"') for kind in ("saturday", "sunday")] == [2, 3], "the holiday as Sundays"
    assert "臨時休館" in booked
    assert "0:00–24:00" in booked.split("時間帯ごとに見る")[1], "open day and night"
    numbers = re.findall(r">\s*(\d+)\s*<", booked)
    assert numbers == [], "no number of places is told"


def test_easy_japanese_has_readings_and_no_hard_words(anybody: httpx.Client) -> None:
    html = anybody.get("/vacancy?lang=easy").text
    assert "<ruby>予約<rp>(</rp><rt>よやく</rt><rp>)</rp></ruby>" in html
    assert '<html lang="ja">' in html
    assert 'href="/vacancy?lang=easy" lang="ja" aria-current="true"' in html
    assert "《" not in html
    assert "お問い合わせ" not in html


def test_the_page_is_public_and_keeps_the_navigation_of_whoever_has_signed_in(
    anybody: httpx.Client, told: World
) -> None:
    public = anybody.get("/vacancy").text
    assert 'href="/collection' not in public
    store = LazyStore(told.path)
    with client(create_app(told.facility, store, told.operations, lambda: NOW)) as office:
        kept = [office.get(f"/vacancy?lang={lang}").text for lang in ("ja", "easy", "en")]
    store.close()
    assert ['href="/collection?lang=ja"' in html for html in kept] == [True, True, False]
    assert 'href="/collection?lang=en"' in kept[2]
    assert sections(public) == sections(kept[0])
