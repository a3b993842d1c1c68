"""What a simulated unit shows: its level, its cycles and what else a retrofit board measures. Pure."""

from collections.abc import Mapping

from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Reading, Value
from sukusuku_core.time import HOUR_MS, MINUTE_MS

METRICS: Mapping[str, DataType] = {
    "Fill/Percent": DataType.DOUBLE,
    "Cycles/Total": DataType.INT64,
    "State": DataType.INT64,
    "Fault/Code": DataType.INT64,
    "Lid/Open": DataType.BOOLEAN,
    "Door/Open": DataType.BOOLEAN,
    "Bag/Present": DataType.BOOLEAN,
    "Film/Remaining": DataType.DOUBLE,
    "Motor/Power": DataType.DOUBLE,
    "Temperature": DataType.DOUBLE,
}
CYCLE = 20 * MINUTE_MS
"""ms between two deposits of a unit."""
BAG = 24 * HOUR_MS
"""ms until a bag is full and changed."""
FULL = 80.0
_PHASE = 7_919_000
"""ms by which one unit is ahead of the one before it: a prime number of seconds."""


def readings(asset: str, number: int, time: int) -> list[Reading]:
    """Return all metrics of a unit at a time (UTC ms); `number` tells the units apart."""
    age = time + number * _PHASE
    pressing = age % CYCLE < MINUTE_MS
    values: dict[str, Value] = {
        "Fill/Percent": round(FULL * (age % BAG) / BAG, 1),
        "Cycles/Total": age // CYCLE,
        "State": 3 if pressing else 0,
        "Fault/Code": 0,
        "Lid/Open": False,
        "Door/Open": False,
        "Bag/Present": True,
        "Film/Remaining": round(100 - 90 * (age % (7 * BAG)) / (7 * BAG), 1),
        "Motor/Power": 180.0 if pressing else 4.0,
        "Temperature": round(20 + 3 * (age % HOUR_MS) / HOUR_MS, 1),
    }
    return [Reading(asset, metric, time, value) for metric, value in values.items()]
