"""Who is told of a round, one after the other: its crew, and when nobody of them answers, the facility's contacts."""

from collections.abc import Iterator
from dataclasses import dataclass

from sukusuku_server.settings import Facility, Language, Round


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who gets the mail. `number` tells all recipients of a round apart in links; crew come first."""

    number: int
    name: str
    mail: str
    language: Language


def chain(facility: Facility, settings: Round) -> tuple[tuple[Recipient, ...], ...]:
    """Return the steps: each of the crew alone, then all contacts together. Empty: there is nobody."""
    people = list(recipients(facility, settings))
    crew, contacts = people[: len(settings.crew)], people[len(settings.crew) :]
    told = {person.mail.lower() for person in crew}
    last = tuple({person.mail.lower(): person for person in contacts if person.mail.lower() not in told}.values())
    return (*((person,) for person in crew), *((last,) if last else ()))


def recipients(facility: Facility, settings: Round) -> Iterator[Recipient]:
    """Yield everybody whom a mail about this round may reach.

    Contacts without mail, and those that want certain alerts only, are left out.
    """
    for number, member in enumerate(settings.crew):
        yield Recipient(number, member.name, member.mail, member.language)
    for number, contact in enumerate(facility.contact, len(settings.crew)):
        served = not contact.sites or not settings.sites or bool(set(contact.sites) & set(settings.sites))
        if served and not contact.rules and contact.mail is not None:
            yield Recipient(number, contact.name, contact.mail, contact.language)
