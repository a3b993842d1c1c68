"""`[oidc]`: what is refused, and what is told of it."""

from typing import get_args

import pytest

from sukusuku_core.errors import ConfigError
from sukusuku_core.settings import parse
from sukusuku_server import settings
from sukusuku_server.access.rights import Role
from sukusuku_server.settings import Facility
from sukusuku_server.settings.oidc import PersonRole
from tests.collector.small_facility import FACILITY

KEYS = 'client_id = "sukusuku"\nclient_secret = "hidden-from-all"\n'
ISSUER = 'issuer = "https://login.example.jp/realms/city"\n'
GROUP = '[[oidc.group]]\nname = "/centres/staff"\n'


def facility(text: str) -> Facility:
    found = parse(FACILITY.format(port=1883) + "\n[oidc]\n" + text, Facility, "facility.toml")
    settings.check(found, "facility.toml")
    return found


def test_the_roles_of_groups_are_those_of_people() -> None:
    assert set(get_args(PersonRole)) == {role.value for role in Role if role is not Role.DISPLAY}


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:4593/api/oidc", "http://[::1]/x", "https://login.example.jp"])
def test_a_provider_is_asked_over_tls_or_on_this_computer(issuer: str) -> None:
    found = facility(f'issuer = "{issuer}"\n{KEYS}{GROUP}role = "staff"')

    assert found.oidc is not None
    assert found.oidc.issuer == issuer
    assert "hidden" not in repr(found)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (f'issuer = "http://login.example.jp"\n{KEYS}', "oidc.issuer: expected https://"),
        (f'issuer = "http://localhost.example.jp"\n{KEYS}', "oidc.issuer: expected https://"),
        (f'issuer = "login.example.jp"\n{KEYS}', "oidc.issuer: expected https:// and a host"),
        (f'issuer = "https://a@login.example.jp"\n{KEYS}', "oidc.issuer: expected https:// and a host"),
        (f'issuer = "https://login.example.jp?x"\n{KEYS}', "oidc.issuer: expected https:// and a host"),
        (f'issuer = "https://[login"\n{KEYS}', "oidc.issuer: expected https:// and a host"),
        (f'issuer = "https://login.example.jp:99999"\n{KEYS}', "oidc.issuer: expected https:// and a host"),
        (f'{ISSUER}{KEYS}scopes = ["profile"]', 'oidc.scopes: needs "openid"'),
        (f"{ISSUER}{KEYS}new_accounts = true", "oidc.new_accounts: without a"),
        (f'{ISSUER}{KEYS}{GROUP}role = "display"', "oidc.group[0].role"),
        (f'{ISSUER}{KEYS}{GROUP}role = "staff"\nsites = ["elsewhere"]', "oidc.group[0].sites: no site ['elsewhere']"),
        (f'{ISSUER}client_id = "sukusuku"', "client_secret"),
        (f"{ISSUER}{KEYS}ca_file = 1", "oidc.ca_file"),
    ],
)
def test_what_cannot_work_or_is_not_safe_is_refused(keys: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        facility(keys)

    assert said in str(error.value)
    assert "hidden-from-all" not in str(error.value)
