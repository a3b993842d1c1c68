"""A mail to each contact whom the server as a whole concerns, or to somebody else who should know. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sukusuku_server.i18n import texts
from sukusuku_server.mail.message import Draft, build
from sukusuku_server.model.alerts import OutgoingMail
from sukusuku_server.settings import Contact, Facility, Language
from sukusuku_server.templates import environment

Gettext = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who gets a mail."""

    mail: str
    language: Language


@dataclass(frozen=True, slots=True)
class Matter:
    """What such a mail is about. `wrong`: it has begun, otherwise it is over.

    `template` is the name of its two files. `incident` tells one from the next: the Message-ID is made of it.
    """

    kind: str
    template: str
    incident: str
    wrong: bool


def messages(
    facility: Facility,
    matter: Matter,
    now: int,
    subject: Callable[[Gettext], str],
    values: Mapping[str, object] | Callable[[Language], Mapping[str, object]],
    readers: Sequence[Reader] | None = None,
) -> list[OutgoingMail]:
    """Return one mail to each reader, by default to each contact of the operator; none without `[mail]`.

    `values` go into the templates; where they depend on the language they are made for each.
    """
    if facility.mail is None:
        return []
    if readers is None:
        readers = [Reader(str(contact.mail), contact.language) for contact in contacts(facility)]
    found = {reader.mail: reader for reader in readers}
    return [_message(facility, facility.mail.sender, it, matter, now, subject, values) for it in found.values()]


def contacts(facility: Facility) -> list[Contact]:
    """Return whom the server as a whole concerns: who hears of everything, else of all centres, else anybody."""
    everybody = [contact for contact in facility.contact if contact.mail is not None]
    of_all = [contact for contact in everybody if not contact.sites]
    return [contact for contact in of_all if not contact.rules] or of_all or everybody


def _message(
    facility: Facility,
    sender: str,
    reader: Reader,
    matter: Matter,
    now: int,
    subject: Callable[[Gettext], str],
    values: Mapping[str, object] | Callable[[Language], Mapping[str, object]],
) -> OutgoingMail:
    language, recipient = reader.language, reader.mail
    catalogue = texts("sukusuku_server", language)
    headline, operator = subject(catalogue.gettext), facility.operator.name[language]
    own_values = values(language) if callable(values) else values
    shown = {"language": language, "headline": headline, "operator": operator, "wrong": matter.wrong, **own_values}
    templates = environment("sukusuku_collector.operator_mail", catalogue)
    digest = sha256(recipient.encode()).hexdigest()[:16]
    own = f"<{matter.kind.replace('_', '-')}-{matter.incident}-{digest}@{sender.rpartition('@')[2]}>"
    draft = Draft(
        sender_name=catalogue.gettext("Sukusuku"),
        sender=sender,
        recipient=recipient,
        subject=f"[{operator}] {headline}",
        message_id=own,
        date=now,
        text=templates.get_template(f"{matter.template}.txt").render(shown),
        html=templates.get_template(f"{matter.template}.html").render(shown),
    )
    return OutgoingMail(
        kind=matter.kind,
        sender=sender,
        recipient=recipient,
        language=language,
        subject=draft.subject,
        message_id=own,
        content=build(draft),
    )
