"""Who somebody is by the word of an OpenID provider, and which roles their groups give. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sukusuku_core.errors import SukusukuError
from sukusuku_server.access.rights import Role
from sukusuku_server.settings.oidc import Group

BY = "single sign-on"
"""Who gives the roles of a provider's groups; at the next sign-in they are replaced, and those of people stay."""
_LONGEST_NAME, _LONGEST_LOGIN, _LONGEST_SUBJECT = 80, 254, 512


class UnusableClaimsError(SukusukuError):
    """A provider's word does not say who somebody is, or hides in which groups."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody as a provider tells. `subject` is who it is for ever: issuer and subject of the provider.

    `mail` is empty unless the provider has verified it: anybody can claim any address. `login` is how to name the
    account, and proves nothing.
    """

    subject: str
    login: str
    name: str
    mail: str
    groups: frozenset[str]


def stranger(claims: Mapping[str, Any], groups_claim: str) -> Stranger:
    """Return who the claims of a verified ID token are about. Raises UnusableClaimsError."""
    subject = f"{claims['iss']} {claims['sub']}"
    if not str(claims["sub"]).strip() or len(subject) > _LONGEST_SUBJECT:
        raise UnusableClaimsError("the provider gives no subject, or one that is too long to be kept")
    mail = _line(claims.get("email")).lower() if claims.get("email_verified") is True else ""
    login = mail or _line(claims.get("preferred_username")).lower() or subject.lower()
    name = _line(claims.get("name")) or _line(claims.get("preferred_username")) or mail or str(claims["sub"])
    groups = _groups(claims, groups_claim)
    return Stranger(subject, login[:_LONGEST_LOGIN], name[:_LONGEST_NAME], mail[:_LONGEST_LOGIN], groups)


def tells_groups(claims: Mapping[str, Any], groups_claim: str) -> bool:
    """Tell whether the claims list any groups."""
    return _found(claims, groups_claim) is not None


def roles(groups: Iterable[str], mapping: Iterable[Group]) -> frozenset[tuple[Role, str | None]]:
    """Return the roles that groups give, each with its site; None: for the operator as a whole."""
    mine = frozenset(groups)
    return frozenset((Role(item.role), site) for item in mapping if item.name in mine for site in item.sites or (None,))


def _groups(claims: Mapping[str, Any], groups_claim: str) -> frozenset[str]:
    groups = _found(claims, groups_claim)
    elsewhere = claims.get("_claim_names")
    if groups is None and isinstance(elsewhere, Mapping) and groups_claim in elsewhere:
        raise UnusableClaimsError(
            f"the person is in more groups than fit into a token: `{groups_claim}` is in `_claim_names`"
        )
    if groups is None:
        return frozenset()
    if not isinstance(groups, list | str):
        raise UnusableClaimsError(f"the claim `{groups_claim}` is no list of groups")
    return frozenset([groups] if isinstance(groups, str) else (item for item in groups if isinstance(item, str)))


def _found(claims: Mapping[str, Any], name: str) -> object:
    if name in claims:
        return claims[name]
    found: Any = claims
    for step in name.split("."):
        if not isinstance(found, Mapping) or step not in found:
            return None
        found = found[step]
    return found


def _line(value: object) -> str:
    return "".join(char for char in " ".join(value.split()) if char.isprintable()) if isinstance(value, str) else ""
