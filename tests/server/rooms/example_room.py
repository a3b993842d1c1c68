"""A room for the tests: its settings, its day, and readings by local clock."""

from datetime import date, datetime
from functools import cache

from sukusuku_core.model import Quality, Reading, Value
from sukusuku_core.settings import parse
from sukusuku_core.time import MINUTE_MS, day_start
from sukusuku_server.model.collection import Calibration, Correction
from sukusuku_server.rooms.derivation import RoomOccupancy
from sukusuku_server.rooms.schedule import FacilitySchedules, Timetable
from sukusuku_server.settings import Facility, check

DAY = date(2026, 9, 15)  # a Tuesday
SHIFT = '[[site.room.shift]]\nslot = "08:00-18:00"\ncount = 2\n'
FLOW = SHIFT + '[site.room.counting]\npeople = ["flow", "zones"]\nsample_seconds = 300\nstay_hours = 24\n'

HEAD = """
[operator]
id = "toshima"
name = {ja = "豊島区", en = "Toshima"}
[[site]]
id = "tobu"
name = {ja = "東部", en = "Tobu"}
[[site.room]]
id = "room"
name = {ja = "室", en = "room"}
edge = "pi"
capacity = 10
[[site.room.zone]]
id = "eat"
name = {ja = "食事", en = "eating"}
[[site.room.zone]]
id = "run"
name = {ja = "遊び", en = "running"}
"""


@cache
def facility(text: str = "") -> Facility:
    found = parse(HEAD + text, Facility, "facility.toml")
    check(found, "facility.toml")
    return found


def timetable(text: str = "") -> Timetable:
    return FacilitySchedules(facility(text)).schedules["room"]


def at(clock: str, day: date = DAY) -> int:
    """UTC ms of a local time HH:MM or HH:MM:SS, or the next day's for hours from 24 on."""
    hours, _, rest = clock.partition(":")
    seconds = datetime.strptime(f"0:{rest}" if rest.count(":") else f"0:{rest}:00", "%H:%M:%S")  # noqa: DTZ007 no zone
    return day_start(day) + int(hours) * 60 * MINUTE_MS + seconds.minute * MINUTE_MS + seconds.second * 1000


def reading(clock: str, metric: str, value: Value | None, quality: Quality = Quality.GOOD) -> Reading:
    return Reading("room", metric, at(clock), value, quality)


def every(metric: str, value: Value, first: str, last: str, minutes: int = 5) -> list[Reading]:
    """The same value again and again, as an edge node refreshes it."""
    return [Reading("room", metric, time, value) for time in range(at(first), at(last) + 1, minutes * MINUTE_MS)]


class Played:
    """A day of a room, derived: what it tells at each minute."""

    def __init__(
        self,
        settings: str,
        readings: list[Reading],
        said: list[Calibration] | None = None,
        *,
        until: str = "24:00",
    ) -> None:
        self.derivation = RoomOccupancy(timetable(settings))
        self.readings = sorted(readings, key=lambda item: item.time)
        self.said = said or []
        self.begin, self.until = at("00:00"), at(until)
        self.advanced = self.derivation.advance(self.derivation.start(self.begin), self.readings, self.said, self.until)

    @property
    def corrections(self) -> tuple[Correction, ...]:
        return self.advanced.corrections

    def kinds(self, channel: str = "people") -> list[str]:
        return [item.kind.value for item in self.corrections if item.channel == channel]

    def value(self, metric: str, clock: str) -> float | None:
        """The last point at or before a local time."""
        found = [p.value for p in self.advanced.points if p.metric == metric and p.time <= at(clock)]
        return float(found[-1]) if found and found[-1] is not None else None

    def people(self, *clocks: str) -> list[float | None]:
        return [self.value("Occupancy/Corrected", clock) for clock in clocks]

    def children(self, *clocks: str) -> list[float | None]:
        return [self.value("Occupancy/ChildrenCorrected", clock) for clock in clocks]

    def completeness(self, *clocks: str) -> list[float | None]:
        return [self.value("Occupancy/Completeness", clock) for clock in clocks]


def door(*moves: tuple[str, int, int], refresh: bool = True) -> list[Reading]:
    """Totals after each move (clock, in, out), and their refreshes."""
    entries = exits = 0
    found: list[Reading] = []
    for n, (clock, come, go) in enumerate(moves):
        entries, exits = entries + come, exits + go
        last = moves[n + 1][0] if n + 1 < len(moves) else "24:00"
        if refresh:
            found += every("Entries/Total", entries, clock, last)[:-1] + every("Exits/Total", exits, clock, last)[:-1]
        else:
            found += [reading(clock, "Entries/Total", entries), reading(clock, "Exits/Total", exits)]
    return found
