"""The mails about an incident: one for each contact that wants to know, each in its own language."""

from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from sukusuku_collector.alerts.rules import Rule
from sukusuku_collector.i18n import translations
from sukusuku_collector.mail.message import Draft, address, build, header_text, message_id
from sukusuku_collector.mail.words import Incident, words
from sukusuku_collector.operations import OutgoingMail
from sukusuku_collector.settings import Contact, Facility, Language, MailServer
from sukusuku_core.errors import ConfigError

LANGUAGES: tuple[Language, ...] = ("ja", "en")
_LOCALE = files("sukusuku_collector") / "locale"


class Composer:
    """Writes the mails of one facility. Without `[mail]` in `facility.toml` there are none.

    Raises ConfigError when a name in the facility cannot stand in a mail header, naming its place.
    """

    def __init__(self, facility: Facility) -> None:
        self._facility = facility
        self._texts = {language: translations(_LOCALE, language) for language in LANGUAGES}
        self._templates = {language: self._environment(language) for language in LANGUAGES}
        if facility.mail is not None:
            check(facility, facility.mail)

    def mails(self, incident: Incident) -> list[OutgoingMail]:
        """One mail for each address that has asked for this site and rule."""
        server = self._facility.mail
        if server is None:
            return []
        wanted: dict[str, Contact] = {}
        for contact in self._facility.contact:
            site = not contact.sites or incident.asset.site.id in contact.sites
            if site and (not contact.rules or Rule(incident.alert.rule) in contact.rules):
                wanted.setdefault(contact.mail.lower(), contact)
        return [self._mail(incident, contact, server) for contact in wanted.values()]

    def _mail(self, incident: Incident, contact: Contact, server: MailServer) -> OutgoingMail:
        language = contact.language
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
        environment = self._templates[language]
        alert = incident.alert
        fired = message_id(alert.id, "firing", alert.fired or 0, contact.mail, server.sender)
        own, kind = fired, "firing"
        if alert.resolved is not None:
            kind = "resolved"
            own = message_id(alert.id, kind, alert.resolved, contact.mail, server.sender)
        draft = Draft(
            sender_name=self._texts[language].gettext("Sukusuku"),
            sender=server.sender,
            recipient=contact.mail,
            subject=told.subject,
            message_id=own,
            date=incident.now,
            text=environment.get_template("alert.txt").render(context),
            html=environment.get_template("alert.html").render(context),
            reference=fired if incident.resolved else None,
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

    def _environment(self, language: Language) -> Environment:
        environment = Environment(
            loader=PackageLoader("sukusuku_collector.mail"),
            autoescape=select_autoescape(["html"], default=False),
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            undefined=StrictUndefined,
        )
        texts = self._texts[language]
        environment.install_gettext_callables(texts.gettext, texts.ngettext, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
        return environment


def check(facility: Facility, server: MailServer) -> None:
    """Everything that can come into a header, now rather than when something is wrong. Raises ConfigError."""
    address("mail.sender", server.sender)
    for n, contact in enumerate(facility.contact):
        address(f"contact[{n}].mail", contact.mail)
    for language in LANGUAGES:
        for asset in facility.assets():
            header_text(f"{asset.site.id}: name.{language}", asset.site.name[language])
            header_text(f"{asset.id}: name.{language}", asset.settings.name[language])
    if not facility.web.url.startswith(("http://", "https://")):
        raise ConfigError(f"web.url: links in mails start with it, so it must be http(s), found {facility.web.url!r}")
