"""The mails about the document of the settings. Pure."""

from collections.abc import Sequence

from sukusuku_collector.operator_mail import composer
from sukusuku_collector.operator_mail.composer import Gettext, Matter
from sukusuku_core.errors import Mistake
from sukusuku_core.time import japan_time
from sukusuku_server.facility_document.words import may_be_secret
from sukusuku_server.model.alerts import OutgoingMail
from sukusuku_server.settings import Facility

MOST_SHOWN = 20
"""Mistakes in a mail; the command shows all."""


def messages(facility: Facility, mistakes: Sequence[Mistake], since: int, now: int) -> list[OutgoingMail]:
    """Return what the operator's contacts hear: the settings are wrong, or right again when there is no mistake.

    `since` (UTC ms) is when they became wrong.
    """

    def subject(gettext: Gettext) -> str:
        return gettext("The settings are wrong") if mistakes else gettext("The settings are right again")

    values = {
        "since": japan_time(since).strftime("%Y-%m-%d %H:%M"),
        "mistakes": [_shown(mistake) for mistake in mistakes[:MOST_SHOWN]],
        "more": max(0, len(mistakes) - MOST_SHOWN),
    }
    kind = "settings_wrong" if mistakes else "settings_right"
    matter = Matter(kind, "document", str(since), wrong=bool(mistakes))
    return composer.messages(facility, matter, now, subject, values)


def _shown(mistake: Mistake) -> str:
    """Return a mistake as a mail may show it: what was found for a secret stays on the server."""
    return mistake.where if may_be_secret(mistake.where) else str(mistake)
