"""Who complains about an answer can name it, and the log has its lines under that name."""

import json
import logging
from pathlib import Path

import httpx
import pytest

from sukusuku_core import logs
from sukusuku_core.errors import TransientError
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.api.two_centres import World


def test_each_answer_has_an_id_of_its_own(api: httpx.Client) -> None:
    first, second = (api.get("/api/v1/health", headers={"X-Request-ID": "mine"}) for _ in range(2))
    assert len(first.headers["x-request-id"]) == 16
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


def test_a_failure_is_logged_by_its_route_and_under_the_id_of_the_answer(
    world: World, api: httpx.Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def away(*_: object) -> None:
        raise TransientError("locked")

    written = tmp_path / "log"
    handler = logging.FileHandler(written, encoding="utf-8")
    handler.setFormatter(logs.JsonLines())
    log = logging.getLogger("sukusuku_api.requests")
    log.addHandler(handler)
    monkeypatch.setattr(SqliteStore, "raw", away)
    answer = api.get("/api/v1/readings", params={"asset": "tobu-unit-1", "metric": "Fill/Percent"})
    log.removeHandler(handler)
    handler.close()

    assert answer.status_code == 503
    (line,) = map(json.loads, written.read_text(encoding="utf-8").splitlines())
    assert line["request"] == answer.headers["x-request-id"]
    assert line["message"].startswith("GET /api/v1/readings (sukusuku_api.routers.readings.")


def test_an_error_of_the_program_is_answered_with_its_id(api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(SqliteStore, "raw", broken)
    answer = api.get("/api/v1/readings", params={"asset": "tobu-unit-1", "metric": "Fill/Percent"})
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.json()["detail"]
