"""From MQTT messages to one durable commit, and what to answer the edge nodes afterwards.

Nothing that a peer sends raises out of here: what cannot be stored goes to the quarantine with its reason, and is
counted. The way of a good metric is a short loop over tables that are made once per birth; everything unusual (nulls,
other datatypes, qualities, out of bounds) takes the careful way, which gives the same rows.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sukusuku_collector import validation
from sukusuku_collector.settings import Facility
from sukusuku_collector.store import Committed, Quarantined, Row, Store
from sukusuku_collector.validation import Subject
from sukusuku_core import sparkplug, topics
from sukusuku_core.catalogue import DataType
from sukusuku_core.clock import Clock, now_ms
from sukusuku_core.errors import DecodeError, TransientError
from sukusuku_core.host_session import HostSession, NodeKey
from sukusuku_core.model import Quality, Value
from sukusuku_core.topics import MessageType, NodeTopic
from sukusuku_mqtt.client import Message

MAX_ROUTES = 10_000
"""Topics that are remembered; a hostile peer may invent more."""
REPEAT_AFTER = 60_000
"""ms before the same topic is quarantined for the same reason again, where the sender keeps its data anyway."""
MAX_TEXT = 512
"""Characters kept of a topic or an explanation in the quarantine."""

_GOOD = int(Quality.GOOD)
_FIELD = {
    4: (DataType.INT64, "long_value"),
    8: (DataType.INT64, "long_value"),
    10: (DataType.DOUBLE, "double_value"),
    11: (DataType.BOOLEAN, "boolean_value"),
}
"""Sparkplug datatypes that the short way reads, and where their value stands."""

_Plan = tuple[int, str, float, float]
"""Series, protobuf field, lowest and highest plausible value of a metric."""


@dataclass(frozen=True, slots=True)
class Command:
    """An NCMD to publish at QoS 0."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a batch of messages came to. `changed` are the assets that have readings in it."""

    committed: Committed
    changed: frozenset[str]
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class _Route:
    """What a topic means. Without a subject its readings are refused for `refusal`."""

    topic: NodeTopic
    key: NodeKey
    subject: Subject | None
    refusal: DecodeError | None = None
    known_node: bool = True


@dataclass(frozen=True, slots=True)
class _Table:
    """How to read the data of one subject since its last birth."""

    subject: Subject
    types: Mapping[str, int]
    plans: Mapping[str, _Plan]


@dataclass(slots=True)
class _Batch:
    now: int
    rows: list[Row] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)


class Ingest:
    """The data path of one collector. `counts` counts every reason for which something was not stored."""

    def __init__(self, facility: Facility, store: Store, clock: Clock = now_ms) -> None:
        self._group = facility.operator.id
        self._subjects = {subject.id: subject for subject in validation.subjects(facility)}
        self._store = store
        self._clock = clock
        self._routes: dict[str, _Route] = {}
        self._metrics: Counter[str] = Counter()
        self._series: dict[tuple[str, str], int] = {}
        self._told: dict[tuple[str, str], int] = {}
        self.counts: Counter[str] = Counter()
        self.begin_session()

    def begin_session(self) -> None:
        """A new MQTT session: nothing is known of the edge nodes, and nothing that came before may be acknowledged."""
        self._session = HostSession()
        self._tables: dict[tuple[NodeKey, str | None], _Table] = {}

    def process(self, messages: Sequence[Message]) -> Outcome:
        """Store what the messages carry in one commit.

        Raises TransientError when the store cannot. Nothing of it is then ever acknowledged: the edge nodes send it
        again after their next birth.
        """
        batch = _Batch(self._clock())
        for message in messages:
            try:
                self._message(message, batch)
            except DecodeError as error:
                self._refuse(message, error, batch)
        committed = Committed(0, 0, 0)
        if batch.rows or batch.quarantined:
            try:
                committed = self._store.commit_rows(batch.rows, batch.quarantined, batch.now)
            except TransientError:
                self.begin_session()
                raise
        return Outcome(committed, frozenset(batch.changed), tuple(self._answers(batch.now)))

    def _answers(self, now: int) -> list[Command]:
        """Acknowledgements of what is durable, and requests for births."""
        commands = [
            _command(ack.node, now, (sparkplug.ACK_BIRTH, ack.birth), (sparkplug.ACK_COUNT, ack.count))
            for ack in self._session.acks()
        ]
        commands += [_command(key, now, (sparkplug.REBIRTH, True)) for key in self._session.rebirths()]
        return commands

    # ------------------------------------------------------------ topics

    def _route(self, topic: str) -> _Route:
        route = self._routes.get(topic)
        if route is None:
            if len(self._routes) >= MAX_ROUTES:
                self._routes.clear()
            route = self._routes[topic] = self._find_route(topics.parse(topic))
        return route

    def _find_route(self, topic: NodeTopic) -> _Route:
        key = NodeKey(topic.group, topic.node)
        node = self._subjects.get(topic.node)
        if topic.group != self._group:
            refusal = DecodeError("unknown-group", f"this collector serves {self._group}, not {topic.group}")
            return _Route(topic, key, None, refusal, known_node=False)
        if node is None or node.edge != node.id:
            refusal = DecodeError("unknown-node", f"no asset in facility.toml has edge = {topic.node!r}")
            return _Route(topic, key, None, refusal, known_node=False)
        subject = node if topic.device is None else self._subjects.get(topic.device)
        if subject is None or (topic.device is not None and subject.id == subject.edge):
            refusal = DecodeError("unknown-asset", f"facility.toml has no unit or room {topic.device!r}")
            return _Route(topic, key, None, refusal)
        if subject.edge != topic.node:
            refusal = DecodeError("wrong-edge", f"{subject.edge} speaks for {subject.id}, not {topic.node}")
            return _Route(topic, key, None, refusal)
        return _Route(topic, key, subject)

    # ------------------------------------------------------------ messages

    def _message(self, message: Message, batch: _Batch) -> None:
        if message.retain:
            self.counts["retained"] += 1  # of an older session; Sparkplug forbids them
            return
        route = self._route(message.topic)
        if not route.known_node and route.refusal is not None:
            raise route.refusal
        body = sparkplug.parse(message.payload)
        seq = body.seq if body.HasField("seq") else None
        key, kind = route.key, route.topic.type
        if route.subject is None:
            self._session.data(key, None, seq, batch.now)  # it counts as arrived, and is acknowledged
            if route.refusal is not None and kind is not MessageType.DDEATH:
                raise route.refusal
        elif kind is MessageType.DDATA or kind is MessageType.NDATA:
            if self._session.data(key, route.topic.device, seq, batch.now) is None:
                self.counts["no-birth"] += 1  # the edge node sends it again after its birth
            else:
                self._data(message, body, self._tables[key, route.topic.device], batch)
        elif kind is MessageType.NBIRTH or kind is MessageType.DBIRTH:
            self._birth(message, body, route, route.subject, batch, seq)
        elif kind is MessageType.NDEATH:
            self._session.node_death(key, _bdseq(body))
        elif kind is MessageType.DDEATH and route.topic.device is not None:
            self._session.device_death(key, route.topic.device, seq, batch.now)

    def _birth(
        self, message: Message, body: Any, route: _Route, subject: Subject, batch: _Batch, seq: int | None
    ) -> None:
        types = {sparkplug.read_name(item): int(item.datatype) for item in body.metrics}
        if route.topic.device is None:
            wants_ack = sparkplug.ACK_BIRTH in types and sparkplug.ACK_COUNT in types
            self._session.node_birth(route.key, seq or 0, _bdseq(body), body.timestamp, types, wants_ack=wants_ack)
        elif not self._session.device_birth(route.key, route.topic.device, seq, types, batch.now):
            self.counts["no-birth"] += 1
            return
        table = self._tables[route.key, route.topic.device] = self._compile(subject, types)
        self._data(message, body, table, batch, birth=True)

    def _compile(self, subject: Subject, types: Mapping[str, int]) -> _Table:
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
        return _Table(subject, types, plans)

    def _number(self, subject: Subject, name: str, datatype: DataType) -> int:
        """The store's number of a series, for a bounded number of series per subject."""
        number = self._series.get((subject.id, name))
        if number is None:
            if self._metrics[subject.id] >= validation.MAX_METRICS_PER_SUBJECT:
                raise DecodeError(
                    "too-many-metrics", f"{subject.id} has {validation.MAX_METRICS_PER_SUBJECT} metrics already"
                )
            self._metrics[subject.id] += 1
            number = self._series[subject.id, name] = self._store.series(subject.id, name, datatype)
        return number

    # ------------------------------------------------------------ values

    def _data(self, message: Message, body: Any, table: _Table, batch: _Batch, *, birth: bool = False) -> None:
        rows = batch.rows
        before = len(rows)
        find = table.plans.get
        earliest, latest = validation.window(batch.now)
        careful: list[Any] = []
        if b"Quality" in message.payload:  # the only property that is read, so its name tells whether there is one
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
        if careful:
            self._careful(message, body, table, careful, batch, birth=birth)
        if len(rows) > before:
            batch.changed.add(table.subject.id)

    def _careful(
        self, message: Message, body: Any, table: _Table, metrics: Sequence[Any], batch: _Batch, *, birth: bool
    ) -> None:
        """The same as the loop of `_data`, for every case."""
        refused: dict[str, list[str]] = {}
        for metric in metrics:
            try:
                row = self._read(metric, body, table, batch.now, birth=birth)
            except DecodeError as error:
                refused.setdefault(error.reason, []).append(error.detail)
                continue
            if row is not None:
                batch.rows.append(row)
        for reason, details in refused.items():
            self.counts[reason] += len(details)
            more = f" (and {len(details) - 3} more)" if len(details) > 3 else ""  # noqa: PLR2004 - enough to see what
            detail = "; ".join(details[:3]) + more
            batch.quarantined.append(_quarantined(message, reason, detail, batch.now))

    def _read(self, metric: Any, body: Any, table: _Table, now: int, *, birth: bool) -> Row | None:
        """One metric as a row; None for what is no reading. Raises DecodeError."""
        name = sparkplug.read_name(metric)
        if name == sparkplug.BDSEQ or name.startswith(sparkplug.CONTROL_PREFIX):
            return None
        row = validation.metric(table.subject, name)
        value = sparkplug.read_value(metric, table.types.get(name) or metric.datatype or row.datatype)
        if value is None and birth:
            return None  # nothing was ever measured
        value, quality = validation.judge(row, value, sparkplug.read_quality(metric))
        time = int(metric.timestamp if metric.HasField("timestamp") else body.timestamp)
        validation.check_time(time, now)
        return (time, self._number(table.subject, name, row.datatype), value, int(quality))

    def _refuse(self, message: Message, error: DecodeError, batch: _Batch) -> None:
        """A whole message that cannot be stored."""
        self.counts[error.reason] += 1
        route = self._routes.get(message.topic)
        if route is None or route.subject is not None:
            if route is not None:
                self._session.ask_rebirth(route.key, batch.now)
        elif not route.known_node:  # never acknowledged, so it comes again and again
            told = (message.topic, error.reason)
            if batch.now - self._told.get(told, -REPEAT_AFTER) < REPEAT_AFTER:
                return
            if len(self._told) >= MAX_ROUTES:
                self._told.clear()
            self._told[told] = batch.now
        batch.quarantined.append(_quarantined(message, error.reason, error.detail, batch.now))


def _quarantined(message: Message, reason: str, detail: str, now: int) -> Quarantined:
    return Quarantined(now, message.topic[:MAX_TEXT], reason, detail[:MAX_TEXT], message.payload)


def _command(key: NodeKey, now: int, *metrics: tuple[str, Value]) -> Command:
    return Command(str(NodeTopic(key.group, MessageType.NCMD, key.node)), sparkplug.command(metrics, now))


def _bdseq(body: Any) -> int:
    """The session number of a node birth or death. Raises DecodeError (`bdseq`)."""
    for metric in body.metrics:
        if metric.name == sparkplug.BDSEQ:
            return int(metric.long_value or metric.int_value)
    raise DecodeError("bdseq", "a node birth or death needs the metric bdSeq")
