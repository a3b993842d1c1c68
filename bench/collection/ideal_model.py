"""The simulator's own model of a unit, as an observer who knows all its parameters would write it down. Numbers only.

Weights are arrays (jumped, done, percent): whether the sensor has jumped elsewhere, whether who comes in this part of
the day has come, and the content of the bag from 0 to 112 % in steps of one. In each step the bag is emptied or not,
then something comes, then the level is read. Hands come as a Poisson process at the true mean rate of that hour of the
week, each with the volumes that hands and lumps have.
"""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bench.collection.ground_truth import (
    BRIM,
    LEAST,
    LUMP,
    ONE_PRESS,
    RESIDUE,
    SETTLE_EVERY_MS,
    STAFF_COME_MS,
    STUFFED_WHEN_FULL,
    Habit,
)
from bench.collection.ideal_steps import Step
from bench.collection.knobs import WIDE
from bench.collection.world import SimulatedUnit, World
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, day_number, midnight, weekday
from sukusuku_sim.unit import NAPPIES_IN_A_HAND

Weights = NDArray[np.float64]

BINS = round(BRIM) + 1
PERCENTS = np.arange(BINS, dtype=float)
VISITS = {
    Habit.EAGER: ((9 * 60 + 5, 9 * 60 + 30), (11 * 60, 11 * 60 + 30), (17 * 60 + 35, 17 * 60 + 50)),
    Habit.DAILY: ((17 * 60 + 35, 17 * 60 + 50),),
    Habit.HASTY: ((12 * 60, 13 * 60),),
    Habit.ROUNDS: ((9 * 60, 11 * 60),),
    Habit.WHEN_FULL: (),
}
"""Local minutes between which somebody comes to the unit."""
ROUND, ROUND_SCATTER, ROUND_DAYS, ROUND_COMES = 10 * 60, 25.0, {0, 2, 4}, 11 / 12
REPLACED = 0.25 / (182 * DAY_MS)
NEVER = 1e-9
SERVICED, CLEANED = 0.003, 0.7
"""Chance of a long opening without a change of the bag, and on Friday evening."""
NONSENSE, RANGE = (0.1, 1e-4), 140.0
"""Share of levels, of a sensor that is read at each hand and of one with its own pace, that are read over a hand; and
over how many percent."""
JUMP_CHANCE, JUMP_MS, JUMP_LEAST, JUMP_DOWN = 0.05, 20 * MINUTE_MS, 12.0, 2 / 3
CRUMPLE, CRUMPLE_SPREAD = 1.5, 0.87
"""Percent that an empty bag reads, and its standard deviation."""
_MOST = 512
_FINE = 8
"""Chances of what comes are made for so many expectations between one and its double."""


class Model:
    """Of one unit. `habits`: when people come is known, and which bags they take."""

    def __init__(self, unit: SimulatedUnit, world: World, *, habits: bool) -> None:
        self._unit, self._world, self._habits = unit, world, habits
        self._capacity = round(unit.capacity)
        hours = sum(after - before for before, after in world.spans(world.start, world.end))
        self._usual = len(unit.truth.emptyings) / hours
        self._full = (1.0 if unit.habit is Habit.WHEN_FULL else 0.5) / STAFF_COME_MS
        self._takes = (LEAST[unit.habit] <= PERCENTS).astype(float)
        self._nonsense = NONSENSE[unit.kind.pace is not None]
        self._level: float | None = None
        self._looks: dict[int, Weights] = {}

    def begins(self) -> Weights:
        """Return the weights of an empty bag."""
        begun = np.zeros((2, 2, BINS))
        begun[0, 1, 0] = 1.0
        return begun

    # ------------------------------------------------------------ emptyings

    def empties(self, now: Weights, step: Step) -> Weights:
        """Return the weights after somebody has come or not."""
        now = self._begins(now, step)
        visit, other, gone, kept = self._chances(step)
        due, done = now[:, 0], now[:, 1]
        left = np.empty_like(now)
        came = due * visit
        rest, passed = due - came, done + came * (1 - self._takes)
        left[:, 0] = kept * rest * (1 - other) + gone * (rest * other) @ emptied()
        left[:, 1] = kept * passed * (1 - other) + gone * (passed * other + came * self._takes) @ emptied()
        return left

    def empties_back(self, now: Weights, back: Weights, step: Step) -> tuple[float, Weights]:
        """Return the chance of an emptying in a step, and what all after it says of the moment before."""
        now = self._begins(now, step)
        visit, other, gone, kept = self._chances(step)
        empty = gone * back @ emptied().T
        stays = kept * (1 - other) * back
        rest, passed = stays[:, 0] + other * empty[:, 0], stays[:, 1] + other * empty[:, 1]
        took = self._takes * empty[:, 1]
        came = (1 - self._takes) * passed + took
        before = np.stack([(1 - visit) * rest + visit * came, passed], axis=1)
        went = (now[:, 0] * ((1 - visit) * other * empty[:, 0])).sum()
        went += (now[:, 0] * visit * (took + (1 - self._takes) * other * empty[:, 1])).sum()
        went += (now[:, 1] * other * empty[:, 1]).sum()
        chance = float(went / max((now * before).sum(), 1e-300))
        comes = self._begun(step)
        if comes is not None:
            both = comes * before[:, 0] + (1 - comes) * before[:, 1]
            before = np.stack([both, both], axis=1)
        return chance, before

    def _begins(self, now: Weights, step: Step) -> Weights:
        comes = self._begun(step)
        if comes is None:
            return now
        both = now.sum(axis=1)
        return np.stack([comes * both, (1 - comes) * both], axis=1)

    def _begun(self, step: Step) -> float | None:
        """Return the chance that somebody will come, where a part of the day begins in which somebody may."""
        if not self._habits:
            return None
        before, after = _minute(step.time - step.ms), _minute(step.time)
        if not any(before < begin <= after for begin, _ in VISITS[self._unit.habit]):
            return None
        if not self._world.spans(midnight(day_number(step.time)), midnight(day_number(step.time)) + DAY_MS):
            return 0.0
        if self._unit.habit is Habit.ROUNDS:
            return ROUND_COMES if weekday(step.time) in ROUND_DAYS else 0.0
        return 1.0

    def _chances(self, step: Step) -> tuple[float, Weights, float, float]:
        """Return the chances of a usual visit and of other emptyings, and what an opening says of either."""
        gone = kept = 1.0
        if step.opened is not None:
            friday = weekday(step.time) == 4 and 17 * 60 + 15 < _minute(step.time) < 17 * 60 + 50
            gone, kept = (1.0, CLEANED if friday else SERVICED) if step.opened else (NEVER, 1.0)
        if not self._habits:
            return 0.0, np.full(BINS, self._usual * step.open_ms + REPLACED * step.ms), gone, kept
        before, after = _minute(step.time - step.ms), _minute(step.time)
        visit = 0.0
        for begin, end in VISITS[self._unit.habit]:
            passed, by_now = (self._passed(minute, begin, end) for minute in (before, after))
            if before <= after and by_now > passed:
                visit = (by_now - passed) / max(1 - passed, 1e-9)
        other = np.full(BINS, REPLACED * step.ms)
        other[100:] += -math.expm1(-self._full * step.open_ms)
        return visit, other, gone, kept

    def _passed(self, minute: float, begin: float, end: float) -> float:
        if self._unit.habit is Habit.ROUNDS and begin <= minute < end:
            return 0.5 * (1 + math.erf((minute - ROUND) / ROUND_SCATTER / math.sqrt(2)))
        return min(max((minute - begin) / (end - begin), 0.0), 1.0)

    # ------------------------------------------------------------ what comes

    def brings(self, now: Weights, step: Step) -> Weights:
        """Return the weights after something has come."""
        now = now @ self._brought(step)
        return now @ sunk() if _settles(step) else now

    def brings_back(self, back: Weights, step: Step) -> Weights:
        """Return what all after it says of the moment before something came."""
        back = back @ sunk().T if _settles(step) else back
        return back @ self._brought(step).T

    def _brought(self, step: Step) -> Weights:
        if step.cycles is not None:
            return _counted(self._capacity, min(step.cycles, 40))
        if step.comes <= 0:
            return np.eye(BINS)
        hands = step.comes / float(_hand(self._capacity) @ np.arange(_MOST))
        return _comes(self._capacity, max(round(_FINE * math.log2(hands)), -80))

    # ------------------------------------------------------------ levels

    def reads(self, now: Weights, step: Step) -> Weights:
        """Return the weights after a level was read."""
        if step.level is None:
            return now
        looks = self._looks[step.time] = self._seen(step)
        self._level = step.level
        if not step.jumps:
            both = now.sum(axis=0) if now[1].any() else now[0]
            return np.stack([both * looks[0], np.zeros_like(both)])
        stays = math.exp(-step.ms / JUMP_MS)
        jumped = now[1] * stays * looks[2] + (now[0] + now[1] * (1 - stays)) * JUMP_CHANCE * looks[1]
        return np.stack([(now[0] + now[1] * (1 - stays)) * (1 - JUMP_CHANCE) * looks[0], jumped])

    def reads_back(self, back: Weights, step: Step) -> Weights:
        """Return what a level, and all after it, says of the moment before it."""
        if step.level is None:
            return back
        looks = self._looks[step.time]
        if not step.jumps:
            return np.stack([back[0] * looks[0], back[0] * looks[0]])
        stays = math.exp(-step.ms / JUMP_MS)
        ends = (1 - JUMP_CHANCE) * looks[0] * back[0] + JUMP_CHANCE * looks[1] * back[1]
        return np.stack([ends, stays * looks[2] * back[1] + (1 - stays) * ends])

    def _seen(self, step: Step) -> Weights:
        """Return the densities of a level by percent: of a sensor that measures, that jumps now, that has jumped."""
        level, sensors = step.level or 0.0, self._unit.sensors
        off = level - (sensors.gain * PERCENTS + sensors.offset + CRUMPLE + step.off)
        spread = math.hypot(step.noise, CRUMPLE_SPREAD, 0.3)
        true = (1 - self._nonsense) * _normal(off, spread) + self._nonsense / RANGE
        if not step.jumps:
            return true[None]
        far = (np.abs(off) >= JUMP_LEAST) & (np.abs(off) <= step.jumps + 2 * spread)
        jumps = np.where(off < 0, JUMP_DOWN, 1 - JUMP_DOWN) * far / max(step.jumps - JUMP_LEAST, 3.0) + 1e-6
        last = level if self._level is None else self._level
        again = _normal(np.array([level - last]), math.hypot(1.5 * step.noise, 1.0)) + 1e-3
        return np.stack([true, jumps, np.broadcast_to(again, (BINS,))])


def _minute(time: int) -> float:
    return (time - midnight(day_number(time))) / MINUTE_MS


def _settles(step: Step) -> bool:
    return step.time // SETTLE_EVERY_MS != (step.time - step.ms) // SETTLE_EVERY_MS


def _normal(off: Weights, spread: float) -> Weights:
    return np.exp(-0.5 * (off / spread) ** 2) / (spread * 2.5066)


@cache
def _hand(capacity: int) -> Weights:
    """Return the chances of what a hand brings, by percent."""
    return _volumes(WIDE.lumps, 0.0, capacity)


@cache
def _cycle(capacity: int) -> Weights:
    """Return the chances of what a cycle presses: a lump takes one, or several of three nappies each."""
    return _volumes(WIDE.lumps * ONE_PRESS, WIDE.lumps * (1 - ONE_PRESS) * sum(LUMP) / 6, capacity)


def _volumes(lumps: float, threes: float, capacity: int) -> Weights:
    nappies = np.zeros(LUMP[1] + 1)
    for many in NAPPIES_IN_A_HAND:
        nappies[many] += (1 - WIDE.lumps) / len(NAPPIES_IN_A_HAND)
    nappies[3] += threes
    nappies[LUMP[0] :] += lumps / (LUMP[1] + 1 - LUMP[0])
    found, grid = np.zeros(_MOST), np.arange(_MOST, dtype=np.float64)
    for many, chance in enumerate(nappies / nappies.sum()):
        spread = math.hypot(0.173 * math.sqrt(many) * 100 / capacity, 0.4)  # each nappy is 0.7 to 1.3 of one
        near = _normal(np.asarray(grid - 100 * many / capacity, dtype=np.float64), spread)
        found += chance * near / near.sum()
    return found


@cache
def _comes(capacity: int, number: int) -> Weights:
    hands, turned = 2 ** (number / _FINE), np.fft.fft(_hand(capacity))
    parts = (np.fft.ifft(np.exp(share * hands * (turned - 1))).real for share in (1.0, STUFFED_WHEN_FULL))
    return _moved(*(np.clip(part, 0, None) for part in parts))


@cache
def _counted(capacity: int, cycles: int) -> Weights:
    brought = np.clip(np.fft.ifft(np.fft.fft(_cycle(capacity)) ** cycles).real, 0, None)
    return 0.97 * _moved(brought, brought) + 0.03 * _moved(brought, brought) @ _comes(capacity, 0)  # some not counted


def _moved(brought: Weights, little: Weights) -> Weights:
    """Return (from, to); what would go beyond the brim stays there, and a full bag takes little."""
    found = np.zeros((BINS, BINS))
    for start in range(BINS):
        found[start, start:] = (brought if start < 100 else little)[: BINS - start]
        found[start, -1] += max(1 - found[start].sum(), 0.0)
    return found


@cache
def emptied() -> Weights:
    """Return the chances (from, to) of an emptying: whole, or with something left."""
    found = np.zeros((BINS, BINS))
    found[:, 0] = 1 - WIDE.residues
    for start in range(BINS):
        left = np.minimum(np.linspace(*RESIDUE, 61), start / 2)
        np.add.at(found[start], np.rint(left).astype(int), WIDE.residues / len(left))
    return found


@cache
def sunk() -> Weights:
    """Return the chances (from, to) of two hours in which contents settle, or, seldom, a bag slips."""
    found, slips = np.zeros((BINS, BINS)), 2 / (182 * 12)
    for start in range(BINS):
        loose = WIDE.settling * min(start, 60) / 2
        for times, chance in ((0, 0.4), (1, 0.3), (2, 0.3)):
            found[start, max(start - round(times * loose * SETTLE_EVERY_MS / (8 * HOUR_MS)), 0)] += chance * (1 - slips)
        falls = range(7, 15) if start > 30 else (0,)
        for fall in falls:
            found[start, start - fall] += slips / len(falls)
    return found
