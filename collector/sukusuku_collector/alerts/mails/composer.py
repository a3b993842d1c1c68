"""The messages about an incident: one at each destination of each contact, in their language."""

from collections.abc import Mapping, Sequence
from gettext import NullTranslations

import msgspec

from sukusuku_collector.alerts.mails.phrases import Item, Words
from sukusuku_collector.alerts.mails.texts import short, words
from sukusuku_collector.alerts.mails.texts_several import SeveralWords, several
from sukusuku_server.db import OutgoingMail
from sukusuku_server.escalation.recipients import Destination
from sukusuku_server.i18n import texts
from sukusuku_server.mail.alert_links import AlertLinks
from sukusuku_server.mail.facility_checks import check
from sukusuku_server.mail.message import Draft, build, message_id
from sukusuku_server.model.notices import Notice, encode
from sukusuku_server.settings import Channel, Contact, Facility, Language
from sukusuku_server.templates import environment

LANGUAGES: tuple[Language, ...] = ("ja", "en")
SEVERAL = "several"
"""The kind of a message that tells of more than one alert."""
_SHORT_ENTRIES = 8
"""Incidents of a centre that a message for a phone lists."""


class Composer:
    """Writes the messages of one facility. Without `[mail]` in `facility.toml` there are no mails.

    Raises ConfigError when a name in the facility cannot stand in a mail header, naming its place.
    """

    def __init__(self, facility: Facility, links: AlertLinks) -> None:
        self._facility = facility
        self._links = links
        self._texts = {language: texts("sukusuku_server", language) for language in LANGUAGES}
        self._templates = {
            language: environment("sukusuku_collector.alerts.mails", self._texts[language]) for language in LANGUAGES
        }
        self._wall = f"{facility.web.url.rstrip('/')}/wall"
        check(facility)

    def message(self, items: Sequence[Item], destination: Destination, before: Mapping[str, str]) -> OutgoingMail:
        """Return the message that tells of these incidents at one destination.

        `before` has the Message-ID of the first one about the alert by address, where it is only one.
        """
        if destination.channel is None:
            return self._mail(items, destination.contact, before)
        return self._notice(items, destination.contact, destination.channel)

    def _notice(self, items: Sequence[Item], contact: Contact, channel: Channel) -> OutgoingMail:
        language, operator, texts_ = contact.language, self._facility.operator.id, self._texts[contact.language]
        incident, kind = items[0].incident, items[0].kind
        alert, simulated = incident.alert, any(item.incident.simulated for item in items)
        fields: dict[str, str | int] = {}
        if len(items) == 1:
            told = words(items[0], texts_, language, children=channel.child_counts)
            title, tone, text = told.subject, told.tone, short(told, texts_, simulated=simulated)
            fields = {"rule": alert.rule, "stage": alert.stage, "alert": alert.id, "since": alert.since}
            fields |= {"site": alert.site, "subject": alert.asset}
        else:
            kind = SEVERAL
            many = several(items, texts_, language, children=channel.child_counts)
            title, tone, text = many.subject, many.tone, _short_several(many, texts_, simulated=simulated)
        own = message_id(alert.id, kind, incident.now, channel.id, f"@{operator}")
        notice = msgspec.convert(
            fields
            | {
                "ident": own.strip("<>"),
                "event": kind,
                "time": incident.now,
                "title": title,
                "text": text,
                "url": self._wall,
                "tone": tone,
                "language": language,
                "operator": operator,
                "simulated": simulated,
            },
            Notice,
        )
        return OutgoingMail(kind, "", channel.id, language, title, own, encode(notice), channel.id)

    def _mail(self, items: Sequence[Item], contact: Contact, before: Mapping[str, str]) -> OutgoingMail:
        server = self._facility.mail
        if server is None or contact.mail is None:
            raise ValueError("without [mail] nobody in any chain is told by mail")
        language, incident = contact.language, items[0].incident
        told: Words | SeveralWords
        open_alone = len(items) == 1 and not incident.resolved
        if len(items) == 1:
            kind, form = items[0].kind, "alert"
            told = words(items[0], self._texts[language], language, children=server.child_counts)
        else:
            kind, form = SEVERAL, "several"
            told = several(items, self._texts[language], language, children=server.child_counts)
        context = {
            "words": told,
            "simulated": any(item.incident.simulated for item in items),
            "resolved": incident.resolved,
            "wall": self._wall,
            "take_on": self._links.url(incident.alert.id, contact.name, incident.now) if open_alone else None,
            "operator": self._facility.operator.name[language],
            "contact": contact.name,
            "language": language,
        }
        templates = self._templates[language]
        own = message_id(incident.alert.id, kind, incident.now, contact.mail, server.sender)
        draft = Draft(
            sender_name=self._texts[language].gettext("Sukusuku"),
            sender=server.sender,
            recipient=contact.mail,
            subject=told.subject,
            message_id=own,
            date=incident.now,
            text=templates.get_template(f"{form}.txt").render(context),
            html=templates.get_template(f"{form}.html").render(context),
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


def _short_several(told: SeveralWords, texts_: NullTranslations, *, simulated: bool) -> str:
    """Return the words of a mail about several incidents as lines for a phone."""
    lines = [texts_.gettext("Simulated data")] if simulated else []
    for section in told.sections:
        lines += [section.site, *(f"・{entry.headline}" for entry in section.entries[:_SHORT_ENTRIES])]
        if len(section.entries) > _SHORT_ENTRIES:
            lines.append("…")
    return "\n".join([told.headline, *lines, *([told.cause] if told.cause else [])])
