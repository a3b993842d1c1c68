import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from sukusuku_core.errors import TransientError
from sukusuku_server.db import Operations
from sukusuku_server.db.shared_secrets import LINKS, renew
from sukusuku_server.db.visit_requests import Requests
from sukusuku_server.model.rounds import Answer, RunState
from sukusuku_server.model.run_state import state_of
from sukusuku_server.rounds.answers import LONGEST_NOTE
from sukusuku_server.rounds.signed_links import Action, Claim
from tests.api.in_process import client
from tests.api.web.rounds.sent_round import NOW, Trip
from tests.server.rounds.mail_cases import FACILITY, PLAN, facility
from tests.server.rounds.plan_cases import HOUR, MINUTE

STOP_ACTIONS = (Action.DONE, Action.CANNOT, Action.NEEDLESS)


@pytest.fixture
def trip(tmp_path: Path) -> Iterator[Trip]:
    made = Trip(tmp_path)
    yield made
    made.close()


@pytest.fixture
def phone(trip: Trip) -> Iterator[httpx.Client]:
    with client(trip.app()) as found:
        found.follow_redirects = True
        yield found


def said(trip: Trip) -> list[Answer]:
    return [record.answer for record in trip.stops[:3]]


def text(page: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text))


def test_looking_changes_nothing_however_often(trip: Trip, phone: httpx.Client) -> None:
    before = trip.rounds.run(trip.run.id), trip.stops, trip.operations.audit(), len(trip.operations.mails())
    for action in Action:
        path = trip.path(action, None if action.answer is None else 0)
        for _ in range(5):
            assert phone.get(path).status_code == 200
        phone.head(path)

    assert (trip.rounds.run(trip.run.id), trip.stops, trip.operations.audit(), len(trip.operations.mails())) == before


def test_a_post_records_once_and_says_so(trip: Trip, phone: httpx.Client) -> None:
    pages = [phone.post(trip.path(action, n)) for n, action in enumerate(STOP_ACTIONS) for _ in range(3)]

    assert said(trip) == [Answer.DONE, Answer.CANNOT, Answer.NEEDLESS]
    assert {(record.answered, record.answered_by) for record in trip.stops[:3]} == {(NOW, "鈴木")}
    assert [entry.action for entry in trip.operations.audit()] == ["stop.needless", "stop.cannot", "stop.done"]
    assert [len(trip.rounds.answers(record.id)) for record in trip.stops[:3]] == [1, 1, 1]
    for page in pages:
        assert page.status_code == 200
        assert page.history[0].status_code == 303
        assert "記録しました" in text(page)
        assert "13:33 鈴木" in text(page)
        assert "取り消す" in text(page)


def test_a_post_leads_to_a_page_that_can_be_loaded_again(trip: Trip, phone: httpx.Client) -> None:
    page = phone.post(trip.path(Action.DONE, 0))

    assert phone.get(page.url).text == page.text
    assert len(trip.rounds.answers(trip.stops[0].id)) == 1


def test_an_answer_can_be_taken_back_and_changed(trip: Trip, phone: httpx.Client) -> None:
    phone.post(trip.path(Action.DONE, 0))
    page = phone.post(trip.path(Action.NONE, 0), data={"back": "done"})
    assert said(trip)[0] is Answer.NONE
    assert "「回収完了」を記録する" in text(page)

    phone.post(trip.path(Action.NEEDLESS, 0))
    phone.post(trip.path(Action.DONE, 0, person=1))
    assert (trip.stops[0].answer, trip.stops[0].answered_by) == (Answer.DONE, "Sato")
    assert [given.answer for given in trip.rounds.answers(trip.stops[0].id)] == [
        Answer.DONE,
        Answer.NONE,
        Answer.NEEDLESS,
        Answer.DONE,
    ]


def test_the_next_stop_is_shown_and_at_the_end_a_word_of_thanks(trip: Trip, phone: httpx.Client) -> None:
    first = phone.post(trip.path(Action.DONE, 0))
    assert "次の回収先 2 東部子ども家庭支援センター おむつ圧縮機2" in text(first)
    phone.post(trip.path(Action.DONE, 1))
    last = phone.post(trip.path(Action.NEEDLESS, 2))

    assert "これで最後の回収先です" in text(last)
    run = trip.rounds.run(trip.run.id)
    assert run is not None
    assert (state_of(run, NOW), run.accepted) == (RunState.UNDER_WAY, None)


def test_what_cannot_be_collected_is_asked_for_until_it_is_taken_back(trip: Trip, phone: httpx.Client) -> None:
    for _ in range(2):
        phone.post(trip.path(Action.CANNOT, 2), data={"note": " 通行止め\r\nBcc: x@example.jp " + "長" * 300})

    record = trip.stops[2]
    assert record.answer is Answer.CANNOT
    assert record.note.startswith("通行止め  Bcc: x@example.jp 長")
    assert len(record.note) == LONGEST_NOTE
    assert [request.asset for request in Requests(trip.operations).standing()] == ["seibu-unit-1"]

    phone.post(trip.path(Action.NONE, 2))
    assert Requests(trip.operations).standing() == []


def test_the_round_is_accepted_or_declined(trip: Trip, phone: httpx.Client) -> None:
    trip.now = PLAN.departs - HOUR
    page = phone.post(trip.path(Action.ACCEPT))
    assert "この回収は、あなたが担当です" in text(page)
    assert "鈴木 is doing this round" in text(phone.get(trip.path(Action.ROUND, person=1)))

    page = phone.post(trip.path(Action.DECLINE))
    run = trip.rounds.run(trip.run.id)
    assert run is not None
    assert (run.accepted, run.people[0].declined) == (None, trip.now)
    assert "次の担当者に連絡しています" in text(page)


def test_after_the_departure_nobody_is_asked_and_whoever_goes_may_say_so(trip: Trip, phone: httpx.Client) -> None:
    page = phone.get(trip.path(Action.ROUND))
    assert "この回収に行く人が決まっていません" in text(page)
    assert "行けません" not in text(page)

    page = phone.post(trip.path(Action.ACCEPT))
    assert "この回収は、あなたが担当です" in text(page)


def test_whoever_goes_is_shown_that_the_plan_has_changed_until_they_have_seen_it(
    trip: Trip, phone: httpx.Client
) -> None:
    trip.now = PLAN.departs - HOUR
    phone.post(trip.path(Action.ACCEPT))
    run = trip.rounds.run(trip.run.id)
    assert run is not None
    fresh = replace(PLAN, planned=trip.now + MINUTE)
    trip.rounds.revise(run, fresh, lambda _run, _stops: [], trip.now + MINUTE, told=True)

    trip.now += 2 * MINUTE
    page = phone.get(trip.path(Action.ROUND))
    assert "12:21に予定が変わりました" in text(page)
    page = phone.post(trip.path(Action.ACCEPT))
    assert "予定が変わりました" not in text(page)
    assert "この回収は、あなたが担当です" in text(page)


def test_a_contact_declines_as_the_last_of_the_chain(trip: Trip, phone: httpx.Client) -> None:
    phone.post(trip.path(Action.DECLINE, person=3))

    run = trip.rounds.run(trip.run.id)
    assert run is not None
    assert [person.declined for person in run.people] == [None, None, None, trip.now]


def test_the_round_page_has_every_stop_in_order_with_its_forms(trip: Trip, phone: httpx.Client) -> None:
    trip.now = PLAN.departs - HOUR
    page = phone.get(trip.path(Action.ROUND))
    order = [page.text.index(f'id="stop-{record.id}"') for record in trip.stops[:3]]

    assert order == sorted(order)
    assert page.text.count("https://www.google.com/maps/search/?api=1&amp;query=35.7") == 3
    assert "南児童館 おむつ圧縮機: 回収が必要だが、所在地が設定にない" in text(page)
    assert "次の回収まで余裕あり" in text(page)
    posts = re.findall(r'method="post" action="([^"]+)"', page.text)
    assert len(posts) == 2 + 3 * 3
    back = phone.post(posts[2], data={"back": "round"})
    assert str(back.url).endswith(f"{trip.path(Action.ROUND)}#stop-{trip.stops[0].id}")
    assert said(trip)[0] is Answer.DONE


@pytest.mark.parametrize("language", ["ja", "en"])
def test_pages_speak_the_readers_language_or_the_one_asked_for(trip: Trip, phone: httpx.Client, language: str) -> None:
    own = phone.get(trip.path(Action.DONE, 0, person=0 if language == "ja" else 1))
    other = phone.get(trip.path(Action.DONE, 0, person=1 if language == "ja" else 0), params={"lang": language})

    for page in (own, other):
        assert f'<html lang="{language}">' in page.text
        assert ("を記録する" if language == "ja" else "Record:") in text(page)
    assert f"?lang={language}" in re.findall(r'action="([^"]+)"', other.text)[0]
    posted = phone.post(trip.path(Action.DONE, 0), params={"lang": language})
    assert f'<html lang="{language}">' in posted.text


def test_no_page_is_kept_or_tells_another_host_where_it_was(trip: Trip, phone: httpx.Client) -> None:
    pages = [
        phone.get(trip.path(Action.ROUND)),
        phone.get("/r/nonsense"),
        phone.post(trip.path(Action.DONE, 0)).history[0],
        phone.post("/r/nonsense"),
    ]
    for page in pages:
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-robots-tag"] == "noindex, nofollow"
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
    assert re.findall(r"<script(?![^>]* src=\"/(wall/static|leaflet)/)", pages[0].text) == []
    assert "style=" not in pages[0].text


def test_forged_and_cut_off_links_are_told_so_and_do_nothing(trip: Trip, phone: httpx.Client) -> None:
    good = trip.path(Action.DONE, 0)
    foreign = Claim(trip.run.id + 5, 0, Action.ROUND, 0, PLAN.returns)
    elsewhere = replace(foreign, run=trip.run.id, stop=999)
    bad = [
        good[:-1],
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        "/r/x",
        "/r/" + "x" * 52,
        "/r/" + "x" * 32 + "." + "x" * 43,
        "/r/%F0%9F%8D%BC",
    ]
    bad += [f"/r/{trip.links.token(claim)}" for claim in (foreign, elsewhere)]

    for path in bad:
        for page in (phone.get(path), phone.post(path)):
            assert page.status_code == 404, path
            assert "このリンクは使えません" in text(page)
    assert said(trip) == [Answer.NONE] * 3


def test_links_of_the_key_before_still_work(trip: Trip) -> None:
    path = trip.path(Action.DONE, 0)
    renew(trip.operations, LINKS)
    with client(trip.app()) as phone:
        page = phone.post(path, data={"back": "round"})
        assert page.status_code == 303
        assert phone.get(page.headers["location"]).status_code == 200
        renew(trip.operations, LINKS)
    assert said(trip)[0] is Answer.DONE

    with client(trip.app()) as phone:
        assert phone.get(path).status_code == 404
        assert phone.get(page.headers["location"]).status_code == 200


def test_an_expired_link_is_told_so_and_does_nothing(trip: Trip, phone: httpx.Client) -> None:
    path = trip.path(Action.DONE, 0, expires=NOW)

    for page in (phone.get(path), phone.post(path), phone.get(path, params={"lang": "en"})):
        assert page.status_code == 410
    assert "リンクの期限が切れています" in text(phone.get(path))
    assert "This link has expired" in text(phone.get(path, params={"lang": "en"}))
    assert said(trip) == [Answer.NONE] * 3


def test_a_closed_round_is_shown_and_no_longer_changed(trip: Trip, phone: httpx.Client) -> None:
    phone.post(trip.path(Action.DONE, 0))
    trip.rounds.close(trip.run.id, NOW)

    for path in (trip.path(Action.ROUND), trip.path(Action.DONE, 0), trip.path(Action.CANNOT, 1)):
        page = phone.get(path)
        assert page.status_code == 200
        assert "<form" not in page.text
    for action, stop in ((Action.NONE, 0), (Action.CANNOT, 1), (Action.ACCEPT, None), (Action.DECLINE, None)):
        refused = phone.post(trip.path(action, stop))
        assert refused.status_code == 409
        assert "この回収は終了しました" in text(refused)
    assert said(trip) == [Answer.DONE, Answer.NONE, Answer.NONE]


def test_a_form_that_is_too_large_is_refused(trip: Trip, phone: httpx.Client) -> None:
    page = phone.post(trip.path(Action.CANNOT, 0), data={"note": "x" * 20_000})

    assert page.status_code == 413
    assert said(trip) == [Answer.NONE] * 3


def test_a_link_to_somebody_the_settings_no_longer_have_still_works(trip: Trip, phone: httpx.Client) -> None:
    page = phone.post(trip.path(Action.DONE, 0, person=99))

    assert page.status_code == 200
    assert trip.stops[0].answered_by == "north"


def test_a_round_that_the_settings_no_longer_have_still_takes_answers(tmp_path: Path) -> None:
    trip = Trip(tmp_path)
    trip.facility = facility(FACILITY.replace('id = "north"', 'id = "south"'))
    with client(trip.app()) as phone:
        phone.follow_redirects = True
        assert phone.post(trip.path(Action.DONE, 0)).status_code == 200
        assert phone.post(trip.path(Action.CANNOT, 1)).status_code == 200
        assert phone.get(trip.path(Action.ROUND)).status_code == 200
    assert said(trip)[:2] == [Answer.DONE, Answer.CANNOT]
    trip.close()


def test_a_database_that_does_not_answer_is_told_in_words(
    trip: Trip, phone: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: Operations) -> None:
        raise TransientError("locked")

    path = trip.path(Action.DONE, 0)
    monkeypatch.setattr(Operations, "reading", failing)
    for page in (phone.get(path), phone.post(path)):
        assert page.status_code == 503
        assert "ただいま利用できません" in text(page)
