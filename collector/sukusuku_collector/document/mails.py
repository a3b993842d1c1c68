"""The mails about the document of the settings. Pure."""

from collections.abc import Sequence
from hashlib import sha256

from sukusuku_core.errors import Mistake
from sukusuku_core.time import japan_time
from sukusuku_server.facility_document.words import may_be_secret
from sukusuku_server.i18n import texts
from sukusuku_server.mail.message import Draft, build
from sukusuku_server.model.alerts import OutgoingMail
from sukusuku_server.settings import Contact, Facility
from sukusuku_server.templates import environment

MOST_SHOWN = 20
"""Mistakes in a mail; the command shows all."""


def messages(facility: Facility, mistakes: Sequence[Mistake], since: int, now: int) -> list[OutgoingMail]:
    """Return what the operator's contacts hear: the settings are wrong, or right again when there is no mistake.

    `since` (UTC ms) is when they became wrong.
    """
    if facility.mail is None:
        return []
    found = {str(contact.mail): contact for contact in contacts(facility)}
    return [_message(facility, facility.mail.sender, contact, mistakes, (since, now)) for contact in found.values()]


def contacts(facility: Facility) -> list[Contact]:
    """Return whom the settings as a whole concern: who hears of everything, else of all centres, else anybody."""
    everybody = [contact for contact in facility.contact if contact.mail is not None]
    of_all = [contact for contact in everybody if not contact.sites]
    return [contact for contact in of_all if not contact.rules] or of_all or everybody


def _message(
    facility: Facility, sender: str, contact: Contact, mistakes: Sequence[Mistake], times: tuple[int, int]
) -> OutgoingMail:
    (since, now), language, recipient = times, contact.language, str(contact.mail)
    catalogue = texts("sukusuku_server", language)
    gettext = catalogue.gettext
    kind = "settings_wrong" if mistakes else "settings_right"
    subject = gettext("The settings are wrong") if mistakes else gettext("The settings are right again")
    values = {
        "language": language,
        "headline": subject,
        "operator": facility.operator.name[language],
        "wrong": bool(mistakes),
        "since": japan_time(since).strftime("%Y-%m-%d %H:%M"),
        "mistakes": [_shown(mistake) for mistake in mistakes[:MOST_SHOWN]],
        "more": max(0, len(mistakes) - MOST_SHOWN),
    }
    templates = environment("sukusuku_collector.document", catalogue)
    digest = sha256(recipient.encode()).hexdigest()[:16]
    own = f"<{kind.replace('_', '-')}-{since}-{digest}@{sender.rpartition('@')[2]}>"
    draft = Draft(
        sender_name=gettext("Sukusuku"),
        sender=sender,
        recipient=recipient,
        subject=f"[{facility.operator.name[language]}] {subject}",
        message_id=own,
        date=now,
        text=templates.get_template("document.txt").render(values),
        html=templates.get_template("document.html").render(values),
    )
    return OutgoingMail(
        kind=kind,
        sender=sender,
        recipient=recipient,
        language=language,
        subject=draft.subject,
        message_id=own,
        content=build(draft),
    )


def _shown(mistake: Mistake) -> str:
    """Return a mistake as a mail may show it: what was found for a secret stays on the server."""
    return mistake.where if may_be_secret(mistake.where) else str(mistake)
