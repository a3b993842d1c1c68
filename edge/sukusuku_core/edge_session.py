"""Sparkplug edge node: the rules of one MQTT session, without any I/O.

Events are method calls, answers are lists of actions; the caller performs the actions in order and injects the time.
A new object is made for every MQTT session.

On top of Sparkplug stands our end-to-end acknowledgement. The NBIRTH declares two writable metrics; after its durable
commit the host answers with one NCMD that sets both: `Ack Birth` names the NBIRTH by its timestamp, `Ack Count` says
how many messages since that NBIRTH (itself included, without a gap) are stored.

A count is used rather than `seq` because `seq` has 8 bits and restarts at every rebirth: an acknowledgement that
arrives late could then be read as one for rows that nobody has stored.

Hosts of other makes know nothing of this. With `acknowledge=False` the births do not declare it, data goes out at
QoS 1, and a row counts as delivered when the broker has confirmed its message: what a host loses after that is lost.

The host notices a gap by `seq`, so it overlooks exactly 256 lost messages in a row (or a multiple of it), and its count
is then too small by as many while rows before that count are missing; each message that comes twice at the right place
makes it larger by one. Therefore a count that lies 128 or more behind what has been sent is not believed, and a window
that stays unanswered ends in a new birth, which sets both counts to the same start. A count that is believed can only
be too small, which costs a resend and never a reading.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from sukusuku_core import sparkplug, state, topics
from sukusuku_core.catalogue import DataType
from sukusuku_core.errors import DecodeError
from sukusuku_core.model import Quality, Reading, Value
from sukusuku_core.sparkplug import SEQ_MODULUS, Metric, Payload, datatype_of
from sukusuku_core.time import MINUTE_MS
from sukusuku_core.topics import MessageType, NodeTopic

WINDOW = 64
"""Data messages that may be unacknowledged."""
BEHIND = SEQ_MODULUS // 2
"""Messages by which a count may lie behind: twice the window, and far from what it takes to overlook a loss."""
READINGS_PER_MESSAGE = 200
BYTES_PER_MESSAGE = sparkplug.MAX_PAYLOAD_BYTES // 2
ACK_TIMEOUT_MAX = MINUTE_MS
"""The wait for an acknowledgement doubles up to here while none comes: a slow host must not drown in resends."""


@dataclass(frozen=True, slots=True)
class Publish:
    """Send one message. `token`: to be given to `confirmed` when the broker has confirmed it."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    token: int | None = None


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Subscribe to these filters at QoS 1."""

    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delivered:
    """The host has stored these outbox rows, or the broker has them and must do: they may be deleted."""

    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Resend:
    """Nothing is in flight any more: read every row that is still in the outbox again, as historical."""

    why: str


@dataclass(frozen=True, slots=True)
class Close:
    """Leave this MQTT session and establish a new one."""

    why: str


_OTHER_MAKES = "a host of another make gives none: `acknowledge = false` in edge.toml"

Action = Publish | Subscribe | Delivered | Resend | Close


class Phase(Enum):
    """How far the session is."""

    NEW = "new"
    WAITING = "waiting for the host"
    ONLINE = "online"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class NodeIdentity:
    """Who the edge node is, and the host it waits for (None: it does not wait)."""

    group: str
    node: str
    primary_host: str | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """One metric that a birth declares, with the last committed reading as its value."""

    datatype: DataType
    reading: Reading | None = None


@dataclass(slots=True)
class _Device:
    metrics: dict[str, Declared]
    alive: bool = False
    born: bool = False


@dataclass(frozen=True, slots=True)
class _InFlight:
    count: int
    rows: tuple[int, ...]
    sent: int
    token: int


@dataclass(slots=True)
class EdgeSession:
    """One MQTT session of one edge node. Times are UTC ms.

    `bdseq` must be durable and incremented before every CONNECT by the caller. `last_birth` is the timestamp of the
    latest NBIRTH of any session: births carry strictly rising timestamps, also when the clock steps back.
    `metrics` maps an asset id to what it declares; the node's own metrics stand under the node id.
    `acknowledge`: whether the host acknowledges what it has stored; otherwise the broker's word must do.
    """

    identity: NodeIdentity
    bdseq: int
    metrics: Mapping[str, Mapping[str, DataType]]
    last_birth: int = 0
    ack_timeout: int = 5_000
    acknowledge: bool = True
    phase: Phase = Phase.NEW
    _devices: dict[str, _Device] = field(init=False)
    _count: int = 0
    _in_flight: deque[_InFlight] = field(default_factory=deque)
    _tokens: int = 0
    _unanswered: int = 0
    _host_state: state.HostState | None = None

    def __post_init__(self) -> None:
        self._devices = {
            asset: _Device({name: Declared(datatype) for name, datatype in declared.items()})
            for asset, declared in self.metrics.items()
        }
        self._devices.setdefault(self.identity.node, _Device({}))

    # ------------------------------------------------------------ life of the session

    def will(self) -> Publish:
        """Return the NDEATH to give to CONNECT."""
        payload = Payload(None, (Metric(sparkplug.BDSEQ, self.bdseq, None, DataType.INT64),))
        return Publish(str(self._topic(MessageType.NDEATH)), sparkplug.encode(payload), qos=1)

    def connected(self, now: int) -> list[Action]:
        """CONNACK has arrived."""
        filters = topics.command_filters(self.identity.group, self.identity.node)
        if self.identity.primary_host is None:
            return [Subscribe(filters), *self._birth(now)]
        self.phase = Phase.WAITING
        return [Subscribe((*filters, topics.state_topic(self.identity.primary_host)))]

    def leave(self, why: str) -> list[Action]:
        """Say goodbye: NDEATH, then close. Does nothing twice."""
        if self.phase is Phase.CLOSED:
            return []
        born = self.phase is Phase.ONLINE
        self.phase = Phase.CLOSED
        return [*([self.will()] if born else []), Close(why)]

    def received(self, topic: str, payload: bytes, now: int) -> list[Action]:
        """Return a message on one of the subscribed topics. Raises DecodeError when it cannot be read."""
        if self.identity.primary_host is not None and topic == topics.state_topic(self.identity.primary_host):
            return self._host_said(state.decode(payload), now)
        parsed = topics.parse(topic)
        if parsed.type is not MessageType.NCMD:
            raise DecodeError("command", f"{parsed.type} is not supported: assets cannot be commanded")
        return self._command(sparkplug.decode(payload).metrics, now)

    def confirmed(self, token: int) -> list[Action]:
        """Note that the broker has confirmed a message."""
        found = next((item for item in self._in_flight if item.token == token), None)
        if found is None:
            return []  # it is sent again already
        self._in_flight.remove(found)
        return [Delivered(found.rows)]

    def tick(self, now: int) -> list[Action]:
        """Time has passed: when acknowledgements do not come, begin anew with a birth."""
        patience = min(self.ack_timeout << self._unanswered, max(self.ack_timeout, ACK_TIMEOUT_MAX))
        if self.phase is not Phase.ONLINE or not self._in_flight:
            return []
        if 0 <= now - self._in_flight[0].sent < patience:  # below 0 the clock has stepped back: the wait is unknown
            return []
        if not self.acknowledge:
            return self.leave(f"the broker has not confirmed for {patience / 1000:g} s")
        self._unanswered = min(self._unanswered + 1, 16)
        return self._again(f"no acknowledgement for {patience / 1000:g} s ({_OTHER_MAKES})", now)

    # ------------------------------------------------------------ assets

    def asset_up(self, asset: str, now: int) -> list[Action]:
        """Return an asset's device answers: declare it, once."""
        device = self._devices[asset]
        device.alive = True
        if self.phase is not Phase.ONLINE or device.born or asset == self.identity.node:
            return []
        return [self._device_birth(asset, now)]

    def asset_down(self, asset: str, now: int) -> list[Action]:
        """Report that an asset's devices are lost."""
        device = self._devices[asset]
        device.alive = False
        if self.phase is not Phase.ONLINE or not device.born or asset == self.identity.node:
            return []
        return [self._device_death(asset, now)]

    def committed(self, readings: Iterable[Reading]) -> None:
        """Remember the latest committed readings: births show them. What no birth declares is passed over."""
        for reading in readings:
            device = self._devices.get(reading.asset)
            known = device.metrics.get(reading.metric) if device is not None else None
            if device is not None and known is not None and _fits(known.datatype, reading.value):
                device.metrics[reading.metric] = replace(known, reading=reading)

    # ------------------------------------------------------------ readings

    def room(self) -> int:
        """How many data messages may be sent now."""
        return WINDOW - len(self._in_flight) if self.phase is Phase.ONLINE else 0

    def send(self, rows: Sequence[tuple[int, Reading]], now: int, *, historical: bool) -> list[Action]:
        """Return readings of the outbox as data messages, grouped by asset.

        Uses up `room()`; call it only when there is some.

        An asset whose devices are dead is born for its waiting readings and dies again: data must not wait for it.
        Rows may be older than the settings or the program: what they need and no birth declares is born first.
        """
        actions: list[Action] = []
        by_asset: dict[str, list[tuple[int, Reading]]] = {}
        for row in rows:
            by_asset.setdefault(row[1].asset, []).append(row)
        node = self.identity.node
        if node in by_asset and self._declare(node, by_asset[node]):
            return self._again("the node has a new metric", now)
        for asset, group in by_asset.items():
            is_device = asset != node
            for part in _parts(group):
                if is_device and (self._declare(asset, part) or not self._devices[asset].born):
                    actions.append(self._device_birth(asset, now))
                metrics = self._data_metrics(asset, part, historical=historical)
                kind = MessageType.DDATA if is_device else MessageType.NDATA
                message = self._message(kind, metrics, now, asset if is_device else None)
                self._tokens += 1
                actions.append(message if self.acknowledge else replace(message, qos=1, token=self._tokens))
                self._in_flight.append(_InFlight(self._count, tuple(row for row, _ in part), now, self._tokens))
            if is_device and not self._devices[asset].alive:
                actions.append(self._device_death(asset, now))
        return actions

    # ------------------------------------------------------------ inside

    def _topic(self, kind: MessageType, device: str | None = None) -> NodeTopic:
        return NodeTopic(self.identity.group, kind, self.identity.node, device)

    def _message(self, kind: MessageType, metrics: tuple[Metric, ...], now: int, device: str | None = None) -> Publish:
        seq = self._count % SEQ_MODULUS
        self._count += 1
        return Publish(str(self._topic(kind, device)), sparkplug.encode(Payload(now, metrics, seq)))

    def _birth(self, now: int) -> list[Action]:
        self.phase = Phase.ONLINE
        self.last_birth = max(now, self.last_birth + 1)
        self._count = 0
        birth = self.last_birth
        control = [
            Metric(sparkplug.BDSEQ, self.bdseq, birth, DataType.INT64),
            Metric(sparkplug.REBIRTH, value=False, timestamp=birth, datatype=DataType.BOOLEAN),
        ]
        if self.acknowledge:
            control += [
                Metric(sparkplug.ACK_BIRTH, birth, birth, DataType.INT64),
                Metric(sparkplug.ACK_COUNT, 0, birth, DataType.INT64),
            ]
        own = _birth_metrics(self._devices[self.identity.node].metrics, birth)
        actions: list[Action] = [self._message(MessageType.NBIRTH, _in_order((*control, *own)), birth)]
        for asset, device in self._devices.items():
            device.born = False
            if device.alive and asset != self.identity.node:
                actions.append(self._device_birth(asset, now))
        return actions

    def _device_birth(self, asset: str, now: int) -> Publish:
        device = self._devices[asset]
        device.born = True
        return self._message(MessageType.DBIRTH, _in_order(_birth_metrics(device.metrics, now)), now, asset)

    def _device_death(self, asset: str, now: int) -> Publish:
        self._devices[asset].born = False
        return self._message(MessageType.DDEATH, (), now, asset)

    def _declare(self, asset: str, rows: Sequence[tuple[int, Reading]]) -> bool:
        """Make room for these readings in the next birth; whether one is needed because of them."""
        device = self._devices.setdefault(asset, _Device({}))
        changed = False
        for _, reading in sorted(rows, key=lambda row: row[1].value is None):  # a value shows its type, a null does not
            known = device.metrics.get(reading.metric)
            if known is None or not _fits(known.datatype, reading.value):
                device.metrics[reading.metric] = Declared(datatype_of(reading.value))
                changed = True
        return changed

    def _data_metrics(self, asset: str, rows: Sequence[tuple[int, Reading]], *, historical: bool) -> tuple[Metric, ...]:
        declared = self._devices[asset].metrics
        return _in_order(
            Metric(
                reading.metric,
                _as(declared[reading.metric].datatype, reading.value),
                reading.time,
                declared[reading.metric].datatype,
                historical,
                reading.quality,
            )
            for _, reading in rows
        )

    def _again(self, why: str, now: int) -> list[Action]:
        """Let go of everything in flight and begin a new count on both sides."""
        self._in_flight.clear()
        return [Resend(why), *self._birth(now)]

    def _host_said(self, said: state.HostState, now: int) -> list[Action]:
        known = self._host_state
        if known is not None and said.timestamp < known.timestamp:
            return []  # a late will of an older host session
        self._host_state = said
        if said.online and self.phase is Phase.ONLINE:
            begun_anew = known is not None and said.timestamp > known.timestamp
            return self._again("the host has begun a new session", now) if begun_anew else []
        if said.online:
            return self._birth(now) if self.phase is Phase.WAITING else []
        return self.leave("the host is offline") if self.phase is Phase.ONLINE else []

    def _command(self, metrics: Sequence[Metric], now: int) -> list[Action]:
        if self.phase is not Phase.ONLINE:
            return []
        if sparkplug.metric_value(metrics, sparkplug.REBIRTH) is True:
            return self._again("the host asked for a rebirth", now)
        birth = sparkplug.metric_value(metrics, sparkplug.ACK_BIRTH)
        count = sparkplug.metric_value(metrics, sparkplug.ACK_COUNT)
        if not self.acknowledge or birth != self.last_birth or not isinstance(count, int):
            return []
        if not 0 <= self._count - count < BEHIND:
            return []  # see the module's docstring
        rows: list[int] = []
        while self._in_flight and self._in_flight[0].count <= count:
            rows.extend(self._in_flight.popleft().rows)
        if not rows:
            return []
        self._unanswered = 0
        return [Delivered(tuple(rows))]


def _fits(datatype: DataType, value: Value | None) -> bool:
    """Whether a value can travel as the datatype; a null always can."""
    return value is None or datatype_of(_as(datatype, value)) is datatype


def _as(datatype: DataType, value: Value | None) -> Value | None:
    """Return the value in the form of its datatype: a whole number for a DOUBLE is a float on the wire."""
    if datatype is DataType.DOUBLE and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def _parts(rows: Sequence[tuple[int, Reading]]) -> Iterator[list[tuple[int, Reading]]]:
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


def _in_order(metrics: Iterable[Metric]) -> tuple[Metric, ...]:
    """In order of time: Sparkplug asks for it within a message."""
    return tuple(sorted(metrics, key=lambda metric: metric.timestamp or 0))


def _birth_metrics(declared: Mapping[str, Declared], now: int) -> tuple[Metric, ...]:
    return tuple(
        Metric(name, None, now, item.datatype, quality=Quality.STALE)
        if item.reading is None
        else Metric(
            name, _as(item.datatype, item.reading.value), item.reading.time, item.datatype, quality=item.reading.quality
        )
        for name, item in declared.items()
    )
