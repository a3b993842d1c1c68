"""Who somebody is by the word of a provider: nothing that anybody could claim decides."""

from typing import Any

import pytest

from sukusuku_server.access.rights import Role
from sukusuku_server.access.single_sign_on import UnusableClaimsError, roles, stranger, tells_groups
from sukusuku_server.settings.oidc import Group

CLAIMS = {"iss": "https://login.example.jp", "sub": "7", "name": " 鈴木\n花子 ", "email": "Suzuki@city.example.jp"}


@pytest.mark.parametrize(("said", "mail"), [(True, "suzuki@city.example.jp"), (False, ""), (None, ""), ("true", "")])
def test_only_a_verified_mail_address_is_one(said: object, mail: str) -> None:
    who = stranger(CLAIMS | {"email_verified": said}, "groups")

    assert who.mail == mail
    assert who.login == (mail or "https://login.example.jp 7")
    assert (who.subject, who.name) == ("https://login.example.jp 7", "鈴木 花子")


def test_who_has_no_mail_address_is_named_as_the_provider_does() -> None:
    claims = {"iss": "https://login.example.jp", "sub": "7", "preferred_username": "HANAKO"}

    assert (stranger(claims, "groups").login, stranger(claims, "groups").name) == ("hanako", "HANAKO")


@pytest.mark.parametrize(
    ("claim", "claims", "groups"),
    [
        ("groups", {"groups": ["a", "b", 3, None]}, {"a", "b"}),
        ("groups", {"groups": "a"}, {"a"}),
        ("groups", {"groups": []}, set()),
        ("groups", {}, set()),
        ("realm_access.roles", {"realm_access": {"roles": ["a"]}}, {"a"}),
        ("realm_access.roles", {"realm_access": "x"}, set()),
        ("https://city.example.jp/groups", {"https://city.example.jp/groups": ["a"]}, {"a"}),
    ],
)
def test_groups_are_read_where_the_settings_say(claim: str, claims: dict[str, Any], groups: set[str]) -> None:
    assert stranger(CLAIMS | claims, claim).groups == groups
    assert tells_groups(CLAIMS | claims, claim) == (bool(groups) or claims == {"groups": []})


@pytest.mark.parametrize(
    "claims",
    [
        {"groups": {"a": 1}},
        {"groups": 3},
        {"_claim_names": {"groups": "src1"}},
        {"sub": ""},
        {"sub": "x" * 600},
    ],
)
def test_what_does_not_say_it_is_no_sign_in_without_groups(claims: dict[str, Any]) -> None:
    with pytest.raises(UnusableClaimsError):
        stranger(CLAIMS | claims, "groups")


def test_each_group_gives_its_roles_at_its_sites() -> None:
    mapping = (
        Group(name="/centres/staff", role="staff", sites=("tobu", "seibu")),
        Group(name="/centres/staff", role="viewer"),
        Group(name="/office", role="admin"),
    )

    assert roles(["/centres/staff", "chess"], mapping) == {
        (Role.STAFF, "tobu"),
        (Role.STAFF, "seibu"),
        (Role.VIEWER, None),
    }
    assert roles(["/centres"], mapping) == frozenset()
