"""What became of forecasts, and what that teaches. Pure.

The outcome of a forecast is the time after which the nappies that have come since it was issued would have filled the
room that was left, whether or not the bag was changed before. So a forecast that an emptying overtook counts like any
other, nothing is left out because a crew came early, and waiting for the outcome does not favour any method.
A bag that would not have been full within the horizon counts as full at its end.

`learn` stretches each end of the band a little when an outcome lies beyond it, and relaxes it when not, so that in
the long run one in ten is earlier and one in ten later (adaptive conformal inference). It sees past outcomes only.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.collection import HORIZON_HOURS, Forecast, Method, Outcome
from sukusuku_server.units import forecast_blend
from sukusuku_server.units.forecast import HORIZON_MS, UNSTRETCHED, Stretch, Stretches
from sukusuku_server.units.forecast_blend import Blend

ISSUE_HOURS = (8, 12, 16)
"""Local hours at which forecasts are kept for the score card, every day."""
BESIDE = 0.1
"""Share of outcomes that may lie beyond each end of the band."""
STEP = 0.05
"""How fast the band learns: the logarithm of its width moves by at most this per outcome."""
NEIGHBOUR = 0.3
"""How much a band learns from an outcome of the next nearer or farther reach."""
NARROWEST, WIDEST = 0.3, 5.0


@dataclass(frozen=True, slots=True)
class Open:
    """A forecast of the model whose outcome is not known. `filled` is the total of nappies at which it will be."""

    issued: int
    filled: float
    hours10: float | None
    hours90: float | None
    members: tuple[float | None, ...] = ()
    """What the members of its blend said."""
    reach: int = 0


@dataclass(frozen=True, slots=True)
class Ledger:
    """The forecasts of a unit that wait for their outcome, and what outcomes so far have taught."""

    waiting: tuple[Open, ...] = ()
    stretches: Stretches = UNSTRETCHED
    blend: Blend = forecast_blend.UNKNOWN


EMPTY = Ledger()


@dataclass(frozen=True, slots=True)
class Scored:
    """A forecast with its outcome in hours from its issue."""

    forecast: Forecast
    outcome: float


@dataclass(frozen=True, slots=True)
class Score:
    """How good a method was. `error` is the mean absolute error of `hours50` in hours.

    It is taken over the `compared` moments for which every method had a figure and the bag was full within the horizon,
    so that no method gains or loses by keeping silent. `inside`, `early` and `late` are the shares of the outcomes
    inside its 80 % band and beyond its ends, over all `judged` forecasts; None for a method without a band.
    """

    method: Method
    judged: int
    compared: int
    error: float | None
    inside: float | None
    early: float | None
    late: float | None


def issue(
    ledger: Ledger,
    forecast: Forecast,
    total: float,
    room: float,
    members: tuple[float | None, ...] = (),
    reach: int = 0,
) -> Ledger:
    """Keep a forecast of the model, with what the `members` of its blend said and its `reach`.

    `total` are the nappies so far (`Rates.total`), `room` those still going in.

    What waits for longer than the horizon waits because the unit is silent: nobody will know, and it is let go.
    """
    if room <= 0:
        return ledger
    entry = Open(forecast.issued, total + room, forecast.hours10, forecast.hours90, members, reach)
    kept = (old for old in ledger.waiting if forecast.issued - old.issued <= HORIZON_MS)
    return replace(ledger, waiting=(*kept, entry))


def settle(
    ledger: Ledger, asset: str, start: int, end: int, before: float, after: float
) -> tuple[Ledger, tuple[Outcome, ...]]:
    """Settle forecasts by a rise of the nappies in total from `before` to `after` in start <= time < end."""
    found: list[Outcome] = []
    waiting: list[Open] = []
    stretches, blend = ledger.stretches, ledger.blend
    for entry in ledger.waiting:
        hours = HORIZON_HOURS
        if after >= entry.filled:
            part = (entry.filled - before) / (after - before) if after > before else 0.0
            full = start + min(max(part, 0.0), 1.0) * (end - start)
            hours = min(HORIZON_HOURS, max(0.0, full - entry.issued) / HOUR_MS)
        elif end - entry.issued < HORIZON_HOURS * HOUR_MS:
            waiting.append(entry)
            continue
        found.append(Outcome(asset, entry.issued, hours))
        stretches = _learnt(stretches, entry, hours)
        if entry.members:
            blend = forecast_blend.learn(blend, entry.members, hours)
    return Ledger(tuple(waiting), stretches, blend), tuple(found)


def learn(
    stretch: Stretch, hours10: float | None, hours90: float | None, outcome: float, weight: float = 1.0
) -> Stretch:
    """Return the band after one more outcome, which counts with a weight."""
    early, late = _beyond(hours10, hours90, outcome)
    return Stretch(_moved(stretch.early, weight, missed=early), _moved(stretch.late, weight, missed=late))


def _learnt(stretches: Stretches, entry: Open, outcome: float) -> Stretches:
    """Return the bands after an outcome; those of other reaches learn less of it."""
    return tuple(
        learn(stretch, entry.hours10, entry.hours90, outcome, NEIGHBOUR ** abs(reach - entry.reach))
        for reach, stretch in enumerate(stretches)
    )


def score(scored: Iterable[Scored]) -> tuple[Score, ...]:
    """Return the score card of forecasts of any units and time, one line per method that occurs."""
    moments: dict[tuple[str, int], list[Scored]] = defaultdict(list)
    for item in scored:
        moments[item.forecast.asset, item.forecast.issued].append(item)
    methods = {item.forecast.method for items in moments.values() for item in items}
    comparable = [items for items in moments.values() if _comparable(items, len(methods))]
    everything = [item for items in moments.values() for item in items]
    compared = [item for items in comparable for item in items]
    return tuple(
        _line(method, _of(everything, method), _of(compared, method)) for method in Method if method in methods
    )


def _of(items: Sequence[Scored], method: Method) -> list[Scored]:
    return [item for item in items if item.forecast.method is method]


def _comparable(items: Sequence[Scored], methods: int) -> bool:
    figures = [item.forecast.hours50 for item in items if item.forecast.hours50 is not None]
    return len(figures) == methods and items[0].outcome < HORIZON_HOURS


def _line(method: Method, judged: Sequence[Scored], compared: Sequence[Scored]) -> Score:
    errors = [abs(item.forecast.hours50 - item.outcome) for item in compared if item.forecast.hours50 is not None]
    error = math.fsum(errors) / len(errors) if errors else None
    if method is not Method.MODEL or not judged:
        return Score(method, len(judged), len(errors), error, None, None, None)
    beyond = [_beyond(item.forecast.hours10, item.forecast.hours90, item.outcome) for item in judged]
    early = sum(before for before, _ in beyond) / len(beyond)
    late = sum(after for _, after in beyond) / len(beyond)
    return Score(method, len(judged), len(errors), error, 1 - early - late, early, late)


def _beyond(hours10: float | None, hours90: float | None, outcome: float) -> tuple[bool, bool]:
    """Whether an outcome lies before the early end and after the late end of a band."""
    early = HORIZON_HOURS if hours10 is None else hours10
    return outcome < early, hours90 is not None and outcome > hours90


def _moved(width: float, weight: float, *, missed: bool) -> float:
    step = STEP * weight * ((1.0 if missed else 0.0) - BESIDE)
    return min(WIDEST, max(NARROWEST, width * math.exp(step)))
