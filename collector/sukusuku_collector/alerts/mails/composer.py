"""The mails about an incident: one for each contact that wants to know, each in its own language."""

from collections.abc import Mapping
from dataclasses import dataclass

from sukusuku_collector.alerts.mails.phrases import Incident
from sukusuku_collector.alerts.mails.texts import words
from sukusuku_collector.alerts.state_machine import Rule
from sukusuku_core.errors import ConfigError
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.db import OutgoingMail
from sukusuku_server.i18n import texts
from sukusuku_server.mail.message import Draft, build, header_text, message_id
from sukusuku_server.settings import Contact, Facility, Language
from sukusuku_server.templates import environment

LANGUAGES: tuple[Language, ...] = ("ja", "en")


@dataclass(frozen=True, slots=True)
class Step:
    """The contacts that are told at the same time, `delay` ms after the first ones."""

    delay: int
    contacts: tuple[Contact, ...]


class Composer:
    """Writes the mails of one facility. Without `[mail]` in `facility.toml` there are none.

    Raises ConfigError when a name in the facility cannot stand in a mail header, naming its place.
    """

    def __init__(self, facility: Facility) -> None:
        self._facility = facility
        self._texts = {language: texts("sukusuku_server", language) for language in LANGUAGES}
        self._templates = {
            language: environment("sukusuku_collector.alerts.mails", self._texts[language]) for language in LANGUAGES
        }
        if facility.mail is not None:
            check(facility)

    def chain(self, site: str, rule: Rule) -> tuple[Step, ...]:
        """Who wants to know of this rule at this site, in the order in which they are told. One mail an address."""
        if self._facility.mail is None:
            return ()
        steps: dict[int, dict[str, Contact]] = {}
        told: set[str] = set()
        for contact in sorted(self._facility.contact, key=lambda contact: contact.after_minutes):
            wanted = (not contact.sites or site in contact.sites) and (not contact.rules or rule in contact.rules)
            if wanted and contact.mail.lower() not in told:
                told.add(contact.mail.lower())
                steps.setdefault(round(contact.after_minutes * MINUTE_MS), {})[contact.mail.lower()] = contact
        return tuple(Step(delay, tuple(contacts.values())) for delay, contacts in sorted(steps.items()))

    def mail(self, incident: Incident, contact: Contact, kind: str, before: Mapping[str, str]) -> OutgoingMail:
        """Return the mail to one contact. `before` has the Message-ID of the first mail about this alert by address."""
        server = self._facility.mail
        if server is None:
            raise ValueError("without [mail] there is nobody in any chain")
        language, alert = contact.language, incident.alert
        told = words(incident, self._texts[language], language, children=server.child_counts)
        context = {
            "words": told,
            "simulated": incident.simulated,
            "resolved": incident.resolved,
            "wall": f"{self._facility.web.url.rstrip('/')}/wall",
            "operator": self._facility.operator.name[language],
            "contact": contact.name,
            "language": language,
        }
        templates = self._templates[language]
        own = message_id(alert.id, kind, incident.now, contact.mail, server.sender)
        draft = Draft(
            sender_name=self._texts[language].gettext("Sukusuku"),
            sender=server.sender,
            recipient=contact.mail,
            subject=told.subject,
            message_id=own,
            date=incident.now,
            text=templates.get_template("alert.txt").render(context),
            html=templates.get_template("alert.html").render(context),
            reference=before.get(contact.mail.lower()),
        )
        return OutgoingMail(
            kind=kind,
            sender=server.sender,
            recipient=contact.mail,
            language=language,
            subject=told.subject,
            message_id=own,
            content=build(draft),
        )


def check(facility: Facility) -> None:
    """Everything that can come into a header, now rather than when something is wrong. Raises ConfigError."""
    for language in LANGUAGES:
        for site in facility.site:
            header_text(f"{site.id}: name.{language}", site.name[language])
        for asset in facility.assets():
            header_text(f"{asset.id}: name.{language}", asset.settings.name[language])
    if not facility.web.url.startswith(("http://", "https://")):
        raise ConfigError(f"web.url: links in mails start with it, so it must be http(s), found {facility.web.url!r}")
