"""A report that was handed in stays as it was; what later data would change is listed, and corrected by a new issue."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from sukusuku_api.reports.model import Report
from sukusuku_api.reports.pdf import MissingError
from sukusuku_core.time import day_start
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.api.applications import create_app
from tests.api.in_process import client
from tests.api.reports import report_cases

LATE = day_start(date(2026, 11, 5))
"""Thursday 5 November, of which nothing was heard."""


@pytest.fixture
def store_and_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[SqliteStore, httpx.Client]]:
    """The application over the room of `report_cases`; charts are drawn in test_reports.py, and here no PDF is made."""

    def no_pdf(_: Report) -> bytes:
        raise MissingError("no PDF here")

    monkeypatch.setattr("sukusuku_api.reports.issue.pdf", no_pdf)
    facility, store, operations = report_cases.write(tmp_path)
    with client(create_app(facility, _Both(store), operations, lambda: report_cases.MADE)) as api:
        yield store, api
    store.close()
    operations.close()


class _Both:
    """One connection for the present and the past."""

    def __init__(self, store: SqliteStore) -> None:
        self.live = self.history = store


def late(store: SqliteStore) -> None:
    """Readings of a day come weeks later."""
    store.put_derived("tobu-room", LATE, LATE + 20 * report_cases.HOUR, list(report_cases.day(LATE, 9)))


def issue(api: httpx.Client, **more: object) -> httpx.Response:
    return api.post("/api/v1/reports/issued", json={"by": "佐藤", "period": "2026-11", "lang": "en", **more})


def test_an_issued_report_stays_to_the_byte_and_a_corrected_one_names_it(
    store_and_api: tuple[SqliteStore, httpx.Client],
) -> None:
    store, api = store_and_api
    first = issue(api).json()
    assert (first["number"], first["by"], first["replaces"], first["files"]) == (1, "佐藤", None, ["xlsx", "csv"])
    printed = api.get("/api/v1/reports/issued/1.csv").content
    assert first["digest"][:12] in printed.decode()
    assert "No. 1, issued at 2026-12-01 12:00 by 佐藤" in printed.decode()
    assert api.get("/api/v1/reports/issued/1/changes").json()["differences"] == []

    late(store)

    assert api.get("/api/v1/reports/issued/1.csv").content == printed
    changes = api.get("/api/v1/reports/issued/1/changes").json()
    assert not changes["settings_changed"]
    cells = {
        (item["table"], item["row"], item["column"]): (item["was"], item["now"]) for item in changes["differences"]
    }
    assert cells["By day", "Total", "Child-visits (persons)"] == (74.0, 83.0)
    assert cells["By day", "11/5 (Thu)", "Child-visits (persons)"] == (None, 9.0)

    second = issue(api, replaces=1, note="readings of 5 November came late").json()
    assert (second["number"], second["replaces"]) == (2, 1)
    assert "Corrected issue: it replaces No. 1." in api.get("/api/v1/reports/issued/2.csv").text
    assert issue(api, replaces=1).status_code == 422, "it was replaced already"
    assert issue(api, period="2026-10", replaces=2).status_code == 422, "of another month"
    assert [item["number"] for item in api.get("/api/v1/reports/issued").json()["reports"]] == [2, 1]


def test_only_the_files_that_there_are_can_be_chosen(
    store_and_api: tuple[SqliteStore, httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first report is issued where no PDF can be made, the second one where it can."""
    _, api = store_and_api
    issue(api)
    monkeypatch.setattr("sukusuku_api.reports.issue.pdf", lambda _: b"%PDF-1.7")
    issue(api, period="2026-10")
    shown = api.get("/reports?lang=en").text
    listed = {
        (number, ending)
        for number in (1, 2)
        for ending in ("xlsx", "pdf", "csv")
        if f"issued/{number}.{ending}" in shown
    }
    assert listed == {(1, "xlsx"), (1, "csv"), (2, "xlsx"), (2, "pdf"), (2, "csv")}
    assert shown.count("The server could not make a PDF.") == 1
    told = {item["number"]: item["files"] for item in api.get("/api/v1/reports/issued").json()["reports"]}
    assert {(number, ending) for number, endings in told.items() for ending in endings} == listed
    for number in (1, 2):
        for ending in ("xlsx", "pdf", "csv"):
            expected = 200 if (number, ending) in listed else 404
            assert api.get(f"/api/v1/reports/issued/{number}.{ending}").status_code == expected


def test_what_cannot_be_issued_is_refused(store_and_api: tuple[SqliteStore, httpx.Client]) -> None:
    _, api = store_and_api
    assert issue(api, period="2026-12").status_code == 422, "it is not over"
    assert issue(api, replaces=7).status_code == 404
    assert api.get("/api/v1/reports/issued/1.csv").status_code == 404
    assert api.get("/api/v1/reports/issued/1/changes").status_code == 404
    assert api.get("/api/v1/reports/issued").json() == {"reports": []}


def test_the_page_issues_shows_and_corrects(store_and_api: tuple[SqliteStore, httpx.Client]) -> None:
    store, api = store_and_api
    assert "No report has been issued yet." in api.get("/reports?lang=en").text
    assert api.post("/reports?lang=en", data={"by": "", "period": "2026-11"}).status_code == 422
    answer = api.post("/reports?lang=en", data={"by": "佐藤", "period": "2026-11"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/reports?lang=en")
    late(store)
    shown = api.get("/reports?lang=en&changes=1").text
    assert "+9.0" in shown
    assert "Issue a corrected report" in shown
    api.post("/reports?lang=en", data={"by": "高橋", "period": "2026-11", "replaces": "1"})
    shown = api.get("/reports?changes=1").text
    assert "第2号に訂正済み" in shown
    assert "<button>訂正版を発行" not in shown
    foreign = api.post("/reports", data={"by": "x", "period": "2026-11"}, headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403
