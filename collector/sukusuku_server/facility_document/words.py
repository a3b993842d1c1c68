"""What the things of the document and their keys are called, for the difference between two versions in words."""

from collections.abc import Mapping

from sukusuku_server.i18n import N_

THINGS: Mapping[tuple[str, ...], str] = {
    ("operator",): N_("Operator"),
    ("site",): N_("Centre"),
    ("site", "unit"): N_("Unit"),
    ("site", "room"): N_("Room"),
    ("site", "room", "zone"): N_("Zone"),
    ("site", "room", "service"): N_("Service"),
    ("site", "room", "service", "band"): N_("Time slot"),
    ("site", "room", "shift"): N_("Shift"),
    ("site", "opening"): N_("Opening hours"),
    ("site", "opening", "later"): N_("New values from"),
    ("site", "parents"): N_("For parents"),
    ("site", "room", "later"): N_("New values from"),
    ("alerts",): N_("Alerts"),
    ("calendar",): N_("Calendar"),
    ("channel",): N_("Channel"),
    ("contact",): N_("Contact"),
    ("depot",): N_("Depot"),
    ("gateway",): N_("Gateway"),
    ("gateway", "metric"): N_("Metric"),
    ("group",): N_("Group of centres"),
    ("round",): N_("Round of collection"),
    ("round", "crew"): N_("Crew member"),
    ("vehicle",): N_("Vehicle"),
    ("mail",): N_("Mail server"),
    ("backup",): N_("Backups"),
    ("broker",): N_("Broker"),
    ("certificates",): N_("Certificates of edge nodes"),
    ("store",): N_("Store"),
    ("ward_plan",): N_("Ward's plan"),
    ("report_mail",): N_("Recipient of reports"),
}
"""Tables, by their keys."""

KEYS: Mapping[str, str] = {
    "address": N_("address"),
    "after_minutes": N_("told after (minutes)"),
    "answer_by": N_("answer by"),
    "bags": N_("bags"),
    "booking": N_("how to book"),
    "capacity": N_("capacity"),
    "channels": N_("channels"),
    "closed": N_("closed on"),
    "closed_monthly": N_("closed every month on"),
    "count": N_("staff on shift"),
    "days": N_("days"),
    "departs": N_("departs"),
    "edge": N_("edge node"),
    "fill_clear": N_("fill level at which it ends (%)"),
    "fill_rise": N_("fill level from which on it is told (%)"),
    "fri": N_("Friday"),
    "from_months": N_("age from (months)"),
    "from_stage": N_("told from stage"),
    "holidays": N_("national holidays"),
    "host": N_("host"),
    "language": N_("language"),
    "mail": N_("mail address"),
    "mail_at": N_("plan sent at"),
    "mon": N_("Monday"),
    "name": N_("name"),
    "phone": N_("telephone"),
    "place": N_("place on the map"),
    "port": N_("port"),
    "returns": N_("returns"),
    "rules": N_("alerts"),
    "sat": N_("Saturday"),
    "silent_after": N_("silent after (seconds)"),
    "sites": N_("centres"),
    "slot": N_("hours"),
    "special": N_("hours of single days"),
    "sun": N_("Sunday"),
    "thu": N_("Thursday"),
    "to_years": N_("age to (years)"),
    "tue": N_("Tuesday"),
    "until": N_("last day"),
    "vehicle": N_("vehicle"),
    "website": N_("web page"),
    "wed": N_("Wednesday"),
}
"""Keys; one that is not here is shown as it stands in the document."""

HIDDEN = {"client_secret", "password", "token", "key", "url"}
"""Keys whose values may be secret: their values are never shown."""


def may_be_secret(where: str) -> bool:
    """Whether the value at a key path may be secret."""
    return where.rpartition(".")[2] in HIDDEN
