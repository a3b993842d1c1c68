"""The links of a round mail on a phone, in a real Chromium: without scripts, and without a connection."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from sukusuku_server.model.rounds import Answer, Obstacle
from sukusuku_server.rounds.signed_links import Action
from tests.api.http_server import serving
from tests.api.web.rounds.sent_round import Trip
from tests.server.rounds.golden_rounds import body, parse
from tests.server.rounds.mail_cases import PLAN
from tests.server.rounds.plan_cases import MINUTE
from tests.support.browser import profile
from tests.support.patience import until

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def trip(tmp_path: Path) -> Iterator[Trip]:
    made = Trip(tmp_path)
    yield made
    made.close()


@pytest.fixture
def url(trip: Trip) -> Iterator[str]:
    with serving(trip.app()) as found:
        yield found


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    with profile(browser, viewport=PHONE, is_mobile=True, has_touch=True, java_script_enabled=False) as context:
        hosts: set[str] = set()
        context.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        complaints: list[str] = []
        found = context.new_page()
        found.on("console", lambda message: complaints.append(message.text))
        yield found
        assert hosts == {urlsplit(url).netloc}
        assert complaints == []


def links(trip: Trip, word: str) -> list[str]:
    """The paths behind the buttons of the mail that say this, in order."""
    html = body(parse(trip.operations.mails()[-1].mail.content), "html")
    return [urlsplit(link).path for link in re.findall(rf'<a href="([^"]+)"[^>]*>{word}</a>', html)]


def test_the_done_link_of_a_mail_records_the_visit_with_one_tap(trip: Trip, url: str, page: Page) -> None:
    first = links(trip, "完了")[0]
    page.goto(url + first)
    expect(page.get_by_role("heading", level=1)).to_have_text("おむつ圧縮機1")
    assert trip.stops[0].answer is Answer.NONE

    page.get_by_role("button", name="「回収完了」を記録する").tap()

    expect(page.get_by_role("status")).to_contain_text("記録しました: 回収完了")
    assert (trip.stops[0].answer, trip.stops[0].answered_by) == (Answer.DONE, "鈴木")
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("記録しました: 回収完了")

    page.get_by_role("button", name="取り消す").tap()
    expect(page.get_by_role("button", name="「回収完了」を記録する")).to_be_visible()
    assert trip.stops[0].answer is Answer.NONE


def test_a_whole_round_is_answered_from_one_page(trip: Trip, url: str, page: Page) -> None:
    trip.now = PLAN.departs - MINUTE
    page.goto(url + links(trip, "回収の一覧を開く")[0])
    page.get_by_role("button", name="行きます").tap()
    expect(page.get_by_text("この回収は、あなたが担当です。")).to_be_visible()

    page.locator("li.stop").nth(0).get_by_role("button", name="回収完了").tap()
    expect(page.locator("li.stop").nth(0).get_by_role("status")).to_contain_text("回収完了")
    second = page.locator("li.stop").nth(1)
    second.get_by_text("回収できない", exact=True).tap()
    second.get_by_label("圧縮機のところまで行けなかった").check()
    second.get_by_label("メモ（任意）").fill("通行止め")
    second.get_by_role("button", name="「回収できない」を記録する").tap()
    page.locator("li.stop").nth(2).get_by_role("button", name="不要だった").tap()

    expect(page.locator("li.stop").nth(2).get_by_role("status")).to_contain_text("回収不要だった")
    assert [record.answer for record in trip.stops[:3]] == [Answer.DONE, Answer.CANNOT, Answer.NEEDLESS]
    assert (trip.stops[1].note, trip.stops[1].obstacle) == ("通行止め", Obstacle.NO_ACCESS)


def test_without_a_connection_answers_wait_on_the_phone_and_are_sent_once(
    trip: Trip, url: str, browser: Browser
) -> None:
    with profile(browser, viewport=PHONE, is_mobile=True, has_touch=True) as context:
        page = context.new_page()
        page.goto(url + trip.path(Action.ROUND))
        first, second, third = (page.locator("li.stop").nth(n) for n in range(3))
        expect(page.locator(".map .pin.left")).to_have_count(2)
        expect(page.get_by_role("link", name="残りの道順を地図アプリで開く")).to_be_visible()
        expect(page.locator("#live[data-kept]")).to_be_attached()

        trip.rounds.answer(trip.stops[2].id, Answer.DONE, "Sato", trip.now)
        expect(third.get_by_role("status")).to_contain_text("回収完了")
        expect(page.locator(".map .pin.left")).to_have_count(1)

        context.set_offline(True)
        first.get_by_role("button", name="回収完了").tap()
        expect(first.get_by_text("未送信: 回収完了")).to_be_visible()
        second.get_by_role("button", name="不要だった").tap()
        second.get_by_role("button", name="取り消す").tap()
        second.get_by_text("回収できない", exact=True).tap()
        second.get_by_label("センターが閉まっていた").check()
        second.get_by_role("button", name="「回収できない」を記録する").tap()
        expect(page.locator("#unsent")).to_contain_text("未送信の回答: ")
        page.reload()
        expect(first.get_by_text("未送信: 回収完了")).to_be_visible()
        expect(second.get_by_text("未送信: 回収できなかった")).to_be_visible()
        expect(page.locator("#lost")).to_contain_text("電波が届きません")
        assert [record.answer for record in trip.stops[:2]] == [Answer.NONE, Answer.NONE]

        context.set_offline(False)
        expect(first.get_by_role("status")).to_contain_text("鈴木")
        expect(second.get_by_role("status")).to_contain_text("センターが閉まっていた")
        expect(page.locator("#unsent")).to_be_hidden()
    assert [record.answer for record in trip.stops[:3]] == [Answer.DONE, Answer.CANNOT, Answer.DONE]
    assert [len(trip.rounds.answers(record.id)) for record in trip.stops[:1]] == [1]


def test_answers_are_sent_from_another_page_or_by_the_browser_itself(trip: Trip, url: str, browser: Browser) -> None:
    def answer_offline(page: Page, stop: int) -> None:
        page.goto(url + trip.path(Action.ROUND))
        expect(page.locator("#live[data-kept]")).to_be_attached()
        page.context.set_offline(True)
        page.locator("li.stop").nth(stop).get_by_role("button", name="回収完了").tap()
        expect(page.locator("#unsent")).to_be_visible()

    with profile(browser, viewport=PHONE, is_mobile=True, has_touch=True) as context:
        page = context.new_page()
        answer_offline(page, 0)
        page.close()
        context.set_offline(False)
        page = context.new_page()
        with page.expect_response("**/answers*"):
            page.goto(f"{url}/vacancy")
        assert trip.stops[0].answer is Answer.DONE

        answer_offline(page, 1)
        context.set_offline(False)
        page.goto(f"{url}/manifest.webmanifest")  # of our origin, and without a script
        woken, registrations = context.new_cdp_session(page), list[str]()
        woken.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda told: registrations.extend(it["registrationId"] for it in told["registrations"]),
        )
        woken.send("ServiceWorker.enable")
        until(lambda: page.title() == "" and registrations, "there is no service worker", 20)
        tag = {"tag": "sukusuku-answers", "lastChance": False}
        woken.send("ServiceWorker.dispatchSyncEvent", {"origin": url, "registrationId": registrations[0], **tag})
        until(lambda: trip.stops[1].answer is Answer.DONE, "the service worker has sent nothing")
        page.goto(f"{url}/vacancy")
    assert [len(trip.rounds.answers(record.id)) for record in trip.stops[:2]] == [1, 1]


@pytest.mark.parametrize("person", [0, 1], ids=["ja", "en"])
def test_everything_fits_on_a_phone_and_can_be_hit_with_a_thumb(trip: Trip, url: str, page: Page, person: int) -> None:
    for action in (Action.ROUND, Action.DONE, Action.CANNOT, Action.DECLINE):
        page.goto(url + trip.path(action, None if action.answer is None else 0, person))

        low = page.locator("main :is(button, a.button, a.map-link, summary)").evaluate_all(
            "targets => targets.filter(it => it.checkVisibility() && it.getBoundingClientRect().height < 44)"
            ".map(it => it.outerHTML)"
        )
        assert low == []
        outside = page.locator("main *").evaluate_all(
            "items => items.filter(it => it.checkVisibility()).map(it => it.getBoundingClientRect())"
            f".filter(it => it.left < 0 || it.right > {PHONE['width']})"
        )
        assert outside == []
