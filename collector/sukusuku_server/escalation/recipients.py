"""Who wants to know of an alert, in which order, and on which way. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sukusuku_core.time import MINUTE_MS
from sukusuku_server.escalation.steps import EscalationState, EscalationStep
from sukusuku_server.model.rules import Rule
from sukusuku_server.settings import Channel, Contact, Facility


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a message to a contact goes: to their mail address when `channel` is None."""

    contact: Contact
    channel: Channel | None = None

    @property
    def address(self) -> str:
        """Return what the outbox calls the recipient, in lower case: whoever has the same is told once."""
        return (self.contact.mail or "").lower() if self.channel is None else self.channel.id.lower()

    @property
    def program(self) -> bool:
        """Whether a program reads it, and no person."""
        return self.channel is not None and self.channel.kind == "webhook"


@dataclass(frozen=True, slots=True)
class Step:
    """The contacts that are told at the same time, `delay` ms after the first ones."""

    delay: int
    destinations: tuple[Destination, ...]


def chain(facility: Facility, site: str, rule: Rule) -> tuple[Step, ...]:
    """Return who wants to know of this rule at this site, in the order in which they are told.

    One message an address. Without `[mail]` in `facility.toml` there are no mails.
    """
    steps: dict[int, list[Destination]] = {}
    told: set[tuple[str, int]] = set()
    for contact in sorted(facility.contact, key=lambda contact: contact.after_minutes):
        wanted = (not contact.sites or site in contact.sites) and (not contact.rules or rule in contact.rules)
        for destination in _destinations(facility, contact) if wanted else ():
            if not any(address == destination.address and stage <= contact.from_stage for address, stage in told):
                told.add((destination.address, contact.from_stage))
                steps.setdefault(round(contact.after_minutes * MINUTE_MS), []).append(destination)
    return tuple(Step(delay, tuple(destinations)) for delay, destinations in sorted(steps.items()))


def wanted(
    chain: Sequence[Step], stage: int, told: EscalationState, telling: EscalationStep
) -> list[tuple[Destination, str]]:
    """Return whom a step of the escalation tells of a stage, and as what (`firing`, `worse`, `again`); each once.

    `told` is what was told before, of this stage or a lower one.
    """
    worse = 0 < told.stage < stage
    before = 0 if worse else told.steps
    news = "worse" if worse else "firing"
    told_now = [(it, news) for step in chain[before : telling.steps] for it in step.destinations]
    if telling.again:
        told_now += [(it, "again") for step in chain[:before] for it in step.destinations]
    return list({it.address: (it, kind) for it, kind in told_now if stage >= it.contact.from_stage}.values())


def _destinations(facility: Facility, contact: Contact) -> Iterator[Destination]:
    channels = {channel.id: channel for channel in facility.channel}
    if contact.mail is not None and facility.mail is not None:
        yield Destination(contact)
    for ident in dict.fromkeys(contact.channels):
        yield Destination(contact, channels[ident])
