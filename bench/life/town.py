"""The town in which the judge lets people live: twenty units in ten centres, a crew, contacts, and what breaks."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

from bench.collection.simulated_sensors import Fault, Trouble
from bench.collection.world import SimulatedUnit, World
from sukusuku_core.model import FaultCode, Quality, UnitState, Value
from sukusuku_core.settings import parse
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS
from sukusuku_server.model.series import DerivedByAsset, Latest, LatestByAsset, Point
from sukusuku_server.settings import Facility, check

BRIM = 112.0
"""Percent beyond which nothing more goes in."""
SILENT_AFTER_MS = 3900 * 1000
PER_CENTRE = 2
_FULL = 100.0
_DAY_HOURS = 9
"""Opening hours of a day; nobody knows the pace of a unit before."""

_HEAD = """
[operator]
id = "bench"
name = { ja = "試験", en = "Bench" }
[mail]
sender = "sukusuku@example.jp"
[alerts]
silent_after = 3900
[routing]
seconds = 0.05
[[depot]]
id = "yard"
name = { ja = "基地", en = "Yard" }
lat = 35.73
lon = 139.71
[[vehicle]]
id = "van"
name = { ja = "回収車", en = "Van" }
depot = "yard"
bags = 14
kg = 350
[[round]]
id = "north"
name = { ja = "回収", en = "Round" }
vehicle = "van"
days = ["mon", "wed", "fri"]
mail_at = "08:30"
answer_by = "11:00"
departs = "13:00"
returns = "17:00"
attach = []
[[round.crew]]
name = "Crew A"
mail = "crew-a@example.jp"
[[round.crew]]
name = "Crew B"
mail = "crew-b@example.jp"
[[contact]]
name = "Office"
mail = "office@example.jp"
digest = ["collection", "film_low", "kg_limit", "stock_low"]
after_minutes = 60
"""


def facility(world: World) -> Facility:
    """Return the settings of the town: a contact for each centre, and one who hears of what nobody takes care of."""
    text = _HEAD
    for number, unit in enumerate(world.units):
        centre, first = divmod(number, PER_CENTRE)
        if not first:
            text += (
                f'[[contact]]\nname = "Centre {centre}"\nmail = "centre-{centre}@example.jp"\n'
                f'sites = ["centre-{centre}"]\n'
                f'[[site]]\nid = "centre-{centre}"\nname = {{ ja = "センター{centre}", en = "Centre {centre}" }}\n'
                f"place = {{ lat = {35.70 + centre * 0.006:.3f}, lon = {139.68 + centre % 4 * 0.012:.3f} }}\n"
            )
        text += (
            f'[[site.unit]]\nid = "{unit.id}"\nname = {{ ja = "{unit.id}", en = "{unit.id}" }}\nedge = "pi-{centre}"\n'
            f"collection = {{ nappies_per_bag = {unit.collection.nappies_per_bag} }}\n"
        )
    found = parse(text, Facility, "bench")
    check(found, "bench")
    return found


@dataclass(frozen=True, slots=True)
class Outages:
    """What breaks, as stretches (from, until before; UTC ms).

    `ward`: no unit is heard although the broker is. `broker`: the collector has no session. `mail`: the mail server
    takes nothing. `down`: the collector is stopped, then started. `asleep`: its computer sleeps.
    """

    ward: tuple[tuple[int, int], ...]
    broker: tuple[tuple[int, int], ...]
    mail: tuple[tuple[int, int], ...]
    down: tuple[tuple[int, int], ...]
    asleep: tuple[tuple[int, int], ...]

    @property
    def all(self) -> tuple[tuple[int, int], ...]:
        """Every stretch, in no order."""
        return (*self.ward, *self.broker, *self.mail, *self.down, *self.asleep)


def outages(seed: int, start: int, end: int) -> Outages:
    """Return the outages of a seed: each kind about once in six weeks, at any time of the day."""
    rng = Random(f"{seed}/outages")

    def some(hours: tuple[float, float]) -> tuple[tuple[int, int], ...]:
        found, time = [], start + rng.uniform(4, 10) * DAY_MS
        while time + hours[1] * HOUR_MS < end:
            length = rng.uniform(*hours) * HOUR_MS
            found.append((int(time), int(time + length)))
            time += length + rng.expovariate(1 / (42 * DAY_MS)) + 3 * DAY_MS
        return tuple(found)

    return Outages(some((2, 30)), some((0.2, 8)), some((1, 30)), some((0.2, 12)), some((0.5, 6)))


def within(stretches: tuple[tuple[int, int], ...], time: int) -> bool:
    """Whether a moment lies in one of the stretches."""
    return any(start <= time < end for start, end in stretches)


@dataclass(slots=True)
class Bag:
    """What is true of a unit now. `base`: what had been brought when its bag was put in, `since` when (UTC ms)."""

    unit: SimulatedUnit
    times: list[int]
    sums: list[float]
    since: int
    base: float = 0.0
    told: dict[str, Value] = field(default_factory=dict)

    def brought(self, now: int) -> float:
        """Percent of a bag brought since the beginning."""
        place = bisect_right(self.times, now)
        return self.sums[place - 1] if place else 0.0

    def level(self, now: int) -> float:
        """How full the bag is, in percent."""
        return min(BRIM, self.brought(now) - self.base)

    def change(self, now: int) -> None:
        """Put in a new bag."""
        self.base, self.since = self.brought(now), now

    def full_at(self) -> int | None:
        """Return when this bag is full if nobody changes it; None: not in this world."""
        place = bisect_right(self.sums, self.base + 99.999)
        return self.times[place] if place < len(self.times) else None

    def is_jammed(self, now: int) -> bool:
        """Whether a jam or missing film stops the unit."""
        return within(self.unit.truth.stopped, now)

    def is_silent(self, now: int) -> bool:
        """Whether the unit sends nothing."""
        return any(
            trouble.fault is Fault.SILENT and trouble.start <= now < trouble.end for trouble in silences(self.unit)
        )


def silences(unit: SimulatedUnit) -> Iterator[Trouble]:
    """Yield the stretches in which a unit sends nothing."""
    return (trouble for trouble in unit.truth.troubles if trouble.fault is Fault.SILENT)


class Town:
    """What the collector would have stored of the town: a store of newest values, for one thread."""

    def __init__(self, world: World, breaks: Outages) -> None:
        self.world = world
        self.breaks = breaks
        self.rng = Random(f"{world.seed}/town")
        self.bags = {
            unit.id: Bag(
                unit, [time for time, _ in unit.truth.brought], [total for _, total in unit.truth.brought], world.start
            )
            for unit in world.units
        }
        self._latest: dict[str, dict[str, Latest]] = {unit.id: {} for unit in world.units}
        self._derived: dict[str, dict[str, Point]] = {unit.id: {} for unit in world.units}
        self._forecast: dict[str, int] = {}

    def latest(self) -> LatestByAsset:
        """See `LiveReader`."""
        return self._latest

    def derived_latest(self) -> DerivedByAsset:
        """See `LiveReader`."""
        return self._derived

    def hear(self, now: int) -> None:
        """Measure all units; what is not heard stays as it was."""
        if within(self.breaks.ward, now) or within(self.breaks.broker, now):
            return
        for ident, bag in self.bags.items():
            if bag.is_silent(now):
                continue
            level = bag.level(now)
            jammed = bag.is_jammed(now)
            state = UnitState.JAM if jammed else UnitState.BAG_FULL if level >= _FULL else UnitState.IDLE
            said: Mapping[str, Value] = {
                "Fill/Percent": round(level + self.rng.gauss(0, 1), 1),
                "Cycles/Total": int(bag.brought(now)),
                "State": int(state),
                "Fault/Code": int(FaultCode.JAM if jammed else FaultCode.NONE),
            }
            self._latest[ident] = {name: Latest(now, value, Quality.GOOD, now) for name, value in said.items()}
            self._derive(ident, bag, level, now)

    def _derive(self, ident: str, bag: Bag, level: float, now: int) -> None:
        """Put the estimate, and every hour a forecast that knows the pace of the last two weeks, with its range."""
        capacity = bag.unit.collection.nappies_per_bag
        age = (now - bag.since) / HOUR_MS
        points: dict[str, float] = {
            "Fill/Estimate": max(0.0, level + self.rng.gauss(0, 1.5)),
            "Fill/Nappies": max(0.0, level) / 100 * capacity,
            "Fill/Confidence": 90.0,
            "Bag/Age": age,
            "Bag/HoursLeft": bag.unit.collection.bag_hours - age,
        }
        derived = self._derived[ident]
        derived |= {name: Point(now, value, Quality.GOOD) for name, value in points.items()}
        fresh = self._forecast.get(ident)
        if fresh is not None and now - fresh < HOUR_MS and fresh >= bag.since:
            return
        self._forecast[ident] = now
        back = now - 14 * DAY_MS
        hours = sum(end - start for start, end in self.world.spans(max(back, self.world.start), now)) / HOUR_MS
        pace = (bag.brought(now) - bag.brought(back)) / hours if hours > _DAY_HOURS else 8.0
        for name, share in (("10", 1.35), ("50", 1.0), ("90", 0.75)):
            full = self._reaches(now, max(0.0, 100 - level) / max(pace * share, 0.05))
            if full is None:
                derived.pop(f"Forecast/Hours{name}", None)
            else:
                derived[f"Forecast/Hours{name}"] = Point(now, (full - now) / HOUR_MS, Quality.GOOD)

    def _reaches(self, now: int, hours: float) -> int | None:
        """Return when so many opening hours have passed; None: not within two weeks."""
        rest = hours * HOUR_MS
        for start, end in self.world.spans(now, now + 14 * DAY_MS):
            if rest <= end - start:
                return round(start + rest)
            rest -= end - start
        return None


def steps(world: World) -> Iterator[int]:
    """Yield the moments at which everybody looks: every ten minutes by day, every quarter of an hour by night."""
    now = world.start
    while now < world.end:
        yield now
        now += 10 * MINUTE_MS if world.is_open(now) or world.is_open(now + HOUR_MS) else 15 * MINUTE_MS
