"""The records of rounds. All times are UTC ms; `date` is the local day."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Reason(StrEnum):
    """Why a unit is joined to a round or left out."""

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
    NO_VEHICLE = "no_vehicle"
    """It should be visited, but the vehicle of the round is out of service: somebody must decide."""
    NO_PLACE = "no_place"
    """The site has no coordinates in the settings."""
    OTHER_ROUND = "other_round"
    """It is a stop of another round that departs no later than this one."""
    RETIRED = "retired"
    """It is out of service: nothing that tells its level is measured any more."""


FAILING = frozenset({Reason.NO_CAPACITY, Reason.CLOSED, Reason.NO_PLACE, Reason.NO_VEHICLE})
"""A visit is needed and not planned: somebody must decide."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit as a round sees it, at the time the plan is made.

    `percent` now; `percent_then` expected when the round comes, with `percent_high` the 90 % end; `full_by` the early
    (10 %) time at which it is full; `hygiene_by` its hygiene deadline; None: beyond the horizon or not known.
    `waited`: the round before should have emptied it and did not. `covered`: it is a stop of another round that
    departs no later.
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
    waited: bool = False
    covered: bool = False
    retired: bool = False


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


KEY = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
"""The form of `Reply.key`: a UUID in small letters."""


class Obstacle(StrEnum):
    """Why a bag could not be collected, as the crew says."""

    NONE = "none"
    """Nothing was said of it."""
    CLOSED = "closed"
    NO_ACCESS = "no_access"
    FAULT = "fault"
    VEHICLE_FULL = "vehicle_full"
    NO_TIME = "no_time"


class RunState(StrEnum):
    """State of the round of one date, see docs/rounds.md."""

    PLANNED = "planned"
    """There is a plan, and nobody has been told."""
    TOLD = "told"
    """Somebody has the mail, and nobody has said that they go."""
    ACCEPTED = "accepted"
    CHANGED = "changed"
    """Accepted, and the plan has changed since; whoever goes has been told and has not confirmed it."""
    UNDER_WAY = "under_way"
    DONE = "done"
    NOBODY_GOES = "nobody_goes"


class Word(StrEnum):
    """What the contacts of a centre were told last about one of its units on a round."""

    NONE = ""
    LEFT_OUT = "left_out"
    """It needs a visit, and the round does not stop there."""
    CANNOT = "cannot"
    """The crew could not collect its bag."""
    NOBODY = "nobody"
    """Nobody has said that they go on the round."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who was asked to go on a run, kept with it: an answer is theirs whatever becomes of the settings.

    `step` counts along the chain from 1; `told` is when they were last asked, `declined` when they said that they
    cannot go. UTC ms.
    """

    id: int
    step: int
    name: str
    mail: str
    language: str
    told: int
    declined: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A plan and how far it has been told.

    `told` is how many steps of its chain have got the mail (the crew one after the other, then the contacts of the
    facility) and `people` who they are. `accepted` is when somebody last said that they go, `accepted_by` who;
    `withdrawn` when somebody last took that back; `answered` the first standing answer for a stop. `refused` is when
    the last of all stops was called impossible before the departure; then nobody has `answered`. `changed` is when the
    crew was told of another plan, `given_up` when nobody was left to be asked. UTC ms.
    """

    id: int
    plan: Plan
    sent: int | None = None
    told: int = 0
    people: tuple[Person, ...] = ()
    accepted: int | None = None
    accepted_by: str | None = None
    accepted_person: int | None = None
    withdrawn: int | None = None
    answered: int | None = None
    refused: int | None = None
    changed: int | None = None
    given_up: int | None = None
    closed: int | None = None


@dataclass(frozen=True, slots=True)
class StopRecord:
    """A stop of a run with the crew's answer, and what the contacts were told last. History is in `stop_answer`."""

    id: int
    run: int
    stop: Stop
    answer: Answer
    answered: int | None
    answered_by: str | None
    note: str
    worded: Word = Word.NONE
    obstacle: Obstacle = Obstacle.NONE


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer that a stop was given, also one that was taken back later. `time` (UTC ms) is when it was said.

    `key` is made up by whoever sends it and tells it from all others, so that it may be sent again.
    """

    time: int
    answer: Answer
    who: str
    note: str = ""
    obstacle: Obstacle = Obstacle.NONE
    key: str | None = None


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
