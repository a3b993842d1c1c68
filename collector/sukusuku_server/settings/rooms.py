"""A temporary-childcare room: its zones, who works there, how its people are counted, and what limits it."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

import msgspec

from sukusuku_core.errors import Mistake
from sukusuku_core.settings import Id, PositiveSeconds, Settings
from sukusuku_server.settings.alerts import Levels
from sukusuku_server.settings.base import (
    WEEKDAYS,
    Clock,
    Later,
    Places,
    Text,
    Weekday,
    as_of,
    check_later,
    check_until,
)
from sukusuku_server.settings.opening import Service, Slot, minutes

Age = Literal["0", "1", "2", "3", "4", "5"]
AGES: tuple[Age, ...] = ("0", "1", "2", "3", "4", "5")
Counted = Literal["children", "people"]
Share = Annotated[float, msgspec.Meta(ge=0, le=1000)]
SquareMetres = Annotated[float, msgspec.Meta(gt=0, le=10_000)]
PerStaff = Annotated[float, msgspec.Meta(gt=0, le=100)]
_WORKDAYS: tuple[Weekday, ...] = WEEKDAYS[:6]


class Zone(Settings, frozen=True, kw_only=True):
    """A part of a room between partition shelves. `capacity` is a house rule, not law."""

    id: Id
    name: Text
    capacity: Places | None = None


class Shift(Settings, frozen=True, kw_only=True):
    """So many members of staff are in the room at these hours. Shifts that overlap add up."""

    slot: Slot
    days: tuple[Weekday, ...] = _WORKDAYS
    count: Annotated[int, msgspec.Meta(ge=0, le=50)]


class Change(Settings, frozen=True, kw_only=True):
    """A room was rearranged: from `date` on its use is compared with that of the time before."""

    date: date
    note: Text


class Standards(Settings, frozen=True, kw_only=True):
    """What limits a room beside its booked places. The national tables are in `rooms/standards.toml`."""

    effective_m2: SquareMetres | None = None
    """Effective area (有効面積); None: the area does not limit."""
    ages: dict[Age, Share] = msgspec.field(default_factory=dict)
    """How the children divide into ages, as shares or as numbers of children; empty: neither area nor staff limit."""
    under_2: Literal["crawling", "baby"] = "crawling"
    """Which room it is for those under two: ほふく室 or 乳児室."""
    m2: dict[Age, SquareMetres] = msgspec.field(default_factory=dict)
    """Square metres per child where the local rule is stricter than the national one."""
    children_per_staff: dict[Age, PerStaff] = msgspec.field(default_factory=dict)
    """Children per member of staff where the local rule is stricter than the national one."""
    fractions: Literal["sum_up", "sum_nearest", "each_up"] = "sum_up"
    """How the staff that each age needs becomes whole people: the sum rounded up, the sum rounded to the nearest, or
    each age rounded up. Ask the ward: no official rule for temporary care was found."""
    staff_least: Annotated[int, msgspec.Meta(ge=0, le=10)] = 2
    """With fewer staff than this no child may be in the room."""


class Counting(Settings, frozen=True, kw_only=True):
    """How the people of a room are counted. In both lists the first source that is not silent leads.

    `count` is what a sensor says of the whole room, `zones` the sum of all zones, `flow` entries less exits,
    `presence` one person while presence is told, `people` the people less the staff. Absolute counts behind a leading
    `flow` put it right when they contradict it for long.
    """

    counted: Counted = "children"
    """What the figures of the room are about, whatever data there is. `people`: its sensors cannot tell children from
    adults. Such a room has no child-visits and no part in the ward's plan."""
    people: tuple[Literal["flow", "count", "zones", "presence"], ...] = ("count", "zones", "flow")
    children: tuple[Literal["flow", "count", "zones", "people"], ...] = ("count", "zones", "flow", "people")
    staff: Literal["roster", "badges", "none"] = "roster"
    """What tells the staff among the people: the shifts, badges that are counted, or `none`: only children are counted.
    Without shifts, `roster` says nothing, and children are not told from people."""
    sample_seconds: PositiveSeconds = 900.0
    """How often each sensor is heard at least: the `refresh` of its edge node. Silent for twice as long is a gap."""
    reset_at: Clock = "04:00"
    """Local time at which the room is taken to be empty, every day; best its quietest moment."""
    empty_after: PositiveSeconds = 600.0
    """Seconds for which all presence sensors must be quiet until the room is taken to be empty."""
    agree_after: PositiveSeconds = 600.0
    """Seconds for which an absolute count must contradict entries less exits until it puts them right."""
    stay_hours: Annotated[float, msgspec.Meta(gt=0, le=48)] = 12.0
    """Nobody stays longer: whoever has not been counted out by then has left unseen."""


class LaterRoom(Later, frozen=True, kw_only=True):
    """What is new in a room from a day on."""

    capacity: Places | None = None


class Room(Settings, frozen=True, kw_only=True):
    """A temporary-childcare room. `capacity` counts children; `later` has those that came after it."""

    id: Id
    name: Text
    edge: Id
    capacity: Places
    later: tuple[LaterRoom, ...] = ()
    until: date | None = None
    """Its last day, where it has left: it stays in the figures of its time and is nowhere else any more."""
    zone: tuple[Zone, ...] = ()
    service: tuple[Service, ...] = ()
    shift: tuple[Shift, ...] = ()
    change: tuple[Change, ...] = ()
    counting: Counting = Counting()
    standards: Standards = Standards()
    alerts: Levels = Levels()

    def capacity_on(self, day: date) -> int:
        """Return the capacity that holds on a day."""
        return as_of(self, self.later, day).capacity

    @property
    def most_capacity(self) -> int:
        """The highest capacity that it had or will have."""
        return max(self.capacity, *(item.capacity or 0 for item in self.later), 0)


def check_room(room: Room, where: str) -> Iterator[Mistake]:
    """Yield mistakes between the keys of a room."""
    for n, shift in enumerate(room.shift):
        start, end = minutes(shift.slot)
        if start >= end:
            yield Mistake(f"{where}.shift[{n}].slot", f'"{shift.slot}" must end after it begins')
    yield from check_later(room.later, f"{where}.later")
    yield from check_until(room.until, room.later, where)
    days = [change.date for change in room.change]
    for n, day in enumerate(days):
        if day in days[:n]:
            yield Mistake(f"{where}.change[{n}].date", f"{day} is already at change[{days.index(day)}]; join them")
    for key, sources in (("people", room.counting.people), ("children", room.counting.children)):
        if len(set(sources)) != len(sources):
            yield Mistake(f"{where}.counting.{key}", f"found {list(sources)}; name each source once")
    standards = room.standards
    if standards.ages and not sum(standards.ages.values()):
        yield Mistake(f"{where}.standards.ages", "the shares must not all be 0")
    if standards.effective_m2 is not None and not standards.ages:
        yield Mistake(
            f"{where}.standards.ages",
            'missing; effective_m2 limits only with the ages of the children, such as ages = { "1" = 4, "3" = 6 }',
        )
