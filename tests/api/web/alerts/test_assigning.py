"""An alert is assigned to somebody who may see it; they are told, and until they take it on it is open."""

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import replace

import httpx
import msgspec
import pytest

from sukusuku_api.access.principal import of_account
from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.settings import parse
from sukusuku_server.access.rights import Role
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.db.shared_secrets import LINKS, shared
from sukusuku_server.mail.alert_links import AlertLinks
from sukusuku_server.settings import Facility
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.in_process import client
from tests.api.two_centres import World

OWN = {"sec-fetch-site": "same-origin", "accept": "text/html"}
MAILED = '[mail]\nsender = "sukusuku@example.jp"\n[[contact]]\nname = "当番"\nmail = "duty@example.jp"\n'
SATO, MORI, SEKI, ITO = range(1, 5)


@pytest.fixture
def town(world: World) -> World:
    """Sato and Mori are staff of Tobu, Seki is of Seibu, and Ito only looks at Tobu."""
    accounts, grants = Accounts(world.operations), Grants(world.operations)
    for name, role, site in (
        ("佐藤", Role.STAFF, "tobu"),
        ("森", Role.STAFF, "tobu"),
        ("関", Role.STAFF, "seibu"),
        ("伊藤", Role.VIEWER, "tobu"),
    ):
        account = accounts.add(f"p{len(accounts.all())}@example.jp", name, NOW, "start")
        grants.give(role, site, NOW, "start", account=account.id)
    head, tail = worlds.FACILITY.split("[[site]]", 1)
    mailed = parse(f"{head}{MAILED}[[site]]{tail}", Facility, "facility.toml")
    return replace(world, facility=msgspec.structs.replace(mailed, site=worlds.always_open(mailed).site))


@pytest.fixture
def sato(town: World) -> Iterator[httpx.Client]:
    yield from _as(town, SATO)


@pytest.fixture
def mori(town: World) -> Iterator[httpx.Client]:
    yield from _as(town, MORI)


def _as(town: World, ident: int) -> Iterator[httpx.Client]:
    account = Accounts(town.operations).one(ident)
    who = of_account(account, Grants(town.operations).of(account), NOW, "127.0.0.1", None)
    store = LazyStore(town.path)
    with client(create_app(town.facility, store, town.operations, lambda: NOW, lambda _: who)) as found:
        yield found
    store.close()


@pytest.fixture
def ident(town: World) -> int:
    return worlds.fire(town.operations, "collection", "tobu-unit-2", NOW - 720_000, 84.0).id


def _text(answer: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_only_who_may_see_and_acknowledge_it_can_be_chosen(sato: httpx.Client, ident: int) -> None:
    page = sato.get("/alerts").text
    assert re.findall(r'<option value="(\d*)">', page.split('name="to"')[1].split("</select>")[0]) == ["", "2"]
    found = sato.get(f"/api/v1/alerts/{ident}/assignees").json()["assignees"]
    assert [(item["account"], item["name"]) for item in found] == [(SATO, "佐藤"), (MORI, "森")]
    for other in (SEKI, ITO, 99):
        assert sato.post(f"/alerts/{ident}/assign", data={"to": other}, headers=OWN).status_code == 422
        assert sato.post(f"/api/v1/alerts/{ident}/assign", json={"account": other}).status_code == 422


def test_whoever_is_asked_is_told_and_takes_it_on_by_their_link(
    town: World, sato: httpx.Client, mori: httpx.Client, ident: int
) -> None:
    sato.post(f"/alerts/{ident}/assign", data={"to": MORI, "note": "鍵は事務室"}, headers=OWN)

    assert "未対応（担当者：森） – 鍵は事務室" in _text(sato.get("/alerts"))
    assert "次の通知" in _text(sato.get("/alerts")), "the others hear of it as before"
    assert "担当者：森" in _text(sato.get("/wall"))
    (row,) = town.operations.mails()
    mail = email.message_from_bytes(row.mail.content, policy=email.policy.default)
    body = mail.get_body(("plain",))
    assert body is not None
    said = body.get_content()
    assert row.mail.recipient == "p1@example.jp"
    assert "佐藤さんから対応の依頼がありました" in said
    assert "鍵は事務室" in said
    link = re.search(r"/a/\S+", said)
    assert link is not None
    assert mori.post(link.group().split("?")[0]).status_code == 303
    assert "対応中：森" in _text(sato.get("/alerts"))
    assert "対応者がいるため、再通知はありません" in _text(sato.get("/alerts"))
    assert [entry.action for entry in town.operations.audit(2)] == ["alert.acknowledge", "alert.assign"]


def test_what_is_mine_is_found_and_given_back(sato: httpx.Client, mori: httpx.Client, town: World, ident: int) -> None:
    other = worlds.fire(town.operations, "unit_fault", "tobu-unit-1", NOW - 60_000, 1.0).id
    sato.post(f"/alerts/{ident}/assign", data={"to": ""}, headers=OWN)
    sato.post(f"/alerts/{other}/assign", data={"to": MORI}, headers=OWN)

    def mine(whose: httpx.Client) -> list[int]:
        found = [alert["id"] for alert in whose.get("/api/v1/alerts?mine=true").json()["alerts"]]
        assert all(f'id="alert-{number}"' in whose.get("/alerts?mine=true").text for number in found)
        return found

    assert (mine(sato), mine(mori)) == ([ident], [other])
    assert "対応中：佐藤" in _text(sato.get("/alerts")), "who assigns it to themselves takes it on"
    mori.post(f"/alerts/{other}/release", headers=OWN)
    assert (mine(sato), mine(mori)) == ([ident], [])
    sato.post(f"/alerts/{ident}/assign", data={"to": MORI}, headers=OWN)
    assert "未対応（担当者：森）" in _text(sato.get("/alerts")), "Mori has not said yes yet"
    assert "森を担当者に指定" in _text(sato.get("/alerts"))


def test_a_link_of_a_mail_assigns_too(town: World, sato: httpx.Client, ident: int) -> None:
    path = AlertLinks(shared(town.operations, LINKS), "").url(ident, "当番", NOW)

    assert "担当者" in _text(sato.get(path))
    assert sato.post(f"{path}/assign", data={"to": str(SEKI)}).status_code == 422
    assert sato.post(f"{path}/assign", data={"to": str(MORI)}).status_code == 303
    assert "未対応（担当者：森）" in _text(sato.get(path))
    assert [(entry.who, entry.action) for entry in town.operations.audit(1)] == [("当番", "alert.assign")]


def test_what_is_said_is_the_same_for_programs(town: World, sato: httpx.Client, ident: int) -> None:
    before = sato.get(f"/api/v1/alerts/{ident}").json()
    assert before["pause"] is None
    assert [item["recipient"] for item in before["next_messages"]] == ["当番"]

    answer = sato.post(f"/api/v1/alerts/{ident}/assign", json={"account": MORI}).json()
    assert (answer["state"], answer["assigned_to"], answer["acknowledged_by"]) == ("firing", "森", None)
    taken = sato.post(f"/api/v1/alerts/{ident}/assign", json={}).json()
    assert (taken["state"], taken["assigned_to"]) == ("acknowledged", "佐藤")
    assert sato.get(f"/api/v1/alerts/{ident}").json()["pause"] == "acknowledged"
    back = sato.post(f"/api/v1/alerts/{ident}/acknowledge/withdraw", json={}).json()
    assert (back["state"], back["assigned_to"]) == ("firing", None)
    with town.operations.change() as change:
        change.resolve(change.read(ident), NOW, 10.0)
    assert sato.post(f"/api/v1/alerts/{ident}/assign", json={"account": MORI}).status_code == 409
