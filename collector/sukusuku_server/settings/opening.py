"""When a centre and its rooms are open: weekly slots, holidays, closing days, services with booking bands."""

from datetime import date
from typing import Annotated, Literal

import msgspec

from sukusuku_core.settings import Id, Settings
from sukusuku_server.settings.base import Clock, Later, Places, Text, Weekday, as_of

Slot = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
        description="local times as `HH:MM-HH:MM`",
    ),
]
Slots = tuple[Slot, ...]
MonthDay = Annotated[
    str, msgspec.Meta(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", description="a day as `MM-DD`")
]
MonthlyDay = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(1st|2nd|3rd|4th|5th|last) (mon|tue|wed|thu|fri|sat|sun)$",
        description='a weekday of each month, such as "3rd mon" or "last fri"',
    ),
]
_DAY: Slots = ("09:00-18:00",)


class NamedDay(Settings, frozen=True, kw_only=True):
    """A day that the operator adds to the national holidays."""

    date: date
    name: Text


class Calendar(Settings, frozen=True, kw_only=True):
    """The days of the whole operator. National holidays are computed (Act on National Holidays) and corrected here."""

    added: tuple[NamedDay, ...] = ()
    """Holidays that the law has been given since this version."""
    removed: tuple[date, ...] = ()
    """Days that are no holidays after all."""
    year_end: tuple[MonthDay, ...] = ("12-29", "01-03")
    """First and last day (MM-DD) on which everything is closed at the turn of the year; empty: no such days."""


Holidays = Literal["closed", "open"] | Slots


class LaterOpening(Later, frozen=True, kw_only=True):
    """What is new in the hours from a day on; what is left out stays as it was before."""

    mon: Slots | None = None
    tue: Slots | None = None
    wed: Slots | None = None
    thu: Slots | None = None
    fri: Slots | None = None
    sat: Slots | None = None
    sun: Slots | None = None
    holidays: Holidays | None = None
    closed_monthly: tuple[MonthlyDay, ...] | None = None


class Opening(Settings, frozen=True, kw_only=True):
    """The week of a centre. Several slots on a day leave breaks between them; an empty list: closed.

    What is stronger stands first: `special`, `closed`, the turn of the year, `closed_monthly`, holidays, the weekday.
    """

    mon: Slots = _DAY
    tue: Slots = _DAY
    wed: Slots = _DAY
    thu: Slots = _DAY
    fri: Slots = _DAY
    sat: Slots = _DAY
    sun: Slots = ()
    holidays: Holidays = "closed"
    """National holidays: closed, as the weekday says, or these slots."""
    closed: tuple[date, ...] = ()
    """Closing days of this centre."""
    closed_monthly: tuple[MonthlyDay, ...] = ()
    """Closing days of each month, such as "3rd mon" or "last fri"."""
    special: dict[str, Slots] = msgspec.field(default_factory=dict)
    """Slots of single days (YYYY-MM-DD), stronger than everything else."""
    later: tuple[LaterOpening, ...] = ()
    """Hours that are others from a day on, in order."""

    def on(self, day: date) -> "Opening":
        """Return the hours that hold on a day."""
        return as_of(self, self.later, day)

    @property
    def weeks(self) -> "tuple[Opening, ...]":
        """The hours that held from each day on, the first ones first."""
        return (self, *(self.on(item.since) for item in self.later))

    def weekday(self, day: Weekday) -> Slots:
        """Return the slots of a weekday."""
        slots: Slots = getattr(self, day)
        return slots


class Band(Settings, frozen=True, kw_only=True):
    """A stretch of a day that is booked as one, with the places it has."""

    slot: Slot
    places: Places


class Service(Settings, frozen=True, kw_only=True):
    """What a room is used for. A room may have several services at different times; overlaps are refused.

    Without `opening` a service is open as its centre; with it, whenever both are. Without bands its places are those
    of the room at all times.
    """

    id: Id
    name: Text
    opening: Opening | None = None
    band: tuple[Band, ...] = ()
    lead_days: Annotated[int, msgspec.Meta(ge=0, le=366)] = 30
    """How many days ahead it can be booked."""
    closes: Clock | None = None
    """Local time of the day before at which booking ends; None: never."""


def minutes(slot: str) -> tuple[int, int]:
    """Return a slot as minutes of the day: `09:00-12:30` is (540, 750)."""
    start, end = slot.split("-")
    return minute(start), minute(end)


def minute(clock: str) -> int:
    """Return a local time as the minute of the day, 0-1440."""
    hours, rest = clock.split(":")
    return int(hours) * 60 + int(rest)
