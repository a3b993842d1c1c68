"""One median out of several forecasts: a convex blend that learns from outcomes. Pure.

The members are the model and the simple rules. The weights follow AdaHedge (S. de Rooij, T. van Erven, P. Grünwald and
W. Koolen, *Follow the Leader If You Can, Hedge If You Must*, 2014). So over many outcomes the blend is not worse than
the best of its members by more than a part that shrinks with the square root of their number, whatever comes; no
learning rate is chosen. An error counts in parts of the time that was to be forecast, so that a bag of weeks does not
outweigh a hundred bags of days.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sukusuku_server.model.collection import HORIZON_HOURS, Forecast

TRUST = (0.6, 0.2, 0.2)
"""Weights before anything is known: of the model, and of the rules."""
BASE_HOURS = 24.0
"""An error counts as a part of the outcome and these hours together."""
PATIENCE = 3.0
"""What may be lost before the weights move fast: a few outcomes of one unit say little."""


@dataclass(frozen=True, slots=True)
class Blend:
    """What the members have lost, and by how much more the blend has lost than its mixture (`gap`)."""

    lost: tuple[float, ...] = (0.0,) * len(TRUST)
    gap: float = PATIENCE


UNKNOWN = Blend()


def blended(blend: Blend, model: Forecast, rules: Sequence[Forecast]) -> Forecast:
    """Return the model's forecast with the median of the blend; its band is stretched in proportion.

    A median beyond the horizon stays there: nobody knows by how much.
    """
    own, hours = model.hours50, mixed(blend, members(model, rules))
    if not own or hours == own:
        return model
    part = hours / own
    early = None if model.hours10 is None else min(model.hours10 * part, hours)
    late = None if model.hours90 is None else max(model.hours90 * part, hours)
    return replace(model, hours10=_told(early), hours50=_told(hours), hours90=_told(late))


def members(model: Forecast, rules: Sequence[Forecast]) -> tuple[float | None, ...]:
    """Return the medians of all members; None: a rule without a figure, which sleeps."""
    return (_known(model.hours50), *(rule.hours50 for rule in rules))


def mixed(blend: Blend, hours: Sequence[float | None]) -> float:
    """Return the median of the blend, in hours."""
    weights = _weights(blend, hours)
    return math.fsum(weight * (value or 0.0) for weight, value in zip(weights, hours, strict=True))


def learn(blend: Blend, hours: Sequence[float | None], outcome: float) -> Blend:
    """Return the blend after the outcome (hours) of a forecast whose members said `hours`."""
    weights, rate = _weights(blend, hours), _rate(blend)
    base = BASE_HOURS + outcome
    told = abs(mixed(blend, hours) - outcome) / base
    losses = [told if value is None else abs(value - outcome) / base for value in hours]  # who sleeps loses as all do
    together = math.fsum(weight * loss for weight, loss in zip(weights, losses, strict=True))
    least = min(losses)
    parts = (weight * math.exp(-rate * (loss - least)) for weight, loss in zip(weights, losses, strict=True))
    mixture = least - math.log(math.fsum(parts)) / rate
    lost = tuple(old + loss for old, loss in zip(blend.lost, losses, strict=True))
    return Blend(lost, blend.gap + max(together - mixture, 0.0))


def _weights(blend: Blend, hours: Sequence[float | None]) -> list[float]:
    rate, least = _rate(blend), min(blend.lost)
    raw = [
        0.0 if value is None else trust * math.exp(-rate * (lost - least))
        for trust, lost, value in zip(TRUST, blend.lost, hours, strict=True)
    ]
    total = math.fsum(raw)
    return [weight / total if total > 0 else float(n == 0) for n, weight in enumerate(raw)]


def _rate(blend: Blend) -> float:
    return math.log(len(TRUST)) / blend.gap


def _known(hours: float | None) -> float:
    return HORIZON_HOURS if hours is None else hours


def _told(hours: float | None) -> float | None:
    return None if hours is None or hours >= HORIZON_HOURS else hours
