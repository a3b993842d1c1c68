"""F14: device counters that wrap, restart, are read twice or not at all, or belong to a new device.

Every history goes the way of the edge agent: registers, decoding, binder, totals that survive a crash. The truth is
what a perfect reader of the same polls could know: what a device counted after the last poll before it restarted is
known to nobody. The documented limit: between two polls, a counter that restarts and overtakes its old value, restarts
near the end of its range, or advances by a quarter of its range over the end, is misread. A step back counts only when
a second read confirms it, so that one wrong read of 0 counts for nothing. Those polls are known too,
and must still not make a total fall; the history goes on from what was counted.
"""

import random
from collections import Counter as Count
from dataclasses import dataclass, field, replace

from sukusuku_core import registers
from sukusuku_core.model import Quality
from sukusuku_core.profile import ModbusProfile, builtin
from sukusuku_core.settings import parse
from sukusuku_edge.binding import Binder, Counter, Series
from sukusuku_edge.events import Event, Failure, Sample
from sukusuku_edge.settings import Edge, EdgeSettings, check
from tests.faults.power.subjects import T
from tests.faults.row import Outcome, Tier

HISTORIES = {Tier.PR: 10_000, Tier.NIGHTLY: 500_000, Tier.RELEASE: 2_000_000}
SERIES = ("unit-1", "Cycles/Total")
DEVICES = {"sukusuku-retrofit-board": "cycle_counter", "hardwario-gauger": "activations1"}
STEPS = 20
KINDS = {
    "poll": 10,
    "work": 8,
    "twice": 2,
    "silent": 2,
    "null": 1,
    "long": 1,
    "restart": 2,
    "crash": 2,
    "exchange": 0.3,
    "glitch": 1,
}
SETTINGS = """
group = "toshima"
node = "pi"
primary_host = "sukusuku"
[liveness]
good = 1
[[device]]
id = "device"
profile = "{profile}"
host = "127.0.0.1"
[[asset]]
id = "unit-1"
kind = "unit"
[[asset.binding]]
metric = "Cycles/Total"
device = "device"
point = "{point}"
"""


@dataclass(slots=True)
class Tally:
    """What the histories came to; `missing` and `surplus` are counts of the devices."""

    polls: int = 0
    ambiguous: int = 0
    missing: int = 0
    surplus: int = 0
    kinds: Count[str] = field(default_factory=Count)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is durable: totals, and what the device had counted when they were read."""

    totals: dict[Series, Counter]
    total: int
    raw: int | None


class History:
    """One device, one agent, and what happens to them."""

    def __init__(self, edge: Edge, profile: ModbusProfile, point: str, rng: random.Random) -> None:
        self._edge, self._profile, self._rng = edge, profile, rng
        self._point = next(item for item in profile.point if item.name == point)
        self._wrap = self._point.wrap or 2**64
        self._raw = rng.choice(
            (rng.randrange(1, 100), rng.randrange(1, self._wrap), self._wrap - rng.randrange(1, 100))
        )
        self._ahead = 0  # counted since the last poll; since the restart, when there was one
        self._restarted = self._exchanged = False
        self._number = 0
        self._now = T
        self._known = _Known({}, 0, None)
        self._binder = Binder(edge, {})
        self.kinds: list[str] = []

    def run(self, tally: Tally) -> None:
        """All steps, then a last poll."""
        for _ in range(STEPS):
            kind = self._rng.choices(tuple(KINDS), tuple(KINDS.values()))[0]
            self.kinds.append(kind)
            tally.kinds[kind] += 1
            self._step(kind, tally)
        self._poll(tally)

    def _step(self, kind: str, tally: Tally) -> None:
        self._now += self._rng.randint(1, 60_000)
        match kind:
            case "poll":
                self._poll(tally)
            case "twice":
                self._poll(tally)
                self._poll(tally)
            case "work":
                self._work(self._rng.randint(1, 50))
            case "long":
                self._work(self._rng.randrange(self._wrap // 2))
            case "silent":
                self._take([Failure("device", self._now, "no answer")] * self._rng.randint(1, 4))
            case "null":
                self._take([self._sample(registers.Decoded(None, Quality.BAD))])
            case "glitch":
                self._glitch(tally)
            case "restart":
                self._raw = self._ahead = 0
                self._restarted = True
            case "exchange":
                self._raw, self._ahead = self._rng.randrange(self._wrap), 0
                self._number += 1
                self._restarted, self._exchanged = False, True
            case _:
                self._crash(tally)

    def _work(self, count: int) -> None:
        self._raw = (self._raw + count) % self._wrap
        self._ahead += count

    def _glitch(self, tally: Tally) -> None:
        """One wrong read of 0, committed; then a true one."""
        if self._known.raw is not None and not self._restarted and not self._exchanged:
            totals = self._known.totals | self._take([self._sample(registers.Decoded(0, Quality.GOOD))])
            self._known = replace(self._known, totals=totals)
            self._poll(tally)

    def _crash(self, tally: Tally) -> None:
        """The agent dies; before that it may have read what it did not commit."""
        if self._rng.random() < 0.5:
            self._take([self._sample(self._decoded())])
        self._binder = Binder(self._edge, self._known.totals)
        if self._rng.random() < 0.5:
            self._poll(tally)

    def _decoded(self) -> registers.Decoded:
        words = self._profile.words(self._point)
        return registers.decode(self._point, registers.encode(self._point, self._raw, words), words)

    def _sample(self, decoded: registers.Decoded) -> Sample:
        return Sample("device", self._now, {self._point.name: decoded}, identity=f"serial-{self._number}")

    def _take(self, events: list[Event]) -> dict[Series, Counter]:
        return self._binder.take(events).counters

    def _poll(self, tally: Tally) -> None:
        """A poll whose outcome is committed, against what it should come to."""
        tally.polls += 1
        before = self._known
        totals = before.totals | self._take([self._sample(self._decoded())])
        if totals[SERIES].state.lower is not None:
            if self._rng.random() < 0.5:  # the agent dies while the step back is in doubt
                self._binder = Binder(self._edge, totals)
            totals |= self._take([self._sample(self._decoded())])
        found = totals[SERIES].state.total
        step = self._expected_step()
        if step is None:
            tally.ambiguous += 1
            if not before.total <= found <= before.total + self._wrap:
                tally.faults.append(f"total {found} after {before.total}: {self.kinds}")
            total = found
        else:
            total = before.total + step
        if found != total:
            tally.missing += max(0, total - found)
            tally.surplus += max(0, found - total)
            tally.faults.append(f"total {found} instead of {total}, counter of {self._wrap}: {self.kinds}")
        self._known = _Known(totals, found, self._raw)
        self._ahead = 0
        self._restarted = self._exchanged = False

    def _expected_step(self) -> int | None:
        """What the poll adds; None where the documented limit is met."""
        last, raw, quarter = self._known.raw, self._raw, self._wrap // 4
        if last is None:
            return raw
        if self._exchanged:
            return 0
        back = raw < last
        over_the_end = raw - last + self._wrap
        if self._restarted:
            plain = self._ahead == raw and back and over_the_end >= quarter
            return raw if plain or (raw == last == self._ahead == 0) else None
        plain = self._ahead == over_the_end < quarter if back else self._ahead < self._wrap
        return self._ahead if plain else None


def counters(tier: Tier, rng: random.Random, histories: int | None = None) -> Outcome:
    """F14."""
    wanted = histories or HISTORIES[tier]
    tally = Tally()
    for profile_name, point in DEVICES.items():
        profile = builtin()[profile_name]
        if not isinstance(profile, ModbusProfile):
            raise TypeError(f"{profile_name} is not a Modbus device")
        text = SETTINGS.format(profile=profile_name, point=point)
        edge = check(parse(text, EdgeSettings, "edge.toml"), "edge.toml")
        for _ in range(wanted // len(DEVICES)):
            History(edge, profile, point, rng).run(tally)
    if not all(tally.kinds[kind] for kind in KINDS) or not 0 < tally.ambiguous < tally.polls // 4:
        tally.faults.append(f"the histories are lopsided: {dict(tally.kinds)}, {tally.ambiguous} polls are ambiguous")
    return Outcome(
        "F14",
        f"counter histories ({tally.ambiguous:,} polls at the documented limit)",
        wanted,
        tally.polls,
        tally.polls - len(tally.faults),
        tally.missing,
        tally.surplus,
        passed=not tally.faults,
        why="; ".join(tally.faults[:5]),
    )
