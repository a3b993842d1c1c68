"""What the page of people shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sukusuku_api.dependencies import Context
from sukusuku_api.web.base import Locale
from sukusuku_api.web.people.management import People, Person
from sukusuku_api.web.people.texts import EXPLAINED, ROLES
from sukusuku_core.time import japan_time, local_day
from sukusuku_server.access.records import AccessKey, AccountKind, KeyKind, Organisation
from sukusuku_server.access.rights import Act, Grant, Role, granting


@dataclass(frozen=True, slots=True)
class GrantLine:
    """A role that holds. `id` 0: it comes through an organisation and is revoked there."""

    id: int
    role: str
    where: str
    until: str


@dataclass(frozen=True, slots=True)
class PersonLine:
    """Somebody with an account. `state` is `active`, `invited` or `disabled`."""

    id: int
    name: str
    login: str
    partner: str
    shared: bool
    second_factor: bool
    state: str
    grants: tuple[GrantLine, ...]


@dataclass(frozen=True, slots=True)
class PartnerLine:
    """A partner organisation that has not ended, with its people."""

    id: int
    name: str
    grants: tuple[GrantLine, ...]
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key or a display's link that holds."""

    id: int
    name: str
    start: str
    grants: tuple[GrantLine, ...]
    made: str
    used: str
    expires: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page. `roles` are those that the reader may give somewhere, `sites` where."""

    people: tuple[PersonLine, ...]
    partners: tuple[PartnerLine, ...]
    displays: tuple[KeyLine, ...]
    keys: tuple[KeyLine, ...]
    roles: tuple[tuple[str, str, str], ...]
    sites: tuple[tuple[str, str], ...]
    everywhere: bool
    may_keys: bool
    may_audit: bool
    earliest: str


def page(context: Context, people: People, reader: Locale) -> Page:
    """Return the page as its reader may see it."""
    assert context.principal is not None  # noqa: S101 - the page needs a right
    who, now = context.principal.rights, reader.now
    lines = [_person(context, person, reader) for person in people.all()]
    partners = [(item, grants) for item, grants in people.partners() if item.ended is None]
    sites = [site for site in context.index.sites.values() if who.may(Act.MANAGE_PEOPLE, site.id)]
    everywhere = who.may(Act.MANAGE_PEOPLE)
    places = [None, *(site.id for site in sites)] if everywhere else [site.id for site in sites]
    return Page(
        people=tuple(lines),
        partners=tuple(_partner(context, item, grants, lines, reader) for item, grants in partners),
        displays=tuple(_keys(context, people, KeyKind.DISPLAY, reader)),
        keys=tuple(_keys(context, people, KeyKind.API, reader)) if who.may(Act.MANAGE_KEYS) else (),
        roles=tuple(
            (role.value, reader.translate(ROLES[role]), reader.translate(EXPLAINED[role]))
            for role in EXPLAINED
            if any(who.covers(granting(role, place)) for place in places)
        ),
        sites=tuple((site.id, site.name[reader.language]) for site in sites),
        everywhere=everywhere,
        may_keys=who.may(Act.MANAGE_KEYS),
        may_audit=who.may(Act.VIEW_AUDIT),
        earliest=f"{local_day(now) + timedelta(days=1):%Y-%m-%d}",
    )


def grant_lines(
    context: Context, grants: Sequence[Grant], reader: Locale, *, own: bool = True
) -> tuple[GrantLine, ...]:
    """Return the grants that hold; not `own`: those that come through an organisation cannot be revoked here."""
    return tuple(
        GrantLine(
            grant.id if own or grant.organisation is None else 0,
            reader.translate(ROLES[Role(grant.role)]),
            _where(context, grant.site, reader),
            "" if grant.until is None else f"{japan_time(grant.until - 1):%Y-%m-%d}",
        )
        for grant in grants
        if grant.holds(reader.now)
    )


def _where(context: Context, site: str | None, reader: Locale) -> str:
    if site is None:
        return reader.translate("all centres")
    known = context.whole.sites.get(site)
    return site if known is None else known.name[reader.language]


def _person(context: Context, person: Person, reader: Locale) -> PersonLine:
    account = person.account
    state = "active" if account.has_password or account.subject else "invited"
    return PersonLine(
        account.id,
        account.name,
        account.login,
        "" if person.organisation is None or person.organisation.ended is not None else person.organisation.name,
        account.kind is AccountKind.SHARED,
        account.second_factor,
        state if account.disabled is None else "disabled",
        grant_lines(context, person.grants, reader, own=False),
    )


def _partner(
    context: Context, partner: Organisation, grants: Sequence[Grant], people: Sequence[PersonLine], reader: Locale
) -> PartnerLine:
    own = tuple(person.name for person in people if person.partner == partner.name)
    return PartnerLine(partner.id, partner.name, grant_lines(context, grants, reader), own)


def _keys(context: Context, people: People, kind: KeyKind, reader: Locale) -> list[KeyLine]:
    return [_key(context, key, grants, reader) for key, grants in people.keys(kind) if key.holds(reader.now)]


def _key(context: Context, key: AccessKey, grants: Sequence[Grant], reader: Locale) -> KeyLine:
    return KeyLine(
        key.id,
        key.name,
        key.start,
        grant_lines(context, grants, reader),
        f"{japan_time(key.created):%Y-%m-%d}",
        reader.translate("not yet") if key.used is None else f"{japan_time(key.used):%Y-%m-%d}",
        "" if key.expires is None else f"{japan_time(key.expires - 1):%Y-%m-%d}",
    )
