"""Settings that change while the API runs: resources and pages follow, and a wrong file changes nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sukusuku_api.access.principal import Principal
from sukusuku_api.app import follow
from sukusuku_api.lazy_store import LazyStore
from sukusuku_api.settings_changes import traced
from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_core.sparkplug import Metric, Payload
from sukusuku_server.access.records import Actor
from sukusuku_server.access.rights import Role, granting
from sukusuku_server.facility_document.editing import Add, Edit, Put, TakeOut, edited
from sukusuku_server.facility_document.facility_file import FacilityFile
from sukusuku_server.facility_document.source import Change
from sukusuku_server.facility_document.watching import Watch
from sukusuku_server.model.series import Unassigned
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.in_process import client
from tests.api.two_centres import FACILITY, World
from tests.support.patience import until

AT_ONCE = 5
"""Seconds within which a change must be in use."""


def in_use(seen: Callable[[], object]) -> None:
    until(seen, "the change is not in use", AT_ONCE)


class Watched:
    """The API over a document that it watches."""

    def __init__(self, api: httpx.Client, path: Path) -> None:
        self.api, self.path = api, path
        self._source = FacilityFile(path)

    def save(self, *edits: Edit) -> None:
        now = self._source.read()
        self._source.write(edited(now.text, edits), now.version, Change("anna"))

    @property
    def document(self) -> dict[str, object]:
        found: dict[str, object] = self.api.get("/api/v1/health").json()["document"]
        return found

    def ask(self, method: str, path: str, **body: object) -> tuple[int, dict[str, Any]]:
        answer = self.api.request(method, f"/api/v1/settings{path}", params={"lang": "en"}, json=body or None)
        return answer.status_code, answer.json()

    @property
    def version(self) -> str:
        return str(self.ask("GET", "")[1]["version"])

    def change(self, *edits: dict[str, object], version: str | None = None) -> tuple[int, dict[str, Any]]:
        seen = self.version if version is None else version
        return self.ask("POST", "/edits", version=seen, edits=edits, by="Anna", why="spring")


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

    in_use(lambda: "Newcomer" in watched.api.get("/wall", params={"lang": "en"}).text)
    assert watched.api.get("/api/v1/units/new-unit").status_code == 200
    assert watched.api.get("/api/v1/units/seibu-unit-1").status_code == 404
    assert "Seibu" not in watched.api.get("/collection", params={"lang": "en"}).text


def test_the_single_sign_on_follows_a_change_too(watched: Watched) -> None:
    provider = {"issuer": "http://127.0.0.1:9/realm", "client_id": "sukusuku", "client_secret": "s3cret"}

    def page() -> str:
        return watched.api.get("/sign-in", params={"lang": "en"}).text

    assert "/sign-in/provider" not in page()
    watched.save(Put("oidc", provider | {"label": {"ja": "市", "en": "The city's account"}}))
    in_use(lambda: "The city&#39;s account" in page())
    watched.save(Put("oidc.passwords", value=False))
    in_use(lambda: 'type="password"' not in page())
    watched.save(TakeOut("oidc"))
    in_use(lambda: "/sign-in/provider" not in page())


def test_a_wrong_file_changes_nothing_and_is_shown_until_it_is_mended(watched: Watched) -> None:
    assert watched.document == {"right": True, "since": None, "mistakes": [], "restart": []}
    wrong = FACILITY.replace("capacity = 10", 'capacity = "ten"')
    watched.path.write_text(f'{wrong}\n[mail]\nsender = "a@example.jp"\npassword = 12345\n', encoding="utf-8")

    in_use(lambda: not watched.document["right"])

    health = watched.api.get("/api/v1/health").json()
    assert health["status"] == "degraded"
    assert health["document"]["mistakes"] == [
        {"where": "site[0].room[0].capacity", "text": "expected `int`, got `str`, found 'ten'"},
        {"where": "mail.password", "text": ""},
    ]
    assert "設定に誤りがあるため" in watched.api.get("/wall").text
    assert watched.api.get("/api/v1/units/tobu-unit-1").status_code == 200

    watched.path.write_text(FACILITY, encoding="utf-8")
    in_use(lambda: bool(watched.document["right"]))
    assert "設定に誤りがあるため" not in watched.api.get("/wall").text


def test_what_needs_a_restart_is_named(watched: Watched) -> None:
    watched.save(Put("web.port", 9999), Put("web.url", "https://other.example"), Put("site[tobu].name.en", "East"))
    in_use(lambda: watched.document["restart"] == ["web.port", "web.url"])
    assert "East" in watched.api.get("/wall", params={"lang": "en"}).text


def test_a_change_over_http_is_kept_with_who_and_why_and_can_be_taken_back(watched: Watched) -> None:
    seen = watched.version
    edit = {"op": "put", "path": "site[tobu].room[0].capacity", "value": 9}

    status, changed = watched.change(edit, {"op": "put", "path": "web.port", "value": 9999})

    assert status == 200
    room = "Centre “Tobu Child and Family Centre”, Room “Childcare room”"
    assert changed["changes"] == [f"{room}, capacity: 10 → 9", "web, port: 9999 (new)"]
    assert changed["restart"] == ["web.port"]
    assert watched.change(edit, version=seen)[0] == 409
    in_use(lambda: watched.api.get("/api/v1/rooms/tobu-room").json()["capacity"] == 9)

    newest = watched.ask("GET", "/history")[1]["versions"][0]
    assert (newest["by"], newest["why"], newest["origin"]) == ("Anna", "spring", "saved")
    status, _ = watched.ask("POST", "/undo", version=changed["version"], number=newest["number"], by="Ben")
    assert status == 200
    assert watched.path.read_text(encoding="utf-8") == FACILITY
    assert watched.ask("POST", "/undo", version=watched.version, number=99, by="Ben")[0] == 404


def test_the_oldest_version_that_is_listed_tells_its_changes_too(watched: Watched) -> None:
    source = FacilityFile(watched.path)
    for capacity in (9, 8, 7):
        watched.change({"op": "put", "path": "site[tobu].room[0].capacity", "value": capacity})

    listed = [(it.version.number, it.changes) for it in traced(source, 2, "en")]

    assert [number for number, _ in listed] == [4, 3]
    assert [changes and changes[0][-5:] for _, changes in listed] == ["8 → 7", "9 → 8"]
    assert traced(source, 9, "en")[-1].changes is None, "nobody knows what was there before"


def test_every_mistake_of_a_change_is_told_with_its_key_and_nothing_is_written(watched: Watched) -> None:
    status, problem = watched.change(
        {"op": "put", "path": "site[tobu].room[0].capacity", "value": -1},
        {"op": "add", "path": "site[tobu].unit", "item": {"id": "seibu-unit-1", "edge": "tobu-pi"}},
        {"op": "take_out", "path": "site[seibu].name.en"},
    )
    assert status == 422
    assert [item["field"] for item in problem["errors"]] == [
        "site[0].unit[2].name",
        "site[0].room[0].capacity",
        "site[1].name.en",
    ]
    assert watched.path.read_text(encoding="utf-8") == FACILITY
    assert watched.change({"op": "put", "path": "site[nowhere].name.en", "value": "x"})[0] == 404
    assert watched.change({"op": "put", "path": "site[tobu", "value": "x"})[0] == 404


def test_secrets_are_not_shown(watched: Watched) -> None:
    mail = {"sender": "a@example.jp", "password": "hunter2"}
    status, changed = watched.change({"op": "put", "path": "mail", "value": mail})
    assert status == 200
    shown = watched.ask("GET", "")[1]
    assert shown["settings"]["mail"] == {"sender": "a@example.jp", "password": None}
    assert "hunter2" not in f"{changed}{shown}{watched.ask('GET', '/history')}"


def test_a_device_that_nobody_has_assigned_is_shown_with_its_values_and_adopted(watched: Watched, world: World) -> None:
    payload = sparkplug.encode(Payload(NOW, (Metric("Fill/Percent", 61.5, NOW, DataType.DOUBLE),), 0))
    kept = Unassigned(NOW, "spBv1.0/toshima/DDATA/tobu-pi/new-unit", "unknown-asset", "", payload)
    world.store.commit_rows([], [], NOW, [], [kept])

    (device,) = watched.ask("GET", "/unassigned")[1]["devices"]

    assert (device["edge"], device["device"], device["kind"]) == ("tobu-pi", "new-unit", "unit")
    assert [(item["name"], item["value"], item["ja"]) for item in device["metrics"]] == [
        ("Fill/Percent", 61.5, "充填率")
    ]
    place = {"edge": "tobu-pi", "device": "new-unit", "ja": "新しい", "en": "New", "by": "Anna"}
    assert watched.ask("POST", "/adopt", version=watched.version, site="nowhere", **place)[0] == 404
    assert watched.ask("POST", "/adopt", version=watched.version, site="tobu", **(place | {"device": "x"}))[0] == 404
    assert watched.ask("POST", "/adopt", version=watched.version, site="tobu", **place)[0] == 200
    in_use(lambda: watched.api.get("/api/v1/units/new-unit").status_code == 200)
    assert watched.ask("GET", "/unassigned")[1]["devices"] == []  # the collector stores what waits


@pytest.mark.parametrize(
    ("role", "site", "allowed"),
    [
        *((role, None, role in {Role.MANAGER, Role.INTEGRATOR, Role.ADMIN}) for role in Role),
        (Role.ADMIN, "tobu", False),  # the document is about all centres
    ],
)
def test_only_who_may_edit_settings_everywhere_sees_and_changes_them(
    world: World, role: Role, site: str | None, *, allowed: bool
) -> None:
    store = LazyStore(world.path)
    visitor = Principal("somebody", Actor("account 1"), granting(role, site), shared=False)
    with client(create_app(world.facility, store, world.operations, lambda: NOW, lambda _: visitor)) as api:
        paths = [("GET", ""), ("GET", "/history"), ("GET", "/unassigned"), ("POST", "/edits"), ("POST", "/undo")]
        for method, path in [*paths, ("POST", "/adopt")]:
            answer = api.request(method, f"/api/v1/settings{path}", json={} if method == "POST" else None)
            assert (answer.status_code == 403) is not allowed, path
    store.close()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("web.url", "https://elsewhere.example"),
        ("operations.url", "sqlite:////srv/elsewhere.example.sqlite"),
        ("mail", {"sender": "a@elsewhere.example"}),
    ],
)
@pytest.mark.parametrize(("role", "allowed"), [(Role.INTEGRATOR, False), (Role.MANAGER, False), (Role.ADMIN, True)])
def test_nobody_gives_themselves_rights_by_way_of_the_settings(
    world: World, tmp_path: Path, role: Role, key: str, value: object, *, allowed: bool
) -> None:
    path = tmp_path / "facility.toml"
    path.write_text(FACILITY, encoding="utf-8")
    source, store = FacilityFile(path), LazyStore(world.path)
    document = source.read()
    visitor = Principal("somebody", Actor("account 1"), granting(role, None), shared=False)
    app = create_app(source.check(document.text), store, world.operations, lambda: NOW, lambda _: visitor)
    follow(app, Watch(source, document.version))
    edit = {"op": "put", "path": key, "value": value}
    with client(app) as api:
        body = {"version": document.version, "edits": [edit]}
        answer = api.post("/api/v1/settings/edits", json=body)
        body["edits"] = [{"op": "put", "path": "site[tobu].name.en", "value": "East"}]
        other = api.post("/api/v1/settings/edits", json=body | {"version": source.read().version})
    store.close()

    assert answer.status_code == (200 if allowed else 403)
    assert ("elsewhere.example" in path.read_text(encoding="utf-8")) is allowed
    assert other.status_code == 200
