"""From samples of devices to readings of assets: totals, report by exception, life and death of devices. No I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sukusuku_core import catalogue, counters
from sukusuku_core.catalogue import DataType
from sukusuku_core.counters import CounterState
from sukusuku_core.message_order import Mark
from sukusuku_core.model import AssetKind, Quality, Reading, Value
from sukusuku_core.profile import JsonPoint, JsonProfile
from sukusuku_core.registers import Decoded
from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_edge.events import Alive, Cleared, Event, Failure, Gone, Holds, Lost, Reachable, Refused, Rejected, Sample
from sukusuku_edge.fitting import Bound, convert, in_range
from sukusuku_edge.liveness import Change, Liveness, State
from sukusuku_edge.report_by_exception import Series as Reported
from sukusuku_edge.settings import Edge

SOURCE = "Info/Source"
SHORT_ABSENCE = HOUR_MS
"""ms; after a device that speaks only of changes was away for less, what it said last is taken to hold again."""
SIGN_OF_LIFE = MINUTE_MS
"""ms; an unchanged value of a sensor is sent again after this, however long `refresh` is: it may speak so rarely that
its silence would otherwise be taken for its death."""

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
    refresh: int
    """ms; an unchanged value is sent again after this."""
    changes_only: bool = False
    bound: list[Bound] = field(default_factory=list)
    life: Liveness = field(default_factory=Liveness)
    identity: str = ""
    """The serial number that the device told last."""
    heard: int | None = None
    trouble: str = ""
    """Why it does not answer."""
    remarks: dict[str, str] = field(default_factory=dict)
    """What it says that cannot be used, by what that is about."""
    died: int = 0
    """When it was found dead last."""
    before: dict[Series, Reading] = field(default_factory=dict)
    """What was known of it before that."""


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A device for people: `heard` is the time (UTC ms) of its last answer, `trouble` what is wrong and what to do."""

    id: str
    state: str
    unstable: bool
    heard: int | None
    trouble: str


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
        self._reported: dict[Series, Reported] = {}
        self._sources = {asset.id: asset.source for asset in edge.settings.asset if asset.source is not None}
        rules = edge.settings.liveness.rules()
        # A sensor tells when something happens: its first message after a silence must not be passed over.
        of_sensors = replace(rules, good=1)
        self._devices = {
            device.id: _Device(min(self._refresh, SIGN_OF_LIFE), profile.changes_only, life=Liveness(of_sensors))
            if isinstance(profile := edge.profiles[device.id], JsonProfile)
            else _Device(self._refresh, life=Liveness(rules))
            for device in edge.settings.device
        }
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
        return sum(device.life.down for device in self._devices.values())

    @property
    def unstable(self) -> int:
        """How many devices come and go too often to announce it."""
        return sum(device.life.unstable for device in self._devices.values())

    def devices(self) -> list[DeviceState]:
        """Every device that is bound to something."""
        return [
            DeviceState(
                name,
                device.life.state.value,
                device.life.unstable,
                device.heard,
                device.trouble or "; ".join(dict.fromkeys(device.remarks.values())),
            )
            for name, device in self._devices.items()
            if device.bound
        ]

    def take(self, events: Iterable[Event]) -> Outcome:
        """Return what the events come to, in their order."""
        outcome = Outcome()
        for event in events:
            match event:
                case Sample():
                    self._sample(event, outcome)
                case Failure() | Gone():
                    self._failure(event, outcome)
                case Alive():
                    self._alive(event, outcome)
                case Holds():
                    self._hold(self._devices[event.device], event.time, outcome)
                case Reachable():
                    device = self._devices[event.device]
                    device.life.excuse()
                    device.trouble = device.trouble if device.life.down else ""
                case Rejected() | Cleared():
                    self._remark(event)
                case Refused():
                    self.refused += len(event.fields)
                case Lost():
                    self.lost += event.count
        return outcome

    def node(self, now: int, values: Mapping[str, Value]) -> list[Reading]:
        """Return readings of the node itself, by exception like all others."""
        outcome = Outcome()
        for metric, value in values.items():
            row = catalogue.find(AssetKind.EDGE_NODE, metric)
            deadband = row.deadband if row is not None else 0.0
            self._report((self._node, metric), now, value, Quality.GOOD, deadband, self._refresh, outcome)
        return outcome.readings

    # ------------------------------------------------------------ inside

    def _sample(self, sample: Sample, outcome: Outcome) -> None:
        device = self._devices[sample.device]
        if not sample.late:
            device.heard = sample.time
            device.trouble = ""
            self._changed(sample.device, device.life.good(sample.time), outcome)
            if device.life.state is not State.UP:
                return
        if sample.identity and sample.identity != device.identity:
            if device.identity:
                outcome.findings.append(
                    f"{sample.device}: serial number {sample.identity} where {device.identity} was: the device was "
                    "exchanged; its counters count on from the totals so far"
                )
            device.identity = sample.identity
        for asset in dict.fromkeys(bound.asset for bound in device.bound):
            if asset in self._sources and not sample.late:
                source = self._sources[asset]
                self._report((asset, SOURCE), sample.time, source, Quality.GOOD, 0.0, self._refresh, outcome)
        for bound in device.bound:
            decoded = sample.values.get(bound.point.name)
            if decoded is not None:
                self._point(device, bound, decoded, sample, outcome)

    def _point(self, device: _Device, bound: Bound, decoded: Decoded, sample: Sample, outcome: Outcome) -> None:
        series = (bound.asset, bound.metric)
        if bound.cumulative:
            value, quality = self._total(bound, decoded, sample.mark, outcome)
        else:
            value, quality = convert(bound, decoded)
        if not sample.late:
            self._report(series, sample.time, value, quality, bound.row.deadband, device.refresh, outcome)
        elif not bound.cumulative:  # what a total was then is not known any more
            outcome.readings.append(self._series(series).past(sample.time, value, quality))

    def _remark(self, event: Rejected | Cleared) -> None:
        remarks = self._devices[event.device].remarks
        if isinstance(event, Cleared):
            remarks.pop(event.about, None)
        else:
            self.errors += 1
            remarks[event.about] = event.why

    def _failure(self, failure: Failure | Gone, outcome: Outcome) -> None:
        device = self._devices[failure.device]
        device.trouble = failure.why
        self.errors += 1
        changes = device.life.bad(failure.time) if isinstance(failure, Failure) else device.life.gone(failure.time)
        if Change.DIED in changes:
            device.died, device.before = failure.time, {}
            for bound in device.bound:
                series = (bound.asset, bound.metric)
                last = self._series(series).last
                if last is not None:
                    device.before[series] = last
                value = last.value if last else None
                self._report(series, failure.time, value, Quality.STALE, 0.0, device.refresh, outcome)
        self._changed(failure.device, changes, outcome)

    def _alive(self, sign: Alive, outcome: Outcome) -> None:
        device = self._devices[sign.device]
        device.heard, device.trouble = sign.time, ""
        was_down = device.life.down
        self._changed(sign.device, device.life.good(sign.time), outcome)
        if was_down and device.changes_only and 0 <= sign.time - device.died < SHORT_ABSENCE:
            for series, reading in device.before.items():
                self._report(series, sign.time, reading.value, reading.quality, 0.0, device.refresh, outcome)

    def _hold(self, device: _Device, time: int, outcome: Outcome) -> None:
        """Say again what the device said last, when it is time for that: nothing was measured that confirms a jump."""
        for bound in device.bound if device.life.state is State.UP else ():
            series = (bound.asset, bound.metric)
            last = self._series(series).last
            if last is not None and last.quality is Quality.GOOD and abs(time - last.time) >= self._refresh:
                self._report(series, time, last.value, last.quality, bound.row.deadband, self._refresh, outcome)

    def _changed(self, name: str, changes: Iterable[Change], outcome: Outcome) -> None:
        """Apply a poll of a device to its assets."""
        device = self._devices[name]
        for change in changes:
            match change:
                case Change.UNSTABLE:
                    outcome.findings.append(
                        f"{name} comes and goes: check its cable and power; no births and deaths until it is stable"
                    )
                case Change.STABLE:
                    outcome.findings.append(f"{name} is stable again: it {device.life.state.value}")
                case _:
                    pass
        for asset in dict.fromkeys(bound.asset for bound in device.bound):
            alive = any(self._devices[it].life.announced for it in self._assets[asset])
            if alive and asset not in self._up:
                self._up.add(asset)
                _move(asset, outcome.down, outcome.up)
            elif not alive and asset in self._up:
                self._up.discard(asset)
                _move(asset, outcome.up, outcome.down)

    def _total(self, bound: Bound, decoded: Decoded, mark: Mark, outcome: Outcome) -> tuple[Value | None, Quality]:
        value, quality = convert(bound, decoded)
        if quality is not Quality.GOOD or not isinstance(value, int):
            return None, Quality.BAD
        series, origin, identity = (bound.asset, bound.metric), _origin(bound), self._devices[bound.device].identity
        told = f"{origin}#{identity}" if identity else origin
        known = self._totals.get(series, Counter(told, CounterState()))
        # A counter that was followed before the device told its serial number is that device's.
        # Another device's begins at what it shows: even a total of 0 is ours, and not to be begun anew.
        state = known.state if known.origin in {origin, told} else CounterState(known.state.total, value)
        if isinstance(bound.point, JsonPoint) and bound.point.period:
            state, _ = counters.add(state, value, mark)
        else:
            state, _ = counters.advance(state, value, bound.point.wrap, mark)
        counter = Counter(told, state)
        if counter != self._totals.get(series):
            self._totals[series] = outcome.counters[series] = counter
        return state.total, Quality.GOOD if in_range(bound.row, state.total) else Quality.BAD

    def _report(
        self,
        series: Series,
        time: int,
        value: Value | None,
        quality: Quality,
        deadband: float,
        refresh: int,
        outcome: Outcome,
    ) -> None:
        reading = self._series(series).report(time, value, quality, deadband, refresh)
        if reading is not None:
            outcome.readings.append(reading)

    def _series(self, series: Series) -> Reported:
        return self._reported.setdefault(series, Reported(*series))


def _origin(bound: Bound) -> str:
    return f"{bound.device}/{bound.point.name}"


def _move(asset: str, out_of: list[str], into: list[str]) -> None:
    if asset in out_of:
        out_of.remove(asset)
    into.append(asset)
