"""A room for temporary childcare with zones between partition shelves: a pure model on frozen records.

Children come and go by booking, one by one; nobody has a name, a face or a path: a child is a time to leave and the
zone it is in.
"""

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from random import Random

from sukusuku_core.time import MINUTE_MS, day_number, midnight
from sukusuku_sim import calendar
from sukusuku_sim.calendar import OpeningHours

EATING, PLAY = 0, 1
"""Places in `RoomParameters.zones`."""

MEALS = ((11 * 60 + 30, 12 * 60 + 20), (15 * 60, 15 * 60 + 30))
"""Local minutes of lunch and of the afternoon snack."""
TO_TABLE, FROM_TABLE, WANDER = 0.25, 0.2, 0.004
"""Chance per minute that a child goes to eat at meal time, leaves the table after it, goes elsewhere at will."""
LOOK_MS = 20_000
"""So often a motion sensor looks anew."""
CHILDREN_PER_STAFF = 5
STAFF_AT_LEAST = 2
BANDS = (9, 9, 10, 10, 10, 11, 12, 13, 13, 14, 14, 15)
"""Hours at which booked stays begin; popular hours stand more than once."""
STAYS = (1, 2, 2, 3, 3, 4)
"""Booked hours."""


class RoomEvent(StrEnum):
    """What happened in a room."""

    ARRIVED = "arrived"
    LEFT = "left"
    OVER_CAPACITY = "over_capacity"


@dataclass(frozen=True, slots=True)
class RoomParameters:
    """What stays the same about a room. `capacity` counts children; bookings never exceed it, a crowd may."""

    zones: tuple[str, str] = ("eating", "play")
    capacity: int = 10
    hours: OpeningHours = field(default_factory=OpeningHours)
    popularity: float = 0.75
    """How much of the capacity is asked for on an ordinary day."""
    overlooked: float = 0.0
    """Chance that the counter at the door overlooks somebody who passes."""
    elsewhere: float = 0.0
    """Chance that a child comes in by another door, which nobody counts; it leaves by the counted one."""
    carried: float = 0.0
    """Chance that a child is carried in and not counted; it walks out."""
    propped: float = 0.0
    """Chance that somebody is overlooked while the gate is propped open and people pass abreast."""
    propped_open: tuple[int, int] = (10 * 60, 11 * 60)
    """Local minutes from and until which it stands open."""
    motion: float = 1.0
    """Share of moments at which presence sensors see somebody who is in: 1 a radar, 0.3 a motion sensor (PIR)."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A booked stay, UTC ms."""

    arrives: int
    leaves: int


@dataclass(frozen=True, slots=True)
class Child:
    """A child in the room: when it leaves (UTC ms) and its zone."""

    leaves: int
    zone: int


@dataclass(frozen=True, slots=True)
class Room:
    """A room at one moment. The totals are what the counter at the door has seen pass; people include children."""

    day: int = -1
    booked: tuple[Stay, ...] = ()
    """Stays of this day that have not begun, the next one first."""
    children: tuple[Child, ...] = ()
    staff: int = 0
    people_in: int = 0
    people_out: int = 0
    children_in: int = 0
    children_out: int = 0

    @property
    def people(self) -> int:
        """Children and staff."""
        return len(self.children) + self.staff

    def children_at(self, zone: int) -> int:
        """Children in a zone."""
        return sum(1 for child in self.children if child.zone == zone)

    def people_at(self, zone: int) -> int:
        """Children and staff in a zone. Staff go where the children are, and nobody is left alone."""
        eating = self.children_at(EATING)
        playing = len(self.children) - eating
        share = round(self.staff * eating / len(self.children)) if self.children else 0
        at_table = min(max(share, min(1, eating)), self.staff - min(1, playing)) if self.staff else 0
        return eating + at_table if zone == EATING else playing + self.staff - at_table


Happening = tuple[Room, tuple[RoomEvent, ...]]
"""The room afterwards, and what happened on the way, in order."""


def step(room: Room, parameters: RoomParameters, ms: int, seconds: float, rng: Random) -> Happening:
    """Return the room `seconds` after the simulated moment `ms`."""
    now = ms + round(seconds * 1000)
    before = len(room.children)
    if day_number(now) != room.day:
        room = replace(room, day=day_number(now), booked=book(parameters, day_number(now), rng))
    if not room.people and not parameters.hours.is_open(now):
        return room, ()
    stay = [child for child in room.children if child.leaves > now]
    left = before - len(stay)
    chances = _chances(calendar.minute(now), seconds)
    children = tuple(_move(child, chances, rng) for child in stay)
    come = 0
    if room.booked and room.booked[0].arrives <= now:
        arrived = [Child(visit.leaves, PLAY) for visit in room.booked if visit.arrives <= now < visit.leaves]
        come = len(arrived)
        children += tuple(arrived)
        room = replace(room, booked=tuple(visit for visit in room.booked if visit.arrives > now))
    passed = _through_the_door(room, parameters, children, now, left=left, come=come)
    room = _overlooked(room, passed, parameters, now, come)
    events = [RoomEvent.LEFT] * left + [RoomEvent.ARRIVED] * come
    if before <= parameters.capacity < len(children):
        events.append(RoomEvent.OVER_CAPACITY)
    return room, tuple(events)


def crowd(room: Room, parameters: RoomParameters, ms: int, count: int, minutes: float) -> Happening:
    """Return the room after `count` children have come at once, without booking, to play for some minutes."""
    leaves = ms + round(minutes * MINUTE_MS)
    before = len(room.children)
    children = room.children + (Child(leaves, PLAY),) * count
    room = _through_the_door(room, parameters, children, ms, left=0, come=count)
    events = [RoomEvent.ARRIVED] * count
    if before <= parameters.capacity < len(children):
        events.append(RoomEvent.OVER_CAPACITY)
    return room, tuple(events)


def left(room: Room) -> Room:
    """Return the room after everybody has gone."""
    return replace(
        room,
        children=(),
        staff=0,
        people_out=room.people_out + room.people,
        children_out=room.children_out + len(room.children),
    )


def book(parameters: RoomParameters, day: int, rng: Random) -> tuple[Stay, ...]:
    """Return the booked stays of a local day, by arrival.

    No hour is booked beyond the capacity; a closed day has none.
    """
    begins = midnight(day)
    hours = parameters.hours
    if not hours.is_open(begins + hours.opens * MINUTE_MS):
        return ()
    asked = parameters.capacity * parameters.popularity * calendar.activity(begins + 600 * MINUTE_MS) * 1.6
    taken = [0] * 25
    stays = []
    for _ in range(round(asked)):
        first, length = rng.choice(BANDS), rng.choice(STAYS)
        last = min(first + length, hours.closes // 60)
        if first * 60 < hours.opens or last <= first or max(taken[first:last]) >= parameters.capacity:
            continue
        for hour in range(first, last):
            taken[hour] += 1
        # Early children wait at the door and late ones shorten their own stay, so that bookings never overlap.
        arrives = begins + (first * 60 + rng.randint(0, 12)) * MINUTE_MS
        leaves = begins + (last * 60 - rng.randint(1, 12)) * MINUTE_MS
        stays.append(Stay(arrives, leaves))
    return tuple(sorted(stays, key=lambda stay: stay.arrives))


def _through_the_door(
    room: Room, parameters: RoomParameters, children: tuple[Child, ...], now: int, *, left: int, come: int
) -> Room:
    staff = 0
    if children or parameters.hours.is_open(now):
        staff = max(STAFF_AT_LEAST, math.ceil(len(children) / CHILDREN_PER_STAFF))
    change = staff - room.staff
    if not left and not come and not change and children == room.children:
        return room
    return replace(
        room,
        children=children,
        staff=staff,
        people_in=room.people_in + come + max(0, change),
        people_out=room.people_out + left + max(0, -change),
        children_in=room.children_in + come,
        children_out=room.children_out + left,
    )


def detected(people: int, parameters: RoomParameters, ms: int) -> bool:
    """Whether a presence sensor sees one of so many people at a moment."""
    if not people or parameters.motion >= 1:
        return people > 0
    return Random(ms // LOOK_MS).random() < parameters.motion


def _overlooked(before: Room, after: Room, parameters: RoomParameters, now: int, come: int) -> Room:
    """Return the room of which the counter has not seen everybody who passed the door.

    Who comes does not depend on that.
    """
    since, until = parameters.propped_open
    is_propped = since <= calendar.minute(now) < until
    chance = 1 - (1 - parameters.overlooked) * (1 - (parameters.propped if is_propped else 0.0))
    past = 1 - (1 - parameters.elsewhere) * (1 - parameters.carried)
    if not chance and not past:
        return after
    rng, ways = Random(now), Random(now + 1)
    hidden = sum(ways.random() < past for _ in range(come))

    def seen(old: int, new: int, hidden: int = 0) -> int:
        return old + sum(rng.random() >= chance for _ in range(new - old - hidden))

    return replace(
        after,
        people_in=seen(before.people_in, after.people_in, hidden),
        people_out=seen(before.people_out, after.people_out),
        children_in=seen(before.children_in, after.children_in, hidden),
        children_out=seen(before.children_out, after.children_out),
    )


def _chances(minute: float, seconds: float) -> tuple[float, float]:
    """Return the chance that a child changes its zone within the step, by the zone it is in."""
    at_meal = any(begin <= minute < end for begin, end in MEALS)
    per_minute = (0.0, TO_TABLE) if at_meal else (FROM_TABLE, WANDER)
    from_table, from_play = (1 - (1 - chance) ** (seconds / 60) for chance in per_minute)
    return from_table, from_play


def _move(child: Child, chances: tuple[float, float], rng: Random) -> Child:
    if rng.random() < chances[child.zone]:
        return Child(child.leaves, PLAY if child.zone == EATING else EATING)
    return child
