"""What a simulated world is made of, as data: by what units are sensed, how they are emptied, what goes wrong.

`NARROW` is a world of dense, honest sensing; tests of single rules live in it. `WIDE` adds what containers and lids in
the field have shown: lumps, changes of almost empty bags, residues, settling, sensors at their stop, sticking lid
switches, strong noise, and levels that are read every half hour, every 2-3 hours or once a day.
"""

from dataclasses import dataclass

from bench.collection.ground_truth import Habit
from bench.collection.simulated_sensors import Fault, Witness
from sukusuku_core.time import MINUTE_MS

W = Witness
FULL_SET = frozenset({W.LEVEL, W.COUNTER, W.STATE, W.LID})
LEVEL = frozenset({W.LEVEL})

FaultRate = tuple[Fault, float, tuple[float, float], tuple[float, float]]
"""Fault, mean number of times per unit and half year, hours that it lasts, its size."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of sensing: its name in reports, what a unit is sensed by, and the hours between two levels.

    Without `pace` the level is measured every ten minutes and after each hand.
    """

    name: str
    witnesses: frozenset[Witness]
    pace: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Knobs:
    """A world. Units take the kinds, and with them the habits, one after another."""

    kinds: tuple[Kind, ...]
    habits: tuple[Habit, ...]
    faults: tuple[FaultRate, ...]
    lumps: float = 0.0
    """Share of hands that bring 10 to 20 nappies at once."""
    residues: float = 0.0
    """Share of emptyings that leave something in the bag."""
    settling: float = 0.0
    """Share of what was brought that sinks in the hours after."""
    noise: tuple[float, float] = (0.3, 1.2)
    """Standard deviations of level sensors, percent."""


NARROW = Knobs(
    kinds=(
        Kind("BAG_FULL, level, counter, lid", FULL_SET),
        Kind("BAG_FULL, level, counter, lid, door", FULL_SET | {W.DOOR}),
        Kind("level only", LEVEL),
        Kind("BAG_FULL, level, counter, lid", FULL_SET),
        Kind("level, counter", frozenset({W.LEVEL, W.COUNTER})),
        Kind("bag contact, counter, door", frozenset({W.COUNTER, W.DOOR, W.BAG})),
        Kind("BAG_FULL, level, counter, lid, door, bag contact", FULL_SET | {W.DOOR, W.BAG}),
        Kind("level, lid", frozenset({W.LEVEL, W.LID})),
        Kind("own counter", frozenset({W.COUNTER, W.OWN_COUNT})),
        Kind("BAG_FULL, level, counter, lid", FULL_SET),
    ),
    habits=(Habit.WHEN_FULL, Habit.ROUNDS, Habit.DAILY, Habit.HASTY, Habit.ROUNDS, Habit.WHEN_FULL, Habit.ROUNDS),
    faults=(
        (Fault.NOISY, 1.0, (24, 120), (2.5, 4.5)),
        (Fault.JUMPY, 1.2, (12, 96), (15, 60)),
        (Fault.DRIFT, 0.7, (240, 700), (-6, 12)),
        (Fault.STUCK, 0.7, (10, 96), (0, 0)),
        (Fault.LEVEL_BAD, 0.5, (2, 72), (0, 0)),
        (Fault.COUNTER_STUCK, 0.4, (24, 120), (0, 0)),
        (Fault.COUNTER_RESTART, 1.0, (0, 0), (0, 0)),
        (Fault.SILENT, 3.0, (1, 60), (0, 0)),
        (Fault.CLOCK, 0.5, (2, 72), (-20 * MINUTE_MS, 4 * MINUTE_MS)),
        (Fault.STUFFING, 0.7, (24, 96), (0, 0)),
        (Fault.SLIPPED, 2.0, (0, 0), (0, 0)),
        (Fault.REPLACED, 0.25, (0, 0), (0, 0)),
    ),
)

WIDE = Knobs(
    kinds=(
        Kind("BAG_FULL, level, counter, lid", FULL_SET),
        Kind("level only", LEVEL),
        Kind("level, counter", frozenset({W.LEVEL, W.COUNTER})),
        Kind("level, lid", frozenset({W.LEVEL, W.LID})),
        Kind("bag contact, counter, door", frozenset({W.COUNTER, W.DOOR, W.BAG})),
        Kind("own counter", frozenset({W.COUNTER, W.OWN_COUNT})),
        Kind("level every 30 min", LEVEL, (0.5, 0.5)),
        Kind("level every 2-3 h", LEVEL, (2.0, 3.0)),
        Kind("level once a day", LEVEL, (24.0, 24.0)),
        Kind("BAG_FULL, level, counter, lid, door, bag contact", FULL_SET | {W.DOOR, W.BAG}),
    ),
    habits=(
        Habit.WHEN_FULL,
        Habit.ROUNDS,
        Habit.DAILY,
        Habit.EAGER,
        Habit.HASTY,
        Habit.ROUNDS,
        Habit.WHEN_FULL,
        Habit.EAGER,
    ),
    faults=(
        *(
            (fault, times, hours, (2.5, 10) if fault is Fault.NOISY else size)
            for fault, times, hours, size in NARROW.faults
        ),
        (Fault.STOP, 2.0, (1, 12), (-1, 1)),
        (Fault.LID, 0.7, (24, 700), (-1, 1)),
    ),
    lumps=0.03,
    residues=0.1,
    settling=0.15,
    noise=(0.3, 2.0),
)
DAY_HOURS = 24
"""A level that is read at least so seldom may miss whole bags: what is found of them has no goal."""
