"""Binders for tests, and what devices say to them."""

from collections.abc import Iterable

from sukusuku_core.model import Quality, Reading, Value
from sukusuku_core.registers import Decoded
from sukusuku_edge.binding import Binder, Counter
from sukusuku_edge.events import Event, Failure, Sample
from tests.edge import edge_settings

GOOD, BAD = Quality.GOOD, Quality.BAD
T = 1_760_000_000_000


def sample(time: int = T, device: str = "board", **values: Value | None) -> Sample:
    return Sample(
        device, time, {name: Decoded(value, BAD if value is None else GOOD) for name, value in values.items()}
    )


def taken(binder: Binder, *events: Event) -> dict[tuple[str, str], Reading]:
    return {(reading.asset, reading.metric): reading for reading in binder.take(events).readings}


def binder(text: str = edge_settings.WHOLE, totals: dict[tuple[str, str], Counter] | None = None) -> Binder:
    return Binder(edge_settings.edge(text), totals or {})


def failures(count: int, device: str = "board", time: int = T) -> Iterable[Failure]:
    return (Failure(device, time + n, "no answer") for n in range(1, count + 1))
