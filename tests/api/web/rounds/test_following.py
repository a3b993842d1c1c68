"""What the page of a round shows while it is open, and what it takes that comes late."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from anyio.from_thread import start_blocking_portal

from sukusuku_api import live_stream
from sukusuku_api.live_stream import Broadcast
from sukusuku_core.model import Reading
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.findings import Findings
from sukusuku_server.db.modes import ModeKind, Modes
from sukusuku_server.live import watching
from sukusuku_server.model.collection import Finding, FindingName
from sukusuku_server.model.rounds import Answer, Obstacle, Reason
from sukusuku_server.rounds.answers import UNDO_MS
from sukusuku_server.rounds.signed_links import Action
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.api import two_centres as worlds
from tests.api.in_process import client
from tests.api.web.rounds.sent_round import NOW, Trip
from tests.server.rounds.mail_cases import FACILITY, PLAN
from tests.server.rounds.plan_cases import HOUR, MINUTE, stop
from tests.support import databases
from tests.support.stores import commit

KEYS = [f"6f9619ff-8b86-4d01-b42d-00cf4fc964f{n}" for n in range(10)]


@pytest.fixture
def trip(tmp_path: Path) -> Iterator[Trip]:
    made = Trip(tmp_path)
    yield made
    made.close()


@pytest.fixture
def phone(trip: Trip) -> Iterator[httpx.Client]:
    with client(trip.app()) as found:
        yield found


def live(trip: Trip, phone: httpx.Client) -> list[str]:
    """What the open page shows: the head, then each stop, as text."""
    html = phone.get(f"{trip.path(Action.ROUND)}/live").text
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", part)) for part in html.split('<li id="stop-')]


def send(trip: Trip, phone: httpx.Client, answer: str, key: str, number: int = 0, **fields: object) -> httpx.Response:
    said = {"stop": trip.stops[number].id, "answer": answer, "key": key, **fields}
    return phone.post(f"{trip.path(Action.ROUND)}/answers", data=said)


def test_the_crew_reads_the_question_that_the_wall_asks_until_it_has_answered(trip: Trip, phone: httpx.Client) -> None:
    words = "充填率が下がりました。袋を交換しましたか。"
    assert not any(words in part for part in live(trip, phone))
    asked = Finding("tobu-unit-1", FindingName.EMPTYING_UNSURE, NOW - HOUR, None, "84 % → 20 %")
    Findings(trip.operations).replace("tobu-unit-1", NOW - 2 * HOUR, NOW, [asked])

    assert [words in part for part in live(trip, phone)] == [False, True, False, False]
    send(trip, phone, "needless", KEYS[0])
    assert not any(words in part for part in live(trip, phone))


def test_the_levels_of_now_are_shown_and_what_was_emptied_meanwhile(
    trip: Trip, phone: httpx.Client, tmp_path: Path
) -> None:
    assert "充填率 96 %（08:20時点。その後のデータなし）" in live(trip, phone)[1]
    store = SqliteStore.open(databases.readings(tmp_path))
    watching.keep(store, NOW)
    commit(store, list(worlds.unit("tobu-unit-1", NOW - MINUTE, level=4.0)), NOW)
    points = {"Fill/Estimate": 3.0, "Fill/Nappies": 2.0, "Fill/Confidence": 95.0}
    store.put_derived("tobu-unit-1", 0, NOW, [Reading("tobu-unit-1", *item) for item in _at(points, NOW - MINUTE)])
    store.close()
    Emptyings(trip.operations).enter("tobu-unit-1", NOW - HOUR, "園長", NOW, percent=97.0, nappies=58.0)

    _, first, second, _ = live(trip, phone)
    assert "12:33に袋の交換済み 充填率 3 % 2袋" in first
    assert "袋が満杯" not in first
    assert "充填率 71 %（08:20時点。その後のデータなし）" in second


def _at(points: dict[str, float], time: int) -> list[tuple[str, int, float]]:
    return [(name, time, value) for name, value in points.items()]


def test_stops_that_are_new_or_gone_and_a_vehicle_that_is_out_are_shown(trip: Trip, phone: httpx.Client) -> None:
    trip.now = PLAN.departs - HOUR
    assert "3か所" in live(trip, phone)[0]
    fresh = replace(PLAN, planned=trip.now, stops=(*PLAN.stops[1:3], stop("seibu-unit-2", position=3)))
    trip.rounds.revise(trip.run, fresh, lambda _run, _stops: [], trip.now, told=True)
    shown = live(trip, phone)
    assert [re.findall(r"おむつ圧縮機\d", text)[0] for text in shown[1:]] == [
        "おむつ圧縮機2",
        "おむつ圧縮機1",
        "おむつ圧縮機2",
    ]
    assert "使用停止中" in shown[-1], "the one that is gone is below"

    Modes(trip.operations).start(ModeKind.VEHICLE_OUT, "truck", now=trip.now, until=None, who="係長", reason="パンク")
    assert "この回収の車両は使用停止中です" in live(trip, phone)[0]
    trip.now = PLAN.returns + 1
    assert "使用停止中です" not in live(trip, phone)[0]


def test_whatever_changes_is_told_once_and_the_end_of_the_link_ends_it(
    trip: Trip, phone: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_stream, "LOOK_SECONDS", 0.01)
    path = f"{trip.path(Action.ROUND)}/live"

    async def heard() -> list[str | None]:
        broadcast = Broadcast(trip.app().state.context)
        looks = 0

        def look() -> str | None:
            nonlocal looks
            looks += 1
            if looks == 3:
                trip.rounds.answer(trip.stops[0].id, Answer.DONE, "鈴木", NOW)
            return phone.get(path).text if looks < 6 else None

        return [event.event async for event in broadcast.changes(look, "me")]

    with start_blocking_portal() as portal:  # a browser of another test may be in this thread
        assert portal.call(heard) == [None, "changed", "changed"]


def test_after_the_round_nobody_says_any_more_that_they_go(trip: Trip, phone: httpx.Client) -> None:
    trip.now = PLAN.departs - HOUR
    phone.post(trip.path(Action.ACCEPT))
    assert "行けなくなりました" in live(trip, phone)[0]
    trip.now = PLAN.returns
    shown = live(trip, phone)
    assert "行けなくなりました" not in shown[0]
    assert "この回収は終わりました" in shown[0]
    assert "回収完了" in shown[1], "answers are often given in the evening"
    assert phone.post(trip.path(Action.DECLINE)).status_code == 409
    run = trip.rounds.run(trip.run.id)
    assert run is not None
    assert run.accepted_by == "鈴木"


def test_an_answer_is_undone_for_ten_minutes_and_corrected_after_that(trip: Trip, phone: httpx.Client) -> None:
    send(trip, phone, "done", KEYS[0])
    assert "取り消す" in live(trip, phone)[1]
    trip.now += UNDO_MS
    assert "取り消す" not in live(trip, phone)[1]
    assert "回答を訂正する" in live(trip, phone)[1]
    send(trip, phone, "cannot", KEYS[1], obstacle="vehicle_full", note="大きな袋")
    assert "回収できなかった 13:43 鈴木: 車両が満杯だった、大きな袋" in live(trip, phone)[1]


def test_an_answer_that_was_kept_on_the_phone_counts_once_and_when_it_was_given(
    trip: Trip, phone: httpx.Client
) -> None:
    first = send(trip, phone, "cannot", KEYS[0], age=20 * MINUTE, obstacle="closed")
    assert first.status_code == 200
    assert "回収できなかった" in first.text
    record = trip.stops[0]
    assert (record.answer, record.answered, record.obstacle) == (Answer.CANNOT, NOW - 20 * MINUTE, Obstacle.CLOSED)

    phone.post(trip.path(Action.NONE, 0))
    send(trip, phone, "cannot", KEYS[0], age=21 * MINUTE, obstacle="closed")
    assert trip.stops[0].answer is Answer.NONE, "it was the same one"
    trip.rounds.answer(trip.stops[1].id, Answer.DONE, "Sato", NOW)
    send(trip, phone, "needless", KEYS[1], number=1, age=5 * MINUTE)
    assert trip.stops[1].answer is Answer.DONE, "it was said before"
    send(trip, phone, "done", KEYS[2], number=2, age=30 * HOUR)
    assert trip.stops[2].answered == trip.run.plan.planned, "no answer is older than the mail"


def test_what_can_never_be_recorded_is_told_apart_from_what_may_pass(trip: Trip, phone: httpx.Client) -> None:
    elsewhere = phone.post(f"{trip.path(Action.ROUND)}/answers", data={"stop": 999, "answer": "done", "key": KEYS[0]})
    assert elsewhere.status_code == 404
    assert send(trip, phone, "perhaps", KEYS[0]).status_code == 422
    assert send(trip, phone, "done", "1").status_code == 422
    trip.rounds.close(trip.run.id, NOW)
    assert send(trip, phone, "done", KEYS[0]).status_code == 409
    trip.now = PLAN.returns + 49 * HOUR
    assert send(trip, phone, "done", KEYS[0]).status_code == 410
    assert [record.answer for record in trip.stops[:3]] == [Answer.NONE] * 3


def test_the_whole_way_is_one_link_and_a_file(trip: Trip, phone: httpx.Client) -> None:
    page = phone.get(trip.path(Action.ROUND))
    link = re.findall(r'class="button go" href="([^"]+)"', page.text)[0]
    assert link.startswith("https://www.google.com/maps/dir/?api=1&amp;travelmode=driving&amp;waypoints=35.7295")
    assert link.endswith("destination=35.736100%2C139.715500")
    file = phone.get(f"{trip.path(Action.ROUND)}/way.gpx")
    assert file.headers["content-type"] == "application/gpx+xml"
    assert file.content.count(b"<rtept") == 5
    for number in range(3):
        send(trip, phone, "done", KEYS[number], number=number)
    assert "button go" not in phone.get(trip.path(Action.ROUND)).text


def test_only_a_map_with_tiles_asks_another_host(tmp_path: Path) -> None:
    tiles = 'map_tiles = "https://tiles.example.jp/{z}/{x}/{y}.png"\nmap_credit = "国土地理院"\n'
    for text, hosts in ((FACILITY, []), (FACILITY.replace("[mail]", tiles + "[mail]"), ["https://tiles.example.jp"])):
        folder = tmp_path / str(len(hosts))
        folder.mkdir()
        trip = Trip(folder, text)
        with client(trip.app()) as phone:
            page = phone.get(trip.path(Action.ROUND))
        assert re.findall(r"https://[^ ;]+", page.headers["content-security-policy"]) == hosts
        assert ("国土地理院" in page.text) == bool(hosts)
        trip.close()


def test_it_can_be_installed_and_begins_with_the_round_that_was_opened_last(trip: Trip, phone: httpx.Client) -> None:
    manifest = phone.get("/manifest.webmanifest?lang=en").json()
    assert (manifest["display"], manifest["start_url"]) == ("standalone", "/r/last?lang=en")
    for path in (
        manifest["start_url"],
        *(icon["src"] for icon in manifest["icons"]),
        "/worker.js",
        "/leaflet/leaflet.js",
        "/leaflet/leaflet.css",
        *re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css)[^"]*)"', phone.get(trip.path(Action.ROUND)).text),
    ):
        assert phone.get(path).status_code == 200, path
    assert "ログイン" in phone.get("/r/last").text


def test_a_reason_is_shown_in_the_readers_language(trip: Trip, phone: httpx.Client) -> None:
    phone.post(trip.path(Action.CANNOT, 0), data={"obstacle": "no_time", "back": "round"})
    assert "時間が足りなかった" in phone.get(trip.path(Action.ROUND)).text
    assert "There was no time left" in phone.get(trip.path(Action.ROUND, person=1)).text
    assert trip.stops[0].stop.reason is Reason.FULL
