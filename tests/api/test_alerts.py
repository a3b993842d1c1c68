import httpx
import pytest

from tests.api import two_centres as worlds
from tests.api.conftest import NOW
from tests.api.two_centres import World


def _fill_alert(world: World) -> int:
    return worlds.fire(world.operations, "collection", "tobu-unit-2", NOW - 720_000, 84.0).id


def test_an_alert_is_shown_with_its_life_so_far(api: httpx.Client, world: World) -> None:
    ident = _fill_alert(world)

    assert api.get(f"/api/v1/alerts/{ident}").json() == {
        "id": ident,
        "rule": "collection",
        "site": "tobu",
        "asset": "tobu-unit-2",
        "asset_name": {"ja": "おむつ圧縮機 2", "en": "Nappy unit 2"},
        "state": "firing",
        "since": "2026-11-18T19:54:40+09:00",
        "fired": "2026-11-18T19:55:40+09:00",
        "acknowledged": None,
        "acknowledged_by": None,
        "assigned_to": None,
        "resolved": None,
        "value": 84.0,
        "stage": 1,
        "reason": "",
        "returns": 0,
        "flapping": False,
        "detail": "collection",
        "next_messages": [],
        "pause": "nobody",
    }


def test_alerts_are_chosen_by_centre_and_by_being_open(api: httpx.Client, world: World) -> None:
    old, new = _fill_alert(world), worlds.fire(world.operations, "unit_fault", "seibu-unit-1", NOW - 60_000, 1.0).id
    with world.operations.change() as change:
        change.resolve(change.read(old), NOW, 10.0)

    def ids(**parameters: str | int) -> list[int]:
        return [alert["id"] for alert in api.get("/api/v1/alerts", params=parameters).json()["alerts"]]

    assert ids() == [new, old]
    assert ids(limit=1) == [new]
    assert ids(open="true") == [new]
    assert ids(site="tobu") == [old]


def test_an_alert_of_an_asset_that_is_gone_from_the_settings_is_still_shown(api: httpx.Client, world: World) -> None:
    worlds.fire(world.operations, "collection", "tobu-unit-9", NOW, 90.0)

    assert [alert["asset_name"] for alert in api.get("/api/v1/alerts").json()["alerts"]] == [None]


def test_the_first_to_acknowledge_is_noted(api: httpx.Client, world: World) -> None:
    ident = _fill_alert(world)

    first = api.post(f"/api/v1/alerts/{ident}/acknowledge", json={"by": " 佐藤 "}).json()
    again = api.post(f"/api/v1/alerts/{ident}/acknowledge", json={"by": "鈴木"}).json()

    assert first == again
    assert (first["state"], first["acknowledged_by"], first["acknowledged"]) == (
        "acknowledged",
        "佐藤",
        "2026-11-18T20:06:40+09:00",
    )


def test_an_acknowledgement_can_be_taken_back_and_given_anew(api: httpx.Client, world: World) -> None:
    ident = _fill_alert(world)
    api.post(f"/api/v1/alerts/{ident}/acknowledge", json={"by": "佐藤"})

    back = api.post(f"/api/v1/alerts/{ident}/acknowledge/withdraw", json={"by": "鈴木"}).json()
    twice = api.post(f"/api/v1/alerts/{ident}/acknowledge/withdraw", json={"by": "鈴木"}).json()
    assert back == twice == {key: api.get(f"/api/v1/alerts/{ident}").json()[key] for key in back}
    assert (back["state"], back["acknowledged"], back["acknowledged_by"]) == ("firing", None, None)
    anew = api.post(f"/api/v1/alerts/{ident}/acknowledge", json={"by": "鈴木"}).json()
    assert anew["acknowledged_by"] == "鈴木"

    with world.operations.change() as change:
        change.resolve(change.read(ident), NOW, 10.0)
    over = api.post(f"/api/v1/alerts/{ident}/acknowledge/withdraw", json={"by": "鈴木"})
    assert (over.status_code, "resolved" in over.json()["detail"]) == (409, True)


def test_a_resolved_alert_cannot_be_acknowledged(api: httpx.Client, world: World) -> None:
    ident = _fill_alert(world)
    with world.operations.change() as change:
        change.resolve(change.read(ident), NOW, 10.0)

    answer = api.post(f"/api/v1/alerts/{ident}/acknowledge", json={"by": "佐藤"})

    assert answer.status_code == 409
    assert "resolved" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/alerts/99"),
        ("POST", "/api/v1/alerts/99/acknowledge"),
        ("POST", "/api/v1/alerts/99/acknowledge/withdraw"),
    ],
)
def test_an_unknown_alert_is_not_found(api: httpx.Client, method: str, path: str) -> None:
    answer = api.request(method, path, json={"by": "佐藤"} if method == "POST" else None)

    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no alert 99.")


@pytest.mark.parametrize("by", ["", "   ", "x" * 81, "a\nb", None, 5])
def test_who_acknowledges_must_have_a_name(api: httpx.Client, world: World, by: object) -> None:
    ident = _fill_alert(world)

    answer = api.post(f"/api/v1/alerts/{ident}/acknowledge", json={"by": by})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.by")
    assert api.get(f"/api/v1/alerts/{ident}").json()["state"] == "firing"
