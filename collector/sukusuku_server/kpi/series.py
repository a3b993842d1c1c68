"""The series that are not derived of an asset, in one table: of centres, rounds, the collector, and rules of rooms.

They are stored like what is derived of assets (`Store.put_derived`), under a name with a slash, which no asset has. To
add one, add a row, and the point where the other ones of its subject are made.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sukusuku_server.model.rounds import VisitKind
from sukusuku_server.model.series import SeriesOwner
from sukusuku_server.rooms.capacity_limit import Rule


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table. A `*` stands for the id of a unit."""

    name: str
    of: SeriesOwner
    unit: str
    ja: str
    en: str


_SITE, _ROUND, _HOST, _ROOM = SeriesOwner


def visits_of(kind: VisitKind) -> str:
    """Return the series that counts the visits of a kind."""
    return f"Visits/{kind.value.capitalize()}"


def level_at_emptying(unit: str) -> str:
    """Return the series of a unit's emptyings."""
    return f"Emptyings/{unit}/Level"


ON_TIME, BAGS, KILOGRAMS, OVER_FULL = "Visits/OnTime", "Emptied/Bags", "Emptied/Kilograms", "OverFull/Hours"
STOPS, KILOMETRES, MINUTES = "Round/Stops", "Round/Kilometres", "Round/Minutes"
QUARANTINE, UNASSIGNED = "Quarantine/Rows", "Unassigned/Rows"
MAIL_WAITING, MAIL_OLDEST_AGE, MAIL_DEAD = "Mail/Waiting", "Mail/OldestAge", "Mail/Dead"
ALERTS_FIRING = "Alerts/Firing"
READINGS, REFUSED = "Ingest/Readings", "Ingest/Refused"
DERIVATION_LAG, ARCHIVE_LAG = "Derivation/Lag", "Archive/Lag"
LIMIT_RULE = "Limit/Rule"
_BITS = {Rule.PLACES: 1, Rule.AREA: 2, Rule.STAFF: 4}


def number_of_rules(rules: Iterable[Rule]) -> int:
    """Return the number by which the rules that set a limit are stored; 0: none, the room is closed."""
    return sum(_BITS[rule] for rule in rules)


def sets_of_rules() -> Iterator[tuple[int, tuple[Rule, ...]]]:
    """Yield every number that there can be, and the rules that it stands for."""
    for number in range(sum(_BITS.values()) + 1):
        yield number, tuple(rule for rule, bit in _BITS.items() if number & bit)


FIGURES: tuple[Figure, ...] = (
    Figure(visits_of(VisitKind.DUE), _SITE, "1", "回収予定", "visits planned, whose time is not over"),
    Figure(visits_of(VisitKind.EMPTIED), _SITE, "1", "期限内に回収", "visits at which the bag was emptied in time"),
    Figure(visits_of(VisitKind.LATE), _SITE, "1", "遅れて回収", "visits at which the bag was emptied late"),
    Figure(visits_of(VisitKind.MISSED), _SITE, "1", "回収漏れ", "visits whose time is over, nothing emptied"),
    Figure(visits_of(VisitKind.NEEDLESS), _SITE, "1", "不要だった回収", "visits that found little in the bag"),
    Figure(visits_of(VisitKind.CANNOT), _SITE, "1", "回収できなかった", "visits that the crew could not make"),
    Figure(
        visits_of(VisitKind.UNSEEN),
        _SITE,
        "1",
        "完了の連絡のみ（データになし）",
        "visits done, and nothing emptied in the data",
    ),
    Figure(visits_of(VisitKind.UNPLANNED), _SITE, "1", "回収以外での袋の交換", "emptyings that no round had planned"),
    Figure(ON_TIME, _SITE, "%", "期限内の割合（30日間）", "share emptied in time, of 30 days up to this one"),
    Figure(BAGS, _SITE, "1", "交換した袋", "bags taken away"),
    Figure(KILOGRAMS, _SITE, "kg", "交換した袋の重さ", "weight taken away, from the count of nappies"),
    Figure(
        OVER_FULL,
        _SITE,
        "h",
        "開館中に満杯だった時間",
        "open hours of its units over full (from 102 % until below 96 %)",
    ),
    Figure(level_at_emptying("*"), _SITE, "%", "袋の交換時の充填率", "fill level when the bag was emptied"),
    Figure(STOPS, _ROUND, "1", "回収先の数", "units on the way, as planned"),
    Figure(KILOMETRES, _ROUND, "km", "走行距離", "way there and back, as planned"),
    Figure(MINUTES, _ROUND, "min", "所要時間", "time there and back, as planned"),
    Figure(QUARANTINE, _HOST, "1", "隔離件数（24時間）", "what has come into the quarantine in 24 hours"),
    Figure(UNASSIGNED, _HOST, "1", "割り当て待ち件数", "messages that wait for facility.toml to be corrected"),
    Figure(MAIL_WAITING, _HOST, "1", "送信待ちのメール", "mails that wait to be sent"),
    Figure(MAIL_OLDEST_AGE, _HOST, "s", "最古の送信待ち", "age of the oldest mail that waits; 0: none does"),
    Figure(MAIL_DEAD, _HOST, "1", "届かなかったメール（24時間）", "mails refused for good in 24 hours"),
    Figure(ALERTS_FIRING, _HOST, "1", "未対応のお知らせ", "alerts of which nobody has taken care"),
    Figure(READINGS, _HOST, "1/min", "保存した計測値", "readings stored a minute"),
    Figure(REFUSED, _HOST, "1/min", "保存しなかった項目", "what was not stored as a reading, a minute"),
    Figure(DERIVATION_LAG, _HOST, "s", "推定の遅れ", "how far derivation is behind the present"),
    Figure(
        LIMIT_RULE,
        _ROOM,
        "1",
        "上限の根拠",
        "what sets the limit: sum of 1 places, 2 floor area, 4 staff; 0: closed",
    ),
    Figure(ARCHIVE_LAG, _HOST, "s", "InfluxDB の遅れ", "how far InfluxDB is behind the present; with InfluxDB only"),
)


def of(subject: SeriesOwner) -> Iterator[Figure]:
    """Yield the rows about a subject."""
    return (figure for figure in FIGURES if figure.of is subject)
