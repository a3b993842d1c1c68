"""Bookings over the API: an upload, what it changes, what is wrong with a file, and taking it back."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import msgspec
import pytest

from sukusuku_api.lazy_store import LazyStore
from sukusuku_server.settings import BookingSettings
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.in_process import client
from tests.api.two_centres import World

TODAY = "2026-11-18"
TABLE = f"date,slot,room,children\n{TODAY},09:00-24:00,tobu-room,7\n2026-11-19,10:00-12:00,tobu-room,12\n"
IMPORTS = "/api/v1/bookings/imports"


@pytest.fixture
def booking(world: World) -> Iterator[httpx.Client]:
    facility = msgspec.structs.replace(world.facility, bookings=BookingSettings())
    store = LazyStore(world.path)
    with client(create_app(facility, store, replace(world, facility=facility).operations, lambda: NOW)) as api:
        yield api
    store.close()


def upload(api: httpx.Client, table: str = TABLE, **query: str) -> httpx.Response:
    return api.post(IMPORTS, params={"by": "佐藤", **query}, content=table.encode())


def test_an_upload_changes_what_is_expected_and_can_be_taken_back(booking: httpx.Client) -> None:
    taken = upload(booking).json()
    assert (taken["rows"], taken["unchanged"], taken["taken"]["children"]) == (2, False, 19)
    assert [(item["booked"], item["limit"], item["start"]) for item in taken["overbooked"]] == [
        (12, 10, "2026-11-19T10:00:00+09:00")
    ]
    assert upload(booking).json()["unchanged"] is True
    hours = {hour["start"]: hour for hour in booking.get("/api/v1/rooms/tobu-room/outlook").json()["hours"]}
    assert hours["2026-11-18T21:00:00+09:00"]["booked"] == 7.0
    assert hours["2026-11-20T21:00:00+09:00"]["booked"] is None
    ident = taken["taken"]["id"]
    gone = booking.post(f"{IMPORTS}/{ident}/withdraw", json={"by": "鈴木"}).json()
    assert gone["withdrawn_by"] == "鈴木"
    assert booking.get("/api/v1/rooms/tobu-room/bookings").json()["known"] == []
    assert [item["id"] for item in booking.get(IMPORTS).json()["imports"]] == [ident]


def test_a_wrong_file_changes_nothing_and_names_every_line(booking: httpx.Client) -> None:
    answer = upload(booking, TABLE.replace("2026-11-19", "tomorrow") + "x,y,z,1\n", lang="ja")
    assert answer.status_code == 422
    assert [error["message"][:4] for error in answer.json()["errors"]] == ["3行目:", "4行目:"]
    assert booking.get(IMPORTS).json()["imports"] == []


def test_a_file_may_be_larger_than_other_requests(booking: httpx.Client) -> None:
    rows = "".join(f"2026-12-{day:02},09:00-12:00,tobu-room,{n % 3}\n" for day in range(1, 31) for n in range(50))
    assert upload(booking, "date,slot,room,children\n" + rows).status_code == 200
    assert upload(booking, "x" * 4_100_000).status_code == 413


def test_what_cannot_be_is_refused(api: httpx.Client, booking: httpx.Client) -> None:
    assert upload(api).status_code == 409
    assert "[bookings]" in upload(api).json()["detail"]
    assert upload(booking, room="no").status_code == 404
    assert booking.post(IMPORTS, content=b"x").status_code == 422
    assert booking.post(f"{IMPORTS}/9/withdraw", json={"by": "x"}).status_code == 404
    assert booking.get("/api/v1/rooms/no/bookings").status_code == 404


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}])
def test_a_page_of_another_site_cannot_send_bookings(booking: httpx.Client, headers: dict[str, str]) -> None:
    plain = {"content-type": "text/plain", **headers}
    assert booking.post(IMPORTS, params={"by": "x"}, content=TABLE.encode(), headers=plain).status_code == 403
    assert booking.get(IMPORTS).json()["imports"] == []


def test_an_id_beyond_any_database_is_unknown(booking: httpx.Client) -> None:
    assert booking.post(f"{IMPORTS}/99999999999999999999999/withdraw", json={"by": "x"}).status_code == 404
