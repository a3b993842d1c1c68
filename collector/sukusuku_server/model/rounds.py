"""The records of rounds. All times are UTC ms; `date` is the local day."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Reason(StrEnum):
    """Why a unit is joined to a round or left out. The words for people stand in `words.py`."""

    FULL = "full"
    DUE = "due"
    """Full, or past its hygiene deadline, before this round could come back."""
    BEFORE_NEXT = "before_next"
    """Likely to be full, or over age, before the round after this one."""
    OVER_AGE = "over_age"
    FAULT_FULL = "fault_full"
    """Reports a fault and cannot be trusted to hold out."""
    SILENT = "silent"
    """Nobody knows how full it is: it is visited rather than missed."""
    ASKED = "asked"
    """A person has asked for the visit."""
    ENOUGH_ROOM = "enough_room"
    JUST_EMPTIED = "just_emptied"
    CLOSED = "closed"
    """The centre is closed while the round is under way."""
    NO_CAPACITY = "no_capacity"
    """It should be visited, but the vehicle cannot take it or the time does not suffice: somebody must decide."""
    NO_PLACE = "no_place"
    """The site has no coordinates in the settings."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit as a round sees it, at the time the plan is made.

    `percent` now; `percent_then` expected when the round comes, with `percent_high` the 90 % end; `full_by` the early
    (10 %) time at which it is full; `hygiene_by` its hygiene deadline; None: beyond the horizon or not known.
    """

    asset: str
    site: str
    lat: float | None
    lon: float | None
    percent: float | None
    percent_then: float | None
    percent_high: float | None
    confidence: float
    kg: float
    bags: int
    full_by: int | None
    hygiene_by: int | None
    silent: bool = False
    fault: bool = False
    asked: bool = False
    closed: bool = False
    last_emptied: int | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """What the plan says about one unit. `position` counts from 1 along the way; None: not visited.

    `arrives` is expected; `deadline` the earliest of full (10 %) and hygiene, None: none within the horizon.
    """

    asset: str
    site: str
    joined: bool
    reason: Reason
    position: int | None
    arrives: int | None
    deadline: int | None
    percent: float | None
    percent_then: float | None
    confidence: float
    bags: int
    kg: float


@dataclass(frozen=True, slots=True)
class Plan:
    """One round on one date. `stops` has the joined ones in order, then the others.

    `solver` says in one English line how the order was found, or why there is none.
    """

    round: str
    date: date
    planned: int
    departs: int
    returns: int
    vehicle: str
    stops: tuple[Stop, ...]
    km: float
    minutes: float
    solver: str

    @property
    def joined(self) -> tuple[Stop, ...]:
        """The stops that are visited, in order."""
        return tuple(stop for stop in self.stops if stop.joined)


class Answer(StrEnum):
    """What the crew says about a stop."""

    NONE = "none"
    DONE = "done"
    CANNOT = "cannot"
    NEEDLESS = "needless"


class RunState(StrEnum):
    """Where a round of one date stands."""

    PLANNED = "planned"
    SENT = "sent"
    ANSWERED = "answered"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Run:
    """A plan and how far it has been told.

    `told` is how many steps of its chain have got the mail (the crew one after the other, then the contacts of the
    facility); `declined` how many of them have said that they cannot come; `accepted` when somebody has said that they
    do, or has answered for a stop, and `accepted_by` who.
    """

    id: int
    plan: Plan
    state: RunState
    sent: int | None
    told: int
    accepted: int | None = None
    accepted_by: str | None = None
    declined: int = 0


@dataclass(frozen=True, slots=True)
class StopRecord:
    """A stop of a run with the crew's answer. `history` is in `stop_answer`."""

    id: int
    run: int
    stop: Stop
    answer: Answer
    answered: int | None
    answered_by: str | None
    note: str


class VisitKind(StrEnum):
    """What a visit was, in one word."""

    DUE = "due"
    """Planned, and its time is not over."""
    EMPTIED = "emptied"
    """Emptied in time, as the data shows."""
    LATE = "late"
    """Emptied after its deadline, or after its round."""
    MISSED = "missed"
    """Its time is over and nothing was emptied."""
    NEEDLESS = "needless"
    """Emptied while there was little in the bag, or the crew says that it was not needed."""
    CANNOT = "cannot"
    """The crew said that it cannot come, and nothing was emptied in time."""
    UNSEEN = "unseen"
    """The crew says done, and the data shows no emptying: one of the two is wrong."""
    UNPLANNED = "unplanned"
    """Emptied, and no round stopped there."""
