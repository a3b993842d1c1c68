"""The units of a round as it sees them: from their views, what was asked for and when they were emptied. Pure.

Between now and the median time at which a bag is full, its level is taken to rise evenly over the opening hours; its
90 % end likewise up to the early (10 %) time. A unit that is silent, or of which nothing was derived, has no level: it
is visited rather than missed, and counts as a full bag for the vehicle. A unit holds one bag, however full it is.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from statistics import NormalDist

from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.calendar.opening_hours import OpeningHours
from sukusuku_server.db.modes import Mode, ModeKind
from sukusuku_server.live.outlook import ISSUED_MS, Outlook
from sukusuku_server.live.views import UnitView
from sukusuku_server.model.collection import HORIZON_HOURS
from sukusuku_server.model.rounds import Candidate
from sukusuku_server.model.series import Latest
from sukusuku_server.rounds.timetable import Trip
from sukusuku_server.settings import Site, Unit

WITNESSES = ("Fill/Percent", "Cycles/Total")
"""The metrics that say how full a bag is."""
_HORIZON_MS = round(HORIZON_HOURS * HOUR_MS)
_FRESH_MS = 2 * ISSUED_MS
"""A bag younger than this may have no forecast yet."""
_FURTHEST_MS = 400 * DAY_MS
"""Opening hours are added up over no longer time, whatever is asked: each day costs something."""
_EARLY = NormalDist().inv_cdf(0.1)
"""Where the early end of a forecast stands, in standard deviations."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a round knows when it looks at its units at the moment `now` (UTC ms).

    `risk` is the probability of being full that it accepts. What people and derivation have said goes by asset id:
    the last emptying and the oldest standing request, UTC ms. `waited`, `covered` and `retired` are asset ids, see
    `Candidate`.
    """

    now: int
    trip: Trip
    risk: float
    emptied: Mapping[str, int]
    asked: Mapping[str, int]
    waited: Collection[str] = ()
    covered: Collection[str] = ()
    retired: Collection[str] = ()


def is_silent(view: UnitView, latest: Mapping[str, Latest], now: int) -> bool:
    """Whether nobody knows how full a unit is now: it is silent as a whole, or neither of its witnesses speaks."""
    heard = [time for name in WITNESSES if name in latest and (time := latest[name].last_good) is not None]
    return view.stale or not heard or now - max(heard) > view.silent_after * 1000


def is_retired(asset: str, latest: Mapping[str, Latest], modes: Collection[Mode]) -> bool:
    """Whether nothing that tells the level of a unit is measured any more, as people have said: it is out of service.

    `modes` are the periods of now.
    """
    gone = {mode.subject for mode in modes if mode.kind is ModeKind.RETIRED}
    told = [name for name in (*WITNESSES, "State") if name in latest or f"{asset}/{name}" in gone]
    return bool(told) and all(f"{asset}/{name}" in gone for name in told)


def candidate(
    site: Site,
    unit: Unit,
    ahead: Outlook | None,
    known: Known,
    opening: OpeningHours,
    *,
    fault: bool,
) -> Candidate:
    """Return a unit as a round sees it.

    `ahead` is None while the unit is silent. Without a forecast nobody knows either, but for the first hours of a bag.
    """
    now, trip = known.now, known.trip
    emptied = known.emptied.get(unit.id)
    fresh = emptied is not None and now - emptied < _FRESH_MS
    if ahead is not None and ahead.full_from is None and not fresh:
        ahead = None
    then, high = (None, None) if ahead is None else _levels(ahead, opening, now, trip.departs)
    load = 100.0 if then is None else then
    asked = known.asked.get(unit.id)
    return Candidate(
        asset=unit.id,
        site=site.id,
        lat=None if site.place is None else site.place.lat,
        lon=None if site.place is None else site.place.lon,
        percent=None if ahead is None else ahead.percent,
        percent_then=then,
        percent_high=high,
        confidence=0.0 if ahead is None else ahead.confidence,
        kg=load / 100 * unit.collection.nappies_per_bag * unit.collection.kg_on(trip.date),
        bags=1,
        full_by=None if ahead is None else _full_by(ahead, known.risk, now),
        hygiene_by=None if ahead is None else ahead.hygiene_by,
        silent=ahead is None,
        fault=fault,
        asked=asked is not None and (emptied is None or asked > emptied),
        closed=not opening.spans(trip.departs, trip.returns),
        last_emptied=emptied,
        waited=unit.id in known.waited,
        covered=unit.id in known.covered,
        retired=unit.id in known.retired,
    )


def _levels(ahead: Outlook, opening: OpeningHours, now: int, at: int) -> tuple[float, float]:
    """Return the level expected at a time, and its 90 % end."""
    then = _level(ahead.percent, opening, now, at, ahead.full_at)
    return then, max(then, _level(ahead.percent, opening, now, at, ahead.full_from))


def _level(percent: float, opening: OpeningHours, now: int, at: int, full: int | None) -> float:
    hours = 0 if full is None else _open(opening, now, full)
    return percent + max(0.0, 100.0 - percent) * _open(opening, now, at) / hours if hours else percent


def _open(opening: OpeningHours, start: int, end: int) -> int:
    end = min(end, start + _FURTHEST_MS)
    return sum(closes - opens for opens, closes in opening.spans(start, end)) if start < end else 0


def _full_by(ahead: Outlook, risk: float, now: int) -> int | None:
    """Return the moment before which the bag is full with probability `risk`: normal between the forecast's ends."""
    if ahead.full_from is None or ahead.full_at is None:
        return None
    early = NormalDist().inv_cdf(risk) / _EARLY
    found = round(ahead.full_at - early * (ahead.full_at - ahead.full_from))
    return None if found >= now + _HORIZON_MS - _FRESH_MS else max(now, found)
