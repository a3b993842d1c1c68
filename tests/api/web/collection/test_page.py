import re

import httpx

from sukusuku_api.queries.periods import EIGHT_WEEKS_MS
from sukusuku_api.reports.collection import words
from sukusuku_api.web import base
from sukusuku_api.web.collection import texts as said
from sukusuku_api.web.wall.forecast_texts import moment
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, local_day
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.stock import Stock, StockKind
from sukusuku_server.db.visit_requests import Requests
from sukusuku_server.kpi.queries import KpiQueries
from sukusuku_server.live import derivation_progress
from sukusuku_server.model.collection import OF_ROOMS, EmptyingState, Evidence, FindingName, Method
from sukusuku_server.model.rounds import VisitKind
from sukusuku_server.rooms.schedule import FacilitySchedules
from tests.api import two_centres as worlds
from tests.api.conftest import NOW
from tests.api.eight_weeks import UNITS
from tests.api.two_centres import World


def _text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def _card(html: str, ident: str) -> str:
    found = re.search(rf'<article class="card unit" id="{ident}".*?</article>', html, re.DOTALL)
    assert found is not None
    return found[0]


def test_the_page_speaks_both_languages(full: tuple[World, httpx.Client]) -> None:
    world, api = full
    Requests(world.operations).ask(UNITS[1], "佐藤", NOW)
    Stock(world.operations).count("tobu", StockKind.BAG, 40, "佐藤", NOW)
    ja, en = (_text(api.get("/collection", params={"lang": lang, "per_week": 3}).text) for lang in ("ja", "en"))
    for text in (
        "推定の信頼度 96%",
        "あと 44 枚",
        "手で押し込まれた可能性があります",
        "回収の依頼あり（佐藤）",
        "データから検出",
        "単純な予測より平均誤差が72 %小さい",
        "2026年11月",
        "週3回の定期回収の場合",
        "おむつの数は、どちらも圧縮機に実際に入ったと観測された数です",
        "46円/kg",
        "40 袋",
    ):
        assert text in ja
    for text in (
        "confidence 96 %",
        "space for 44 nappies",
        "nappies may have been pushed in by hand",
        "Needs a visit, but its location is not in the settings",
        "72 % smaller error than the better of two simple forecasts",
        "Fixed rounds: 3 a week",
        "Only the times of the visits differ",
        "46 yen/kg",
    ):
        assert text in en
    assert "%(" not in ja + en


def test_fixed_rounds_go_as_often_as_the_same_service_needs_unless_somebody_asks_for_another_number(
    full: tuple[World, httpx.Client],
) -> None:
    world, api = full
    books = KpiQueries(FacilitySchedules(world.facility), world.store, world.operations, NOW)
    found = [books.compare(n, NOW - EIGHT_WEEKS_MS, NOW) for n in range(1, 8)]
    sides = [it.comparison for it in found if it is not None]
    needed = next(it.per_week for it in sides if it.fixed.overflow_hours <= it.actual.overflow_hours)

    said = [_text(api.get(f"/collection?lang=en{asked}").text) for asked in ("", "&per_week=1")]
    assert f"Fixed rounds: {needed} a week" in said[0]
    assert "the fewest fixed rounds a week" in said[0]
    assert "Fixed rounds: 1 a week" in said[1]
    assert "the fewest fixed rounds a week" not in said[1]


def test_figures_of_a_past_that_is_still_being_derived_say_so(full: tuple[World, httpx.Client]) -> None:
    world, api = full
    until = NOW - 21 * DAY_MS
    derivation_progress.keep(world.store, until, NOW)
    said = f"Figures of the past are still being computed (done up to {words.day(local_day(until))})"
    pages = ("/collection", "/rooms", f"/units/{UNITS[0]}")
    assert [said in _text(api.get(f"{page}?lang=en").text) for page in pages] == [True] * 3

    derivation_progress.keep(world.store, NOW - 10_000, NOW)
    assert [said in _text(api.get(f"{page}?lang=en").text) for page in pages] == [False] * 3


def test_times_are_told_to_the_minute_and_a_deadline_never_later_than_it_is() -> None:
    time = NOW - NOW % DAY_MS + 7 * HOUR_MS + 57 * MINUTE_MS + 59_000  # 16:57:59 in Japan
    assert moment(time, time - HOUR_MS, base.texts("en").gettext) == "today 16:57"


def test_silence_is_never_green_and_a_fault_is_told(full: tuple[World, httpx.Client]) -> None:
    world, api = full
    world.commit(*worlds.unit(UNITS[0], NOW - 1000, fault=1))
    html = api.get("/collection?lang=en").text
    assert 'data-tone="fault"' in _card(html, UNITS[0])
    assert "Jammed: please check" in _card(html, UNITS[0])
    assert 'data-tone="ok"' in _card(html, UNITS[1])
    silent, unknown = _card(html, "seibu-unit-2"), _card(html, "seibu-unit-1")
    assert 'data-tone="unknown" data-stale' in silent
    assert "No data (last measured 2 h ago)" in silent
    assert "No estimate yet" in unknown
    assert "aria-valuenow" not in silent


def test_nothing_at_all_is_said_so(api: httpx.Client) -> None:
    text = _text(api.get("/collection?lang=en").text)
    for said_so in (
        "No readings yet",
        "There is no round in the settings.",
        "No emptyings in the last 14 days.",
        "No forecast can be scored yet.",
        "Nothing to compare yet",
    ):
        assert said_so in text


def test_the_form_says_who_and_is_not_taken_from_elsewhere(full: tuple[World, httpx.Client]) -> None:
    world, api = full
    book = Emptyings(world.operations)
    last = book.of(UNITS[0], 0, NOW)[-1]
    url, fields = "/collection/emptyings?lang=en", {"by": " 佐藤  花子 ", "reject": str(last.id)}

    assert api.post(url, data=fields, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    for wrong in (
        {"by": "", "reject": "1"},
        {"by": "佐藤"},
        {"by": "佐藤", "confirm": "x"},
        {"by": "佐藤", "confirm": str(2**63)},
        {"by": "佐藤", "confirm": "1", "reject": "1"},
        {"by": "佐" * 81, "confirm": "1"},
        {"by": "\x07", "confirm": "1"},
    ):
        assert api.post(url, data=wrong).status_code == 422
    assert api.post(url, data={"by": "佐藤", "confirm": "999"}).status_code == 404
    assert api.post(url, data={"by": "佐" * 3000, "confirm": "1"}).status_code == 413
    assert book.one(last.id).state is EmptyingState.DETECTED

    answer = api.post(url, data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/collection?lang=en#emptyings")
    assert (book.one(last.id).state, book.one(last.id).by) == (EmptyingState.REJECTED, "佐藤 花子")
    page = api.get("/collection?lang=en")
    assert "Rejected (佐藤 花子)" in _text(page.text)
    assert "form-action 'self'" in page.headers["content-security-policy"]


def test_a_word_about_an_emptying_is_withdrawn_on_the_page(full: tuple[World, httpx.Client]) -> None:
    world, api = full
    book = Emptyings(world.operations)
    last = book.of(UNITS[0], 0, NOW)[-1]
    url = "/collection/emptyings?lang=en"
    api.post(url, data={"by": "佐藤", "reject": str(last.id)})
    assert f'<button name="withdraw" value="{last.id}"' in api.get("/collection?lang=en").text
    assert api.post(url, data={"by": "", "withdraw": str(last.id)}).status_code == 422
    assert api.post(url, data={"by": "佐藤", "withdraw": str(last.id)}).status_code == 303
    assert book.one(last.id) == last
    assert f'<button name="confirm" value="{last.id}"' in api.get("/collection?lang=en").text


def test_a_count_or_delivery_is_withdrawn_on_the_page(full: tuple[World, httpx.Client]) -> None:
    world, api = full
    shelf, url = Stock(world.operations), "/collection/stock?lang=en"
    shelf.count("tobu", StockKind.BAG, 40, "佐藤", NOW - 2)
    shelf.deliver("tobu", StockKind.BAG, 1000, "鈴木", NOW - 1)
    wrong, right = shelf.said()
    shown = _text(api.get("/collection?lang=en").text)
    assert "1040 Bags" in shown
    assert "Bags: 1000 delivered Tobu Child and Family Centre · today 20:06 · 鈴木" in shown
    assert "袋：納品 1000" in _text(api.get("/collection").text)
    assert api.post(url, data={"by": "", "withdraw": str(wrong.id)}).status_code == 422
    foreign = api.post(url, data={"by": "x", "withdraw": str(wrong.id)}, headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403
    answer = api.post(url, data={"by": "佐藤", "withdraw": str(wrong.id)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/collection?lang=en#h-shelves")
    assert shelf.said() == [right]
    assert "40 Bags" in _text(api.get("/collection?lang=en").text)
    assert api.post(url, data={"by": "佐藤", "withdraw": str(wrong.id)}).status_code == 404


def test_everything_that_can_be_said_has_words() -> None:
    assert set(said.FINDINGS) == set(FindingName) - OF_ROOMS
    assert set(said.EVIDENCE) == set(Evidence)
    assert set(said.EMPTYING_STATES) == set(EmptyingState)
    assert set(words.KINDS) == set(VisitKind)
    assert set(words.METHODS) == set(Method)
    assert set(said.SHELVES) == set(StockKind)
