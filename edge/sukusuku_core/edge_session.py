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

A node with a key (`proofs`) believes no count without a proof, and no STATE that would silence it: see `edge_proofs`.

The host may stay away for hours. Every few minutes a node that waits leaves and connects anew, so that a STATE with a
false timestamp, which makes it pass over the true ones, does not silence it for ever: a new session reads the retained
STATE afresh.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from sukusuku_core import sparkplug, state, topics
from sukusuku_core.catalogue import DataType
from sukusuku_core.edge_actions import Action, Close, Delivered, Publish, Refused, Resend, Subscribe
from sukusuku_core.edge_payloads import Declared, birth_metrics, fits, in_order, parts_of, typed
from sukusuku_core.edge_proofs import BEHIND, Proofs
from sukusuku_core.errors import DecodeError
from sukusuku_core.model import Reading
from sukusuku_core.sparkplug import SEQ_MODULUS, Metric, Payload, datatype_of
from sukusuku_core.time import MINUTE_MS
from sukusuku_core.topics import MessageType, NodeTopic

WINDOW = 64
"""Data messages that may be unacknowledged."""
ACK_TIMEOUT_MAX = MINUTE_MS
"""The wait for an acknowledgement doubles up to here while none comes, and is twice what the last one took at least: a
slow host must not drown in resends, each of which makes it slower."""
WAIT_MAX = 5 * MINUTE_MS
"""After this a node that waits for its host asks the broker again."""


_UNPROVED = "an acknowledgement without a proof: has the collector the key of this node (`sukusuku nodes list`)?"
_FALSE = "an acknowledgement whose proof does not fit what was sent: somebody else speaks for the host or for this node"
_OTHER_MAKES = "a host of another make gives none: `acknowledge = false` in edge.toml"


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
    `proofs`: made for this session, when the node has a key. None: whoever can publish is believed.
    """

    identity: NodeIdentity
    bdseq: int
    metrics: Mapping[str, Mapping[str, DataType]]
    last_birth: int = 0
    ack_timeout: int = 5_000
    acknowledge: bool = True
    proofs: Proofs | None = None
    phase: Phase = Phase.NEW
    _devices: dict[str, _Device] = field(init=False)
    _count: int = 0
    _in_flight: deque[_InFlight] = field(default_factory=deque)
    _tokens: int = 0
    _unanswered: int = 0
    _answered_after: int = 0
    _host_state: state.HostState | None = None
    _waiting_since: int = 0

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
        self.phase, self._waiting_since = Phase.WAITING, now
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
        if (actions := self._look_for_host(now)) is not None:
            return actions
        expected = max(self.ack_timeout, 2 * self._answered_after)
        patience = min(expected << self._unanswered, max(self.ack_timeout, ACK_TIMEOUT_MAX))
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
            if device is not None and known is not None and fits(known.datatype, reading.value):
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
            for part in parts_of(group):
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
        message = Publish(str(self._topic(kind, device)), sparkplug.encode(Payload(now, metrics, seq)))
        if self.proofs is not None:
            self.proofs.sent(self._count, (message.topic, message.payload))
        return message

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
        if self.proofs is not None:
            control.append(Metric(sparkplug.ACK_PROOF, self.proofs.request, birth, DataType.STRING))
        own = birth_metrics(self._devices[self.identity.node].metrics, birth)
        actions: list[Action] = [self._message(MessageType.NBIRTH, in_order((*control, *own)), birth)]
        for asset, device in self._devices.items():
            device.born = False
            if device.alive and asset != self.identity.node:
                actions.append(self._device_birth(asset, now))
        return actions

    def _device_birth(self, asset: str, now: int) -> Publish:
        device = self._devices[asset]
        device.born = True
        return self._message(MessageType.DBIRTH, in_order(birth_metrics(device.metrics, now)), now, asset)

    def _device_death(self, asset: str, now: int) -> Publish:
        self._devices[asset].born = False
        return self._message(MessageType.DDEATH, (), now, asset)

    def _declare(self, asset: str, rows: Sequence[tuple[int, Reading]]) -> bool:
        """Make room for these readings in the next birth; whether one is needed because of them."""
        device = self._devices.setdefault(asset, _Device({}))
        changed = False
        for _, reading in sorted(rows, key=lambda row: row[1].value is None):  # a value shows its type, a null does not
            known = device.metrics.get(reading.metric)
            if known is None or not fits(known.datatype, reading.value):
                device.metrics[reading.metric] = Declared(datatype_of(reading.value))
                changed = True
        return changed

    def _data_metrics(self, asset: str, rows: Sequence[tuple[int, Reading]], *, historical: bool) -> tuple[Metric, ...]:
        declared = self._devices[asset].metrics
        return in_order(
            Metric(
                reading.metric,
                typed(declared[reading.metric].datatype, reading.value),
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
        tried = self.proofs is not None and said.online and self.phase is Phase.WAITING  # a false one deletes nothing
        if known is not None and said.timestamp < known.timestamp and not tried:
            return []  # a late will of an older host session
        self._host_state = said
        if said.online and self.phase is Phase.WAITING:
            return self._birth(now)
        if self.phase is not Phase.ONLINE:
            return []
        if not said.online:
            return self._host_left(now)
        begun_anew = known is not None and said.timestamp > known.timestamp
        return self._asked("the host has begun a new session", now) if begun_anew else []

    def _look_for_host(self, now: int) -> list[Action] | None:
        """Return what there is to do about a host that may be away; None: nothing."""
        if self.phase is Phase.WAITING and not 0 <= now - self._waiting_since < WAIT_MAX:
            return self.leave(f"the host has not come for {WAIT_MAX // MINUTE_MS} minutes")
        if self.phase is Phase.ONLINE and self.proofs is not None:
            if self.proofs.gone(now):
                return self.leave("the host is offline")
            return self._as_wanted(now) or None
        return None

    def _host_left(self, now: int) -> list[Action]:
        if self.proofs is None:
            return self.leave("the host is offline")
        self.proofs.doubt(now)
        return []

    def _asked(self, why: str, now: int) -> list[Action]:
        """Be born again, because somebody wants it: with a key not too often, as it may be anybody."""
        if self.proofs is None:
            return self._again(why, now)
        self.proofs.wanted = why
        return self._as_wanted(now)

    def _as_wanted(self, now: int) -> list[Action]:
        """Be born when it is wanted and time for it."""
        why = None if self.proofs is None else self.proofs.birth(now)
        return [] if why is None else self._again(why, now)

    def _command(self, metrics: Sequence[Metric], now: int) -> list[Action]:
        if self.phase is not Phase.ONLINE:
            return []
        if sparkplug.metric_value(metrics, sparkplug.REBIRTH) is True:
            return self._asked("the host asked for a rebirth", now)
        birth = sparkplug.metric_value(metrics, sparkplug.ACK_BIRTH)
        count = sparkplug.metric_value(metrics, sparkplug.ACK_COUNT)
        if not self.acknowledge or birth != self.last_birth or not isinstance(count, int):
            return []
        if not 0 <= self._count - count < BEHIND:
            return []  # see the module's docstring
        refused = self._unproved(metrics, count)
        return self._delivered(count, now) if refused is None else refused

    def _unproved(self, metrics: Sequence[Metric], count: int) -> list[Action] | None:
        """Return what to answer to an acknowledgement that is not believed; None: it is."""
        if self.proofs is None:
            return None
        given = sparkplug.metric_value(metrics, sparkplug.ACK_PROOF)
        holds = self.proofs.holds(self.last_birth, count, given)
        if holds is None:
            return []
        return None if holds else [Refused(_UNPROVED if given is None else _FALSE)]

    def _delivered(self, count: int, now: int) -> list[Action]:
        rows: list[int] = []
        sent = self._in_flight[0].sent if self._in_flight else now
        while self._in_flight and self._in_flight[0].count <= count:
            rows.extend(self._in_flight.popleft().rows)
        if not rows:
            return []
        self._unanswered, self._answered_after = 0, max(0, now - sent)
        return [Delivered(tuple(rows))]
