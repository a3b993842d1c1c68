"""Why somebody is not signed in, in words."""

from sukusuku_api.access.sign_in import Refusal, SignInError
from sukusuku_server.access.passwords import LONGEST, SHORTEST, Objection
from sukusuku_server.i18n import N_, Translate

REFUSALS = {
    Refusal.WRONG: N_("Mail address or password is not right."),
    Refusal.CODE: N_("The code is not right, or was used already. Please enter the next one that the app shows."),
    Refusal.EXPIRED: N_("This has taken too long. Please sign in again."),
    Refusal.TAKEN: N_("There is an account with this mail address already."),
}
OBJECTIONS = {
    Objection.SHORT: N_("The password needs at least %(n)s characters."),
    Objection.LONG: N_("The password may have at most %(n)s characters."),
    Objection.COMMON: N_(
        "This password is too easy to guess. Several words that do not belong together are a good one."
    ),
}


def refused(error: SignInError, translate: Translate) -> str:
    """Return what the page says."""
    if error.objection is not None:
        return objected(error.objection, translate)
    if error.refusal is Refusal.LATER or error.refusal is None:
        return translate("Too many attempts. Please try again in %(n)s seconds.") % {"n": error.wait}
    return translate(REFUSALS[error.refusal])


def objected(objection: Objection, translate: Translate) -> str:
    """Return what is wrong with a password."""
    return translate(OBJECTIONS[objection]) % {"n": LONGEST if objection is Objection.LONG else SHORTEST}
