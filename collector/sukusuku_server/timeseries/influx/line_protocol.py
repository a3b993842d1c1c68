"""Readings, roll-ups and derived points as InfluxDB line protocol. Pure, and on the hot path: strings, no objects.

A GOOD number of any type is the field `value` (a float, so that a field never changes its type); a GOOD text is `text`.
Whatever is not GOOD has `quality`, and what it says stands in `suspect` or `suspect_text`, where no mean and no panel
finds it. Integers that a float cannot hold stand in `exact` as well. Times are UTC ms.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sukusuku_core.catalogue import DataType
from sukusuku_core.model import AssetKind, Quality
from sukusuku_server.model.series import Row, SeriesOwner
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries.shipping_queue import Series

READING, FIVE_MINUTES, HOURLY, DAILY, DERIVED, SPOOL = (
    "reading",
    "five_minutes",
    "hourly",
    "daily",
    "derived",
    "spool",
)
"""The measurements."""

TRIAL = 0
"""The number under which points stand that try whether a bucket takes anything; no spool has it."""

EXACT = 1 << 53
"""Up to here a float holds every integer."""

_SUBJECTS = frozenset(SeriesOwner)
_GOOD = int(Quality.GOOD)
_NUMBERS = frozenset((int, float))
_CLEAN = dict.fromkeys(range(32), "_") | {127: "_", ord("\\"): "/"}
_ESCAPE = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ "})


def tag_value(text: str) -> str:
    """Return a name as line protocol can carry it: without control characters and backslashes."""
    return text.translate(_CLEAN)


def text_value(text: str) -> str:
    """Return a text as the value of a field."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class Layout:
    """Which tags a series has: asset, kind, metric, site and, for what concerns one zone of a room, zone.

    An asset that is not in `facility.toml` any more has no kind and no site. Series that are not of an asset have a
    kind of their own (`figures.Subject`), those of a centre its site.
    """

    def __init__(self, facility: Facility) -> None:
        self._places: dict[str, tuple[AssetKind, str]] = {}
        for asset in facility.assets():
            self._places.setdefault(asset.edge, (AssetKind.EDGE_NODE, asset.site.id))
            self._places[asset.id] = (asset.kind, asset.site.id)

    def tags(self, asset: str, metric: str) -> str:
        """Return the tags as they follow a measurement, in order of their names."""
        found: dict[str, str] = {"asset": asset, "metric": metric}
        subject, _, ident = asset.partition("/")
        if ident and subject in _SUBJECTS:
            found |= {"kind": subject, "site": ident if subject == SeriesOwner.SITE else ""}
        elif asset in self._places:
            found["kind"], found["site"] = self._places[asset]
        head, _, rest = metric.partition("/")
        if head == "Zones":
            found["zone"] = rest.partition("/")[0]
        return "".join(f",{key}={tag_value(found[key]).translate(_ESCAPE)}" for key in sorted(found) if found[key])


@dataclass(frozen=True, slots=True)
class Rollup:
    """A stretch of time of a series, GOOD numbers only. `time` is its beginning."""

    series: int
    time: int
    count: int
    mean: float
    low: float
    high: float
    last: float


class Lines:
    """Makes lines of rows; the beginning of the line of every series is made once."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._tags: dict[int, str] = {}
        self._heads: dict[int, str] = {}
        self.numeric: set[int] = set()
        """Series that have roll-ups."""

    def know(self, series: Iterable[Series]) -> None:
        """Learn the names of series."""
        for item in series:
            tags = self._tags[item.number] = self._layout.tags(item.asset, item.metric)
            self._heads[item.number] = f"{READING}{tags} value="
            if item.datatype is not DataType.STRING:
                self.numeric.add(item.number)

    def knows(self, series: Iterable[int]) -> bool:
        """Whether the names of all these series are known."""
        return self._tags.keys() >= set(series)

    def readings(self, rows: Sequence[Row]) -> list[str]:
        """Return a line for every row."""
        heads = self._heads
        return [
            f"{heads[series]}{value} {time}"
            if quality == _GOOD and type(value) in _NUMBERS and -EXACT < value < EXACT  # type: ignore[operator]  # a number
            else self._careful(time, series, value, quality)
            for time, series, value, quality in rows
        ]

    def _careful(self, time: int, series: int, value: object, quality: int) -> str:
        good = quality == _GOOD
        fields = [f"quality={quality}i"] if not good or value is None else []
        if isinstance(value, str) or (isinstance(value, float) and not math.isfinite(value)):
            fields.append(f"{'text' if good else 'suspect_text'}={text_value(str(value))}")
        elif isinstance(value, int | float):
            fields.append(f"{'value' if good else 'suspect'}={value}")
            if isinstance(value, int) and not -EXACT < value < EXACT:
                fields.append(f"exact={value}i")
        return f"{READING}{self._tags[series]} {','.join(fields)} {time}"

    def rollups(self, measurement: str, rollups: Iterable[Rollup]) -> list[str]:
        """Return a line for every roll-up."""
        return [
            f"{measurement}{self._tags[it.series]} "
            f"count={it.count}i,mean={it.mean},low={it.low},high={it.high},last={it.last} {it.time}"
            for it in rollups
        ]

    def derived(self, asset: str, points: Iterable[tuple[int, str, float]]) -> list[str]:
        """Return a line for every derived point (time, metric, value)."""
        heads: dict[str, str] = {}
        lines: list[str] = []
        for time, metric, value in points:
            head = heads.get(metric)
            if head is None:
                head = heads[metric] = f"{DERIVED}{self._layout.tags(asset, metric)} value="
            lines.append(f"{head}{value} {time}")
        return lines


def mark(spool: int, value: int, time: int) -> str:
    """Return the line by which a bucket is recognised."""
    return f"{SPOOL},id={spool} value={value} {time}"


def typed(fields: Mapping[str, object], datatype: DataType) -> bool | int | float | str | None:
    """Return the value that a row of the fields above stood for."""
    number = fields["value"] if fields["value"] is not None else fields["suspect"]
    text = fields["text"] if fields["text"] is not None else fields["suspect_text"]
    if datatype is DataType.STRING:
        return None if text is None else str(text)
    if isinstance(text, str):
        return float(text)
    if not isinstance(number, int | float):
        return None
    if datatype is DataType.DOUBLE:
        return float(number)
    if datatype is DataType.BOOLEAN:
        return bool(number)
    exact = fields["exact"]
    return int(exact) if isinstance(exact, int) else int(number)
