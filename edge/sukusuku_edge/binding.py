"""From samples of devices to readings of assets: totals, report by exception, life and death of devices. No I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sukusuku_core import catalogue, counters
from sukusuku_core.catalogue import DataType
from sukusuku_core.counters import CounterState
from sukusuku_core.model import AssetKind, Quality, Reading, Value
from sukusuku_core.registers import Decoded
from sukusuku_edge.fitting import Bound, convert, in_range
from sukusuku_edge.sample import Event, Failure, Lost, Refused, Rejected, Sample
from sukusuku_edge.settings import Edge

FAILURES = 3
"""Failures in a row after which a device counts as dead."""
SOURCE = "Info/Source"

Series = tuple[str, str]
"""Asset id and metric name."""


@dataclass(frozen=True, slots=True)
class Counter:
    """A total and the device counter that it follows; `origin` tells when the device was exchanged.

    `origin` is device/point, or device/point#serial where the device tells its serial number.
    """

    origin: str
    state: CounterState


@dataclass(slots=True)
class Outcome:
    """What some events come to. `counters` must become durable together with `readings`."""

    readings: list[Reading] = field(default_factory=list)
    counters: dict[Series, Counter] = field(default_factory=dict)
    up: list[str] = field(default_factory=list)
    """Assets that were born or came back to life, in this order."""
    down: list[str] = field(default_factory=list)
    """Assets none of whose devices is alive any more."""
    findings: list[str] = field(default_factory=list)
    """What a person should know, in words."""


@dataclass(slots=True)
class _Device:
    bound: list[Bound] = field(default_factory=list)
    alive: bool = False
    failures: int = 0
    identity: str = ""
    """The serial number that the device told last."""


def declared(edge: Edge) -> dict[str, dict[str, DataType]]:
    """Every metric that the node may send, by asset; the node's own under its id."""
    found: dict[str, dict[str, DataType]] = {
        edge.settings.node: {row.name: row.datatype for row in catalogue.METRICS if row.kind is AssetKind.EDGE_NODE}
    }
    for asset in edge.settings.asset:
        found[asset.id] = {} if asset.source is None else {SOURCE: DataType.STRING}
    for bound in edge.bound:
        found[bound.asset][bound.metric] = bound.row.datatype
    return found


class Binder:
    """Remembers per series what was last reported, per counter its total, per device whether it lives."""

    def __init__(self, edge: Edge, totals: Mapping[Series, Counter]) -> None:
        self.errors = 0
        """Failed device reads and refused messages since the start."""
        self.refused = 0
        """Fields that could identify a child, in messages of sensors, since the start."""
        self.lost = 0
        """Messages of sensors that did not arrive, since the start."""
        self._node = edge.settings.node
        self._refresh = round(edge.settings.refresh * 1000)
        self._totals = dict(totals)
        self._last: dict[Series, Reading] = {}
        self._sources = {asset.id: asset.source for asset in edge.settings.asset if asset.source is not None}
        self._devices = {device.id: _Device() for device in edge.settings.device}
        self._assets: dict[str, set[str]] = {}
        self._up: set[str] = set()
        for bound in edge.bound:
            device = self._devices[bound.device]
            device.bound.append(bound)
            known = self._totals.get((bound.asset, bound.metric))
            if known is not None and known.origin.startswith(f"{_origin(bound)}#"):
                device.identity = known.origin.partition("#")[2]
            self._assets.setdefault(bound.asset, set()).add(bound.device)

    @property
    def down(self) -> int:
        """How many devices do not answer."""
        return sum(device.failures >= FAILURES for device in self._devices.values())

    def take(self, events: Iterable[Event]) -> Outcome:
        """What the events come to, in their order."""
        outcome = Outcome()
        for event in events:
            match event:
                case Sample():
                    self._sample(event, outcome)
                case Failure():
                    self.errors += 1
                    self._failure(event, outcome)
                case Rejected():
                    self.errors += 1
                case Refused():
                    self.refused += len(event.fields)
                case Lost():
                    self.lost += event.count
        return outcome

    def node(self, now: int, values: Mapping[str, Value]) -> list[Reading]:
        """Readings of the node itself, by exception like all others."""
        outcome = Outcome()
        for metric, value in values.items():
            row = catalogue.find(AssetKind.EDGE_NODE, metric)
            deadband = row.deadband if row is not None else 0.0
            self._report((self._node, metric), now, value, Quality.GOOD, deadband, outcome)
        return outcome.readings

    # ------------------------------------------------------------ inside

    def _sample(self, sample: Sample, outcome: Outcome) -> None:
        device = self._devices[sample.device]
        device.alive, device.failures = True, 0
        if sample.identity and sample.identity != device.identity:
            if device.identity:
                outcome.findings.append(
                    f"{sample.device}: serial number {sample.identity} where {device.identity} was: the device was "
                    "exchanged; its counters count on from the totals so far"
                )
            device.identity = sample.identity
        for asset in dict.fromkeys(bound.asset for bound in device.bound):
            if asset not in self._up:
                self._up.add(asset)
                _move(asset, outcome.down, outcome.up)
            if asset in self._sources:
                self._report((asset, SOURCE), sample.time, self._sources[asset], Quality.GOOD, 0.0, outcome)
        for bound in device.bound:
            decoded = sample.values.get(bound.point.name)
            if decoded is not None:
                value, quality = self._value(bound, decoded, outcome)
                self._report((bound.asset, bound.metric), sample.time, value, quality, bound.row.deadband, outcome)

    def _failure(self, failure: Failure, outcome: Outcome) -> None:
        device = self._devices[failure.device]
        device.failures += 1
        if device.failures != FAILURES:
            return
        device.alive = False
        for bound in device.bound:
            series = (bound.asset, bound.metric)
            last = self._last.get(series)
            self._report(series, failure.time, last.value if last else None, Quality.STALE, 0.0, outcome)
            if bound.asset in self._up and not any(self._devices[it].alive for it in self._assets[bound.asset]):
                self._up.discard(bound.asset)
                _move(bound.asset, outcome.up, outcome.down)

    def _value(self, bound: Bound, decoded: Decoded, outcome: Outcome) -> tuple[Value | None, Quality]:
        value, quality = convert(bound, decoded)
        if not bound.cumulative:
            return value, quality
        if quality is not Quality.GOOD or not isinstance(value, int):
            return None, Quality.BAD
        series, origin, identity = (bound.asset, bound.metric), _origin(bound), self._devices[bound.device].identity
        told = f"{origin}#{identity}" if identity else origin
        known = self._totals.get(series, Counter(told, CounterState()))
        # A counter that was followed before the device told its serial number is that device's.
        state = known.state if known.origin in {origin, told} else CounterState(known.state.total)
        state, _ = counters.advance(state, value, bound.point.wrap)
        counter = Counter(told, state)
        if counter != self._totals.get(series):
            self._totals[series] = outcome.counters[series] = counter
        return state.total, Quality.GOOD if in_range(bound.row, state.total) else Quality.BAD

    def _report(
        self, series: Series, time: int, value: Value | None, quality: Quality, deadband: float, outcome: Outcome
    ) -> None:
        """A reading when it says something new, or the last one is old. Times of a series rise strictly."""
        last = self._last.get(series)
        if last is not None:
            same = quality is last.quality and _close(value, last.value, deadband)
            if same and time - last.time < self._refresh:
                return
            time = max(time, last.time + 1)
        reading = Reading(*series, time, value, quality)
        self._last[series] = reading
        outcome.readings.append(reading)


def _origin(bound: Bound) -> str:
    return f"{bound.device}/{bound.point.name}"


def _close(value: Value | None, last: Value | None, deadband: float) -> bool:
    if deadband > 0 and isinstance(value, int | float) and isinstance(last, int | float):
        return abs(value - last) < deadband
    return value == last


def _move(asset: str, out_of: list[str], into: list[str]) -> None:
    if asset in out_of:
        out_of.remove(asset)
    into.append(asset)
