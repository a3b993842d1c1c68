"""Security events in words."""

from sukusuku_server.i18n import N_

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
}
"""Actions of the audit log by which somebody gets in, is kept out, or tries to."""

FORGED_ACKNOWLEDGEMENTS = N_(
    "%(edge)s has refused %(count)d acknowledgements since its start: somebody forges them. Nothing was deleted."
)
FOREIGN_CLAIMS = N_("Another program claimed %(count)d times, without a proof, to be this collector.")
FOREIGN_STATES = N_("Another program spoke %(count)d times as the state of this collector.")
TWO_NODES = N_(
    "Two edge nodes use the identity %(edge)s. Nothing from either is stored until one of them is switched off."
)
UNKNOWN_KEY = N_("%(edge)s uses a key that is not known here. Its readings wait there.")
NO_KEY = N_("%(edge)s has no key in use: whoever may publish at the broker can make it delete readings.")
