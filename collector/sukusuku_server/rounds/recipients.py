"""Who is told of a round, one after the other: its crew, and when nobody of them answers, the facility's contacts."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sukusuku_server.model.rounds import Person
from sukusuku_server.rounds.timetable import serves
from sukusuku_server.settings import Contact, Facility, Language, Round

COLLECTION = "collection"
"""The rule of alerts whose contacts hear of rounds, too: both are about bags that somebody must fetch."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who gets mails about a round. `sites`: those whose units concern them; empty: all."""

    name: str
    mail: str
    language: Language
    sites: tuple[str, ...] = ()

    def concerns(self, site: str) -> bool:
        """Whether what happens at a site is theirs to know."""
        return not self.sites or site in self.sites


Group = tuple[Recipient, ...]


def chain(facility: Facility, settings: Round) -> tuple[Group, ...]:
    """Return the steps: each of the crew alone, then all contacts together. Empty: there is nobody."""
    crew = [Recipient(member.name, member.mail, member.language) for member in settings.crew]
    told = {person.mail.lower() for person in crew}
    last = tuple(person for person in contacts(facility, settings) if person.mail.lower() not in told)
    return (*((person,) for person in crew), *((last,) if last else ()))


def left(facility: Facility, settings: Round, people: Collection[Person]) -> tuple[Group, ...]:
    """Return the steps that have not been told, without those who have: the settings may have changed since."""
    told = {person.mail.lower() for person in people}
    groups = (
        tuple(person for person in group if person.mail.lower() not in told) for group in chain(facility, settings)
    )
    return tuple(group for group in groups if group)


def contacts(facility: Facility, settings: Round) -> tuple[Recipient, ...]:
    """Return the contacts who hear of a round, one for each address."""
    found: dict[str, Recipient] = {}
    for contact in _hearing(facility, settings):
        mail = contact.mail or ""
        known = found.get(mail.lower())
        sites = contact.sites if known is None else (*known.sites, *contact.sites)
        if known is not None and not (known.sites and contact.sites):
            sites = ()
        base = Recipient(contact.name, mail, contact.language) if known is None else known
        found[mail.lower()] = Recipient(base.name, base.mail, base.language, sites)
    return tuple(found.values())


def unheard(facility: Facility, settings: Round) -> tuple[str, ...]:
    """Return the sites of a round with units of which no contact hears when nobody comes. None without `[mail]`."""
    people = contacts(facility, settings)
    return tuple(
        site.id
        for site in facility.site
        if facility.mail is not None
        and site.unit
        and serves(settings, site.id)
        and not any(person.concerns(site.id) for person in people)
    )


def _hearing(facility: Facility, settings: Round) -> Iterator[Contact]:
    """Yield the contacts with mail at a centre of the round who want to know of bags."""
    for contact in facility.contact:
        served = not contact.sites or not settings.sites or bool(set(contact.sites) & set(settings.sites))
        wanted = not contact.rules or COLLECTION in contact.rules
        if served and wanted and contact.mail is not None:
            yield contact
