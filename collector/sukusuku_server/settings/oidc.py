"""`[oidc]`: single sign-on by OpenID Connect. Without the table people sign in with passwords only."""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import msgspec

from sukusuku_core.errors import Mistake
from sukusuku_core.settings import Id, PositiveSeconds, Settings
from sukusuku_server.settings import authority
from sukusuku_server.settings.base import Name, Text
from sukusuku_server.settings.secret import Secret

PersonRole = Literal["viewer", "staff", "crew", "manager", "integrator", "admin"]
"""Roles that somebody can have; a display is nobody."""
_ISSUER = re.compile(r"https?://[^/?#@\s]+(/[^?#\s]*)?")
_LONGEST_ISSUER = 250
_LABEL = Text(ja="組織のアカウントでログイン", en="Sign in with the organisation's account")


class Group(Settings, frozen=True, kw_only=True):
    """What the members of a group of the provider are here. Several tables may name the same group."""

    name: Name
    """As the provider writes it into the token: a name, a path, or the id of the group."""
    role: PersonRole
    sites: tuple[Id, ...] = ()
    """Where; empty: for the operator as a whole."""


class Oidc(Settings, frozen=True, kw_only=True):
    """The OpenID provider of an organisation, such as Keycloak or Entra ID."""

    issuer: Annotated[
        str,
        msgspec.Meta(max_length=_LONGEST_ISSUER, description="an address such as https://login.example.jp/realms/city"),
    ]
    """As the provider writes it into its tokens; its description is at `ISSUER/.well-known/openid-configuration`."""
    client_id: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    client_secret: Secret
    label: Text = _LABEL
    """What the button on the sign-in page says."""
    scopes: tuple[Annotated[str, msgspec.Meta(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+$")], ...] = (
        "openid",
        "profile",
        "email",
    )
    groups_claim: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] = "groups"
    """The claim that lists the groups of a person; in a claim within another one (Keycloak: `realm_access.roles`) dots
    separate the names."""
    group: tuple[Group, ...] = ()
    new_accounts: bool = False
    """Whether somebody without an account gets one at the first sign-in; only a member of a `group` does."""
    link_by_mail: bool = False
    """Whether an account that is here already is taken for that of the person whose verified mail address it has. Only
    for a provider where nobody but its administrators sets mail addresses."""
    passwords: bool = True
    """Whether people may sign in with a password as well."""
    ca_file: str | None = None
    """PEM of the authority that signed the provider's certificate, where that is one of your own."""
    timeout: PositiveSeconds = 5.0

    def resolved(self, folder: Path, where: str) -> Self:
        """Return the same with the path of its file. `where` is the key path of this table. Raises ConfigError."""
        if self.ca_file is None:
            return self
        return msgspec.structs.replace(self, ca_file=authority.checked(folder, self.ca_file, f"{where}.ca_file"))


def check_oidc(oidc: Oidc | None, sites: Iterable[str]) -> Iterator[Mistake]:
    """Yield what is wrong between the keys of the table, and in its sites."""
    if oidc is None:
        return
    if wrong := address_objection(oidc.issuer):
        yield Mistake("oidc.issuer", f"{wrong}, found '{oidc.issuer}'")
    if "openid" not in oidc.scopes:
        yield Mistake("oidc.scopes", f'needs "openid", found {list(oidc.scopes)}')
    if oidc.new_accounts and not oidc.group:
        yield Mistake("oidc.new_accounts", "without a [[oidc.group]] nobody gets an account; add one or set it false")
    known = sorted(sites)
    for n, group in enumerate(oidc.group):
        unknown = sorted(set(group.sites) - set(known))
        if unknown:
            yield Mistake(f"oidc.group[{n}].sites", f"no site {unknown}; there are {known}")


def address_objection(url: str) -> str | None:
    """Return what is wrong with the address of a provider; None: it is good. Without TLS only this computer will do."""
    if _ISSUER.fullmatch(url) is None:
        return "expected https:// and a host, perhaps a port and a path"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return f"expected https:// and a host, perhaps a port and a path ({error})"
    if parts.scheme == "https" or _is_loopback(parts.hostname or ""):
        return None
    return "expected https://: without TLS whoever is on the way signs in as anybody"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
