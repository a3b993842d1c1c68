"""Walls of more centres than can stand side by side."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.clock import now_ms
from sukusuku_core.model import FaultCode
from sukusuku_core.settings import parse
from sukusuku_server.settings import Facility
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.http_server import serving
from tests.api.in_process import client
from tests.api.two_centres import World
from tests.support.browser import visit

LONGEST = "西池袋南子ども家庭支援センター"


def many(count: int) -> Facility:
    """Centres with two units and a room each."""
    text = '[operator]\nid = "toshima"\nname = { ja = "としま市", en = "Toshima City" }\n'
    for n in range(count):
        text += f"""
        [[site]]
        id = "s{n}"
        name = {{ ja = "{LONGEST}", en = "Centre {n}" }}
        [[site.unit]]
        id = "s{n}-unit-1"
        name = {{ ja = "おむつ圧縮機 1号", en = "Nappy unit 1" }}
        edge = "s{n}-pi"
        [[site.unit]]
        id = "s{n}-unit-2"
        name = {{ ja = "おむつ圧縮機 2号", en = "Nappy unit 2" }}
        edge = "s{n}-pi"
        [[site.room]]
        id = "s{n}-room"
        name = {{ ja = "一時保育室", en = "Childcare room" }}
        edge = "s{n}-pi"
        capacity = 10
        """
    return worlds.always_open(parse(text, Facility, "facility.toml"))


def told(world: World, count: int, full: int) -> None:
    """All centres are heard; the last `full` have a bag that is nearly full."""
    now = now_ms()
    for n in range(count):
        level = 84.0 if n >= count - full else 30.0
        world.commit(*worlds.unit(f"s{n}-unit-1", now, level=30.0), *worlds.unit(f"s{n}-unit-2", now, level=level))
        world.commit(*worlds.room(f"s{n}-room", now, 5, 4))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = worlds.make(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (3840, 2160)])
def test_rows_can_be_read_from_afar_and_the_display_turns_to_all_of_them(
    browser: Browser, world: World, width: int, height: int
) -> None:
    told(world, 15, full=2)
    store = LazyStore(world.path)
    with (
        serving(create_app(many(15), store, world.operations)) as url,
        visit(browser, f"{url}/wall?lang=en", width, height) as seen,
    ):
        page = seen.page
        page.clock.install()
        page.reload()
        rows = page.locator(".row:visible")
        expect(rows).to_have_count(6)
        expect(rows.nth(0)).to_contain_text("Centre 13")
        expect(rows.nth(1)).to_contain_text("Centre 14")
        expect(page.locator(".summary")).to_contain_text("Nappy units: 2 of 30 need attention")
        expect(page.locator(".turn")).to_have_text("1 / 3")
        smallest = page.evaluate(
            """() => Math.min(...[...document.querySelectorAll('.row:not([hidden]) :is(h2, h3, .big, .word)')]
                 .map(it => parseFloat(getComputedStyle(it).fontSize)))"""
        )
        assert smallest >= 32 * width / 1920
        cut = page.evaluate(
            """() => [...document.querySelectorAll('.row:not([hidden]), .row:not([hidden]) :is(.chip, h2)')]
                 .filter(it => it.scrollWidth > it.clientWidth + 1 || it.scrollHeight > it.clientHeight + 1)
                 .map(it => it.id || it.className)"""
        )
        assert cut == []
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        shown = []
        for _ in range(5):
            shown.append(page.locator(".turn").inner_text())
            page.clock.run_for(12_000)
        assert shown == ["1 / 3", "2 / 3", "3 / 3", "1 / 3", "2 / 3"]
        assert seen.complaints == []
    store.close()


def test_a_long_name_is_whole_and_a_silent_centre_is_grey(browser: Browser, world: World) -> None:
    told(world, 4, full=0)
    store = LazyStore(world.path)
    with (
        serving(create_app(many(5), store, world.operations)) as url,
        visit(browser, f"{url}/wall?lang=ja", 1920, 1080) as seen,
    ):
        first = seen.page.locator(".row:visible").first
        expect(first.locator("h2")).to_have_text(LONGEST)
        expect(first.locator(".chip").first).to_have_attribute("data-stale", "")
        expect(first.locator(".chip").first.locator(".old")).to_be_visible()
        expect(first.locator(".chip").first.locator(".word")).to_be_hidden()
        expect(seen.page.locator(".summary")).to_contain_text("データなし 2")
    store.close()


def test_the_worst_comes_first_and_the_sign_of_a_count_is_that_of_the_worst(world: World) -> None:
    told(world, 4, full=1)
    now = now_ms()
    world.commit(*worlds.unit("s2-unit-1", now, fault=int(FaultCode.JAM)), *worlds.room("s4-room", now, 5, 4))
    store = LazyStore(world.path)
    with client(create_app(many(5), store, world.operations)) as api:
        page = api.get("/wall?lang=en").text
    store.close()

    assert re.findall(r'id="row-(s\d)"', page) == ["s4", "s2", "s3", "s0", "s1"], "silent, jammed, nearly full"
    units, rooms = re.findall(r'<span data-condition="(\w+)">', page)
    assert (units, rooms) == ("fault", "ok")


def test_three_centres_stand_side_by_side_and_a_phone_shows_every_row(browser: Browser, world: World) -> None:
    told(world, 15, full=0)
    store = LazyStore(world.path)
    with (
        serving(create_app(many(3), store, world.operations)) as url,
        visit(browser, f"{url}/wall?lang=ja", 1920, 1080) as seen,
    ):
        expect(seen.page.locator(".sites .unit")).to_have_count(6)
        cut = seen.page.evaluate(
            """[...document.querySelectorAll('.tile :is(h3, h3 a, .say *, .body *, .age)')]
                 .filter(it => it.checkVisibility())
                 .filter(it => {
                   const [own, whole] = [it, it.closest('.tile')].map(e => e.getBoundingClientRect());
                   return own.left < whole.left || own.right > whole.right || own.bottom > whole.bottom;
                 })
                 .map(it => it.textContent.trim())"""
        )
        assert cut == []
    with (
        serving(create_app(many(15), store, world.operations)) as url,
        visit(browser, f"{url}/wall?lang=en", 390, 844) as seen,
    ):
        expect(seen.page.locator(".row:visible")).to_have_count(15)
        assert seen.page.evaluate("document.documentElement.scrollWidth") == 390
    store.close()


def test_a_wall_of_two_hundred_centres_is_small_on_the_wire(world: World) -> None:
    told(world, 200, full=9)
    store = LazyStore(world.path)
    with client(create_app(many(200), store, world.operations)) as api:
        with api.stream("GET", "/wall", headers={"accept-encoding": "gzip"}) as answer:
            assert answer.headers["content-encoding"] == "gzip"
            size = sum(map(len, answer.iter_raw()))
        assert api.get("/wall").text.count('class="row"') == 200
        assert httpx.codes.is_success(api.get("/wall/s7").status_code)
    store.close()

    assert size <= 60_000
