"""Why somebody is not signed in, in words."""

from sukusuku_api.access.sign_in import Refusal, SignInError
from sukusuku_server.access.passwords import LONGEST, SHORTEST, Objection
from sukusuku_server.i18n import N_, Translate

REFUSALS = {
    Refusal.WRONG: N_("Mail address or password is not right."),
    Refusal.CODE: N_("The code is not right, or was used already. Please enter the next one that the app shows."),
    Refusal.EXPIRED: N_("This has taken too long. Please sign in again."),
    Refusal.TAKEN: N_("There is an account with this mail address already."),
    Refusal.ELSEWHERE: N_("Passwords are not used here. Please sign in with the button above."),
    Refusal.AWAY: N_("The sign-in service of your organisation cannot be reached. Please try again in a few minutes."),
    Refusal.CANCELLED: N_("You did not sign in there. Please try again."),
    Refusal.REFUSED: N_(
        "The sign-in was not accepted. Please try again; if it happens again, tell whoever set up the single sign-on."
    ),
    Refusal.CLAIMS: N_(
        "The sign-in service did not say which groups you are in. Please tell whoever set up the single sign-on."
    ),
    Refusal.UNKNOWN: N_(
        "The sign-in was right, but you have no account here. Please ask whoever manages the accounts at your office."
    ),
    Refusal.NOT_LINKED: N_(
        'There is an account with your mail address already. Please sign in with its password and connect it under "My '
        'account".'
    ),
    Refusal.LINKED: N_("Another account is connected with this person already. Please sign in with that one."),
    Refusal.DISABLED: N_("Your account is disabled. Please ask whoever manages the accounts at your office."),
    Refusal.NO_ROLE: N_("You have no role here any more. Please ask whoever manages the accounts at your office."),
}
_A_MINUTE = 60
"""Seconds after which further attempts are heard at the latest."""
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
        return translate("Too many attempts. Please try again in %(n)s seconds.") % {"n": error.wait or _A_MINUTE}
    return translate(REFUSALS[error.refusal])


def objected(objection: Objection, translate: Translate) -> str:
    """Return what is wrong with a password."""
    return translate(OBJECTIONS[objection]) % {"n": LONGEST if objection is Objection.LONG else SHORTEST}
