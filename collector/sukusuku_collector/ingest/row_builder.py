"""From the metrics of a message to rows of the store.

The way of a good metric is a short loop over tables that are made once per birth; everything unusual (nulls, other
datatypes, qualities, out of bounds, times that cannot be believed) takes the careful way, which gives the same rows.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from sukusuku_collector.ingest import validation
from sukusuku_collector.ingest.clock_witness import NOBODY, ClockWitness
from sukusuku_collector.ingest.gateway_map import GatewayMap, Target, converted
from sukusuku_collector.ingest.passed_over import MOST, PassedOver
from sukusuku_collector.ingest.quarantine import MAX_TEXT, quarantined
from sukusuku_collector.ingest.unassigned import UNASSIGNED, keep
from sukusuku_collector.ingest.validation import Subject
from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_core.drop_record import DROPPED_RANGE
from sukusuku_core.errors import DecodeError
from sukusuku_core.model import AssetKind, Quality, Value
from sukusuku_mqtt import Message
from sukusuku_server.model.series import Moved, Quarantined, Row, Unassigned
from sukusuku_server.timeseries.protocols import LiveReader, ReadingWriter

CLOCK_SYNCED = "Clock/Synced"
"""The metric by which an edge node says that its clock has not been set."""

_GOOD = int(Quality.GOOD)
_FIELD = {
    4: (DataType.INT64, "long_value"),
    8: (DataType.INT64, "long_value"),
    10: (DataType.DOUBLE, "double_value"),
    11: (DataType.BOOLEAN, "boolean_value"),
}
"""Sparkplug datatypes that the short way reads, and where their value stands."""

_VALUE_REASONS = {"datatype", "wrong-type", "not-finite", "text", "unlisted"}
"""Why a value is not taken, although its metric is known."""

_Plan = tuple[int, str, float, float]
"""Series, protobuf field, lowest and highest plausible value of a metric."""


@dataclass(frozen=True, slots=True)
class Table:
    """How to read the data of one device, or of an edge node itself, since its last birth."""

    subject: Subject
    types: Mapping[str, int]
    plans: Mapping[str, _Plan]
    find: Callable[[str], Target]
    """What a metric is. Raises DecodeError; `unmapped`: it has no place here, and that is all right."""
    device: str | None = None
    mapped: bool = False
    told: set[str] = field(default_factory=set)
    """Why values were not taken, in words: each is quarantined once."""
    targets: dict[str, Target] = field(default_factory=dict)
    unmapped: set[str] = field(default_factory=set)
    fed: set[str] = field(default_factory=set)
    """The assets of a gateway's metrics."""


@dataclass(slots=True)
class Batch:
    """What becomes one commit. `changed` are the assets with readings in it."""

    now: int
    rows: list[Row] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    unassigned: list[Unassigned] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    losses: list[tuple[str, int, str]] = field(default_factory=list)
    """Node, time and text of what edge nodes say that they had to drop."""
    offline: dict[str, int | None] = field(default_factory=dict)
    """Since when edge nodes and assets are dead; None: they were born."""


@dataclass(frozen=True, slots=True)
class _Arrived:
    """A message while it is read. `present`: the time (UTC ms) by which its readings are judged."""

    message: Message
    body: Any
    table: Table
    batch: Batch
    present: int
    birth: bool


class RowStore(ReadingWriter, LiveReader, Protocol):
    """Where rows go, and which series there are."""


class Rows:
    """Makes rows. `counts` counts every reason for which a metric was refused.

    `may_quarantine` tells whether one more row of an edge node may go to the quarantine.
    """

    def __init__(
        self,
        store: RowStore,
        most_metrics: int,
        counts: Counter[str],
        may_quarantine: Callable[[str, int], bool],
        witness: ClockWitness = NOBODY,
        passed_over: PassedOver | None = None,
    ) -> None:
        self._store = store
        self._most = most_metrics
        self._counts = counts
        self._may_quarantine = may_quarantine
        self._series: dict[tuple[str, str], int] = {}
        self._names = {asset: set(metrics) for asset, metrics in store.latest().items()}
        self._witness = witness
        self._synced: set[str] = set()
        self._unsynced: set[str] = set()
        self._passed_over = PassedOver() if passed_over is None else passed_over

    def table(
        self,
        subject: Subject,
        types: Mapping[str, int],
        device: str | None,
        gateway: GatewayMap | None = None,
        *,
        foreign: bool = False,
    ) -> Table:
        """Return the table for a birth that declares these types; with a `gateway`, its rules say what they are.

        From a `foreign` node, what the catalogue does not know is passed over.
        """
        if gateway is not None:
            return Table(subject, types, {}, partial(gateway.find, device), device, mapped=True)
        plans: dict[str, _Plan] = {}
        for name, number in types.items():
            try:
                row = validation.metric(subject, name)
                datatype, where = _FIELD.get(number, (None, ""))
                if datatype is row.datatype:
                    low, high = (0, 1) if datatype is DataType.BOOLEAN else validation.bounds(row)
                    plans[name] = (self._number(subject, name, row.datatype), where, low, high)
            except DecodeError:
                continue  # the careful way says why, for every value
        return Table(subject, types, plans, partial(_own, subject, foreign=foreign), device)

    def read(self, message: Message, body: Any, table: Table, batch: Batch, *, birth: bool = False) -> Collection[str]:
        """Put what a message carries into the batch. Return the reasons for which something was refused."""
        rows = batch.rows
        before = len(rows) + len(batch.moved)
        find = table.plans.get
        present = self._present(body, table.subject, batch.now, birth=birth)
        earliest, latest = validation.window(present)
        careful: list[Any] = []
        # Quality is the only property that is read, so its name tells whether there is one.
        if b"Quality" in message.payload or table.subject.edge in self._unsynced:
            careful.extend(body.metrics)
        else:
            for metric in body.metrics:
                plan = find(metric.name)
                if plan is not None:
                    series, where, low, high = plan
                    value = getattr(metric, where)
                    time = metric.timestamp
                    if (
                        low <= value <= high
                        and earliest <= time <= latest
                        and (value or metric.HasField(where))
                        and not metric.is_null
                    ):
                        rows.append((time, series, value, _GOOD))
                        continue
                careful.append(metric)
        refused = self._careful(careful, _Arrived(message, body, table, batch, present, birth)) if careful else ()
        if len(rows) + len(batch.moved) > before:
            batch.changed.add(table.subject.id)
        return refused

    def clock_set(self, node: str) -> bool:
        """Whether the times of an edge node are believed: it has not said that its clock was not set."""
        return node not in self._unsynced

    def set_clock(self, node: str, *, is_set: bool) -> None:
        """Note what an edge node says of its clock. When it is not set, receipt times count."""
        if is_set:
            self._unsynced.discard(node)
            self._synced.add(node)
        else:
            self._synced.discard(node)
            self._unsynced.add(node)
            self._witness.unset(node)

    # ------------------------------------------------------------ inside

    def _number(self, subject: Subject, name: str, datatype: DataType) -> int:
        """Return the store's number of a series, for a bounded number of series per subject."""
        number = self._series.get((subject.id, name))
        if number is None:
            names = self._names.setdefault(subject.id, set())
            if name not in names and len(names) >= self._most:
                raise DecodeError(
                    "too-many-metrics", f"{subject.id} has {self._most} metrics already ([limits] metrics_per_asset)"
                )
            names.add(name)
            number = self._series[subject.id, name] = self._store.series(subject.id, name, datatype)
        return number

    def _present(self, body: Any, subject: Subject, now: int, *, birth: bool) -> int:
        """Return the time (UTC ms) by which a message is judged, after hearing what its edge node says of it.

        While our clock is in doubt that is when the message was sent: the edge node says what time it is.
        """
        node = subject.edge
        if subject.kind is AssetKind.EDGE_NODE:
            for metric in body.metrics:
                of_now = birth or not metric.is_historical
                if metric.name == CLOCK_SYNCED and of_now and metric.HasField("boolean_value"):
                    self.set_clock(node, is_set=metric.boolean_value)
        sent = int(body.timestamp) if body.HasField("timestamp") else None
        if sent is None:
            return now
        if node in self._synced:
            self._witness.heard(node, sent)
        return sent if self.clock_set(node) and not self._witness.sure() else now

    def _careful(self, metrics: Sequence[Any], arrived: _Arrived) -> Collection[str]:
        """Do what the loop of `read` does, for every case."""
        refused: dict[str, list[str]] = {}
        unassigned: list[Any] = []
        for metric in metrics:
            try:
                if (why := self._take(metric, arrived)) is not None:
                    refused.setdefault("timestamp", []).append(why)
            except DecodeError as error:
                refused.setdefault(error.reason, []).append(error.detail)
                if error.reason in UNASSIGNED:
                    unassigned.append(metric)
        message, table, batch = arrived.message, arrived.table, arrived.batch
        for reason, details in refused.items():
            self._counts[reason] += len(details)
            if reason in UNASSIGNED:
                clock_set = self.clock_set(table.subject.edge)
                kept = keep(arrived.body, unassigned, table.types, birth=arrived.birth)
                if kept is not None:
                    batch.unassigned.append(
                        Unassigned(batch.now, message.topic[:MAX_TEXT], reason, details[0][:MAX_TEXT], kept, clock_set)
                    )
                continue
            news = [detail for detail in details if reason not in _VALUE_REASONS or detail not in table.told]
            table.told.update(news if reason in _VALUE_REASONS else ())
            if not news or not self._may_quarantine(table.subject.edge, batch.now):
                continue
            more = f" (and {len(news) - 3} more)" if len(news) > 3 else ""  # noqa: PLR2004 - enough to see what
            batch.quarantined.append(quarantined(message, reason, "; ".join(news[:3]) + more, batch.now, arrived.body))
        return refused.keys()

    def _take(self, metric: Any, arrived: _Arrived) -> str | None:
        """One metric into the batch. Answers why its time is not believed. Raises DecodeError."""
        name = sparkplug.read_name(metric)
        if name == sparkplug.BDSEQ or name.startswith(sparkplug.CONTROL_PREFIX):
            return None
        table = arrived.table
        datatype = sparkplug.type_of(metric, table.types.get(name, 0))
        target = self._target(table, name, sparkplug.unread(metric, datatype))
        if target is None:
            return None
        unfit: DecodeError | None = None
        try:
            value = sparkplug.read_value(metric, datatype or target.row.datatype)
            if value is None and arrived.birth:
                return None  # nothing was ever measured
            value, quality = validation.judge(target.row, converted(target, value), sparkplug.read_quality(metric))
        except DecodeError as error:  # it has another value now, so the last one that could be read is old
            value, quality, unfit = None, Quality.BAD, error
        if name == DROPPED_RANGE and target.subject.kind is AssetKind.EDGE_NODE and isinstance(value, str):
            arrived.batch.losses.append((target.subject.id, int(metric.timestamp), value))
        doubt = self._put(metric, target, value, quality, arrived)
        if unfit is not None:
            raise unfit
        return doubt

    def _put(self, metric: Any, target: Target, value: Value | None, quality: Quality, arrived: _Arrived) -> str | None:
        """Put a value into the batch, at its time. Answers why that is not believed. Raises DecodeError."""
        body, batch, edge = arrived.body, arrived.batch, arrived.table.subject.edge
        series = self._number(target.subject, target.name, target.row.datatype)
        sent = int(body.timestamp) if body.HasField("timestamp") else None
        original = int(metric.timestamp) if metric.HasField("timestamp") else sent
        if original is None:
            raise DecodeError("timestamp", f"neither {target.name} nor its message has one")
        time, believed = validation.place(original, sent, arrived.present, synced=self.clock_set(edge))
        row: Row = (time, series, value, int(quality if believed else Quality.BAD))
        batch.changed.add(target.subject.id)
        if time == original:
            batch.rows.append(row)
        else:
            batch.moved.append(Moved(row, original, None if believed else int(quality)))
        if believed:
            return None
        cure = validation.cure_of_time(original, arrived.present)
        return f"{target.name} at {original}, stored at {time} as BAD; {cure}"

    def _target(self, table: Table, name: str, unread: str | None) -> Target | None:
        """Return where a metric goes; None when it has no place here, or an `unread` type. Raises DecodeError."""
        if name in table.unmapped:
            return None
        if unread is not None:
            self._passed_over.note(table.subject.edge, "type", _path(table.device, name))
            return None
        if (target := table.targets.get(name)) is not None:
            return target
        try:
            target = table.find(name)
        except DecodeError as error:
            if error.reason != "unmapped":
                raise
            self._passed_over.note(table.subject.edge, "unmapped", _path(table.device, name))
            if len(table.unmapped) < MOST:
                table.unmapped.add(name)
            return None
        if len(table.targets) < MOST:
            table.targets[name] = target
            table.fed.add(target.subject.id)
        return target


def _own(subject: Subject, name: str, *, foreign: bool) -> Target:
    """Return what a metric of an edge node is that names things as we do."""
    try:
        return Target(subject, validation.metric(subject, name), name)
    except DecodeError as error:
        if foreign and error.reason == "unknown-metric":
            raise DecodeError("unmapped", error.detail) from error
        raise


def _path(device: str | None, name: str) -> str:
    return name if device is None else f"{device}/{name}"
