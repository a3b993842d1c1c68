"""A report that was handed in stays as it was; what later data would change is listed, and corrected by a new issue."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
from msgspec.structs import replace as changed
from starlette.requests import HTTPConnection

from sukusuku_api.access.principal import Principal
from sukusuku_api.reports import fonts, pdf
from sukusuku_api.reports.csv_zip import csv_zip
from sukusuku_api.reports.generate import WRITERS, make
from sukusuku_api.reports.issue import settings_digest
from sukusuku_api.reports.model import Column, Kind, Moment, Report, Section, Table
from sukusuku_core.time import day_start
from sukusuku_server.access.records import Actor
from sukusuku_server.access.rights import ROLES, Rights, Role
from sukusuku_server.model.issued import ReportKind
from sukusuku_server.settings import Crew, MailAddress
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.api import eight_weeks, two_centres
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.in_process import client
from tests.api.reports import report_cases

LATE = day_start(date(2026, 11, 5))
"""Thursday 5 November, of which nothing was heard."""


@pytest.fixture
def store_and_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[SqliteStore, httpx.Client]]:
    """The application over the room of `report_cases`; charts are drawn in test_reports.py, and here PDFs are empty."""

    monkeypatch.setitem(WRITERS, "pdf", lambda _: b"%PDF-1.7")
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


def _about(written: bytes) -> str:
    """Return what a zip of tables says of the whole report."""
    with ZipFile(io.BytesIO(written)) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith("about.csv"))).decode("utf-8-sig")


def issue(api: httpx.Client, **more: object) -> httpx.Response:
    return api.post("/api/v1/reports/issued", json={"by": "佐藤", "period": "2026-11", "lang": "en", **more})


def test_an_issued_report_stays_to_the_byte_and_a_corrected_one_names_it(
    store_and_api: tuple[SqliteStore, httpx.Client],
) -> None:
    store, api = store_and_api
    first = issue(api).json()
    assert (first["number"], first["by"], first["replaces"]) == (1, "佐藤", None)
    assert (first["kind"], first["files"]) == ("rooms", ["xlsx", "pdf", "zip"])
    printed = api.get("/api/v1/reports/issued/1.zip").content
    assert first["digest"][:12] in _about(printed)
    assert "No. 1, issued at 2026-12-01 12:00 by 佐藤" in _about(printed)
    assert api.get("/api/v1/reports/issued/1/changes").json()["differences"] == []

    late(store)

    assert api.get("/api/v1/reports/issued/1.zip").content == printed
    changes = api.get("/api/v1/reports/issued/1/changes").json()
    assert not changes["settings_changed"]
    cells = {
        (item["table"], item["row"], item["column"]): (item["was"], item["now"]) for item in changes["differences"]
    }
    assert cells["By day", "Total", "Child-visits (persons)"] == (74.0, 83.0)
    assert cells["By day", "11/5 (Thu)", "Child-visits (persons)"] == (None, 9.0)

    second = issue(api, replaces=1, note="readings of 5 November came late").json()
    assert (second["number"], second["replaces"]) == (2, 1)
    assert "Corrected issue: it replaces No. 1." in _about(api.get("/api/v1/reports/issued/2.zip").content)
    assert issue(api, replaces=1).status_code == 422, "it was replaced already"
    assert issue(api, period="2026-10", replaces=2).status_code == 422, "of another month"
    assert [item["number"] for item in api.get("/api/v1/reports/issued").json()["reports"]] == [2, 1]


def test_of_two_rounds_that_depart_at_the_same_time_each_tells_what_would_differ(
    store_and_api: tuple[SqliteStore, httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, api = store_and_api

    def rounds(stops: int) -> Callable[..., Report]:
        heads = (Column("Departure"), Column("Round"), Column("Stops", "", Kind.COUNT))
        rows = ((Moment(LATE), "east", stops), (Moment(LATE), "west", 2), ("Total", None, stops + 2))
        section = Section("All centres", (Table("rounds", "Rounds that went", heads, rows, total=1),))
        return lambda *arguments: replace(make(*arguments), sections=(section,))

    monkeypatch.setattr("sukusuku_api.reports.issue.make", rounds(5))
    assert issue(api).json()["number"] == 1
    monkeypatch.setattr("sukusuku_api.reports.issue.make", rounds(6))
    found = api.get("/api/v1/reports/issued/1/changes").json()["differences"]
    assert [(item["row"], item["was"], item["now"]) for item in found] == [
        ("2026-11-05 00:00 east", 5, 6),
        ("Total", 7, 8),
    ]


def test_of_two_corrections_at_the_same_time_one_is_issued(
    store_and_api: tuple[SqliteStore, httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, api = store_and_api
    issue(api)

    def slow(report: Report) -> bytes:
        monkeypatch.setitem(WRITERS, "zip", csv_zip)
        assert issue(api, replaces=1).json()["number"] == 3, "somebody else, meanwhile"
        return csv_zip(report)

    monkeypatch.setitem(WRITERS, "zip", slow)
    answer = issue(api, replaces=1)
    assert (answer.status_code, "replaced by 3 already" in answer.text) == (422, True)
    assert [item["number"] for item in api.get("/api/v1/reports/issued").json()["reports"]] == [3, 1]


def test_the_hash_of_the_settings_changes_with_all_on_which_figures_rest() -> None:
    facility = two_centres.facility(eight_weeks.ROUNDS)
    (round_,) = facility.round
    others = [
        changed(facility, round=(changed(round_, needless_percent=10.0),)),
        changed(facility, round=(changed(round_, departs="15:00"),)),
        changed(facility, alerts=changed(facility.alerts, fill_rise=70.0)),
        changed(facility, routing=changed(facility.routing, detour=2.0)),
    ]
    digests = {settings_digest(it, ReportKind.COLLECTION) for it in (facility, *others)}
    assert len(digests) == 1 + len(others)
    assert {settings_digest(it, ReportKind.ROOMS) for it in (facility, *others)} == {
        settings_digest(facility, ReportKind.ROOMS)
    }
    crew = (Crew(name="佐藤", mail=MailAddress("crew@example.jp")),)
    driven = changed(facility, round=(changed(round_, crew=crew),))
    assert settings_digest(driven, ReportKind.COLLECTION) in digests, "no figure depends on who drives"


def test_without_a_japanese_font_nothing_is_issued_and_what_to_do_is_said(
    store_and_api: tuple[SqliteStore, httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, api = store_and_api
    monkeypatch.setattr(fonts, "missing", lambda text, _: "".join(sorted(set(text) - set(map(chr, range(128))))))
    answer = issue(api)
    assert answer.status_code == 503
    assert "apt-get install fonts-noto-cjk" in answer.json()["detail"]
    assert api.get("/api/v1/reports/issued").json() == {"reports": []}


def test_what_cannot_be_issued_is_refused(store_and_api: tuple[SqliteStore, httpx.Client]) -> None:
    _, api = store_and_api
    assert issue(api, period="2026-12").status_code == 422, "it is not over"
    assert issue(api, replaces=7).status_code == 404
    assert api.get("/api/v1/reports/issued/1.zip").status_code == 404
    assert api.get("/api/v1/reports/issued/1/changes").status_code == 404
    assert api.get("/api/v1/reports/issued").json() == {"reports": []}


def test_the_page_gives_a_report_without_issuing_it_and_says_what_is_missing(
    store_and_api: tuple[SqliteStore, httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, api = store_and_api
    wish = {"kind": "rooms", "period": "2026-11", "site": "", "ending": "xlsx", "lang": "ja"}
    answer = api.get("/reports/file", params=wish)
    assert (answer.status_code, answer.content[:2]) == (200, b"PK")
    assert answer.headers["content-disposition"] == 'attachment; filename="rooms-2026-11.xlsx"'
    for page in ("/reports", "/rooms"):
        assert 'action="/reports/file"' in api.get(page).text
    assert api.get("/api/v1/reports/issued").json() == {"reports": []}

    later = api.get("/reports/file", params={**wish, "period": "2026-12"})
    assert (later.status_code, "その報告書はありません" in later.text) == (404, True)
    monkeypatch.setattr(fonts, "missing", lambda *_: "東")
    monkeypatch.setitem(WRITERS, "pdf", pdf.pdf)
    monkeypatch.setattr(pdf, "html", lambda _: "東")
    boxes = api.get("/reports/file", params={**wish, "ending": "pdf"})
    assert boxes.status_code == 503
    assert "サーバーで次を実行してください：sudo apt-get install fonts-noto-cjk" in boxes.text


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


def test_a_manager_of_two_centres_chooses_one_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sum over some of the centres is not handed out: small counts could be computed from it."""

    def manager(_: HTTPConnection) -> Principal:
        acts = ROLES[Role.MANAGER]
        return Principal("佐藤", Actor("account 5"), Rights(at=(("seibu", acts), ("tobu", acts))), shared=False)

    monkeypatch.setitem(WRITERS, "pdf", lambda _: b"%PDF-1.7")
    world = two_centres.make(tmp_path, fill=eight_weeks.live)
    third = two_centres.facility('[[site]]\nid = "hokubu"\nname = { ja = "北部", en = "Hokubu" }\n')
    with client(create_app(third, _Both(world.store), world.operations, lambda: NOW, manager)) as api:
        page = api.get("/reports").text
        assert (page.count('value="tobu"'), "すべてのセンター" in page, "北部" in page) == (2, False, False)
        wish = {"kind": "collection", "period": "2026-10", "site": "tobu"}
        assert api.post("/reports", data=wish).status_code == 303
        (issued,) = api.get("/api/v1/reports/issued").json()["reports"]
        assert (issued["kind"], issued["site"], issued["by"]) == ("collection", "tobu", "佐藤")
        shown = api.get("/reports?changes=1").text
        assert "東部こども家庭センター" in shown
        assert "使用済み紙おむつ 回収状況報告" in shown
        for site in ("", "hokubu"):
            refused = api.post("/reports", data={**wish, "site": site})
            assert (refused.status_code, "一覧から選んでください" in refused.text) == (422, True)
        corrected = api.post("/reports", data={**wish, "replaces": "1"})
        assert corrected.status_code == 303, "with what the form of the differences sends"
    world.close()
