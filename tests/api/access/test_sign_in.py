"""Ways in, over the real application and database. Times are those of an injected clock."""

import re
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from tests.api.access.place import BROWSER, DAY, HOUR, PASSWORD, Place

from sukusuku_api.access.sign_in import first_link
from sukusuku_server.access import passwords
from sukusuku_server.access.records import KeyKind, LastAdminError, Purpose
from sukusuku_server.access.rights import Role
from sukusuku_server.db.access_keys import AccessKeys
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.db.one_time_links import OneTimeLinks
from sukusuku_server.db.sign_in_attempts import SignInAttempts


def test_the_first_account_is_made_by_a_link_that_works_once(place: Place) -> None:
    token = first_link(place.operations, place.now)
    assert token is not None
    form = {"name": "鈴木", "login": "Suzuki@example.jp", "password": PASSWORD, "again": PASSWORD}

    assert "最初のアカウント" in place.api.get(f"/welcome/{token}").text
    assert place.api.get("/wall", headers=BROWSER).headers["location"].startswith("/sign-in?")
    answer = place.api.post(f"/welcome/{token}", data=form, headers=BROWSER)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?lang=ja")
    assert place.api.get("/wall", headers=BROWSER).status_code == 200
    assert place.api.post(f"/welcome/{token}", data=form, headers=BROWSER).status_code == 404
    assert first_link(place.operations, place.now) is None
    done = [(entry.who, entry.action, entry.actor) for entry in place.operations.audit()]
    assert ("鈴木", "grant.give", "link 1") in done


def test_nothing_is_used_up_by_a_form_that_is_wrong(place: Place) -> None:
    token = first_link(place.operations, place.now)
    form = {"name": "鈴木", "login": "suzuki@example.jp", "password": PASSWORD, "again": PASSWORD}

    for wrong in ({"again": "x"}, {"password": "short", "again": "short"}, {"login": "suzuki"}, {"name": ""}):
        answer = place.api.post(f"/welcome/{token}", data=form | wrong, headers=BROWSER)
        assert answer.status_code == 422
        assert PASSWORD not in answer.text
    assert Accounts(place.operations).all() == []
    assert place.api.post(f"/welcome/{token}", data=form, headers=BROWSER).status_code == 303


def test_a_link_ends(place: Place) -> None:
    token = first_link(place.operations, place.now)
    place.now += DAY

    assert place.api.get(f"/welcome/{token}").status_code == 404


@pytest.mark.parametrize(("login", "password"), [("suzuki@example.jp", "wrong"), ("nobody@example.jp", PASSWORD)])
def test_a_wrong_login_and_a_wrong_password_are_told_alike_and_cost_alike(
    place: Place, login: str, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.account()
    passwords.verify("", None)
    judged: list[bool] = []
    hasher = passwords._hasher()

    def counted() -> object:
        judged.append(True)
        return hasher

    monkeypatch.setattr(passwords, "_hasher", counted)

    answer = place.sign_in(password, login)

    assert answer.status_code == 422
    assert "メールアドレスまたはパスワードが正しくありません。" in answer.text
    assert "set-cookie" not in answer.headers
    assert password not in answer.text
    assert len(judged) == 1


def test_guesses_are_counted_by_account_and_address_and_lock_nobody_else_out(place: Place) -> None:
    place.account()
    for _ in range(10):
        assert "正しくありません" in place.sign_in("wrong").text

    late = place.sign_in()
    assert "60秒後" in late.text

    attempts = SignInAttempts(place.operations)
    assert attempts.admit("suzuki@example.jp", "192.0.2.7", place.now) == 0
    place.now += 60_000
    assert place.sign_in().status_code == 303


def test_many_guesses_at_the_same_time_are_no_way_around(place: Place) -> None:
    place.account()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: place.sign_in("wrong").text, range(40)))

    assert sum("正しくありません" in text for text in answers) == 10


@pytest.mark.parametrize(
    ("url", "name", "secure"),
    [("https://sukusuku.example", "__Host-sukusuku", True), ("http://sukusuku.example", "sukusuku", False)],
)
def test_the_cookie_is_for_this_server_only(place: Place, name: str, *, secure: bool) -> None:
    place.account()

    cookie = place.sign_in().headers["set-cookie"]

    assert re.match(rf"{name}=[\w-]{{43}}; HttpOnly; Max-Age=1209600; Path=/; SameSite=lax", cookie)
    assert ("Secure" in cookie) is secure
    assert "Domain" not in cookie


def test_a_session_that_somebody_planted_is_not_taken_over(place: Place) -> None:
    place.account()
    place.api.cookies.set("sukusuku", "planted-by-somebody-else", domain="sukusuku.example")

    place.sign_in()

    assert "planted-by-somebody-else" not in place.api.cookies.values()
    assert place.api.get("/api/v1/units", headers={"cookie": "sukusuku=planted-by-somebody-else"}).status_code == 401


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/rooms?lang=ja#x", "/rooms?lang=ja#x"),
        ("//evil.example/", "/?lang=ja"),
        ("https://evil.example/", "/?lang=ja"),
        ("/\\evil.example", "/?lang=ja"),
        ("/a\r\nset-cookie: x=y", "/?lang=ja"),
        ("javascript:alert(1)", "/?lang=ja"),
        ("", "/?lang=ja"),
    ],
)
def test_the_sign_in_leads_to_pages_of_this_server_only(place: Place, asked: str, led: str) -> None:
    place.account()

    answer = place.sign_in(next=asked)

    assert answer.headers["location"] == led
    assert answer.headers.get_list("set-cookie")[1:] == []


def test_a_session_ends_unused_in_the_end_and_when_somebody_signs_out(place: Place) -> None:
    place.account()
    place.sign_in()
    place.now += 12 * HOUR - 1
    assert place.api.get("/api/v1/units").status_code == 200
    place.now += 12 * HOUR
    place.forget()
    assert place.api.get("/api/v1/units").status_code == 401

    place.sign_in()
    for _ in range(14 * 3 - 1):
        place.now += 8 * HOUR
        place.forget()
        assert place.api.get("/api/v1/units").status_code == 200
    place.now += 8 * HOUR
    place.forget()
    assert place.api.get("/api/v1/units").status_code == 401

    place.sign_in()
    stolen = place.api.cookies["sukusuku"]
    assert place.api.post("/sign-out", headers=BROWSER).status_code == 303
    assert place.api.get("/api/v1/units", headers={"cookie": f"sukusuku={stolen}"}).status_code == 401


def test_a_page_of_another_site_signs_nobody_out(place: Place) -> None:
    """A browser sends no cookie with such a form, and would take one that the answer brings."""
    place.account()
    place.sign_in()

    answer = place.api.post("/sign-out", headers=BROWSER | {"sec-fetch-site": "cross-site", "cookie": ""})

    assert (answer.status_code, "set-cookie" in answer.headers) == (303, False)
    assert place.api.get("/api/v1/units").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {},
    ],
)
def test_a_page_of_another_site_changes_nothing(place: Place, headers: dict[str, str]) -> None:
    place.account()
    place.sign_in()

    answer = place.api.post("/api/v1/requests", json={"unit": "tobu-unit-1"}, headers=headers)

    assert answer.status_code == 403
    assert place.api.get("/api/v1/requests").json()["requests"] == []
    own = place.api.post("/api/v1/requests", json={"unit": "tobu-unit-1"}, headers={"sec-fetch-site": "same-origin"})
    assert own.json()["by"] == "suzuki"


def test_what_is_done_is_recorded_under_the_account_and_nobody_writes_as_another(place: Place) -> None:
    place.account()
    place.sign_in()
    same = {"sec-fetch-site": "same-origin"}

    other = place.api.post("/api/v1/requests", json={"unit": "tobu-unit-1", "by": "佐藤"}, headers=same)
    done = place.api.post("/api/v1/modes", json={"kind": "outbreak", "subject": "tobu"}, headers=same)

    assert other.status_code == 422
    assert "recorded as suzuki" in other.text
    assert done.json()["by"] == "suzuki"
    newest = place.operations.audit(1)[0]
    assert (newest.who, newest.action, newest.actor, newest.address) == (
        "suzuki", "mode.outbreak.start", "account 1", "127.0.0.1",
    )  # fmt: skip


def test_a_second_factor_is_asked_for_and_the_token_changes(place: Place) -> None:
    account, secret = place.account(), pyotp.random_base32()
    Accounts(place.operations).set_totp(account.id, secret, place.now, "suzuki")

    first = place.sign_in(next="/rooms")
    waiting = dict(place.api.cookies)
    assert first.headers["location"] == "/sign-in/code?lang=ja&next=/rooms"
    assert place.api.get("/api/v1/units").status_code == 401
    wrong = place.api.post("/sign-in/code", data={"code": "000000"}, headers=BROWSER)
    assert "コードが正しくない" in wrong.text
    code = pyotp.TOTP(secret).at(place.now // 1000)
    right = place.api.post("/sign-in/code", data={"code": code, "next": "/rooms"}, headers=BROWSER)

    assert (right.status_code, right.headers["location"]) == (303, "/rooms")
    assert place.api.get("/api/v1/units").status_code == 200
    assert place.api.get("/api/v1/units", headers={"cookie": f"sukusuku={waiting['sukusuku']}"}).status_code == 401
    place.sign_in()
    again = place.api.post("/sign-in/code", data={"code": code}, headers=BROWSER)
    assert "コードが正しくない" in again.text


def test_every_form_that_takes_the_password_counts_guesses_alike(place: Place) -> None:
    account, secret = place.account(), pyotp.random_base32()
    Accounts(place.operations).set_totp(account.id, secret, place.now, "suzuki")
    place.sign_in()
    code = pyotp.TOTP(secret).at(place.now // 1000)
    assert place.api.post("/sign-in/code", data={"code": code}, headers=BROWSER).status_code == 303
    attempts, off = SignInAttempts(place.operations), "/account/second-factor/off"

    assert "現在のパスワードが正しくありません" in place.api.post(off, data={"present": "x"}, headers=BROWSER).text
    assert attempts.lately(place.now) == 1
    assert place.api.post(off, data={"present": PASSWORD}, headers=BROWSER).status_code == 303
    assert attempts.lately(place.now) == 0, "the right password is no guess"
    for path in ("/account/password", off):
        for _ in range(11):
            answer = place.api.post(path, data={"present": "x"}, headers=BROWSER)
        assert "試行回数が多すぎます" in answer.text


def test_a_disabled_account_is_out_at_once_and_the_last_administrator_stays(place: Place) -> None:
    place.account()
    staff = place.account("sato@example.jp", Role.STAFF)
    place.sign_in(login="sato@example.jp")
    assert place.api.get("/api/v1/units").status_code == 200

    Accounts(place.operations).disable(staff.id, place.now, "suzuki")
    place.forget()

    assert place.api.get("/api/v1/units").status_code == 401
    assert place.sign_in(login="sato@example.jp").status_code == 422
    with pytest.raises(LastAdminError):
        Accounts(place.operations).disable(1, place.now, "suzuki")
    assert place.sign_in().status_code == 303


def test_where_no_administrator_can_sign_in_others_are_shut_out_all_the_same(place: Place) -> None:
    """The provider has taken the role of the last one, or nobody has opened the first invitation yet."""
    staff = place.account("sato@example.jp", Role.STAFF)
    accounts, grants = Accounts(place.operations), Grants(place.operations)
    (held,) = grants.of(staff)

    assert grants.revoke(held.id, place.now, "command line").revoked == place.now
    accounts.disable(staff.id, place.now, "command line")
    accounts.erase(staff.id, place.now, "command line")

    assert [account.disabled for account in accounts.all()] == [place.now]


def test_a_new_password_signs_out_everywhere_and_ends_links(place: Place) -> None:
    account = place.account()
    link = OneTimeLinks(place.operations).make(Purpose.RESET, account.id, place.now, "suzuki")
    place.sign_in()
    before = place.api.cookies["sukusuku"]
    new = "七つの 椅子 と 青い 川"

    answer = place.api.post(f"/welcome/{link}", data={"password": new, "again": new}, headers=BROWSER)

    assert answer.status_code == 303
    place.forget()
    assert place.api.get("/api/v1/units", headers={"cookie": f"sukusuku={before}"}).status_code == 401
    assert place.sign_in(PASSWORD).status_code == 422
    assert place.sign_in(new).status_code == 303


def test_a_key_opens_what_it_was_given_until_it_is_revoked(place: Place) -> None:
    keys, grants = AccessKeys(place.operations), Grants(place.operations)
    key, token = keys.make(KeyKind.API, "統計", place.now, "suzuki", expires=place.now + DAY)
    grants.give(Role.VIEWER, "tobu", place.now, "suzuki", key=key.id)
    headers = {"authorization": f"Bearer {token}"}

    found = place.api.get("/api/v1/units", headers=headers).json()["units"]
    assert {unit["site"] for unit in found} == {"tobu"}
    assert place.api.get("/api/v1/health", headers=headers).status_code == 403
    place.now += DAY
    place.forget()
    assert place.api.get("/api/v1/units", headers=headers).status_code == 401
    place.now -= DAY
    keys.revoke(key.id, place.now, "suzuki")
    place.forget()
    answer = place.api.get("/api/v1/units", headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert token not in answer.text


def test_a_display_shows_its_centre_and_changes_nothing(place: Place) -> None:
    keys, grants = AccessKeys(place.operations), Grants(place.operations)
    key, token = keys.make(KeyKind.DISPLAY, "玄関", place.now, "suzuki")
    grants.give(Role.DISPLAY, "tobu", place.now, "suzuki", key=key.id)

    answer = place.api.get(f"/d/{token}?site=tobu&theme=dark")

    assert answer.headers["location"] == "/wall/tobu?lang=ja&theme=dark"
    wall = place.api.get("/wall", headers=BROWSER)
    assert "東部" in wall.text
    assert "西部" not in wall.text
    assert place.api.get("/collection", headers=BROWSER).status_code == 200
    post = place.api.post("/api/v1/requests", json={"unit": "tobu-unit-1"}, headers={"sec-fetch-site": "same-origin"})
    assert post.status_code == 403
    place.now += 400 * DAY
    place.forget()
    assert place.api.get("/wall", headers=BROWSER).status_code == 200
    keys.revoke(key.id, place.now, "suzuki")
    place.forget()
    assert place.api.get("/wall", headers=BROWSER).status_code == 303
    assert place.api.get(f"/d/{token}").status_code == 404
    assert place.api.get("/api/v1/units", headers={"authorization": f"Bearer {token}"}).status_code == 401


def test_a_session_gets_a_new_token_when_its_rights_have_changed(place: Place) -> None:
    account = place.account(role=Role.STAFF, site="tobu")
    place.account("admin@example.jp")
    place.sign_in()
    before = place.api.cookies["sukusuku"]
    place.now += 5_000
    Grants(place.operations).give(Role.STAFF, "seibu", place.now, "admin", account=account.id)
    place.forget()

    answers = [place.api.get("/api/v1/units") for _ in range(3)]

    assert {unit["site"] for unit in answers[0].json()["units"]} == {"tobu", "seibu"}
    assert [bool(answer.headers.get_list("set-cookie")) for answer in answers] == [True, False, False]
    assert place.api.cookies["sukusuku"] != before
    old = {"cookie": f"sukusuku={before}"}
    place.forget()
    assert place.api.get("/api/v1/units", headers=old).status_code == 200, "what was under way goes on"
    place.now += 60_000
    place.forget()
    assert place.api.get("/api/v1/units", headers=old).status_code == 401
    assert place.api.get("/api/v1/units").status_code == 200
