"""The messages about an incident: one for each way to each contact that wants to know, each in its own language."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sukusuku_collector.alerts.mails.phrases import Incident
from sukusuku_collector.alerts.mails.texts import short, words
from sukusuku_collector.alerts.state_machine import Rule
from sukusuku_core.errors import ConfigError
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.db import OutgoingMail
from sukusuku_server.i18n import texts
from sukusuku_server.mail.message import Draft, build, header_text, message_id
from sukusuku_server.model.notices import Notice, encode
from sukusuku_server.settings import Channel, Contact, Facility, Language
from sukusuku_server.templates import environment

LANGUAGES: tuple[Language, ...] = ("ja", "en")


@dataclass(frozen=True, slots=True)
class Way:
    """How a contact is told: by mail when `channel` is None."""

    contact: Contact
    channel: Channel | None = None

    @property
    def address(self) -> str:
        """Return what the outbox calls the recipient, in lower case: whoever has the same is told once."""
        return (self.contact.mail or "").lower() if self.channel is None else self.channel.id.lower()


@dataclass(frozen=True, slots=True)
class Step:
    """The contacts that are told at the same time, `delay` ms after the first ones."""

    delay: int
    ways: tuple[Way, ...]


class Composer:
    """Writes the messages of one facility. Without `[mail]` in `facility.toml` there are no mails.

    Raises ConfigError when a name in the facility cannot stand in a mail header, naming its place.
    """

    def __init__(self, facility: Facility) -> None:
        self._facility = facility
        self._texts = {language: texts("sukusuku_server", language) for language in LANGUAGES}
        self._templates = {
            language: environment("sukusuku_collector.alerts.mails", self._texts[language]) for language in LANGUAGES
        }
        self._channels = {channel.id: channel for channel in facility.channel}
        self._wall = f"{facility.web.url.rstrip('/')}/wall"
        if facility.mail is not None or facility.channel:
            check(facility)

    def chain(self, site: str, rule: Rule) -> tuple[Step, ...]:
        """Who wants to know of this rule at this site, in the order in which they are told. One message an address."""
        steps: dict[int, list[Way]] = {}
        told: set[tuple[str, int]] = set()
        for contact in sorted(self._facility.contact, key=lambda contact: contact.after_minutes):
            wanted = (not contact.sites or site in contact.sites) and (not contact.rules or rule in contact.rules)
            for way in self._ways(contact) if wanted else ():
                if not any(address == way.address and stage <= contact.from_stage for address, stage in told):
                    told.add((way.address, contact.from_stage))
                    steps.setdefault(round(contact.after_minutes * MINUTE_MS), []).append(way)
        return tuple(Step(delay, tuple(ways)) for delay, ways in sorted(steps.items()))

    def _ways(self, contact: Contact) -> Iterator[Way]:
        if contact.mail is not None and self._facility.mail is not None:
            yield Way(contact)
        for ident in dict.fromkeys(contact.channels):
            yield Way(contact, self._channels[ident])

    def message(self, incident: Incident, way: Way, kind: str, before: Mapping[str, str]) -> OutgoingMail:
        """Return the message for one way. `before` has the Message-ID of the first one about this alert by address."""
        if way.channel is None:
            return self._mail(incident, way.contact, kind, before)
        return self._notice(incident, way.contact, way.channel, kind)

    def _notice(self, incident: Incident, contact: Contact, channel: Channel, kind: str) -> OutgoingMail:
        language, alert, operator = contact.language, incident.alert, self._facility.operator.id
        told = words(incident, self._texts[language], language, children=channel.child_counts)
        own = message_id(alert.id, kind, incident.now, channel.id, f"@{operator}")
        notice = Notice(
            ident=own.strip("<>"),
            event=kind,
            time=incident.now,
            title=told.subject,
            text=short(told, self._texts[language], simulated=incident.simulated),
            url=self._wall,
            tone=told.tone,
            language=language,
            operator=operator,
            site=alert.site,
            subject=alert.asset,
            rule=alert.rule,
            stage=alert.stage,
            alert=alert.id,
            since=alert.since,
            simulated=incident.simulated,
        )
        return OutgoingMail(kind, "", channel.id, language, told.subject, own, encode(notice), channel.id)

    def _mail(self, incident: Incident, contact: Contact, kind: str, before: Mapping[str, str]) -> OutgoingMail:
        server = self._facility.mail
        if server is None or contact.mail is None:
            raise ValueError("without [mail] nobody in any chain is told by mail")
        language, alert = contact.language, incident.alert
        told = words(incident, self._texts[language], language, children=server.child_counts)
        context = {
            "words": told,
            "simulated": incident.simulated,
            "resolved": incident.resolved,
            "wall": self._wall,
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
