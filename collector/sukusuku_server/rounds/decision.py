"""Whether a round should stop at a unit, and why. Pure."""

from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.rounds import FAILING, Candidate, Reason, Stop
from sukusuku_server.rounds.timetable import Trip
from sukusuku_server.settings.rounds import Round

_FELL = 5.0
"""Percent. In one bag a level does not fall by so much; an estimate may by less."""
JUST_MS = 12 * HOUR_MS
"""An emptying less long before the round departs is the word for leaving a unit out."""

MUST = frozenset({Reason.ASKED, Reason.SILENT, Reason.FULL, Reason.OVER_AGE, Reason.DUE, Reason.FAULT_FULL})
"""Reasons that do not wait for the round after this one."""
JOINING = MUST | {Reason.BEFORE_NEXT}
"""Reasons for a stop; the others are reasons against one."""


def decide(candidate: Candidate, settings: Round, trip: Trip, after: Trip | None) -> Reason:
    """Return the first reason that holds, the most certain first; `after` is the next trip that may serve it.

    `full_by` of the candidate is the moment before which it is full with the probability `risk` of the round.
    """
    if candidate.retired:
        return Reason.RETIRED
    reason = _wanted(candidate, settings, trip, after)
    if reason not in JOINING:
        return reason
    if candidate.covered:
        return Reason.OTHER_ROUND
    if candidate.lat is None or candidate.lon is None:
        return Reason.NO_PLACE
    return Reason.CLOSED if candidate.closed else reason


def _wanted(candidate: Candidate, settings: Round, trip: Trip, after: Trip | None) -> Reason:
    percent, then, high = candidate.percent, candidate.percent_then, candidate.percent_high
    deadline = deadline_of(candidate)
    emptied = candidate.last_emptied
    silent = candidate.silent or percent is None or then is None
    holds = {
        Reason.ASKED: candidate.asked,
        Reason.SILENT: silent,
        Reason.FULL: max(percent or 0.0, then or 0.0) >= settings.join_percent,
        Reason.OVER_AGE: _before(candidate.hygiene_by, trip.departs),
        Reason.DUE: _before(deadline, trip.returns),
        Reason.FAULT_FULL: candidate.fault and max(then or 0.0, high or 0.0) >= settings.needless_percent,
        Reason.BEFORE_NEXT: deadline is not None and (after is None or _before(deadline, after.returns)),
        Reason.JUST_EMPTIED: emptied is not None and trip.departs - emptied < JUST_MS,
    }
    return next((reason for reason, true in holds.items() if true), Reason.ENOUGH_ROOM)


def still(candidate: Candidate, before: Stop | None, fresh: Reason, since: int, planned: int) -> Reason:
    """Return the reason that holds for a unit after a plan has been told, `fresh` being the one of now.

    A stop stays unless something has happened: emptied since `since` (UTC ms), withdrawn, out of service, closed, on
    another round. What only looks a little better by now, or has been silent for an hour, changes no plan. What was
    said of a bag is not so of the one that was put in after it; that one calls for no visit of its own before it must.
    `planned` (UTC ms) is when the plan was made: a bag that it was about already is no news with each waver of its
    forecast.
    """
    if before is None or fresh not in {*JOINING, Reason.ENOUGH_ROOM, Reason.JUST_EMPTIED}:
        return fresh
    if before.joined or before.reason in FAILING:
        emptied = _is_another_bag(candidate, before, since, planned)
        withdrawn = before.reason is Reason.ASKED and not candidate.asked and fresh not in JOINING
        over = emptied or withdrawn
        return fresh if over or fresh in MUST or before.reason not in JOINING else before.reason
    return fresh if fresh in MUST - {Reason.SILENT} or fresh not in JOINING else before.reason


def _is_another_bag(candidate: Candidate, before: Stop, since: int, planned: int) -> bool:
    """Whether the bag that the plan was about has been changed; an emptying may be detected hours after it."""
    if candidate.last_emptied is None or candidate.last_emptied < since:
        return False
    if candidate.last_emptied >= planned or before.percent is None or candidate.percent is None:
        return True
    return before.percent - candidate.percent >= _FELL


def deadline_of(candidate: Candidate) -> int | None:
    """Return the earlier of full and over age; None: neither within the horizon."""
    return min((time for time in (candidate.full_by, candidate.hygiene_by) if time is not None), default=None)


def _before(time: int | None, limit: int) -> bool:
    return time is not None and time <= limit
