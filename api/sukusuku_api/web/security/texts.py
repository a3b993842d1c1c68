"""Security events in words."""

from sukusuku_server.i18n import N_

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
