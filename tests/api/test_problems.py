import re
import sqlite3
from pathlib import Path

import httpx
import pytest

from sukusuku_api.dependencies import HistoryStore, LiveStore
from sukusuku_core.errors import TransientError
from tests.api.applications import create_app
from tests.api.in_process import client
from tests.api.two_centres import World


class BrokenStore:
    """A store in which every read fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    @property
    def live(self) -> LiveStore:
        raise self._error

    @property
    def history(self) -> HistoryStore:
        raise self._error


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/api/v1/nothing", 404, "Not Found"),
        ("GET", "/api/v1/units/nothing", 404, "Not Found"),
        ("GET", "/api/v1/rooms/nothing", 404, "Not Found"),
        ("GET", "/api/v1/sites/nothing", 404, "Not Found"),
        ("GET", "/api/v1/alerts?site=nothing", 404, "Not Found"),
        ("DELETE", "/api/v1/units", 405, "Method Not Allowed"),
        ("GET", "/api/v1/readings", 422, "Unprocessable Content"),
        ("GET", "/api/v1/alerts/x", 422, "Unprocessable Content"),
        ("GET", "/api/v1/alerts/99999999999999999999", 422, "Unprocessable Content"),
        ("POST", "/api/v1/alerts/1/acknowledge", 422, "Unprocessable Content"),
        ("GET", "/wall?lang=fr", 422, "Unprocessable Content"),
    ],
)
def test_every_error_is_a_problem(api: httpx.Client, method: str, path: str, status: int, title: str) -> None:
    answer = api.request(method, path)

    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["title"]) == (status, status, title)
    assert (problem["type"], bool(problem["detail"])) == ("about:blank", True)


def test_a_problem_names_every_field_that_is_wrong(api: httpx.Client) -> None:
    errors = api.get("/api/v1/readings?limit=many").json()["errors"]

    assert [error["field"] for error in errors] == ["query.asset", "query.metric", "query.limit"]
    assert all(error["message"] for error in errors)


def test_a_problem_names_what_there_is_instead(api: httpx.Client) -> None:
    assert api.get("/api/v1/sites/nothing").json()["available"] == ["tobu", "seibu"]
    assert api.get("/api/v1/rooms/tobu-unit-1").json()["available"] == ["tobu-room", "seibu-room"]


def test_a_forbidden_method_is_told_the_allowed_ones(api: httpx.Client) -> None:
    assert api.delete("/api/v1/units").headers["allow"] == "GET"


def test_json_that_is_none_is_a_problem(api: httpx.Client) -> None:
    answer = api.post("/api/v1/alerts/1/acknowledge", content=b"{", headers={"content-type": "application/json"})

    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("/api/v1/alerts/1/acknowledge", "application/json"),
        ("/rooms/tobu-room/counts", "application/x-www-form-urlencoded"),
        ("/r/token", "multipart/form-data; boundary=x"),
    ],
)
def test_a_request_that_is_too_large_is_refused(api: httpx.Client, url: str, kind: str, *, whole: bool) -> None:
    begin = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' if "multipart" in kind else b""
    pieces = [begin, *(b" " * 1024 for _ in range(20))]

    answer = api.post(url, content=b"".join(pieces) if whole else iter(pieces), headers={"content-type": kind})

    assert answer.status_code == 413
    assert api.get("/api/v1/health").status_code == 200


def test_an_error_of_the_program_tells_nothing_about_its_inside(world: World) -> None:
    broken = BrokenStore(sqlite3.OperationalError("secret table"))

    with client(create_app(world.facility, broken, world.operations)) as api:
        answer = api.get("/api/v1/units")

    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "secret" not in answer.text


def test_a_store_that_does_not_answer_is_said_to_be_away(world: World, tmp_path: Path) -> None:
    broken = BrokenStore(TransientError(f"{tmp_path}: locked"))

    with client(create_app(world.facility, broken, world.operations)) as api:
        answer = api.get("/api/v1/units")
        health = api.get("/api/v1/health")

    assert answer.status_code == 503
    assert str(tmp_path) not in answer.text
    assert (health.status_code, health.json()["status"], health.json()["store"]) == (200, "degraded", False)


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (TransientError("secret: locked"), 503, "This cannot be answered right now"),
        (sqlite3.OperationalError("secret table"), 500, "This did not work"),
    ],
)
def test_a_person_sees_a_page_whatever_goes_wrong(world: World, error: Exception, status: int, title: str) -> None:
    broken = BrokenStore(error)

    with client(create_app(world.facility, broken, world.operations)) as api:
        answer = api.get("/wall?lang=en", headers={"accept": "text/html"})

    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert title in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize("address", ["/nowhere", "/units/tobu-unit-9", "/rooms/tobu-hall", "/sites/nowhere"])
def test_a_person_sees_a_page_where_there_is_nothing(api: httpx.Client, address: str) -> None:
    answer = api.get(address, headers={"accept": "text/html"})

    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "見つかりません" in answer.text
    assert 'href="/' in answer.text, "it leads on"


def test_the_description_names_problems_and_the_streams_data(api: httpx.Client) -> None:
    description = api.get("/api/v1/openapi.json").json()

    assert {"Problem", "LiveOut", "UnitOut", "RoomOut", "AlertOut"} <= set(description["components"]["schemas"])
    (stream,) = description["paths"]["/api/v1/stream"]["get"]["responses"]["200"]["content"].values()
    data = stream["itemSchema"]["properties"]["data"]["contentSchema"]["anyOf"]
    shapes = [{"$ref": f"#/components/schemas/{name}"} for name in ("LiveOut", "LiveChangeOut")]
    assert data == [*shapes, {"type": "integer"}]
    assert set(description["paths"]) == {
        f"/api/v1/{path}"
        for path in (
            "alerts/{alert_id}/acknowledge/withdraw", "alerts/{alert_id}/assign", "alerts/{alert_id}/assignees",
            "enrolments/{node}", "enrolments/{node}/certificate",
            "settings", "settings/edits", "settings/history", "settings/undo", "settings/unassigned", "settings/adopt",
            "health", "sites", "sites/{site_id}", "units", "units/{unit_id}", "rooms", "rooms/{room_id}",
            "rooms/{room_id}/occupancy", "rooms/{room_id}/metrics", "rooms/{room_id}/outlook", "rooms/{room_id}/limit",
            "rooms/{room_id}/corrections", "rooms/{room_id}/counts", "rooms/{room_id}/effect",
                "rooms/{room_id}/counts/{count_id}/withdraw", "rooms/{room_id}/bookings",
                "bookings/imports", "bookings/imports/{import_id}/withdraw",
            "rooms/{room_id}/changes", "vacancy",
            "reports/{kind}/month/{month}.{ending}", "reports/{kind}/year/{year}.{ending}", "reports/issued",
                "reports/issued/{number}/changes", "reports/issued/{number}.{ending}",
                "export", "export/{table}/{month}.{ending}",
            "readings", "quarantine", "alerts", "alerts/{alert_id}", "alerts/{alert_id}/acknowledge", "stream",
                "emptyings", "emptyings/answer", "emptyings/{emptying_id}", "emptyings/{emptying_id}/confirm",
                "emptyings/{emptying_id}/correct", "emptyings/{emptying_id}/reject",
                "emptyings/{emptying_id}/withdraw", "findings",
                "rounds", "rounds/{round_id}/{day}", "rounds/{round_id}/{day}/preview", "stops/{stop_id}",
                "stops/{stop_id}/answer",
                "requests", "requests/{request_id}/withdraw", "stock", "stock/count", "stock/deliver",
                "stock/entries", "stock/entries/{entry_id}/withdraw",
                "visits", "kpi", "counterfactual", "forecasts", "forecasts/{unit_id}", "score",
                "modes", "modes/{mode_id}/end",
        )
    }  # fmt: skip
    for operations in description["paths"].values():
        for operation in operations.values():
            assert operation["description"]
            for status, answer in operation["responses"].items():
                assert status in {"200", "201"} or "application/problem+json" in answer["content"]


def test_a_day_of_another_century_is_refused_wherever_a_day_is_asked_for(api: httpx.Client) -> None:
    asked = 0
    for path, operations in api.get("/api/v1/openapi.json").json()["paths"].items():
        for item in operations.get("get", {}).get("parameters", ()):
            if item["schema"].get("format") != "date":
                continue
            for wrong in ("1999-12-31", "2100-01-01", "9999-12-31"):
                there = re.sub(r"\{.*?\}", "main", path.replace(f"{{{item['name']}}}", wrong))
                answer = api.get(there, params={item["name"]: wrong} if item["in"] == "query" else {})
                fields = [error["field"] for error in answer.json()["errors"]]
                assert (answer.status_code, fields) == (422, [f"{item['in']}.{item['name']}"])
            asked += 1
    assert asked >= 3


def test_generated_clients_get_plain_names(api: httpx.Client) -> None:
    description = api.get("/api/v1/openapi.json").json()
    ids = [operation["operationId"] for path in description["paths"].values() for operation in path.values()]

    assert len(set(ids)) == len(ids)
    assert {"units_unit", "rooms_room", "health_health"} <= set(ids)
    assert [name for name in description["components"]["schemas"] if "__" in name or name.startswith("sukusuku")] == []
