"""Single sign-on against a real OpenID provider: who gets in, with which roles, and which answers are refused."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import msgspec
import pytest
from tests.api import two_centres as worlds
from tests.api.access.sign_on_place import BROWSER, PASSWORD, URL, Place, settings_of
from tests.api.applications import create_app
from tests.api.in_process import client
from tests.support.glewlwyd import Glewlwyd, glewlwyd

from sukusuku_api.access.oidc.flow import begin
from sukusuku_api.access.oidc.id_token import Expected, WrongTokenError, verified
from sukusuku_api.access.oidc.provider import Provider
from sukusuku_api.access.sign_in import Refusal, first_link
from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.clock import now_ms
from sukusuku_server.access.rights import Role
from sukusuku_server.access.single_sign_on import BY
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants

PEOPLE = {
    "suzuki": ("鈴木", ["centre-staff", "chess"], True),
    "sato": ("佐藤", ["chess"], True),
    "takada": ("高田", ["centre-staff"], False),
}
MINUTE = 60_000


@pytest.fixture(scope="module")
def provider() -> Iterator[Glewlwyd]:
    with glewlwyd() as server:
        for ident in ("sukusuku", "another"):
            server.add_client(ident, "s3cret", URL)
        for login, (name, groups, has_verified_mail) in PEOPLE.items():
            server.add_person(login, name, groups, verified=has_verified_mail)
        yield server


@pytest.fixture
def oidc() -> dict[str, object]:
    """What a test sets in `[oidc]`."""
    return {"new_accounts": True}


@pytest.fixture
def place(tmp_path: Path, provider: Glewlwyd, oidc: dict[str, object]) -> Iterator[Place]:
    world = worlds.make(tmp_path)
    facility = msgspec.structs.replace(
        world.facility,
        web=msgspec.structs.replace(world.facility.web, url=URL),
        oidc=msgspec.structs.replace(settings_of(provider), **oidc),
    )
    store = LazyStore(world.path)
    found: Place | None = None
    app = create_app(
        facility, store, world.operations, lambda: now_ms() + (0 if found is None else found.later), visitor=None
    )
    with client(app) as api:
        found = Place(app, api, world.operations, provider)
        yield found
    store.close()
    world.close()
    if found.has_moved:
        provider.set_groups("suzuki", PEOPLE["suzuki"][1])


def _refused(answer: httpx.Response, refusal: Refusal) -> None:
    assert answer.status_code == 303
    assert dict(parse_qsl(urlsplit(answer.headers["location"]).query))["refusal"] == refusal
    assert not any(it.startswith("sukusuku=") for it in answer.headers.get_list("set-cookie"))


def test_groups_become_roles_of_a_new_account(place: Place) -> None:
    answer = place.sign_in("suzuki", "/collection?lang=ja")

    assert (answer.status_code, answer.headers["location"]) == (303, "/collection?lang=ja")
    assert {unit["site"] for unit in place.units().json()["units"]} == {"tobu"}
    account = Accounts(place.operations).by_login("suzuki@city.example.jp")
    assert account is not None
    assert (account.name, account.has_password) == ("鈴木", False)
    assert account.subject.startswith(f"{place.provider.issuer} ")
    assert place.roles(account.login) == {("staff", "tobu", BY)}
    done = [(entry.action, entry.who, entry.actor, entry.address) for entry in place.operations.audit()][::-1]
    here = (BY, BY, "127.0.0.1")
    assert done[-4:-1] == [(act, *here) for act in ("account.add", "account.subject", "grant.give")]
    assert done[-1][:2] == ("session.begin", "鈴木")
    assert place.sign_in("suzuki").headers["location"] == "/?lang=ja"
    assert len(Accounts(place.operations).all()) == 1


def test_roles_follow_the_groups_at_each_sign_in_and_those_of_people_stay(place: Place) -> None:
    place.sign_in("suzuki")
    account = Accounts(place.operations).by_login("suzuki@city.example.jp")
    assert account is not None
    Grants(place.operations).give(Role.VIEWER, "seibu", now_ms(), "加藤", account=account.id)
    place.move("city-managers")
    place.later += MINUTE

    assert place.sign_in("suzuki").status_code == 303
    assert place.roles(account.login) == {("manager", None, BY), ("viewer", "seibu", "加藤")}
    place.move()
    place.later += MINUTE
    assert place.sign_in("suzuki").headers["location"] == "/?lang=ja"
    assert place.roles(account.login) == {("viewer", "seibu", "加藤")}
    assert {unit["site"] for unit in place.units().json()["units"]} == {"seibu"}


def test_whoever_has_no_group_any_more_loses_the_role_and_is_not_let_in(place: Place) -> None:
    place.sign_in("suzuki")
    elsewhere = place.api.cookies["sukusuku"]
    place.move("chess")

    _refused(place.sign_in("suzuki"), Refusal.NO_ROLE)

    assert place.roles("suzuki@city.example.jp") == set()
    place.app.state.authentication.forget()
    assert place.api.get("/api/v1/units", headers={"cookie": f"sukusuku={elsewhere}"}).status_code == 403


@pytest.mark.parametrize(("oidc", "login"), [({"new_accounts": True}, "sato"), ({"new_accounts": False}, "suzuki")])
def test_only_members_of_a_group_get_an_account_and_only_where_that_is_wanted(place: Place, login: str) -> None:
    _refused(place.sign_in(login), Refusal.UNKNOWN)

    assert Accounts(place.operations).all() == []
    assert place.units().status_code == 401


@pytest.mark.parametrize(
    ("oidc", "login", "refusal"),
    [
        ({"new_accounts": True}, "suzuki", Refusal.NOT_LINKED),
        ({"new_accounts": True, "link_by_mail": True}, "suzuki", None),
        ({"link_by_mail": True}, "takada", Refusal.UNKNOWN),
    ],
)
def test_an_account_that_is_here_is_taken_over_by_verified_mail_and_with_leave_only(
    place: Place, login: str, refusal: Refusal | None
) -> None:
    before = place.account(f"{login}@city.example.jp")

    answer = place.sign_in(login)

    after = Accounts(place.operations).one(before.id)
    if refusal is not None:
        _refused(answer, refusal)
        assert after == before
        return
    assert answer.headers["location"] == "/?lang=ja"
    assert after == replace(before, subject=after.subject)
    assert place.roles(before.login) == {("admin", None, "加藤"), ("staff", "tobu", BY)}
    place.api.cookies.clear()
    assert place.with_password(before.login).status_code == 303


def test_a_disabled_account_stays_out(place: Place) -> None:
    place.account("admin@city.example.jp")
    place.sign_in("suzuki")
    account = Accounts(place.operations).by_login("suzuki@city.example.jp")
    assert account is not None
    Accounts(place.operations).disable(account.id, now_ms(), "admin")

    _refused(place.sign_in("suzuki"), Refusal.DISABLED)
    assert place.units().status_code == 401


def _altered(address: str, **values: str) -> str:
    parts = urlsplit(address)
    return parts._replace(query=urlencode(dict(parse_qsl(parts.query)) | values)).geturl()


@pytest.mark.parametrize(
    ("asked", "answered", "refusal"),
    [
        ({"nonce": "of-somebody-else"}, {}, Refusal.REFUSED),
        ({"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, {}, Refusal.REFUSED),
        ({}, {"state": "of-somebody-else"}, Refusal.EXPIRED),
        ({}, {"state": ""}, Refusal.EXPIRED),
        ({}, {"code": "invented"}, Refusal.REFUSED),
        ({}, {"code": ""}, Refusal.REFUSED),
        ({}, {"iss": "https://evil.example"}, Refusal.EXPIRED),
        ({}, {"error": "access_denied"}, Refusal.CANCELLED),
        ({}, {"error": "<script>"}, Refusal.REFUSED),
    ],
)
def test_an_answer_that_does_not_belong_to_the_question_is_refused(
    place: Place, asked: dict[str, str], answered: dict[str, str], refusal: Refusal
) -> None:
    back = place.provider.code(_altered(place.begin(), **asked), "suzuki")

    answer = place.take(_altered(back, **answered))

    _refused(answer, refusal)
    assert place.units().status_code == 401
    assert Accounts(place.operations).all() == []
    page = place.api.get(answer.headers["location"])
    assert page.status_code == 403
    assert 'role="alert"' in page.text


def test_an_answer_is_taken_once_in_time_and_from_the_same_browser_only(place: Place) -> None:
    back = place.provider.code(place.begin(), "suzuki")
    cookies = dict(place.api.cookies)
    place.api.cookies.clear()
    _refused(place.take(back), Refusal.EXPIRED)

    place.api.cookies.update(cookies)
    place.later += 10 * MINUTE
    _refused(place.take(back), Refusal.EXPIRED)
    place.later = 0
    assert place.take(back).headers["location"] == "/?lang=ja"

    place.api.cookies.clear()
    _refused(place.take(back), Refusal.EXPIRED)
    place.api.cookies.update(cookies)
    _refused(place.take(back), Refusal.REFUSED)


@pytest.mark.parametrize("then", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_the_way_back_leads_to_pages_of_this_server_only(place: Place, then: str) -> None:
    assert place.sign_in("suzuki", then).headers["location"] == "/?lang=ja"


def test_many_forged_answers_are_not_passed_on(place: Place) -> None:
    back = _altered(place.provider.code(place.begin(), "suzuki"), code="invented")
    cookies = dict(place.api.cookies)

    answers = []
    for _ in range(11):
        place.api.cookies.update(cookies)
        answers.append(place.take(back))

    _refused(answers[9], Refusal.REFUSED)
    _refused(answers[10], Refusal.LATER)
    assert "60秒後" in place.api.get(answers[10].headers["location"]).text


def test_a_token_for_another_application_is_refused(provider: Glewlwyd) -> None:
    there = msgspec.structs.replace(settings_of(provider), client_id="another")
    asked = Provider(there, f"{URL}/sign-in/provider/callback", now_ms)
    flow = begin("", "ja", now_ms())
    code = dict(parse_qsl(urlsplit(provider.code(asked.address(flow), "suzuki")).query))["code"]
    claims, token = asked.redeem(code, flow)
    keys = httpx.get(f"{provider.issuer}/jwks").json()

    assert verified(token, keys, Expected(provider.issuer, "another", flow.nonce), now_ms())["sub"] == claims["sub"]
    with pytest.raises(WrongTokenError, match="aud"):
        verified(token, keys, Expected(provider.issuer, "sukusuku", flow.nonce), now_ms())


def test_the_provider_may_change_its_key(place: Place) -> None:
    place.sign_in("suzuki")
    place.provider.turn_key()

    assert place.sign_in("suzuki").headers["location"] == "/?lang=ja"


def test_while_the_provider_is_away_the_page_says_so_and_passwords_go_on(place: Place) -> None:
    place.account("admin@city.example.jp")
    back = place.provider.code(place.begin(), "suzuki")
    place.provider.stop()
    try:
        _refused(place.take(back), Refusal.AWAY)
        place.later += 5_000
        answer = place.api.get("/sign-in/provider?lang=en", headers=BROWSER)
        _refused(answer, Refusal.AWAY)
        assert "cannot be reached. Please try again" in place.api.get(answer.headers["location"]).text
        page = place.api.get("/sign-in?lang=en", headers=BROWSER)
        assert page.status_code == 200
        assert "could not be reached a moment ago. With a password" in " ".join(page.text.split())
        assert place.with_password("admin@city.example.jp").headers["location"] == "/?lang=ja"
    finally:
        place.provider.start()
    place.later += 5_000
    assert place.sign_in("suzuki").headers["location"] == "/?lang=ja"


@pytest.mark.parametrize("oidc", [{"passwords": False, "new_accounts": True}])
def test_where_passwords_do_not_count_only_the_first_account_has_one(place: Place) -> None:
    token = first_link(place.operations, now_ms())
    form = {"name": "鈴木", "login": "admin@city.example.jp", "password": PASSWORD, "again": PASSWORD}
    assert place.api.post(f"/welcome/{token}", data=form, headers=BROWSER).status_code == 303
    place.api.cookies.clear()

    page = place.api.get("/sign-in", headers=BROWSER).text
    answer = place.with_password("admin@city.example.jp")

    assert "組織のアカウントでログイン" in page
    assert 'type="password"' not in page
    assert answer.status_code == 422
    assert "パスワードは使えません" in answer.text
    assert place.sign_in("suzuki").headers["location"] == "/?lang=ja"


def _connected(place: Place, password: str = PASSWORD) -> httpx.Response:
    """Connect the account that is signed in with Suzuki at the provider; return how the provider's answer is taken."""
    page = place.api.post("/account/provider", data={"present": password}, headers=BROWSER)
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    return page if found is None else place.take(place.provider.code(html.unescape(found[1]), "suzuki"))


def test_whoever_is_signed_in_connects_their_account_and_ends_that(place: Place) -> None:
    account = place.account("admin@city.example.jp")
    place.with_password(account.login)

    assert "現在のパスワードが正しくありません" in _connected(place, "wrong").text
    assert _connected(place).headers["location"] == "/account?lang=ja"
    assert place.roles(account.login) == {("admin", None, "加藤"), ("staff", "tobu", BY)}
    place.api.cookies.clear()
    assert place.sign_in("suzuki").headers["location"] == "/?lang=ja"
    assert "連携を解除" in place.api.get("/account", headers=BROWSER).text

    place.api.post("/account/provider/off", data={"present": PASSWORD}, headers=BROWSER)
    assert place.roles(account.login) == {("admin", None, "加藤")}
    place.api.cookies.clear()
    place.sign_in("suzuki")
    assert [it.name for it in Accounts(place.operations).all()] == ["admin", "鈴木"]


def test_one_person_is_connected_with_one_account_and_only_with_that_of_the_session(place: Place) -> None:
    place.sign_in("suzuki")
    place.api.cookies.clear()
    account = place.account("admin@city.example.jp")
    place.with_password(account.login)
    taken = _connected(place)
    assert taken.headers["location"] == "/account?lang=ja&refusal=linked"
    assert "別の利用者と連携" in place.api.get(taken.headers["location"], headers=BROWSER).text

    there = place.api.post("/account/provider", data={"present": PASSWORD}, headers=BROWSER).text
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', there)
    assert found is not None
    back = place.provider.code(html.unescape(found[1]), "takada")
    other = place.account("other@city.example.jp")
    place.with_password(other.login)
    assert place.take(back).headers["location"] == "/account?lang=ja&refusal=expired"
    assert {it.login for it in Accounts(place.operations).all() if it.subject} == {"suzuki@city.example.jp"}


def test_signing_out_leads_to_where_the_provider_ends_its_session(place: Place) -> None:
    place.sign_in("suzuki")

    answer = place.api.post("/sign-out", headers=BROWSER)

    assert answer.status_code == 200
    assert f"{place.provider.issuer}/end_session?id_token_hint=" in answer.text
    assert place.units().status_code == 401


def test_without_a_provider_there_is_no_such_way(api: httpx.Client) -> None:
    assert api.get("/sign-in/provider").status_code == 404
    assert api.get("/sign-in/provider/callback?code=x&state=x").status_code == 404
    assert "/sign-in/provider" not in api.get("/sign-in").text
