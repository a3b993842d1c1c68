"""Roles and acts in words."""

from sukusuku_server.access.rights import Role
from sukusuku_server.i18n import N_

ROLES = {
    Role.DISPLAY: N_("Display"),
    Role.VIEWER: N_("Viewer"),
    Role.STAFF: N_("Centre staff"),
    Role.CREW: N_("Collection crew"),
    Role.MANAGER: N_("Manager"),
    Role.INTEGRATOR: N_("Integrator"),
    Role.ADMIN: N_("Administrator"),
}
EXPLAINED = {
    Role.VIEWER: N_("sees units, rooms, rounds and reports"),
    Role.STAFF: N_("also enters counts, emptyings and bookings, acknowledges alerts, requests visits"),
    Role.CREW: N_("sees units and rounds, answers for stops; sees no rooms"),
    Role.MANAGER: N_("also issues reports, changes settings, manages people"),
    Role.INTEGRATOR: N_("sees devices, changes settings"),
    Role.ADMIN: N_("may do everything"),
}
