"""Every metric that Sukusuku knows, in one table.

The name is the Sparkplug metric name, the key in both stores and the key in the JSON mirror.
A `*` stands for one zone id of a room, as in `Zones/eating/Count`.
To add a metric, add a row; validation, simulator, API and documents read this table.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import lru_cache

from sukusuku_core.model import AssetKind


class DataType(IntEnum):
    """Sparkplug B datatype numbers, the subset we send. Others are read where they map onto these."""

    INT64 = 4
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13


class Role(StrEnum):
    """What a value means to the rules, so that rules never name registers."""

    FILL_LEVEL = "fill_level"
    LEVEL_DISTANCE = "level_distance"
    CYCLE_COUNTER = "cycle_counter"
    STATE = "state"
    FAULT = "fault"
    CONTACT = "contact"
    FILM = "film"
    POWER = "power"
    TEMPERATURE = "temperature"
    IDENTITY = "identity"
    PEOPLE_COUNT = "people_count"
    CHILD_COUNT = "child_count"
    STAFF_COUNT = "staff_count"
    ZONE_COUNT = "zone_count"
    ZONE_CHILD_COUNT = "zone_child_count"
    PRESENCE = "presence"
    FLOW_COUNTER = "flow_counter"
    ENVIRONMENT = "environment"
    ENERGY = "energy"
    ELECTRICAL = "electrical"
    HEALTH = "health"


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the catalogue.

    `unit` is UCUM-like text for people; `low` and `high` bound plausible values (inclusive, None = unbounded);
    `deadband` is the smallest change worth sending, in the metric's unit.
    """

    name: str
    kind: AssetKind
    role: Role
    datatype: DataType
    unit: str
    ja: str
    en: str
    low: float | None = None
    high: float | None = None
    deadband: float = 0.0


_UNIT, _ROOM, _NODE = AssetKind.UNIT, AssetKind.ROOM, AssetKind.EDGE_NODE
_I, _D, _B, _S = DataType.INT64, DataType.DOUBLE, DataType.BOOLEAN, DataType.STRING
_COUNT_MAX = 2**63 - 1

METRICS: tuple[Metric, ...] = (
    Metric("Fill/Percent", _UNIT, Role.FILL_LEVEL, _D, "%", "充填率", "fill level", -20, 150, 0.5),
    Metric(
        "Fill/Distance",
        _UNIT,
        Role.LEVEL_DISTANCE,
        _D,
        "mm",
        "袋までの距離",
        "distance to the pack",
        0,
        10_000,
        2,
    ),
    Metric(
        "Cycles/Total",
        _UNIT,
        Role.CYCLE_COUNTER,
        _I,
        "1",
        "累計圧縮回数",
        "compression cycles, cumulative",
        0,
        _COUNT_MAX,
    ),
    Metric(
        "Cycles/Raw",
        _UNIT,
        Role.CYCLE_COUNTER,
        _I,
        "1",
        "圧縮機の圧縮回数",
        "cycle counter as the device shows it",
        0,
        _COUNT_MAX,
    ),
    Metric("State", _UNIT, Role.STATE, _I, "", "状態", "state", 0, 7),
    Metric("Fault/Code", _UNIT, Role.FAULT, _I, "", "異常コード", "fault code", 0, 65_535),
    Metric("Lid/Open", _UNIT, Role.CONTACT, _B, "", "ふた開", "lid open"),
    Metric("Door/Open", _UNIT, Role.CONTACT, _B, "", "扉開", "door of the bag open"),
    Metric("Bag/Present", _UNIT, Role.CONTACT, _B, "", "袋あり", "bag in its place"),
    Metric("Film/Remaining", _UNIT, Role.FILM, _D, "%", "フィルム残量", "film remaining", 0, 100, 0.5),
    Metric("Motor/Power", _UNIT, Role.POWER, _D, "W", "モーター電力", "motor power", 0, 10_000, 5),
    Metric("Temperature", _UNIT, Role.TEMPERATURE, _D, "Cel", "庫内温度", "temperature inside", -40, 120, 0.3),
    Metric("Info/Serial", _UNIT, Role.IDENTITY, _S, "", "製造番号", "serial number"),
    Metric("Info/Firmware", _UNIT, Role.IDENTITY, _S, "", "ファームウェア", "firmware version"),
    Metric("Info/Source", _UNIT, Role.IDENTITY, _S, "", "データの出所", "where the data comes from"),
    Metric("Occupancy/Count", _ROOM, Role.PEOPLE_COUNT, _I, "1", "在室人数", "people in the room", 0, 1_000),
    Metric("Occupancy/Children", _ROOM, Role.CHILD_COUNT, _I, "1", "在室児童数", "children in the room", 0, 1_000),
    Metric("Occupancy/Staff", _ROOM, Role.STAFF_COUNT, _I, "1", "在室職員数", "staff in the room, by badges", 0, 1_000),
    Metric("Entries/Total", _ROOM, Role.FLOW_COUNTER, _I, "1", "累計入室", "entries, cumulative", 0, _COUNT_MAX),
    Metric("Exits/Total", _ROOM, Role.FLOW_COUNTER, _I, "1", "累計退室", "exits, cumulative", 0, _COUNT_MAX),
    Metric(
        "Entries/Children",
        _ROOM,
        Role.FLOW_COUNTER,
        _I,
        "1",
        "累計入室児童",
        "children who came in, cumulative",
        0,
        _COUNT_MAX,
    ),
    Metric(
        "Exits/Children",
        _ROOM,
        Role.FLOW_COUNTER,
        _I,
        "1",
        "累計退室児童",
        "children who left, cumulative",
        0,
        _COUNT_MAX,
    ),
    Metric("Presence", _ROOM, Role.PRESENCE, _B, "", "在室", "presence"),
    Metric("Zones/*/Count", _ROOM, Role.ZONE_COUNT, _I, "1", "ゾーン人数", "people in the zone", 0, 1_000),
    Metric(
        "Zones/*/Children",
        _ROOM,
        Role.ZONE_CHILD_COUNT,
        _I,
        "1",
        "ゾーン児童数",
        "children in the zone",
        0,
        1_000,
    ),
    Metric("Zones/*/Presence", _ROOM, Role.PRESENCE, _B, "", "ゾーン在室", "presence in the zone"),
    Metric("Info/Source", _ROOM, Role.IDENTITY, _S, "", "データの出所", "where the data comes from"),
    Metric(
        "Buffer/Rows",
        _NODE,
        Role.HEALTH,
        _I,
        "1",
        "未送信件数",
        "readings waiting to be stored",
        0,
        _COUNT_MAX,
        50,
    ),
    Metric(
        "Buffer/OldestAge",
        _NODE,
        Role.HEALTH,
        _D,
        "s",
        "未送信の最古",
        "age of the oldest waiting reading",
        0,
        None,
        5,
    ),
    Metric(
        "Comm/Errors",
        _NODE,
        Role.HEALTH,
        _I,
        "1",
        "機器通信エラー累計",
        "failed device reads, cumulative",
        0,
        _COUNT_MAX,
    ),
    Metric(
        "Refused/Fields",
        _NODE,
        Role.HEALTH,
        _I,
        "1",
        "拒否した項目の累計",
        "fields that could identify a child, refused, since the start",
        0,
        _COUNT_MAX,
    ),
    Metric(
        "Lost/Messages",
        _NODE,
        Role.HEALTH,
        _I,
        "1",
        "届かなかった通知の累計",
        "messages of sensors that did not arrive, since the start",
        0,
        _COUNT_MAX,
    ),
    Metric(
        "Refused/Acknowledgements",
        _NODE,
        Role.HEALTH,
        _I,
        "1",
        "証明のない受領確認の累計",
        "acknowledgements without the host's proof, refused, since the start",
        0,
        _COUNT_MAX,
    ),
    Metric("Devices/Down", _NODE, Role.HEALTH, _I, "1", "応答しない機器", "devices that do not answer", 0, 10_000),
    Metric(
        "Devices/Unstable",
        _NODE,
        Role.HEALTH,
        _I,
        "1",
        "不安定な機器",
        "devices that come and go",
        0,
        10_000,
    ),
    Metric(
        "Buffer/Dropped",
        _NODE,
        Role.HEALTH,
        _I,
        "1",
        "間引いた計測値累計",
        "readings thinned out because the buffer was full, cumulative",
        0,
        _COUNT_MAX,
    ),
    Metric(
        "Buffer/DroppedRange",
        _NODE,
        Role.HEALTH,
        _S,
        "",
        "間引いた期間と対象",
        "what was thinned out last: from, to (UTC ms) and assets, as JSON",
    ),
    Metric("Clock/Synced", _NODE, Role.HEALTH, _B, "", "時刻同期", "clock has been set"),
    Metric(
        "Clock/Offset",
        _NODE,
        Role.HEALTH,
        _D,
        "s",
        "時刻補正",
        "by how much waiting readings were corrected when the clock was set",
        -1e11,
        1e11,
        0.001,
    ),
    Metric(
        "Power/Undervoltage", _NODE, Role.HEALTH, _B, "", "電圧不足", "undervoltage since the start of the computer"
    ),
    Metric(
        "Disk/Free", _NODE, Role.HEALTH, _I, "MB", "ディスク空き", "free space on the buffer's disk", 0, _COUNT_MAX, 100
    ),
    Metric("Cpu/Temperature", _NODE, Role.HEALTH, _D, "Cel", "CPU温度", "temperature of the processor", -40, 150, 2),
    Metric("Info/Version", _NODE, Role.IDENTITY, _S, "", "版", "version of the edge agent"),
    Metric("Info/Update", _NODE, Role.IDENTITY, _S, "", "更新", "what became of the newest update of the edge agent"),
)

_BY_NAME = {(metric.kind, metric.name): metric for metric in METRICS}


@lru_cache(maxsize=4096)
def find(kind: AssetKind, name: str) -> Metric | None:
    """Return the row for a metric name of an asset kind, zone names resolved; None when there is none."""
    metric = _BY_NAME.get((kind, name))
    if metric is None:
        head, _, rest = name.partition("/")
        zone, _, tail = rest.partition("/")
        if head == "Zones" and zone and zone != "*":
            metric = _BY_NAME.get((kind, f"Zones/*/{tail}"))
    return metric


def names(kind: AssetKind) -> list[str]:
    """Every metric name of an asset kind, for error messages and documents."""
    return [metric.name for metric in METRICS if metric.kind is kind]
