"""Use of rooms over HTTP: history, figures, limits, corrections, counts by staff, vacancy, reports."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sukusuku_api.lazy_store import LazyStore
from tests.api.applications import create_app
from tests.api.in_process import client
from tests.api.reports import report_cases
from tests.support.databases import READINGS

ROOM = "/api/v1/rooms/tobu-room"


@pytest.fixture
def used(tmp_path: Path) -> Iterator[httpx.Client]:
    facility, writer, operations = report_cases.write(tmp_path)
    store = LazyStore(tmp_path / READINGS)
    with client(create_app(facility, store, operations, lambda: report_cases.NOW)) as found:
        yield found
    store.close()
    writer.close()
    operations.close()


def test_history_has_the_points_that_were_shown(used: httpx.Client) -> None:
    found = used.get(f"{ROOM}/occupancy", params={"from": "2026-11-02", "to": "2026-11-03"}).json()

    children = found["series"]["Occupancy/ChildrenCorrected"]
    assert len(children) == 36
    assert children[4] == {"time": "2026-11-02T10:00:00+09:00", "value": 8.0}
    assert "Zones/play/Corrected" in found["series"]
    assert used.get(f"{ROOM}/occupancy", params={"from": "2026-01-01"}).status_code == 422


def test_figures_and_heat_map_are_of_opening_hours(used: httpx.Client) -> None:
    found = used.get(f"{ROOM}/metrics", params={"from": "2026-11-06", "to": "2026-11-07"}).json()

    figures = found["figures"]
    assert (figures["visits"], figures["child_hours"], figures["open_hours"]) == (8, 40.0, 9.0)
    assert (figures["average_utilisation"], figures["completeness"]) == (44.44, 100.0)
    ten = next(cell for cell in found["heat_map"] if cell["hour"] == 10)
    assert (ten["weekday"], ten["average"]) == (4, 8.0)


def test_the_effect_of_a_day_is_of_the_room_and_its_zones(used: httpx.Client) -> None:
    found = used.get(f"{ROOM}/effect", params={"date": "2026-10-19"}).json()

    assert (found["date"], found["note"]["en"]) == ("2026-10-19", "Shelves moved")
    assert (found["start"], found["end"]) == ("2026-08-24T00:00:00+09:00", "2026-11-22T12:00:00+09:00")
    assert (found["before"]["visits"], found["after"]["visits"]) == (9 * 6, 10 * 6 + 9 * 8 + 2)
    assert found["low"] < 0 < found["high"]
    play = next(zone for zone in found["zones"] if zone["zone"] == "play")
    assert play["share_before"] == 50.0
    assert 0 < play["low"] <= play["change"] <= play["high"]
    assert used.get(f"{ROOM}/changes").json()["changes"] == [found]


def test_the_sides_of_an_effect_can_be_given(used: httpx.Client) -> None:
    asked = {"date": "2026-11-09", "from": "2026-11-02", "to": "2026-11-15"}
    found = used.get(f"{ROOM}/effect", params=asked).json()

    assert (found["note"], found["change"]) == (None, None), "no weekday has two days on each side"
    assert (found["before"]["visits"], found["after"]["visits"]) == (3 * 8 + 2, 6 * 8)
    default = used.get(f"{ROOM}/effect", params={"date": "2026-11-09"}).json()
    assert default["start"] == "2026-10-19T00:00:00+09:00", "another change stands between"
    for wrong in ({"date": "2026-13-01"}, {**asked, "from": "2026-11-09"}, {**asked, "to": "2026-11-09"}, {}):
        assert used.get(f"{ROOM}/effect", params=wrong).status_code == 422


def test_the_limit_says_what_bites_and_calls_zones_house_rules(used: httpx.Client) -> None:
    found = used.get(f"{ROOM}/limit").json()

    assert (found["children"], found["limited_by"]) == (10, ["places"])
    assert found["parts"] == {"places": 10, "area": None, "staff": None}
    assert found["zones"][0] == {"zone": "eating", "children": 4, "house_rule": True}


def test_corrections_are_listed(used: httpx.Client) -> None:
    found = used.get(f"{ROOM}/corrections", params={"from": "2026-11-01"}).json()["corrections"]

    assert [(item["kind"], item["before"], item["after"]) for item in found] == [("reset", 1, 0)]


def test_staff_enter_a_count_once_and_not_of_the_future(used: httpx.Client) -> None:
    entered = used.post(f"{ROOM}/counts", json={"by": "佐藤", "children": 6, "staff": 2})
    future = used.post(f"{ROOM}/counts", json={"by": "佐藤", "children": 6, "time": "2027-01-01"})

    assert entered.status_code == 200
    assert entered.json()["time"] == "2026-11-22T12:00:00+09:00"
    assert future.status_code == 422
    counts = used.get(f"{ROOM}/counts", params={"to": "2026-11-22T12:00:01"}).json()["counts"]
    assert [(item["children"], item["staff"], item["by"]) for item in counts] == [(6, 2, "佐藤")]
    assert used.post("/api/v1/rooms/nowhere/counts", json={"by": "a", "children": 1}).status_code == 404


def test_a_count_far_beyond_the_places_is_asked_back_and_a_count_can_be_withdrawn(used: httpx.Client) -> None:
    typo = {"by": "佐藤", "children": 47, "time": "2026-11-21T10:30"}
    asked_back = used.post(f"{ROOM}/counts", json=typo)
    assert asked_back.status_code == 422
    assert "47 children in a room for 10" in asked_back.json()["errors"][0]["message"]
    entered = used.post(f"{ROOM}/counts", json={**typo, "sure": True}).json()
    assert (entered["children"], entered["withdrawn"]) == (47, None)
    gone = used.post(f"{ROOM}/counts/{entered['id']}/withdraw", json={"by": "鈴木"}).json()
    assert (gone["withdrawn"], gone["withdrawn_by"]) == ("2026-11-22T12:00:00+09:00", "鈴木")
    period = {"from": "2026-11-21T10:30", "to": "2026-11-21T10:31"}
    assert used.get(f"{ROOM}/counts", params=period).json()["counts"] == [gone]
    assert used.post(f"{ROOM}/counts/99/withdraw", json={"by": "鈴木"}).status_code == 404


def test_the_outlook_has_a_band_for_every_open_hour(used: httpx.Client) -> None:
    hours = used.get(f"{ROOM}/outlook").json()["hours"]

    assert len(hours) == 5 * 9  # a week with a Sunday and a holiday
    ten = next(hour for hour in hours if "T10:00" in hour["start"])
    assert ten["low"] <= ten["mean"] <= ten["high"]


def test_the_vacancy_board_shows_signs_and_no_small_number(used: httpx.Client) -> None:
    days = used.get("/api/v1/vacancy", params={"days": 4}).json()["centres"][0]["days"]

    assert [(day["sign"], day["symbol"]) for day in days] == [
        ("closed", "休"),
        ("closed", "休"),
        ("free", "余裕"),
        ("free", "余裕"),
    ]
    assert not any(day["booked"] for day in days[2:]), "no bookings are known"
    assert days[2]["bands"][0]["free"] is None  # two or three places
    for language, word in (("ja", "空き状況"), ("en", "Vacancy")):
        page = used.get("/vacancy", params={"lang": language})
        assert page.status_code == 200
        assert word in page.text
        assert "○" not in page.text


@pytest.mark.parametrize(("ending", "begin"), [("xlsx", b"PK"), ("zip", b"PK"), ("pdf", b"%PDF")])
def test_reports_are_files(used: httpx.Client, ending: str, begin: bytes) -> None:
    found = used.get(f"/api/v1/reports/rooms/month/2026-10.{ending}", params={"lang": "en"})

    assert found.status_code == 200
    assert found.content.startswith(begin)
    assert f'filename="rooms-2026-10.{ending}"' in found.headers["content-disposition"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("rooms/month/2026-13.zip", 422),
        ("rooms/month/2026-11.doc", 422),
        ("rooms/month/2027-01.zip", 404),
        ("rooms/month/2026-11.zip", 404),  # it is not over
        ("rooms/month/2026-10.zip", 200),
        ("rooms/month/2026-11.zip?site=nowhere", 404),
        ("rooms/year/2026.zip", 200),
        ("rooms/year/26.zip", 422),
        ("money/month/2026-10.zip", 422),
        ("collection/month/2026-11.zip", 200),  # nobody is counted in it, so a month in progress may be told
    ],
)
def test_what_cannot_be_reported_is_a_problem(used: httpx.Client, path: str, status: int) -> None:
    assert used.get(f"/api/v1/reports/{path}").status_code == status
