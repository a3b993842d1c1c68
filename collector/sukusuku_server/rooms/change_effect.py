"""What a change of a room has brought, such as shelves that were moved: its use before a day and from it on. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from statistics import fmean, variance

from sukusuku_core.time import DAY_MS, day_start
from sukusuku_server.rooms.usage import Hour, by_day, joined
from sukusuku_server.rooms.usage_sums import UsageSums, total

SIDE_DAYS = 56
"""So many days are compared on each side of a change, unless another change comes first."""
_NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True)
class Effect:
    """The use before a date and from it on. `change` is of the average occupancy of a day, like weekdays compared.

    `low` and `high` bound it with 95 % confidence; None: fewer than two days of any weekday on one side.
    """

    before: UsageSums
    after: UsageSums
    change: float | None
    low: float | None
    high: float | None


def effect(found: Iterable[Hour], day: date) -> Effect:
    """Return what has changed with a day. Days of which nothing is known are left out of `change` and its bounds."""
    days = joined(found, by_day)
    sides: tuple[dict[int, list[float]], dict[int, list[float]]] = ({}, {})
    for when, tally in days.items():
        if tally.average_occupancy is not None:
            sides[when >= day].setdefault(when.weekday(), []).append(tally.average_occupancy)
    weights = change = spread = 0.0
    for weekday, before in sides[0].items():
        after = sides[1].get(weekday, [])
        weight = min(len(before), len(after))
        if weight < 2:  # noqa: PLR2004 a spread needs two
            continue
        weights += weight
        change += weight * (fmean(after) - fmean(before))
        spread += weight**2 * (variance(before) / len(before) + variance(after) / len(after))
    before_all, after_all = (
        total(tally for when, tally in days.items() if (when >= day) == side) for side in (False, True)
    )
    if not weights:
        return Effect(before_all, after_all, None, None, None)
    change /= weights
    margin = _NORMAL_95 * sqrt(spread) / weights
    return Effect(before_all, after_all, change, change - margin, change + margin)


def stretch(day: date, others: Sequence[date]) -> tuple[int, int]:
    """Return the period (UTC ms) that shows the effect of a day: `SIDE_DAYS` each side, up to one of `others`."""
    middle = day_start(day)
    first = max([middle - SIDE_DAYS * DAY_MS, *(day_start(other) for other in others if other < day)])
    end = min([middle + SIDE_DAYS * DAY_MS, *(day_start(other) for other in others if other > day)])
    return first, end
