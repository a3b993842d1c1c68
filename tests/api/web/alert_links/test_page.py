import re

import httpx
import pytest

from sukusuku_server.access.rights import Role
from sukusuku_server.db import AlertState, AuditEntry
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.db.modes import ModeKind, Modes
from sukusuku_server.db.shared_secrets import LINKS, shared
from sukusuku_server.mail.alert_links import LASTS_MS, AlertLinks
from tests.api import two_centres as worlds
from tests.api.conftest import NOW
from tests.api.two_centres import World


@pytest.fixture
def sato(world: World) -> int:
    """The account of Sato; she and Takahashi are staff of Tobu."""
    accounts, grants = Accounts(world.operations), Grants(world.operations)
    accounts.add("start@example.jp", "管理者", NOW, "start")
    idents = [accounts.add(f"{name}@example.jp", name, NOW, "start").id for name in ("佐藤", "高橋")]
    for account in idents:
        grants.give(Role.STAFF, "tobu", NOW, "start", account=account)
    return idents[0]


@pytest.fixture
def ident(world: World, sato: int) -> int:
    return worlds.fire(world.operations, "collection", "tobu-unit-2", NOW - 720_000, 84.0).id


def _path(world: World, ident: int, who: str = "佐藤", made: int = NOW) -> str:
    return AlertLinks(shared(world.operations, LINKS), "").url(ident, who, made)


def _recorded(world: World) -> list[AuditEntry]:
    """What was recorded besides whose accounts there are."""
    return [entry for entry in world.operations.audit() if entry.who != "start"]


def _text(answer: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_whoever_opens_the_link_sees_the_alert_and_records_nothing(api: httpx.Client, world: World, ident: int) -> None:
    path = _path(world, ident)
    for answer in (api.get(path), api.head(path), api.get(path)):
        assert answer.status_code in {200, 405}

    assert "充填率 84 %" in _text(api.get(path))
    assert "未対応" in _text(api.get(path))
    assert _recorded(world) == []


def test_the_recipient_takes_the_alert_on_and_may_give_it_back(api: httpx.Client, world: World, ident: int) -> None:
    path = _path(world, ident)

    answer = api.post(path, data={"note": "15時に行きます"})

    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?lang=ja")
    assert "対応中：佐藤 – 15時に行きます" in _text(api.get(path))
    assert "対応を取り消す" in _text(api.get(path))
    assert "対応を取り消す" not in _text(api.get(_path(world, ident, "高橋")))
    assert api.post(_path(world, ident, "高橋")).status_code == 303
    found = world.operations.alert(ident)
    assert found is not None
    assert found.acknowledged_by == "佐藤", "the first stays"
    api.post(f"{path}/release")
    found = world.operations.alert(ident)
    assert found is not None
    assert found.state is AlertState.FIRING
    assert [(entry.who, entry.action, entry.actor) for entry in _recorded(world)] == [
        ("佐藤", "alert.release", "alert link"),
        ("佐藤", "alert.acknowledge", "alert link"),
    ]


def test_the_recipient_silences_what_it_is_about_for_a_day_at_most_and_ends_that(
    api: httpx.Client, world: World, ident: int
) -> None:
    path, modes = _path(world, ident), Modes(world.operations)
    assert api.post(f"{path}/silence", data={"lasts": "year"}).status_code == 422
    about_another = modes.start(ModeKind.SILENCE, "seibu-room", now=NOW, until=NOW + 1, who="高橋", reason="")

    answer = api.post(f"{path}/silence", data={"lasts": "hours", "note": "修理中"})

    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?lang=ja")
    (found,) = [it for it in modes.silences(NOW) if it != about_another]
    assert (found.subject, found.until, found.who, found.reason, found.actor) == (
        "tobu-unit-2",
        NOW + 4 * 3_600_000,
        "佐藤",
        "修理中",
        "alert link",
    )
    assert "11/19 00:06まで通知停止" in _text(api.get(path))
    assert api.post(f"{path}/silence/end").status_code == 303
    assert modes.silences(NOW) == [about_another]
    assert [(it.who, it.action) for it in _recorded(world)][:2] == [
        ("佐藤", "mode.silence.end"),
        ("佐藤", "mode.silence.start"),
    ]


def test_what_is_over_is_shown_as_it_is(api: httpx.Client, world: World, ident: int) -> None:
    with world.operations.change() as change:
        change.resolve(change.read(ident), NOW, 10.0)

    assert api.post(_path(world, ident)).status_code == 303
    assert "解消" in _text(api.get(_path(world, ident)))


@pytest.mark.parametrize("since", ["account closed", "role taken", "never was one"])
def test_whoever_would_get_no_such_mail_any_more_can_do_nothing_with_one(
    api: httpx.Client, world: World, ident: int, sato: int, since: str
) -> None:
    path = _path(world, ident, "鈴木" if since == "never was one" else "佐藤")
    if since == "account closed":
        Accounts(world.operations).disable(sato, NOW, "start")
    elif since == "role taken":
        (grant,) = [it for it in Grants(world.operations).all() if it.account == sato]
        Grants(world.operations).revoke(grant.id, NOW, "start")
    before = _recorded(world)

    assert "通知先の方のみ" in _text(api.get(path))
    for act in ("", "/assign", "/release", "/silence", "/silence/end"):
        assert api.post(f"{path}{act}", data={"lasts": "hour"}).status_code == 410
    assert _recorded(world) == before


@pytest.mark.parametrize("harm", ["cut", "altered", "other"])
def test_a_link_that_is_not_ours_or_too_old_changes_nothing(
    api: httpx.Client, world: World, ident: int, harm: str
) -> None:
    path = _path(world, ident)
    wrong = {
        "cut": path[:-5],
        "altered": path[:5] + ("A" if path[5] != "A" else "B") + path[6:],
        "other": AlertLinks([b"another key of 32 bytes or so...."], "").url(ident, "佐藤", NOW),
    }[harm]

    assert api.get(wrong).status_code == 404
    for act in ("", "/silence", "/silence/end"):
        assert api.post(f"{wrong}{act}", data={"lasts": "hour"}).status_code == 404
    old = _path(world, ident, made=NOW - LASTS_MS)
    assert api.post(old).status_code == 410
    assert _recorded(world) == []
