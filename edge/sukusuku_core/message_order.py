"""The order of a device's messages: which are new, which come late, which come again. Pure.

A message is known by its own number, where the device numbers its messages, else by its own time; one that has neither
is always taken as new. Only the latest ones are remembered. A message from before them counts as one that came
already: what is missing then is less harmful than what is counted twice.
"""

from bisect import insort
from dataclasses import dataclass, replace
from enum import Enum

from sukusuku_core.time import MINUTE_MS

REMEMBERED = 32
"""Latest messages that are known one by one."""
FARTHEST = 100_000
"""A number that is farther ahead than this is no loss of messages: the device numbers them anew."""
AHEAD = 5 * MINUTE_MS
"""A device's clock may be so much (ms) ahead of ours."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a message says of its place: its own number, its own time (UTC ms). `arrived` is our time."""

    sequence: int | None = None
    time: int | None = None
    arrived: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """The latest messages, by number and by time, rising."""

    numbers: tuple[int, ...] = ()
    times: tuple[int, ...] = ()


UNMARKED = Mark()
"""A message that cannot be placed: always new."""
NOTHING = Seen()


class Place(Enum):
    """Where a message belongs."""

    NEW = "after all others"
    LATE = "before others, and not seen yet"
    AGAIN = "seen already, or too old to tell"


@dataclass(frozen=True, slots=True)
class Placed:
    """`missing` is by how many the messages that have not arrived have become more: -1 when one of them has."""

    seen: Seen
    place: Place
    missing: int = 0


def place(seen: Seen, mark: Mark) -> Placed:
    """Where a message belongs, and what has been seen with it.

    A number that was passed already is that of a device that has begun anew when the message's own time is newer than
    all others; without times, when it is below all numbers that are remembered. Times that have not come yet when a
    message arrives are from clocks that have been set back since, and forgotten.
    """
    if mark.time is not None and mark.arrived is not None:
        seen = replace(seen, times=tuple(time for time in seen.times if time <= mark.arrived + AHEAD))
    if mark.sequence is None:
        return _by_time(seen, mark.time)
    number, numbers = mark.sequence, seen.numbers
    times = seen.times if mark.time is None else (max((mark.time, *seen.times[-1:])),)
    if not numbers or number - numbers[-1] > FARTHEST or _begun_anew(seen, number, mark.time):
        return Placed(Seen((number,), times), Place.NEW)
    if number > numbers[-1]:
        return Placed(Seen(_with(numbers, number), times), Place.NEW, number - numbers[-1] - 1)
    if number in numbers or number < numbers[0]:
        return Placed(seen, Place.AGAIN)
    return Placed(Seen(_with(numbers, number), times), Place.LATE, -1)


def _begun_anew(seen: Seen, number: int, time: int | None) -> bool:
    if number > seen.numbers[-1]:
        return False
    if time is None or not seen.times:
        return number < seen.numbers[0]
    return time > seen.times[-1]


def _by_time(seen: Seen, time: int | None) -> Placed:
    times = seen.times
    if time is None:
        return Placed(seen, Place.NEW)
    if not times or time > times[-1]:
        return Placed(Seen(seen.numbers, _with(times, time)), Place.NEW)
    if time in times or time < times[0]:
        return Placed(seen, Place.AGAIN)
    return Placed(Seen(seen.numbers, _with(times, time)), Place.LATE)


def _with(keys: tuple[int, ...], key: int) -> tuple[int, ...]:
    """Return the latest keys, with one more."""
    grown = list(keys)
    insort(grown, key)
    return tuple(grown[-REMEMBERED:])
