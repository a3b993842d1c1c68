from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sukusuku_core.model import Reading
from tests.api.conftest import NOW
from tests.api.two_centres import World


def _at(hours: float) -> str:
    return (datetime.fromtimestamp(NOW / 1000, UTC) + timedelta(hours=hours)).isoformat()


def _start(api: httpx.Client, **body: object) -> httpx.Response:
    return api.post("/api/v1/modes", json={"by": "佐藤", **body})


def test_a_silence_begins_is_listed_and_ends(api: httpx.Client, world: World) -> None:
    begun = _start(api, kind="silence", subject="tobu-unit-1", until=_at(3), reason="清掃")

    assert begun.json() == {
        "id": 1,
        "kind": "silence",
        "subject": "tobu-unit-1",
        "since": "2026-11-18T20:06:40+09:00",
        "until": "2026-11-18T23:06:40+09:00",
        "active": True,
        "by": "佐藤",
        "reason": "清掃",
    }
    assert api.get("/api/v1/modes").json()["modes"] == [begun.json()]

    ended = api.post("/api/v1/modes/1/end", json={"by": "鈴木"}).json()
    assert (ended["active"], ended["until"]) == (False, "2026-11-18T20:06:40+09:00")
    assert api.post("/api/v1/modes/1/end", json={"by": "鈴木"}).json() == ended
    assert api.get("/api/v1/modes").json()["modes"] == []
    assert api.get("/api/v1/modes", params={"active": "false"}).json()["modes"] == [ended]
    assert [(entry.who, entry.action, entry.target) for entry in world.operations.audit()] == [
        ("鈴木", "mode.silence.end", "tobu-unit-1"),
        ("佐藤", "mode.silence.start", "tobu-unit-1"),
    ]


def test_an_outbreak_ends_after_a_fortnight_and_is_about_a_site(api: httpx.Client) -> None:
    assert _start(api, kind="outbreak", subject="tobu").json()["until"] == "2026-12-02T20:06:40+09:00"

    wrong = _start(api, kind="outbreak", subject="tobu-unit-1")
    assert (wrong.status_code, wrong.json()["available"]) == (404, ["tobu", "seibu"])


def test_a_metric_that_was_measured_can_be_retired(api: httpx.Client, world: World) -> None:
    world.commit(Reading("tobu-unit-1", "Fill/Percent", NOW - 1000, 40.0))

    found = _start(api, kind="retired", subject="tobu-unit-1", metric="Fill/Percent").json()
    assert found["subject"] == "tobu-unit-1/Fill/Percent"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "silence", "subject": "tobu"}, "body.until"),
        ({"kind": "silence", "subject": "tobu", "until": _at(-1)}, "body.until"),
        ({"kind": "silence", "subject": "tobu", "until": "tomorrow"}, "body.until"),
        ({"kind": "silence", "subject": "tobu", "until": _at(14 * 24 + 1)}, "body.until"),
        ({"kind": "silence", "subject": "tobu", "until": "2099-12-31"}, "body.until"),
        ({"kind": "outbreak", "subject": "tobu", "until": _at(14 * 24 + 1)}, "body.until"),
        ({"kind": "silence", "subject": "tobu", "until": "2026-11-18T20:00:00"}, "body.until"),
        ({"kind": "outbreak", "subject": "tobu", "metric": "Fill/Percent"}, "body.metric"),
        ({"kind": "retired", "subject": "tobu-unit-1", "metric": "Fill/Percent"}, "body.metric"),
        ({"kind": "retired", "subject": "tobu-unit-1"}, "body.metric"),
        ({"kind": "holiday", "subject": "tobu"}, "body.kind"),
        ({"kind": "outbreak", "subject": "tobu", "by": ""}, "body.by"),
        ({"kind": "outbreak", "subject": "tobu", "reason": "a\nb"}, "body.reason"),
    ],
)
def test_what_makes_no_sense_is_refused(api: httpx.Client, body: dict[str, object], field: str) -> None:
    answer = _start(api, **body)

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert api.get("/api/v1/modes", params={"active": "false"}).json()["modes"] == []


def test_a_mode_that_is_not_there_cannot_be_ended(api: httpx.Client) -> None:
    assert api.post("/api/v1/modes/9/end", json={"by": "佐藤"}).status_code == 404


def test_what_is_silent_is_shown_to_everybody_until_when(api: httpx.Client) -> None:
    pages = ("/wall", "/wall/tobu", "/alerts", "/alerts?site=tobu")
    assert not any("通知停止中" in api.get(page).text for page in (*pages, "/wall/seibu"))

    _start(api, kind="silence", subject="tobu", until=_at(3))
    _start(api, kind="silence", subject="tobu-unit-1", until=_at(48))

    told = "通知停止中：東部こども家庭センター（23:06まで）、東部こども家庭センター おむつ圧縮機 1（11/20 20:06まで）"
    assert [told in api.get(page).text for page in pages] == [True] * 4
    assert "No mails about" in api.get("/wall?lang=en").text
    assert "通知停止中" not in api.get("/wall/seibu").text, "of other centres only"
