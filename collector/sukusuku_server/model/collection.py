"""The records that derivation hands on. All times are UTC ms; durations say their unit."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class FillEstimate:
    """How full a bag is, from all witnesses together.

    `percent` of the bag's capacity and the same in `nappies` of ordinary size; `sigma` is the standard error in
    percent; `confidence` 0-100 is the quality level (as in LwM2M object 3435, resource 6049): 100 with two witnesses
    that agree, lower the longer there has been no reading. `level` and `counted` are what each witness alone says
    (percent), None where it is missing or not believed.
    """

    time: int
    percent: float
    nappies: float
    sigma: float
    confidence: float
    level: float | None
    counted: float | None
    emptied: int | None
    """When the bag was put in: the last emptying; None: not known."""


class Evidence(StrEnum):
    """What an emptying was seen by."""

    LEVEL = "level"
    COUNTER = "counter"
    LID = "lid"
    BAG = "bag"
    STATE = "state"
    PERSON = "person"


class EmptyingState(StrEnum):
    """Who vouches for an emptying. A rejected one counts nowhere."""

    DETECTED = "detected"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    ENTERED = "entered"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Emptying:
    """A bag was taken away. `time` is the best estimate of when; `percent` and `nappies` what was in it then.

    `confidence` 0-1. `id` 0: not stored yet. `by` and `note` come from people.
    """

    asset: str
    time: int
    percent: float
    nappies: float
    evidence: tuple[Evidence, ...]
    confidence: float
    state: EmptyingState = EmptyingState.DETECTED
    by: str | None = None
    note: str = ""
    id: int = 0


class FindingName(StrEnum):
    """A finding: sensors that disagree, or one that cannot be right."""

    HAND_STUFFED = "hand_stuffed"
    """The level rises without cycles: nappies are stuffed in by hand, past the compressor."""
    LEVEL_DRIFT = "level_drift"
    """The level wanders where nothing happens, or an empty bag no longer reads empty."""
    LEVEL_STUCK = "level_stuck"
    """The level does not move while cycles are counted: sensor dirty, blocked or dead."""
    NOT_COMPRESSING = "not_compressing"
    """Cycles are counted and the level stays, with a jam or without film."""
    COUNTER_STUCK = "counter_stuck"
    """The level rises as in use while the counter stands still for longer than a bag."""
    BAG_SLIPPED = "bag_slipped"
    """The level fell a little at once and nobody emptied: the bag has slipped or settled."""
    EMPTYING_UNSURE = "emptying_unsure"
    """The level fell and stays, but not enough speaks for an emptying yet: a question to a person."""
    LEVEL_AT_STOP = "level_at_stop"
    """The level jumped to the end of the sensor's range: the bag is full, or something covers the sensor."""
    READINGS_SPARSE = "readings_sparse"
    """Readings of the level are too far apart: bags may come and go between them unseen."""
    UNIT_REPLACED = "unit_replaced"
    """Another serial number speaks for this place; its history goes on."""
    DOOR_REVERSED = "door_reversed"
    """The counter at the door of a room faces the other way; its entries are taken for exits."""
    MORE_LEAVE = "more_leave"
    """Day after day more people leave a room by the counted door than come in: there is another way in."""
    MORE_COME = "more_come"
    """Day after day more people come into a room by the counted door than leave: there is another way out."""
    MANY_MISSED = "many_missed"
    """Day after day the counter of a room overlooks far more people than it should: its door is held open, perhaps."""


OF_ROOMS = frozenset(
    {FindingName.DOOR_REVERSED, FindingName.MORE_LEAVE, FindingName.MORE_COME, FindingName.MANY_MISSED}
)
"""Findings about rooms; all others are about units."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A named finding about a unit or room, from `since` until `until` (None: still)."""

    asset: str
    name: FindingName
    since: int
    until: int | None
    detail: str


class Method(StrEnum):
    """Who forecasts. The simple rules stand beside the model so that everybody sees what it is worth."""

    MODEL = "model"
    LINEAR_24H = "linear_24h"
    LAST_WEEK = "last_week"


@dataclass(frozen=True, slots=True)
class Forecast:
    """When a bag will be full, seen from `issued`. Hours from then; None: beyond the horizon.

    `hours10` is the early end: with 10 % probability it is full before that. `percent` is the fill level it began from.
    """

    asset: str
    issued: int
    method: Method
    percent: float
    hours10: float | None
    hours50: float | None
    hours90: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """When a bag of which forecasts were issued would have been full: `hours` from then, at most the horizon.

    It holds for the forecasts of all methods issued at that moment; see `score.py` for what it means.
    """

    asset: str
    issued: int
    hours: float


HORIZON_HOURS = 14 * 24.0
"""How far forecasts look."""


class CorrectionKind(StrEnum):
    """Why the count of a room was changed, or told from elsewhere."""

    RESET = "reset"
    """The daily moment at which the room is taken to be empty."""
    EMPTY = "empty"
    """All presence sensors were quiet for long enough."""
    ENTERED = "entered"
    """A member of staff has counted."""
    AGREED = "agreed"
    """Absolute counts contradicted entries less exits for long enough."""
    TIMED_OUT = "timed_out"
    """Somebody had been in for longer than anybody stays."""
    CLAMPED = "clamped"
    """More went out than were in."""
    RESTARTED = "restarted"
    """A counter began again at 0."""
    REPLACED = "replaced"
    """A counter goes on from quite another number; what passed in between is not known."""
    SWAPPED = "swapped"
    """Entries were exits: the sensor looks the other way."""
    FROZEN = "frozen"
    """A count of the room had stood still and then jumped: what it said meanwhile is not known."""
    SOURCE = "source"
    """Another source leads from here on, or none: a gap."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A change of a room's count that no person made by walking. `before` and `after` in people; None: not known."""

    asset: str
    time: int
    kind: CorrectionKind
    channel: str
    """`people` or `children`."""
    before: int | None
    after: int | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a member of staff has counted in a room: children, and staff where they were counted too.

    `withdrawn` is when somebody (`withdrawn_by`) took it back (UTC ms); it then counts no more.
    """

    asset: str
    time: int
    children: int
    staff: int | None
    by: str
    note: str = ""
    id: int = 0
    withdrawn: int | None = None
    withdrawn_by: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody has counted what is on the shelf (`counted`), or has put `count` more there."""

    time: int
    count: int
    counted: bool
