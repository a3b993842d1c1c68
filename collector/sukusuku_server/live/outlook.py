"""What is ahead of a unit, from its derived series: how much room is left, when it will be full. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_server.model.series import Point
from sukusuku_server.settings import Unit

GRID_MS = 5 * MINUTE_MS
"""Derived series have a point at least this often."""
ISSUED_MS = HOUR_MS
"""Forecasts are made this often."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The near future of a unit. Times are UTC ms; None: not known, or beyond the horizon.

    `percent` and `nappies` are the fused estimate, `room` how many nappies still go into the bag, `confidence` its
    quality in percent. `full_from` is the early end (10 %) of the time at which it is full, `full_at` the median.
    `empty_by` is when it should be emptied at the latest: the earlier of `full_from` and the hygiene deadline.
    """

    percent: float
    nappies: float
    room: int
    confidence: float
    full_from: int | None
    full_at: int | None
    hygiene_by: int | None
    full_until: int | None = None
    """The late end (90 %)."""

    @property
    def empty_by(self) -> int | None:
        """When it should be emptied at the latest."""
        return min((time for time in (self.full_from, self.hygiene_by) if time is not None), default=None)

    @property
    def done_by(self) -> int | None:
        """When it will probably be full, or over age."""
        return min((time for time in (self.full_at, self.hygiene_by) if time is not None), default=None)


def outlook(unit: Unit, derived: Mapping[str, Point], silent_after: float, now: int) -> Outlook | None:
    """Return what is ahead; None when nothing is derived, or what is derived has grown old."""
    percent, nappies = derived.get("Fill/Estimate"), derived.get("Fill/Nappies")
    fresh = silent_after * 1000 + GRID_MS
    if percent is None or nappies is None or now - percent.time > fresh:
        return None
    confidence = derived.get("Fill/Confidence")
    inside, bag = _number(nappies), bag_since(derived) or 0
    since = max(bag, now - fresh - ISSUED_MS)
    median = derived.get("Forecast/Hours50")
    return Outlook(
        percent=_number(percent),
        nappies=inside,
        room=max(0, round(unit.collection.nappies_per_bag - inside)),
        confidence=0.0 if confidence is None else _number(confidence),
        full_from=_ahead(derived.get("Forecast/Hours10"), since),
        full_at=_ahead(median, since),
        hygiene_by=_ahead(derived.get("Bag/HoursLeft"), since if median is None else max(since, median.time)),
        full_until=_ahead(derived.get("Forecast/Hours90"), since),
    )


def outlook_turns(derived: Mapping[str, Point], silent_after: float) -> Iterator[int]:
    """Yield the moments (UTC ms) at which a point becomes too old for `outlook` if nothing new is derived."""
    fresh = round(silent_after * 1000) + GRID_MS + 1
    if (percent := derived.get("Fill/Estimate")) is not None:
        yield percent.time + fresh
    for metric in ("Forecast/Hours10", "Forecast/Hours50", "Bag/HoursLeft"):
        if (point := derived.get(metric)) is not None:
            yield point.time + fresh + ISSUED_MS


def bag_since(derived: Mapping[str, Point]) -> int | None:
    """When the bag that is in the unit was put in (UTC ms); None: not known."""
    age = derived.get("Bag/Age")
    return None if age is None else age.time - round(_number(age) * HOUR_MS)


def _number(point: Point) -> float:
    return float(point.value) if isinstance(point.value, int | float) else 0.0


def _ahead(hours: Point | None, since: float) -> int | None:
    """Return the moment that a point in hours means; None when it is older than `since`: of another bag."""
    if hours is None or hours.time < since:
        return None
    return hours.time + round(_number(hours) * HOUR_MS)
