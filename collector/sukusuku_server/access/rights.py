"""Roles, what each may do, and where. `ROLES` is the one table: checks, documents and tests are made from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Act(StrEnum):
    """Something that needs a right. What needs none (the vacancy page, signed links) has no act."""

    VIEW_UNITS = "view_units"
    VIEW_ROOMS = "view_rooms"
    VIEW_ROUNDS = "view_rounds"
    VIEW_REPORTS = "view_reports"
    VIEW_DEVICES = "view_devices"
    VIEW_AUDIT = "view_audit"
    ACKNOWLEDGE_ALERTS = "acknowledge_alerts"
    ENTER_COUNTS = "enter_counts"
    ENTER_BOOKINGS = "enter_bookings"
    ENTER_EMPTYINGS = "enter_emptyings"
    REQUEST_VISITS = "request_visits"
    ANSWER_STOPS = "answer_stops"
    SET_MODES = "set_modes"
    ISSUE_REPORTS = "issue_reports"
    EDIT_SETTINGS = "edit_settings"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_KEYS = "manage_keys"


class Role(StrEnum):
    """What somebody is to an operator or a site."""

    DISPLAY = "display"
    """A wall display or another screen that nobody signs in to."""
    VIEWER = "viewer"
    STAFF = "staff"
    CREW = "crew"
    MANAGER = "manager"
    INTEGRATOR = "integrator"
    ADMIN = "admin"


_SEEN = frozenset({Act.VIEW_UNITS, Act.VIEW_ROOMS})
_VIEWER = _SEEN | {Act.VIEW_ROUNDS, Act.VIEW_REPORTS}
_STAFF = _VIEWER | {
    Act.ACKNOWLEDGE_ALERTS,
    Act.ENTER_COUNTS,
    Act.ENTER_BOOKINGS,
    Act.ENTER_EMPTYINGS,
    Act.REQUEST_VISITS,
    Act.SET_MODES,
}

ROLES: Mapping[Role, frozenset[Act]] = {
    Role.DISPLAY: _SEEN,
    Role.VIEWER: _VIEWER,
    Role.STAFF: _STAFF,
    Role.CREW: frozenset(
        {Act.VIEW_UNITS, Act.VIEW_ROUNDS, Act.ACKNOWLEDGE_ALERTS, Act.ENTER_EMPTYINGS, Act.ANSWER_STOPS}
    ),
    Role.MANAGER: _STAFF
    | {Act.ANSWER_STOPS, Act.ISSUE_REPORTS, Act.EDIT_SETTINGS, Act.MANAGE_PEOPLE, Act.VIEW_AUDIT, Act.VIEW_DEVICES},
    Role.INTEGRATOR: _SEEN | {Act.VIEW_DEVICES, Act.SET_MODES, Act.EDIT_SETTINGS},
    Role.ADMIN: frozenset(Act),
}
"""What each role may do, wherever it is given."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that was given, at one site or (None) for the whole operator, from `since` until before `until` (UTC ms).

    It belongs to an account, to an organisation (all of its accounts have it) or to an access key.
    """

    id: int
    role: Role
    site: str | None
    since: int
    until: int | None
    given_by: str
    account: int | None = None
    organisation: int | None = None
    key: int | None = None
    revoked: int | None = None
    revoked_by: str | None = None

    def holds(self, now: int) -> bool:
        """Tell whether it gives its role at a moment."""
        return self.since <= now and (self.until is None or now < self.until) and self.revoked is None


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do everywhere, and what at single sites besides."""

    everywhere: frozenset[Act] = frozenset()
    at: tuple[tuple[str, frozenset[Act]], ...] = ()

    def may(self, act: Act, site: str | None = None) -> bool:
        """Tell whether the act is allowed at a site; without one: for the operator as a whole."""
        return act in self.everywhere or any(act in acts for place, acts in self.at if place == site)

    def somewhere(self, act: Act) -> bool:
        """Tell whether the act is allowed anywhere at all."""
        return act in self.everywhere or any(act in acts for _, acts in self.at)

    def sites(self, act: Act, among: Iterable[str]) -> frozenset[str]:
        """Return at which of these sites the act is allowed."""
        return frozenset(site for site in among if self.may(act, site))

    def covers(self, other: "Rights") -> bool:
        """Tell whether everything that the other may do is allowed here as well: nobody gives what they have not."""
        if not other.everywhere <= self.everywhere:
            return False
        return all(self.may(act, site) for site, acts in other.at for act in acts)


def rights(grants: Iterable[Grant], now: int) -> Rights:
    """Add up the grants that hold at a moment (UTC ms)."""
    everywhere: frozenset[Act] = frozenset()
    at: dict[str, frozenset[Act]] = {}
    for grant in grants:
        if not grant.holds(now):
            continue
        if grant.site is None:
            everywhere |= ROLES[grant.role]
        else:
            at[grant.site] = at.get(grant.site, frozenset()) | ROLES[grant.role]
    return Rights(everywhere, tuple(sorted(at.items())))


def granting(role: Role, site: str | None) -> Rights:
    """Return what a role gives at a site, or (None) everywhere."""
    return Rights(ROLES[role]) if site is None else Rights(at=((site, ROLES[role]),))
