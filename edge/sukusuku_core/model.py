"""The few records that travel through the whole system."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

Value = bool | int | float | str
"""What a reading may carry. Which of them is fixed per metric by the catalogue."""


class AssetKind(StrEnum):
    """What a reading is about."""

    UNIT = "unit"
    ROOM = "room"
    EDGE_NODE = "edge_node"


class Quality(IntEnum):
    """Sparkplug's quality codes (property `Quality`), the three that the standard names."""

    BAD = 0
    GOOD = 192
    STALE = 500


QUALITIES: Mapping[int, Quality] = {int(quality): quality for quality in Quality}
"""Qualities by their codes: to ask here costs a tenth of what `Quality(code)` does."""


class UnitState(IntEnum):
    """What a nappy-compression unit is doing (metric `State`)."""

    IDLE = 0
    LID_OPEN = 1
    DEPOSIT = 2
    COMPRESS = 3
    SEAL = 4
    BAG_FULL = 5
    JAM = 6
    FILM_OUT = 7


class FaultCode(IntEnum):
    """Why a unit needs a person (metric `Fault/Code`)."""

    NONE = 0
    JAM = 1
    FILM_OUT = 2
    MOTOR_OVERLOAD = 3
    SENSOR = 4


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one metric of one asset.

    `time` is UTC in milliseconds. `value` is None only when quality is not GOOD.
    """

    asset: str
    metric: str
    time: int
    value: Value | None
    quality: Quality = Quality.GOOD
