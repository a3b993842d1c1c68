"""How many nappies come in which hour of the week, learnt online with forgetting. Pure.

    rate(hour) = shape(hour of the week) x level x today

`shape` (nappies per open hour) is learnt over months: each hour of the week leans on its weekday and its time of day,
and both on the mean, as long as little has been seen of it. `level` follows seasons within about two weeks. `today`
leans on how this day has gone so far, in the unit and in the room that is linked to it, and holds for the rest of it:
children who are here bring nappies, as far as that has proved true of this unit. Only open hours count; what comes in
closed hours counts for the last open one. Nappies come in hands and on good and bad days, so their number scatters
more than Poisson's: `spread` (variance per nappy within a day) and `luck` (squared scatter of whole days) are learnt.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sukusuku_core.time import HOUR_MS, JAPAN_MS

WEEK = 168
"""Hours of a week. Cell 0 is Monday 00:00-01:00, local time."""

FIRST_RATE, FIRST_HOURS = 5.0, 4.0
"""Nappies per open hour that are assumed before anything is known, and how many hours' weight that has."""
LEVEL_LEAN = 30.0
FIRST_SPREAD, SPREAD_LEAN = 2.0, 100.0
FIRST_LUCK, LUCK_LEAN = 0.03, 10.0
"""Before anything is known: variance per nappy; squared scatter of days; nappies and days of weight they have."""
ROOM_LEAN = 50.0
"""Squared nappies after which what children explain is believed."""
CHILDREN_LEAN = 2.0
"""Open hours of weight that the usual number of children has; child-hours after which that of a day is believed."""
CROWD = 4.0
"""Times the usual number of children beyond which more of them tell nothing more."""

Children = Callable[[int], float | None]
"""How many children are expected in the linked room at a moment (UTC ms); None: as many as usual."""


ChildrenAsKnown = Callable[[int], Children]
"""What was known at a moment (UTC ms) of the children to come: bookings come in, and are taken back."""


class Opening(Protocol):
    """When a centre is open."""

    def spans(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the open stretches between two moments (UTC ms), clipped to them, in order."""


@dataclass(frozen=True, slots=True)
class Hour:
    """The hour under way, counted from 1970-01-01 local time: nappies, open hours and child-hours seen of it."""

    number: int
    nappies: float = 0.0
    opened: float = 0.0
    children: float = 0.0
    known: float = 0.0
    """Open hours of which the number of children is known."""


@dataclass(frozen=True, slots=True)
class Day:
    """The local day under way: nappies of its past hours, and those expected of them at level 1.

    `expected` takes into account how many children were there, `plain` does not.
    """

    number: int
    nappies: float = 0.0
    expected: float = 0.0
    plain: float = 0.0


@dataclass(frozen=True, slots=True)
class Rates:
    """What has been learnt of a unit. Tuples have one value per hour of the week; sums are forgotten slowly.

    `nappies` and `hours` (open hours, weighted by the level then) make the shape, `shape` is what came of them at the
    last midnight (nappies per open hour). `week` is what truly came in each of the last 168 hours, `total` all nappies
    since the beginning. `level` is (seen, expected); `spread` and `luck` are (squares, weight); `days` how many days
    the level rests on. `children` and `known` are child-hours and the open hours they were counted in;
    `room` (covariance, variance) says how much the children explain. `begun` (UTC ms) is since when it is.
    """

    hour: Hour
    day: Day
    last_open: int
    nappies: tuple[float, ...]
    hours: tuple[float, ...]
    shape: tuple[float, ...]
    week: tuple[float, ...]
    children: tuple[float, ...]
    known: tuple[float, ...]
    total: float = 0.0
    level: tuple[float, float] = (0.0, 0.0)
    days: float = 0.0
    spread: tuple[float, float] = (0.0, 0.0)
    luck: tuple[float, float] = (0.0, 0.0)
    room: tuple[float, float] = (0.0, 0.0)
    begun: int | None = None


class Piece(NamedTuple):
    """An open stretch (UTC ms) within one hour and the nappies expected in it."""

    start: int
    end: int
    nappies: float


def expected(rates: Rates, opening: Opening, start: int, end: int, children: Children | None = None) -> Iterator[Piece]:
    """Yield the nappies expected in each open stretch of an hour from `start` to `end`. Closed hours bring none."""
    usual, now, this_day, shape = level(rates), today(rates), rates.day.number, rates.shape
    for opens, closes in opening.spans(start, end):
        at, number = opens, hour_number(opens)
        while at < closes:
            until = min(closes, (number + 1) * HOUR_MS - JAPAN_MS)
            rate = shape[cell(number)] * usual
            if number // 24 == this_day:
                rate *= now
            present = None if children is None else children((at + until) // 2)
            if present is not None:
                rate *= _crowd(rates, cell(number), present)
            yield Piece(at, until, rate * (until - at) / HOUR_MS)
            at, number = until, number + 1


def level(rates: Rates) -> float:
    """How busy the last weeks have been against the shape."""
    seen, hoped = rates.level
    return max(0.05, (seen + LEVEL_LEAN) / (hoped + LEVEL_LEAN))


def today(rates: Rates) -> float:
    """How busy the day under way is against what was to be expected of it, as far as that can be believed yet."""
    hour = rates.hour
    under_way = rates.shape[cell(hour.number)] * hour.opened * present_crowd(rates)
    hoped = (rates.day.expected + under_way) * level(rates)
    believed = luck(rates) / (spread(rates) + luck(rates) * hoped)
    return max(0.2, 1 + believed * (rates.day.nappies + hour.nappies - hoped))


def spread(rates: Rates) -> float:
    """Variance per expected nappy within a day: 1 for single nappies, more for hands and batches."""
    squares, weight = rates.spread
    return max(0.5, (squares + FIRST_SPREAD * SPREAD_LEAN) / (weight + SPREAD_LEAN))


def luck(rates: Rates) -> float:
    """Squared relative scatter of whole days, beyond `spread`."""
    squares, weight = rates.luck
    return max(0.0, (squares + FIRST_LUCK * LUCK_LEAN) / (weight + LUCK_LEAN))


def doubt(rates: Rates) -> float:
    """Squared relative error of the level itself."""
    return spread(rates) / (rates.level[1] + 2.0) + luck(rates) / (rates.days + 1.0)


def day_size(rates: Rates) -> float:
    """Nappies of a mean day among those of the week that have any."""
    usual = level(rates)
    used = tuple([min(1.0, hours) for hours in rates.hours])
    days = [usual * weekly(rates.shape[at : at + 24], used[at : at + 24]) for at in range(0, WEEK, 24)]
    found = [day for day in days if day > 0]
    return sum(found) / len(found) if found else FIRST_RATE * 9


def cell(hour: int) -> int:
    """Hour of the week of an hour counted from 1970-01-01 local time, which was a Thursday."""
    return (hour + 72) % WEEK


def hour_number(time: int) -> int:
    """Return the hour of a moment (UTC ms), counted from 1970-01-01 local time."""
    return (time + JAPAN_MS) // HOUR_MS


def _crowd(rates: Rates, place: int, children: float) -> float:
    """How many times the usual nappies so many children bring, as far as that has proved true."""
    covariance, variance = rates.room
    return 1 + min(1.0, max(0.0, covariance / (variance + ROOM_LEAN))) * more_children(rates, place, children)


def present_crowd(rates: Rates) -> float:
    """How many times the usual nappies the children of the hour under way bring."""
    hour = rates.hour
    return _crowd(rates, cell(hour.number), hour.children / hour.known) if hour.known > 0 else 1.0


def more_children(rates: Rates, place: int, children: float) -> float:
    """How many more children than usual in this hour of the week, as a share of the usual."""
    usual = usual_children(rates, place)
    return min(children / usual - 1, CROWD) if usual > 0 else 0.0


def usual_children(rates: Rates, place: int) -> float:
    """How many children are in the room in this hour of the week."""
    hours = sum(rates.known)
    if hours <= 0:
        return 0.0
    mean = sum(rates.children) / hours
    return (rates.children[place] + CHILDREN_LEAN * mean) / (rates.known[place] + CHILDREN_LEAN)


def weekly(shape: tuple[float, ...], hours: tuple[float, ...]) -> float:
    """Return the nappies of so many hours of each hour of the week."""
    return sum([rate * opened for rate, opened in zip(shape, hours, strict=True)])
