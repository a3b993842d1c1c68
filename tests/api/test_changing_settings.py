"""Settings that change while the API runs: resources and pages follow, and a wrong file changes nothing."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from sukusuku_api.app import follow
from sukusuku_api.lazy_store import LazyStore
from sukusuku_server.facility_document.editing import Add, Edit, Put, TakeOut, edited
from sukusuku_server.facility_document.facility_file import FacilityFile
from sukusuku_server.facility_document.source import Change
from sukusuku_server.facility_document.watching import Watch
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.in_process import client
from tests.api.two_centres import FACILITY, World
from tests.support.patience import PATIENCE

AT_ONCE = 5
"""Seconds within which a change must be in use."""


class Watched:
    """The API over a document that it watches."""

    def __init__(self, api: httpx.Client, path: Path) -> None:
        self.api, self.path = api, path
        self._source = FacilityFile(path)

    def save(self, *edits: Edit) -> None:
        now = self._source.read()
        self._source.write(edited(now.text, edits), now.version, Change("anna"))

    def until(self, seen: Callable[[], bool], seconds: float = PATIENCE) -> None:
        end = time.monotonic() + seconds
        while not seen():
            assert time.monotonic() < end
            time.sleep(0.05)

    @property
    def document(self) -> dict[str, object]:
        found: dict[str, object] = self.api.get("/api/v1/health").json()["document"]
        return found


@pytest.fixture
def watched(world: World, tmp_path: Path) -> Iterator[Watched]:
    path = tmp_path / "facility.toml"
    path.write_text(FACILITY, encoding="utf-8")
    source = FacilityFile(path)
    document = source.read()
    store = LazyStore(world.path)
    app = create_app(source.check(document.text), store, world.operations, lambda: NOW)
    follow(app, Watch(source, document.version))
    with client(app) as api:
        yield Watched(api, path)
    store.close()


def test_resources_and_pages_follow_a_change_at_once(watched: Watched) -> None:
    assert watched.api.get("/api/v1/units/new-unit").status_code == 404

    watched.save(
        Put("site[tobu].name.en", "East"),
        Add("site[tobu].unit", {"id": "new-unit", "name": {"ja": "新", "en": "Newcomer"}, "edge": "tobu-pi"}),
        TakeOut("site[seibu]"),
    )

    watched.until(lambda: "Newcomer" in watched.api.get("/wall", params={"lang": "en"}).text, AT_ONCE)
    assert watched.api.get("/api/v1/units/new-unit").status_code == 200
    assert watched.api.get("/api/v1/units/seibu-unit-1").status_code == 404
    assert "Seibu" not in watched.api.get("/collection", params={"lang": "en"}).text


def test_a_wrong_file_changes_nothing_and_is_shown_until_it_is_mended(watched: Watched) -> None:
    assert watched.document == {"right": True, "since": None, "mistakes": [], "restart": []}
    wrong = FACILITY.replace("capacity = 10", 'capacity = "ten"')
    watched.path.write_text(f'{wrong}\n[mail]\nsender = "a@example.jp"\npassword = 12345\n', encoding="utf-8")

    watched.until(lambda: not watched.document["right"], AT_ONCE)

    health = watched.api.get("/api/v1/health").json()
    assert health["status"] == "degraded"
    assert health["document"]["mistakes"] == [
        {"where": "site[0].room[0].capacity", "text": "expected `int`, got `str`, found 'ten'"},
        {"where": "mail.password", "text": ""},
    ]
    assert "設定に誤りがあるため" in watched.api.get("/wall").text
    assert watched.api.get("/api/v1/units/tobu-unit-1").status_code == 200

    watched.path.write_text(FACILITY, encoding="utf-8")
    watched.until(lambda: bool(watched.document["right"]), AT_ONCE)
    assert "設定に誤りがあるため" not in watched.api.get("/wall").text


def test_what_needs_a_restart_is_named(watched: Watched) -> None:
    watched.save(Put("web.port", 9999), Put("web.url", "https://other.example"), Put("site[tobu].name.en", "East"))
    watched.until(lambda: watched.document["restart"] == ["web.port", "web.url"], AT_ONCE)
    assert "East" in watched.api.get("/wall", params={"lang": "en"}).text
