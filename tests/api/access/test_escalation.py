"""What somebody tries who manages one centre and wants more: roles, accounts, partners, keys, forms of other pages."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.api.access.rows import ROWS
from tests.api.access.town import Town, town

from sukusuku_server.access.rights import Role

MANAGER = "manager at tobu"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(tmp_path_factory.mktemp("town") / "both", ["tobu", "seibu"]) as found:
        yield found


def _post(both: Town, caller: str, path: str, **form: Any) -> httpx.Response:
    return both.api.post(path, data=form or {"x": "x"}, headers=both.callers[caller].headers)


def _account(both: Town, name: str) -> int:
    login = f"{name.replace(' ', '-')}@example.jp"
    rows = [row for row in both.untouched["account"] if login in row]
    return int(rows[0][0])


def _grant_of(both: Town, account: int) -> int:
    return next(int(row[0]) for row in both.untouched["role_grant"] if row[1] == account)


NEW = {"name": "新人", "login": "new@example.jp"}
_REST = {"action": "link", "kind": "api", "name": "course"}
TOUCHED = ("give", "link", "disable", "enable", "second-factor-off", "erase")


@pytest.mark.parametrize("role", [Role.ADMIN])
@pytest.mark.parametrize("path", ["/people", "/people/partners/"])
def test_nobody_gives_a_role_that_is_more_than_theirs(both: Town, path: str, role: Role) -> None:
    _refused(both, path, **NEW, role=role, site="tobu")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.DISPLAY])
@pytest.mark.parametrize("site", ["", "seibu", "nowhere"])
def test_nobody_gives_a_role_beyond_their_centre(both: Town, role: Role, site: str) -> None:
    own = both.things["tobu"].ids["account"]
    for path in ("/people", "/people/partners/", f"/people/{own}/give", "/people/keys/display/"):
        _refused(both, path, **NEW, role=role, site=site)


@pytest.mark.parametrize("whose", ["admin everywhere", "admin at tobu", "viewer everywhere", "staff at seibu"])
@pytest.mark.parametrize("action", TOUCHED)
def test_nobody_touches_an_account_that_has_more_or_is_elsewhere(both: Town, whose: str, action: str) -> None:
    """So no link to set an administrator's password either, which would be all that it takes."""
    _refused(both, f"/people/{_account(both, whose)}/{action}", role="viewer", site="tobu")


@pytest.mark.parametrize("whose", ["admin everywhere", "admin at tobu", "viewer everywhere", "staff at seibu"])
def test_nobody_takes_a_role_back_that_they_could_not_give(both: Town, whose: str) -> None:
    known = _refused(both, f"/people/grants/{_grant_of(both, _account(both, whose))}/revoke/")
    assert known.text == _refused(both, "/people/grants/999999/revoke/").text, "as if it were not there"


def test_nobody_makes_or_ends_keys_and_partners_of_others(both: Town) -> None:
    for path, form in (
        ("/people/keys/api/", {"name": "統計", "role": "viewer", "site": "tobu"}),
        (f"/people/partners/{both.things['seibu'].ids['partner']}/end/", {}),
        ("/people/partners/", {"partner": both.things["seibu"].ids["partner"], "role": "viewer", "site": "tobu"}),
        ("/people", NEW | {"partner": both.things["seibu"].ids["partner"]}),
        (f"/people/keys/{both.things['seibu'].ids['key']}/revoke/", {}),
        (f"/people/keys/{_key(both, 'api')}/revoke/", {}),
    ):
        _refused(both, path, **form)


@pytest.mark.parametrize("ident", [-1, 0, 2**63 - 1, 2**63, 10**40])
def test_no_number_is_too_large_for_an_answer(both: Town, ident: int) -> None:
    for row in ROWS:
        method, _, path = row.route.partition(" ")
        if "_id}" in path or path.startswith("/people/"):
            filled = path.format(**dict.fromkeys(both.things["tobu"].path, ident) | _REST)
            answer = both.api.request(method, filled, headers=both.callers["admin everywhere"].headers, data={"x": "x"})
            assert answer.status_code < 500, f"{row.route}: {answer.text}"
    both.restore()


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-02-30", "tomorrow", "２０２６-１２-０１"])
def test_no_day_is_too_far_for_an_answer(both: Town, day: str) -> None:
    answer = _post(both, MANAGER, "/people", **NEW, role="viewer", site="tobu", until=day)
    assert answer.status_code in {200, 422}
    both.restore()


def test_the_last_administrator_stays(both: Town) -> None:
    admin = _account(both, "admin everywhere")
    for path in (f"{admin}/disable", f"{admin}/erase", f"grants/{_grant_of(both, admin)}/revoke/"):
        _refused(both, f"/people/{path}", caller="admin everywhere")


def test_no_form_and_no_request_is_taken_from_another_page(both: Town) -> None:
    """Each of them, from the browser of an administrator; what browsers tell is in test_sign_in.py."""
    admin = both.callers["admin everywhere"]
    cookie = {"cookie": admin.headers["cookie"]}
    version = both.version()
    for row in ROWS:
        if row.route.startswith("POST"):
            for told in ({}, {"sec-fetch-site": "cross-site"}, {"origin": "http://evil.example"}):
                answer = both.ask(admin, row, both.things["tobu"], cookie | told)
                assert answer.status_code == 403, row.route
    assert both.version() == version


def _key(both: Town, kind: str) -> int:
    return next(int(row[0]) for row in both.untouched["access_key"] if kind in row)


def _refused(both: Town, path: str, caller: str = MANAGER, **form: Any) -> httpx.Response:
    version = both.version()
    answer = _post(both, caller, path, **form)
    assert answer.status_code == 422, answer.text
    assert both.version() == version
    return answer


def test_callers_are_who_they_are(both: Town) -> None:
    """What is tried above would prove nothing if the manager could do nothing at all."""
    own = both.things["tobu"].ids["account"]
    assert _post(both, MANAGER, f"/people/{own}/give", role="viewer", site="tobu").status_code == 303
    both.restore()
