"""What an edge node writes into its births and data messages: types, order, sizes. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Quality, Reading, Value
from sukusuku_core.sparkplug import Metric, datatype_of

READINGS_PER_MESSAGE = 200
BYTES_PER_MESSAGE = sparkplug.MAX_PAYLOAD_BYTES // 2


@dataclass(frozen=True, slots=True)
class Declared:
    """One metric that a birth declares, with the last committed reading as its value."""

    datatype: DataType
    reading: Reading | None = None


def fits(datatype: DataType, value: Value | None) -> bool:
    """Whether a value can travel as the datatype; a null always can."""
    return value is None or datatype_of(typed(datatype, value)) is datatype


def typed(datatype: DataType, value: Value | None) -> Value | None:
    """Return the value in the form of its datatype: a whole number for a DOUBLE is a float on the wire."""
    if datatype is DataType.DOUBLE and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def parts_of(rows: Sequence[tuple[int, Reading]]) -> Iterator[list[tuple[int, Reading]]]:
    """Yield the rows in message-sized parts."""
    part: list[tuple[int, Reading]] = []
    size = 0
    for row in rows:
        value = row[1].value
        cost = 64 + 4 * (len(row[1].metric) + (len(value) if isinstance(value, str) else 0))  # 4: longest UTF-8 form
        if part and (len(part) == READINGS_PER_MESSAGE or size + cost > BYTES_PER_MESSAGE):
            yield part
            part, size = [], 0
        part.append(row)
        size += cost
    if part:
        yield part


def in_order(metrics: Iterable[Metric]) -> tuple[Metric, ...]:
    """In order of time: Sparkplug asks for it within a message."""
    return tuple(sorted(metrics, key=lambda metric: metric.timestamp or 0))


def birth_metrics(declared: Mapping[str, Declared], now: int) -> tuple[Metric, ...]:
    """Return what a birth shows: the last reading of each metric, a stale null before the first."""
    return tuple(_birth_metric(name, item, now) for name, item in declared.items())


def _birth_metric(name: str, item: Declared, now: int) -> Metric:
    known = item.reading
    if known is None:
        return Metric(name, None, now, item.datatype, quality=Quality.STALE)
    return Metric(name, typed(item.datatype, known.value), known.time, item.datatype, quality=known.quality)
