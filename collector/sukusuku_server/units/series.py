"""The series that the collector derives, in one table like the catalogue of what is measured.

They are stored beside the readings (`Store.put_derived`), are never taken from the wire, and may be written again
when late readings change them.
"""

from sukusuku_core.catalogue import DataType, Metric, Role
from sukusuku_core.model import AssetKind

_UNIT, _ROOM = AssetKind.UNIT, AssetKind.ROOM
_D = DataType.DOUBLE

DERIVED: tuple[Metric, ...] = (
    Metric("Fill/Estimate", _UNIT, Role.FILL_LEVEL, _D, "%", "推定充填率", "fill level, fused", 0, 200),
    Metric("Fill/Nappies", _UNIT, Role.FILL_LEVEL, _D, "1", "袋の中のおむつ", "nappies in the bag", 0, 10_000),
    Metric("Fill/Confidence", _UNIT, Role.FILL_LEVEL, _D, "%", "推定の信頼度", "quality of the estimate", 0, 100),
    Metric("Bag/Age", _UNIT, Role.FILL_LEVEL, _D, "h", "袋の経過時間", "age of the bag", 0, None),
    Metric("Bag/HoursLeft", _UNIT, Role.FILL_LEVEL, _D, "h", "保管期限まで", "until the hygiene deadline"),
    Metric(
        "Forecast/Hours10", _UNIT, Role.FILL_LEVEL, _D, "h", "満杯まで（早め10%）", "until full, early end (10 %)", 0
    ),
    Metric("Forecast/Hours50", _UNIT, Role.FILL_LEVEL, _D, "h", "満杯まで（中央値）", "until full, median", 0),
    Metric(
        "Forecast/Hours90", _UNIT, Role.FILL_LEVEL, _D, "h", "満杯まで（遅め90%）", "until full, late end (90 %)", 0
    ),
    Metric("Film/CyclesLeft", _UNIT, Role.FILM, _D, "1", "フィルム残り回数", "cycles that the film lasts", 0),
    Metric("Film/DaysLeft", _UNIT, Role.FILM, _D, "d", "フィルム残り日数", "days that the film lasts", 0),
    Metric(
        "Occupancy/Corrected", _ROOM, Role.PEOPLE_COUNT, _D, "1", "在室人数（補正後）", "people, corrected", 0, 1000
    ),
    Metric(
        "Occupancy/ChildrenCorrected", _ROOM, Role.CHILD_COUNT, _D, "1", "在室児童数（補正後）", "children, corrected"
    ),
    Metric(
        "Occupancy/StaffAssumed",
        _ROOM,
        Role.STAFF_COUNT,
        _D,
        "1",
        "在室職員数（差引）",
        "staff that are taken off the people, by shifts or badges",
        0,
        1000,
    ),
    Metric("Occupancy/Limit", _ROOM, Role.CHILD_COUNT, _D, "1", "上限", "children that may be in the room", 0, 1000),
    Metric("Occupancy/Utilisation", _ROOM, Role.CHILD_COUNT, _D, "%", "利用率", "children of the limit", 0),
    Metric(
        "Occupancy/Completeness",
        _ROOM,
        Role.HEALTH,
        _D,
        "%",
        "データ充足率",
        "samples received of those expected",
        0,
        100,
    ),
    Metric(
        "Zones/*/Corrected", _ROOM, Role.ZONE_COUNT, _D, "1", "ゾーン人数（補正後）", "people in the zone, corrected", 0
    ),
)
