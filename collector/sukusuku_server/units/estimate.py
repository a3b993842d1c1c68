"""How full a unit is at a moment, with how well that is known. Pure.

sigma is the standard error of the filter (see `fill`), at least `FLOOR`. The confidence starts at 100 % for two
witnesses, 80 % for the level alone and 65 % for the counter alone; it is scaled by 1 - sigma / 40 and by 0.7 while a
rival account stands, and halves every `HALVES_HOURS` of silence after the first hour.
"""

from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_server.model.collection import FillEstimate
from sukusuku_server.settings.collection import Collection
from sukusuku_server.units.emptying_detection import ALIVE_MS
from sukusuku_server.units.fill_filter import FLOOR, HIGHEST, Fill

BOTH, LEVEL_ALONE, COUNTER_ALONE = 100.0, 80.0, 65.0
DOUBTED = 0.4
"""While a level contradicts the estimate and it is not known yet which of them is right."""
LIKELIER, SURELY = 0.5, 0.9
LOOK_MS, STAY_MS, STAY_COUNT = 20 * MINUTE_MS, MINUTE_MS, 2
"""A level that contradicts the estimate is shown when nobody looked for so long before it, or when so many readings
stayed so long; at the second reading when it is as likely as `SURELY`."""
WORST_SIGMA = 40.0
HALVES_HOURS = 12.0
SILENT_SIGMA = 5.0
"""Percent that sigma grows by in each hour of silence after the first one."""


def shown(fill: Fill) -> float:
    """Return the percent of the likeliest account of the bag. A level that fell is shown before it is sure."""
    rival = None if fill.level is None else fill.level.rival
    if rival is None or rival.percent > rival.before or rival.chance < LIKELIER:
        return fill.bag.percent
    stayed = rival.last - rival.since >= STAY_MS or rival.chance >= SURELY
    looked = rival.blind >= LOOK_MS or (rival.count >= STAY_COUNT and stayed)
    return rival.percent if looked else fill.bag.percent


def estimate(fill: Fill, settings: Collection, time: int) -> FillEstimate:
    """Return the estimate at `time`; its own `time` is when the unit was last heard of."""
    bag, level, counter = fill.bag, fill.level, fill.counter
    heard = time if fill.heard is None else fill.heard
    hours = max(0.0, (time - heard) / HOUR_MS - 1)
    seen = level is not None and not level.stuck and level.believed > heard - 2 * ALIVE_MS
    counted = counter is not None and counter.time > heard - 2 * ALIVE_MS
    base = (BOTH if seen else COUNTER_ALONE) if counted else LEVEL_ALONE
    sigma = max(bag.variance**0.5, FLOOR) + SILENT_SIGMA * hours
    rival = None if level is None else level.rival
    doubt = DOUBTED if rival is not None and (rival.count > 1 or rival.blind >= LOOK_MS) else 1.0
    exact = max(0.0, 1 - sigma / WORST_SIGMA)
    percent = min(max(shown(fill), 0.0), HIGHEST)
    return FillEstimate(
        time=heard,
        percent=percent,
        nappies=percent * settings.nappies_per_bag / 100,
        sigma=sigma,
        confidence=base * exact * doubt * 0.5 ** (hours / HALVES_HOURS),
        level=level.percent if seen and level is not None else None,
        counted=bag.counted if counted else None,
        emptied=bag.emptied,
    )
