"""What somebody tries who has no account, or half of one: cookies, links, codes, foreign pages, strange addresses."""

from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie

import httpx
import pyotp
import pytest
from tests.api.access.place import BROWSER, DAY, PASSWORD, Place

from sukusuku_server.access.records import KeyKind, Purpose
from sukusuku_server.access.rights import Role
from sukusuku_server.db.access_keys import AccessKeys
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.db.one_time_links import OneTimeLinks
from sukusuku_server.db.sign_in_attempts import SignInAttempts

UNITS = "/api/v1/units"
NEW = "七つの 椅子 と 青い 川"


def _token(answer: httpx.Response, name: str = "sukusuku") -> str:
    return SimpleCookie(answer.headers["set-cookie"])[name].value


def _opens(place: Place, token: str, name: str = "sukusuku") -> bool:
    place.forget()
    place.api.cookies.clear()
    return place.api.get(UNITS, headers={"cookie": f"{name}={token}"}).status_code == 200


def _with_second_factor(place: Place) -> str:
    secret = pyotp.random_base32()
    Accounts(place.operations).set_totp(place.account().id, secret, place.now, "suzuki")
    return secret


def _code(place: Place, text: str) -> httpx.Response:
    return place.api.post("/sign-in/code", data={"code": text}, headers=BROWSER)


def test_no_token_of_before_opens_what_comes_after(place: Place) -> None:
    """Neither of a session that waits for its code, nor of one that was planted, nor one that has ended."""
    secret = _with_second_factor(place)
    waiting = _token(place.sign_in())
    assert not _opens(place, waiting)
    place.api.cookies.set("sukusuku", waiting, domain="sukusuku.example")
    whole = _token(_code(place, pyotp.TOTP(secret).at(place.now // 1000)))

    assert whole != waiting
    assert not _opens(place, waiting)
    assert _opens(place, whole)
    place.api.post("/sign-out", headers=BROWSER | {"cookie": f"sukusuku={whole}"})
    assert not _opens(place, whole)


def test_of_many_who_use_a_one_time_link_at_once_one_gets_in(place: Place) -> None:
    account = place.account()
    link = OneTimeLinks(place.operations).make(Purpose.RESET, account.id, place.now, "suzuki")

    def use(n: int) -> int:
        form = {"password": f"{NEW} {n}", "again": f"{NEW} {n}"}
        return place.api.post(f"/welcome/{link}", data=form, headers=BROWSER).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(use, range(8)))

    assert statuses.count(303) == 1
    assert [entry.action for entry in place.operations.audit()].count("account.password") == 2, "the first is its own"


def test_of_many_who_give_the_same_code_at_once_one_gets_in(place: Place) -> None:
    secret = _with_second_factor(place)
    code = pyotp.TOTP(secret).at(place.now // 1000)
    cookies = [_token(place.sign_in()) for _ in range(6)]
    place.api.cookies.clear()

    def give(cookie: str) -> int:
        headers = BROWSER | {"cookie": f"sukusuku={cookie}"}
        return place.api.post("/sign-in/code", data={"code": code}, headers=headers).status_code

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(give, cookies)).count(303) == 1


def test_codes_cannot_be_tried_out_from_many_addresses(place: Place) -> None:
    """Whoever is asked for a code knows the password, so the account itself may be made to wait."""
    secret = _with_second_factor(place)
    place.sign_in()
    answers = [_code(place, f"{n:06}").text for n in range(10)]
    assert all("コードが正しくない" in text for text in answers)

    attempts = SignInAttempts(place.operations)
    guesses = f"second factor of account {Accounts(place.operations).all()[0].id}"
    assert "秒後" in _code(place, pyotp.TOTP(secret).at(place.now // 1000)).text
    assert attempts.admit(guesses, guesses, place.now) > 0
    assert attempts.admit("suzuki@example.jp", "192.0.2.7", place.now) == 0, "passwords are counted apart"


def test_a_code_that_switched_the_second_factor_on_is_used_up(place: Place) -> None:
    place.account()
    place.sign_in()
    secret = pyotp.random_base32()
    form = {"secret": secret, "code": pyotp.TOTP(secret).at(place.now // 1000)}

    assert place.api.post("/account/second-factor", data=form, headers=BROWSER).status_code == 303
    other = place.api.post("/account/second-factor", data={"secret": pyotp.random_base32()}, headers=BROWSER)
    assert other.status_code == 422, "nobody replaces it without the password"
    place.sign_in()
    assert "コードが正しくない" in _code(place, form["code"]).text


@pytest.mark.parametrize("secret", ["!!!", "A" * 31, "a" * 32, "A" * 64, "１２"])
def test_a_secret_that_nobody_was_given_is_not_taken(place: Place, secret: str) -> None:
    place.account()
    place.sign_in()

    answer = place.api.post("/account/second-factor", data={"secret": secret, "code": "000000"}, headers=BROWSER)

    assert answer.status_code == 200
    assert not Accounts(place.operations).all()[0].second_factor


@pytest.mark.parametrize("url", ["https://sukusuku.example"])
def test_over_https_a_page_that_came_over_http_is_not_ours(place: Place) -> None:
    place.account()
    session = _token(place.sign_in(), "__Host-sukusuku")
    place.api.cookies.clear()
    headers = {"cookie": f"__Host-sukusuku={session}", "host": "sukusuku.example"}

    def asks(origin: str) -> int:
        sent = headers | {"origin": origin}
        return place.api.post("/api/v1/requests", json={"unit": "tobu-unit-1"}, headers=sent).status_code

    assert asks("http://sukusuku.example") == 403
    assert asks("https://sukusuku.example") == 200
    assert place.api.get(UNITS, headers={"cookie": f"sukusuku={session}"}).status_code == 401, "no other name will do"


@pytest.mark.parametrize("header", ["sec-fetch-site", "origin"])
def test_the_sign_in_itself_takes_no_form_of_another_page(place: Place, header: str) -> None:
    place.account()
    foreign = {"sec-fetch-site": "cross-site", "origin": "http://evil.example"}[header]

    answer = place.api.post(
        "/sign-in", data={"login": "suzuki@example.jp", "password": PASSWORD}, headers={header: foreign}
    )

    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("value", ["x\r\nset-cookie: a=b", "x%0d%0aset-cookie:%20a=b", "日本語", "\x00"])
def test_nothing_that_is_sent_gets_into_the_headers_of_an_answer(place: Place, value: str) -> None:
    place.account()
    for answer in (
        place.sign_in(next=f"/{value}"),
        place.api.get("/rooms", params={"room": value}, headers=BROWSER | {"accept": "text/html"}),
        place.api.get("/sign-in", params={"next": f"/{value}"}),
        place.api.get("/d/x", params={"site": value}),
    ):
        assert answer.status_code < 500
        assert "a=b" not in str(answer.headers.get_list("set-cookie"))
        assert "\n" not in answer.headers.get("location", "")


PATHS = (
    *("//api/v1/units", "/api/v1//units", "/api/v1/units/", "/api/v1/./units", "/api/v1/units%2f", "/API/v1/units"),
    *(
        "/api/v1/units;a=b",
        "/wall/../api/v1/units",
        "/api%2fv1/units",
        "/api/v1/units%00",
        "/wall/static/..%2f..%2fapi",
    ),
)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"])
def test_no_spelling_of_an_address_and_no_method_is_a_way_around(place: Place, method: str) -> None:
    for path in PATHS:
        answer = place.api.request(method, f"http://sukusuku.example{path}", follow_redirects=True)
        assert answer.status_code in {401, 404, 405}, path
        assert b"tobu" not in answer.content


def test_a_link_of_a_display_tells_of_no_other_centre(place: Place) -> None:
    keys, grants = AccessKeys(place.operations), Grants(place.operations)
    key, token = keys.make(KeyKind.DISPLAY, "玄関", place.now, "suzuki")
    grants.give(Role.DISPLAY, "tobu", place.now, "suzuki", key=key.id)

    other, none = (place.api.get(f"/d/{token}?site={site}").headers["location"] for site in ("seibu", "nowhere"))

    assert other == none == "/wall?lang=ja"


def test_a_link_of_somebody_who_was_disabled_meanwhile_sets_no_password(place: Place) -> None:
    place.account()
    sato = place.account("sato@example.jp", Role.STAFF)
    accounts, links = Accounts(place.operations), OneTimeLinks(place.operations)
    accounts.disable(sato.id, place.now, "suzuki")
    link = links.make(Purpose.RESET, sato.id, place.now, "suzuki")

    answer = place.api.post(f"/welcome/{link}", data={"password": NEW, "again": NEW}, headers=BROWSER)

    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers
    assert place.sign_in(login="sato@example.jp").status_code == 422


def test_a_link_that_was_made_before_a_role_was_given_works_no_more(place: Place) -> None:
    """Whoever invites somebody could otherwise wait until they are given more, and be the first to use the link."""
    place.account()
    accounts, links, grants = Accounts(place.operations), OneTimeLinks(place.operations), Grants(place.operations)
    partner = accounts.add_organisation("保健所", place.now, "suzuki").id
    ours = accounts.add("sato@example.jp", "佐藤", place.now, "suzuki")
    theirs = accounts.add("takada@example.jp", "高田", place.now, "suzuki", organisation=partner)
    tokens = [links.make(Purpose.INVITATION, it.id, place.now, "suzuki") for it in (ours, theirs)]

    grants.give(Role.ADMIN, None, place.now, "suzuki", account=ours.id)
    grants.give(Role.VIEWER, None, place.now, "suzuki", organisation=partner)

    assert [place.api.get(f"/welcome/{token}").status_code for token in tokens] == [404, 404]


def test_what_was_asked_for_is_still_known_after_the_code(place: Place) -> None:
    _with_second_factor(place)

    assert (
        place.sign_in(next="/rooms?lang=en&room=a").headers["location"].endswith("&next=/rooms%3Flang%3Den%26room%3Da")
    )


def test_a_display_stays_out_of_what_belongs_to_accounts(place: Place) -> None:
    keys, grants = AccessKeys(place.operations), Grants(place.operations)
    key, token = keys.make(KeyKind.DISPLAY, "玄関", place.now, "suzuki", expires=place.now + DAY)
    grants.give(Role.DISPLAY, "tobu", place.now, "suzuki", key=key.id)
    place.api.get(f"/d/{token}")

    assert place.api.get("/account").status_code == 403
    for path in ("name", "password", "second-factor", "second-factor/off", "devices/end"):
        assert place.api.post(f"/account/{path}", headers=BROWSER).status_code == 403
    place.now += DAY
    place.forget()
    assert place.api.get(UNITS).status_code == 401, "the link has expired"
