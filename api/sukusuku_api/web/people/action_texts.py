"""What people did, as the audit log has it, in words."""

from sukusuku_server.i18n import N_, Translate

EVENTS = {
    "session.begin": N_("signed in"),
    "session.limit": N_("passwords were guessed: further tries had to wait"),
    "session.end_every": N_("everybody was signed out"),
    "account.add": N_("account made"),
    "account.change": N_("account changed"),
    "account.password": N_("password set"),
    "account.second_factor_on": N_("second factor switched on"),
    "account.second_factor_off": N_("second factor switched off"),
    "account.subject": N_("single sign-on linked or unlinked"),
    "account.disable": N_("account disabled"),
    "account.enable": N_("account enabled"),
    "account.erase": N_("account erased"),
    "grant.give": N_("role given"),
    "grant.revoke": N_("role revoked"),
    "organisation.add": N_("partner added"),
    "organisation.end": N_("partnership ended"),
    "key.make": N_("access key or display link made"),
    "key.revoke": N_("access key or display link revoked"),
    "enrolment.offer": N_("code given out to enrol an edge node"),
    "node_key.make": N_("key of an edge node made"),
    "node_key.revoke": N_("key of an edge node revoked"),
    "node_certificate.issue": N_("certificate of an edge node issued"),
    "node_authority.make": N_("authority of the edge nodes' certificates made"),
}
"""Actions of the audit log by which somebody gets in, is kept out, or tries to."""

ACTIONS = EVENTS | {
    "alert.acknowledge": N_("took care of an alert"),
    "alert.assign": N_("assigned an alert"),
    "alert.release": N_("gave an alert back"),
    "alert.unassign": N_("took the assignment of an alert back"),
    "bookings.import": N_("bookings imported"),
    "bookings.withdraw": N_("import of bookings withdrawn"),
    "emptying.confirm": N_("emptying confirmed"),
    "emptying.correct": N_("emptying corrected"),
    "emptying.enter": N_("emptying entered"),
    "emptying.reject": N_("emptying rejected"),
    "emptying.withdraw": N_("what was said of an emptying withdrawn"),
    "mode.outbreak.end": N_("outbreak ended"),
    "mode.outbreak.start": N_("outbreak declared"),
    "mode.retired.end": N_("a metric is measured again"),
    "mode.retired.start": N_("a metric is not measured any more"),
    "mode.silence.end": N_("mails switched on again"),
    "mode.silence.start": N_("mails switched off"),
    "mode.vehicle_out.end": N_("vehicle back"),
    "mode.vehicle_out.start": N_("vehicle out of service"),
    "report.issue": N_("report issued"),
    "room.calibrate": N_("count entered"),
    "room.withdraw": N_("count withdrawn"),
    "round.accept": N_("round accepted"),
    "round.decline": N_("round declined"),
    "stock.count": N_("stock counted"),
    "stock.deliver": N_("stock delivered"),
    "stock.withdraw": N_("entry about stock withdrawn"),
    "stop.cannot": N_("stop: could not be collected"),
    "stop.done": N_("stop: collected"),
    "stop.needless": N_("stop: not needed"),
    "stop.none": N_("answer about a stop withdrawn"),
    "visit.request": N_("visit requested"),
    "visit.withdraw": N_("request for a visit withdrawn"),
}
_SETTINGS = N_("settings changed")


def action(name: str, translate: Translate) -> str:
    """Return an action in words; one that came after this version by its name."""
    return translate(_SETTINGS if name.startswith("settings.") else ACTIONS.get(name, name))
