"""Emptyings and fill levels that derivation finds in the simulated half year, against the truth.

    python -m bench.collection.emptyings [--seed 1 2 3]

An emptying counts as found when one is reported within `TOLERANCE` of it, each report for one emptying. Where no
witness of emptyings could speak (`Truth.blind`: silent, or its only witness is stuck or bad), it counts when one is
reported later in that stretch or within `AFTER` of its end; several that are found in one such stretch only in this
way cannot be told apart and count as one. False is what is left over of the reports.

Beside what was missed stands how much of it nobody could know of (`TrueEmptying.told`); it counts as missed all the
same.

An emptying that the sensors of a unit could not see (`TrueEmptying.clear`) counts neither way: it is no miss, and a
report of it is not false. Where levels are read seldom, the pace of the readings is added to the tolerance.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.collection.simulated_sensors import Witness
from bench.collection.world import SimulatedUnit, World, simulate
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS
from sukusuku_server.model.collection import Emptying
from sukusuku_server.units.derivation import UnitDerivation

TOLERANCE = 60 * MINUTE_MS
AFTER = 120 * MINUTE_MS
FOUND_GOAL, FALSE_GOAL = 0.99, 0.01


@dataclass(frozen=True, slots=True)
class Tally:
    """What a unit, or all of them, came to. `errors` are minutes between truth and report."""

    true: int
    found: int
    false: int
    errors: tuple[float, ...]
    missed: tuple[int, ...] = ()
    invented: tuple[int, ...] = ()
    hidden: int = 0
    """Stretches in which an emptying could only be found afterwards."""
    small: int = 0
    small_found: int = 0
    """Emptyings that the sensors could not see, and how many were reported all the same."""
    untold: int = 0
    """Of those missed, how many nobody could know of (`TrueEmptying.told`)."""


def judge(unit: SimulatedUnit, reports: Sequence[Emptying]) -> Tally:
    """Match what was reported with what was true."""
    left = sorted(report.time for report in reports)
    reach = TOLERANCE + unit.pace_ms
    found, errors, missed = 0, list[float](), list[int]()
    hidden: dict[int, list[int]] = {}
    for emptying in unit.truth.emptyings:
        if not emptying.clear:
            continue
        best = _nearest(left, emptying.time, reach)
        if best is not None:
            left.remove(best)
            found += 1
            errors.append(abs(best - emptying.time) / MINUTE_MS)
            continue
        stretch = next((s for s in unit.truth.blind if s.start <= emptying.time < s.end), None)
        if stretch is None:
            missed.append(emptying.time)
        else:
            hidden.setdefault(stretch.end, []).append(emptying.time)
    for end, times in hidden.items():
        hit = next((at for at in left if times[0] <= at <= end + AFTER + unit.pace_ms), None)
        if hit is None:
            missed.append(times[0])
        else:
            left.remove(hit)
            found += 1
    small = small_found = 0
    for emptying in unit.truth.emptyings:
        if not emptying.clear:
            small += 1
            best = _nearest(left, emptying.time, reach)
            if best is not None:
                left.remove(best)
                small_found += 1
    seen = found + len(missed)
    untold = len(set(missed) - {emptying.time for emptying in unit.truth.emptyings if emptying.told})
    lists = tuple(errors), tuple(missed), tuple(left)
    return Tally(seen, found, len(left), *lists, len(hidden), small, small_found, untold)


def _nearest(times: Sequence[int], moment: int, reach: int) -> int | None:
    best = min(times, key=lambda at: abs(at - moment), default=None)
    return best if best is not None and abs(best - moment) <= reach else None


def derive(unit: SimulatedUnit, world: World) -> tuple[list[Emptying], list[Reading]]:
    """Return the emptyings and the hourly fill levels of a unit, derived day by day."""
    derivation = UnitDerivation(unit.id, unit.collection, world)
    state, place = derivation.start(world.start - 1), 0
    found: list[Emptying] = []
    levels: list[Reading] = []
    readings = unit.readings
    for until in range(world.start - 1 + DAY_MS, world.end + DAY_MS, DAY_MS):
        begin = place
        while place < len(readings) and readings[place].time <= until:
            place += 1
        advanced = derivation.advance(state, readings[begin:place], (), until)
        state = advanced.state
        found += advanced.emptyings
        levels += [point for point in advanced.points if point.metric == "Fill/Estimate" and not point.time % HOUR_MS]
    return found, levels


def errors(unit: SimulatedUnit, found: Sequence[Emptying], levels: Sequence[Reading]) -> dict[str, list[float]]:
    """Absolute errors in percent of a bag, once an hour where nothing is blind.

    `fused` is the estimate, `level` the last reading of the sensor, `counter` the cycles since the last emptying that
    was found, by the nappies per cycle of the settings. Only units that have both witnesses.
    """
    result: dict[str, list[float]] = {"fused": [], "level": [], "counter": []}
    if not unit.witnesses >= {Witness.LEVEL, Witness.COUNTER}:
        return result
    per_cycle = 100 * unit.collection.nappies_per_cycle / unit.collection.nappies_per_bag
    gone = sorted(emptying.time for emptying in found)
    last: dict[str, float] = {}
    base, place = 0.0, 0
    for point in levels:
        while place < len(unit.readings) and unit.readings[place].time <= point.time:
            reading = unit.readings[place]
            place += 1
            if reading.metric not in {"Fill/Percent", "Cycles/Total"} or reading.value is None:
                continue
            value = float(reading.value)
            if reading.metric == "Cycles/Total":
                before = last.get("Cycles/Total")
                if before is None:
                    base = before = value
                base += min(value - before, 0.0)  # it began anew
                while gone and gone[0] <= reading.time:
                    gone.pop(0)
                    base = min(before, value)
            last[reading.metric] = value
        if len(last) < len(result) - 1 or any(s.start <= point.time < s.end + HOUR_MS for s in unit.truth.blind):
            continue
        true = unit.truth.percent(point.time)
        result["fused"].append(abs(float(point.value or 0) - true))
        result["level"].append(abs(last["Fill/Percent"] - true))
        result["counter"].append(abs((last["Cycles/Total"] - base) * per_cycle - true))
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures; 1 when one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, nargs="+", default=[1], help="worlds to simulate")
    parser.add_argument("--units", action="store_true", help="a line for each unit")
    args = parser.parse_args(argv)
    good = True
    for seed in args.seed:
        world = simulate(seed)
        begun = time.process_time()
        derived = {unit.id: derive(unit, world) for unit in world.units}
        took = time.process_time() - begun
        tallies = {unit.id: judge(unit, derived[unit.id][0]) for unit in world.units}
        off: dict[str, list[float]] = {"fused": [], "level": [], "counter": []}
        for unit in world.units:
            for name, values in errors(unit, *derived[unit.id]).items():
                off[name] += values
        readings = sum(len(unit.readings) for unit in world.units)
        true, found = sum(t.true for t in tallies.values()), sum(t.found for t in tallies.values())
        false = sum(t.false for t in tallies.values())
        late = sorted(error for t in tallies.values() for error in t.errors)
        print(
            f"seed {seed}: {true} emptyings, found {found / true:.2%}, false {false / (found + false):.2%}; "
            f"time error median {late[len(late) // 2]:.1f} min, 95 % {late[len(late) * 95 // 100]:.1f} min; "
            f"{readings / took:,.0f} readings/s of processor time"
        )
        means = ", ".join(f"{name} {sum(values) / len(values):.2f}" for name, values in off.items() if values)
        print(f"seed {seed}: mean absolute error of the fill level, percent of a bag: {means}")
        if args.units:
            for unit in world.units:
                t = tallies[unit.id]
                print(
                    unit.id,
                    "+".join(sorted(unit.witnesses)),
                    unit.habit,
                    t.true,
                    t.found,
                    t.false,
                    t.missed,
                    t.invented,
                )
        good &= found / true >= FOUND_GOAL and false / (found + false) <= FALSE_GOAL
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
