"""The page of bookings: an upload by form, what is wrong with it, and taking it back."""

from collections.abc import Iterator

import httpx
import msgspec
import pytest

from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_server.db.doors import DoorRecords
from sukusuku_server.settings import BookingSettings, Feed, Secret
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.in_process import client
from tests.api.two_centres import World

TABLE = "日付,時間帯,部屋,人数\n2026-11-19,00:00-24:00,tobu-room,12\n"


@pytest.fixture
def page(world: World) -> Iterator[httpx.Client]:
    facility = msgspec.structs.replace(world.facility, bookings=BookingSettings())
    store = LazyStore(world.path)
    with client(create_app(facility, store, world.operations, lambda: NOW)) as found:
        yield found
    store.close()


def test_the_age_of_each_feed_and_what_is_wrong_is_shown(world: World) -> None:
    feeds = tuple(Feed(id=it, url=Secret("http://x/k3y")) for it in ("new", "old", "well"))
    facility = msgspec.structs.replace(world.facility, bookings=BookingSettings(feed=feeds))
    noted = DoorRecords(world.operations)
    noted.taken("bookings", "feed/well", NOW - MINUTE_MS)
    noted.taken("bookings", "feed/old", NOW - 9 * HOUR_MS)
    noted.failed("bookings", "feed/old", NOW - 8 * HOUR_MS, "does not answer: answered 503")
    store = LazyStore(world.path)
    with client(create_app(facility, store, world.operations, lambda: NOW)) as api:
        japanese, english = api.get("/bookings").text, api.get("/bookings?lang=en").text
        health = api.get("/api/v1/health").json()
    store.close()
    assert '最後の取り込み: <span class="figure">11/18 11:06（9時間前）' in japanese
    assert "11/18 12:06から取り込めていません" in japanese
    assert "does not answer: answered 503" in english
    assert english.count("what it said before still counts") == 1
    assert [(it["id"], it["ok"], it["late"]) for it in health["doors"]] == [
        ("feed/new", False, True), ("feed/old", False, True), ("feed/well", True, False),
    ]  # fmt: skip
    assert "k3y" not in japanese + english + str(health)


def send(page: httpx.Client, table: str = TABLE, **fields: str) -> httpx.Response:
    return page.post(
        "/bookings", data={"by": "佐藤", **fields}, files={"file": ("鈴木.csv", table.encode("cp932"))}
    )  # fmt: skip


def test_a_file_is_imported_shown_and_withdrawn(page: httpx.Client) -> None:
    answer = send(page)
    assert (answer.status_code, answer.headers["location"]) == (303, "/bookings?lang=ja&done=taken")
    shown = page.get("/bookings?done=taken").text
    assert "予約を取り込みました。" in shown
    assert "上限超過" in shown
    assert "としま" in shown
    assert "東部こども家庭センター 一時保育室：11/19～11/19、児童 12人" in shown
    assert "鈴木" not in shown
    assert send(page).headers["location"].endswith("done=same")
    answer = page.post("/bookings/1/withdraw?lang=en", data={"by": "高橋"})
    assert answer.headers["location"] == "/bookings?lang=en&done=withdrawn"
    shown = page.get("/bookings?lang=en&done=withdrawn").text
    assert "withdrawn by 高橋" in shown
    assert "too many" not in shown


def test_what_is_wrong_with_a_file_is_said_line_by_line_and_nothing_is_kept(page: httpx.Client) -> None:
    answer = send(page, TABLE + "11/20,09:00-12:00,tobu-room,3\n", room="tobu-room")
    assert answer.status_code == 422
    assert "3行目: 「11/20」は日付として読めません" in answer.text
    assert 'value="佐藤"' in answer.text
    assert page.get("/api/v1/bookings/imports").json()["imports"] == []


def test_a_form_without_a_name_from_elsewhere_or_without_bookings_is_refused(
    page: httpx.Client, api: httpx.Client
) -> None:
    assert send(page, by="").status_code == 422
    elsewhere = page.post(
        "/bookings", data={"by": "x"}, files={"file": ("x.csv", b"x")}, headers={"origin": "https://evil.example"}
    )  # fmt: skip
    assert elsewhere.status_code == 403
    assert page.post("/bookings/9/withdraw", data={"by": "x"}).status_code == 422
    assert send(page, room="no").status_code == 422
    assert send(api).status_code == 422
    assert "予約の取り込みは無効です" in api.get("/bookings").text
    assert 'href="/bookings' not in api.get("/rooms").text
    assert 'href="/bookings' in page.get("/rooms").text
