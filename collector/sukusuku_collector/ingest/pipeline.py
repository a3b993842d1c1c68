"""From MQTT messages to one durable commit, and what to answer the edge nodes afterwards.

Nothing that a peer sends raises out of here: what cannot be stored goes to the quarantine with its reason, and is
counted. A message over its edge node's limits is thrown away before it is read, and never acknowledged.
"""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from sukusuku_collector.ingest.arrived import Arrived
from sukusuku_collector.ingest.clock_witness import NOBODY, ClockWitness
from sukusuku_collector.ingest.duplicate_nodes import DuplicateNodeDetector
from sukusuku_collector.ingest.operator_log import OperatorLog
from sukusuku_collector.ingest.outcome import Command, Outcome, command
from sukusuku_collector.ingest.proofs import KeyRing, Proofs
from sukusuku_collector.ingest.quarantine import MAX_TEXT, quarantined
from sukusuku_collector.ingest.rate_limits import Gate
from sukusuku_collector.ingest.row_builder import Batch, Rows, RowStore, Table
from sukusuku_collector.ingest.second_copy import SecondCopy
from sukusuku_collector.ingest.senders import Senders
from sukusuku_collector.ingest.topic_routes import MAX_ROUTES, Routes
from sukusuku_collector.ingest.unassigned import UnassignedMessages
from sukusuku_collector.ingest.unreadable import WHOLE
from sukusuku_collector.ingest.validation import Subject
from sukusuku_core import catalogue, sparkplug
from sukusuku_core.aliases import Aliases
from sukusuku_core.clock import Clock, now_ms
from sukusuku_core.errors import DecodeError, TransientError
from sukusuku_core.host_session import Ack, HostSession, NodeKey
from sukusuku_core.model import AssetKind
from sukusuku_core.reorder import Reorder
from sukusuku_core.topics import MessageType
from sukusuku_mqtt import Message
from sukusuku_server.model.series import Committed, Unassigned
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries import duplicates_key
from sukusuku_server.timeseries.protocols import Notes

_BIRTHS = {MessageType.NBIRTH, MessageType.DBIRTH}
_UNORDERED = {MessageType.NBIRTH, MessageType.NDEATH}
"""They begin and end a session, and stand in no order with its other messages."""

_log = logging.getLogger("sukusuku_collector.ingest.pipeline")


class IngestStore(RowStore, Notes, Protocol):
    """Where everything that arrives is stored."""


class Ingest:
    """The data path of one collector.

    `counts` counts every reason for which something was not stored as a reading, `arrived` every message, `stored`
    every reading that was new.
    """

    def __init__(
        self,
        facility: Facility,
        store: IngestStore,
        clock: Clock = now_ms,
        witness: ClockWitness = NOBODY,
        keys: KeyRing | None = None,
        second: SecondCopy | None = None,
    ) -> None:
        self._second = second
        limits = facility.limits
        self._group = facility.operator.id
        self._routes = Routes(facility)
        self._gate = Gate(limits)
        self._duplicates = DuplicateNodeDetector()
        self._store = store
        self._clock = clock
        self._reorder_window = round(limits.reorder_window * 1000)
        self._teller = OperatorLog()
        self._proofs = Proofs(KeyRing() if keys is None else keys, store)
        self._tables: dict[tuple[NodeKey, str | None], Table] = {}
        self._senders = Senders(store, self._routes, lambda: self._tables)
        self.counts: Counter[str] = Counter()
        self.arrived = self.stored = 0
        self._rows = Rows(
            store, limits.metrics_per_asset, self.counts, self._may_quarantine, witness, self._senders.passed_over
        )
        self.begin_session()

    def begin_session(self) -> None:
        """Begin an MQTT session: forget the edge nodes; nothing that came before may be acknowledged."""
        self._session = HostSession()
        self._reorder = Reorder[Arrived](self._session, self._reorder_window)
        self._proofs.begin_session()
        if self._second is not None:
            self._second.begin_session()
        self._tables = {}
        self._aliases: dict[NodeKey, Aliases] = {}
        self._unassigned = UnassignedMessages()
        self._strangers: set[tuple[NodeKey, str | None]] = set()

    def take(self, facility: Facility) -> None:
        """Take other settings from the next message on. `[limits]` and the operator's id stay as they were.

        Edge nodes whose topics mean something else now are asked for a rebirth. What they have sent and was not
        acknowledged comes again, and what was kept as unassigned is assigned by `maintenance.retention`.
        """
        routes, now = Routes(facility), self._clock()
        moved = self._routes.moved(routes)
        for key in moved:
            self._session.forget(key)
            self._session.ask_rebirth(key, now)
            self._reorder.forget(key)
            self._aliases.pop(key, None)
            self._tables = {where: table for where, table in self._tables.items() if where[0] != key}
            self._strangers = {where for where in self._strangers if where[0] != key}
        self._routes = routes
        self._senders.follow(routes, moved)

    def process(self, messages: Sequence[Message]) -> Outcome:
        """Store what the messages carry in one commit. Call it without messages when time has passed.

        Raises TransientError when the store cannot. Nothing of it is then ever acknowledged: the edge nodes send it
        again after their next birth.
        """
        self.arrived += len(messages)
        batch = Batch(self._clock())
        for key in self._duplicates.released(batch.now):
            self._session.ask_rebirth(key, batch.now)
        for arrived in self._reorder.late(batch.now):
            self._handle(arrived, batch)
        for message in messages:
            try:
                self._message(message, batch)
            except DecodeError as error:
                self._refuse(message, error, batch)
        committed = Committed(0, 0, 0)
        try:
            self._tell_duplicates(batch)
            self._senders.tell(self._teller, batch)
            self._proofs.tell()
            if batch.rows or batch.moved or batch.quarantined or batch.unassigned:
                committed = self._store.commit_rows(
                    batch.rows, batch.quarantined, batch.now, batch.moved, batch.unassigned
                )
            if batch.offline:
                self._store.mark_offline(batch.offline)
        except TransientError:
            self.begin_session()
            raise
        self.stored += committed.stored
        self._teller.tell(batch)
        changed = frozenset(batch.changed | set(batch.offline))
        return Outcome(committed, changed, tuple(self._answers(batch.now)))

    def _answers(self, now: int) -> list[Command]:
        """Acknowledgements of what is durable, and requests for births."""
        commands = [
            command(ack.node, now, *said)
            for ack in self._acknowledged(now)
            if (said := self._proofs.acknowledgement(ack)) is not None
        ]
        commands += [command(key, now, (sparkplug.REBIRTH, True)) for key in self._session.rebirths()]
        return commands

    def _acknowledged(self, now: int) -> Iterable[Ack]:
        if self._second is None:
            return self._session.acks()
        for ack in self._session.acks():
            self._second.hold(ack, now)
        return self._second.confirmed(now)

    def _read(self, arrived: Arrived, table: Table, batch: Batch, *, birth: bool = False) -> Collection[str]:
        """Put the readings of a message into the batch; return why some were not."""
        begin = len(batch.rows)
        refused = self._rows.read(arrived.message, arrived.body, table, batch, birth=birth)
        if self._second is not None:
            self._second.measured(arrived.route.key, (row[0] for row in batch.rows[begin:]))
        return refused

    # ------------------------------------------------------------ messages

    def _message(self, message: Message, batch: Batch) -> None:
        if message.retain:
            self.counts["retained"] += 1  # of an older session; Sparkplug forbids them
            return
        route = self._routes.find(message.topic)
        if not route.known_node and route.refusal is not None:
            raise route.refusal
        key, kind = route.key, route.topic.type
        if not self._gate.admits(key, len(message.payload), batch.now, birth=kind in _BIRTHS):
            self._throw_away(message, "rate-limit", "more than [limits] allow; the edge node keeps it", batch)
            self._session.missed(key)
            return
        message = self._inflated(message, key, batch)
        arrived = Arrived.parse(message, route)
        seq = arrived.seq
        if kind in _UNORDERED:
            self._reorder.forget(key)
            self._life(arrived, batch)
        elif self._duplicates.passed_over(key, batch.now):
            self._senders.dropped(key, WHOLE, "two-nodes", batch.now)
            self._throw_away(message, "two-nodes", "two edge nodes use this identity", batch)
        else:
            if seq is not None and self._session.ahead(key, seq) >= sparkplug.SEQ_MODULUS // 2:
                self._duplicates.seq_behind(key, batch.now)
            for item in self._reorder.arrange(key, seq, arrived, batch.now):
                if item is arrived:
                    self._ordered(item, batch)
                else:
                    self._handle(item, batch)

    def _inflated(self, message: Message, key: NodeKey, batch: Batch) -> Message:
        """Return a message as it was before a gateway compressed it. Raises DecodeError."""
        payload = sparkplug.plain(message.payload)
        if payload is message.payload:
            return message
        if not self._gate.admits_more(key, len(payload), batch.now):
            raise DecodeError("oversized", "more than [limits] kilobytes_per_second allows, once it is inflated")
        return Message(message.topic, payload)

    def _handle(self, arrived: Arrived, batch: Batch) -> None:
        """Process a message that was held back for its turn."""
        try:
            self._ordered(arrived, batch)
        except DecodeError as error:
            self._refuse(arrived.message, error, batch)

    def _life(self, arrived: Arrived, batch: Batch) -> None:
        """NBIRTH or NDEATH."""
        key = arrived.route.key
        if arrived.route.topic.type is MessageType.NDEATH:
            bdseq = arrived.bdseq()
            self._duplicates.death(key, bdseq)
            gone = self._session.node_death(key, bdseq)
            if gone is not None:
                self._senders.dead(key, gone, batch)
            return
        types = arrived.types()
        bdseq = arrived.bdseq()
        aliases = Aliases()
        aliases.declare(None, arrived.body.metrics)
        self._duplicates.birth(key, bdseq, batch.now)
        if self._duplicates.passed_over(key, batch.now):
            self._session.forget(key)
            self._senders.dropped(key, WHOLE, "two-nodes", batch.now)
            self._throw_away(arrived.message, "two-nodes", "two edge nodes use this identity", batch)
            return
        self._aliases[key] = aliases
        wants_ack = sparkplug.ACK_BIRTH in types and sparkplug.ACK_COUNT in types
        timestamp = int(arrived.body.timestamp)
        asked = wants_ack and self._proofs.asked(key, arrived.body.metrics, self._routes.edge(key.node))
        proved = arrived.wire if asked else None
        self._session.node_birth(key, arrived.seq or 0, bdseq, timestamp, types, wants_ack=wants_ack, proved=proved)
        if arrived.route.subject is not None:
            self._born(arrived, arrived.route.subject, types, batch)

    def _ordered(self, arrived: Arrived, batch: Batch) -> None:
        """Process a message whose turn has come. Raises DecodeError."""
        route, seq = arrived.route, arrived.seq
        key, kind, device = route.key, route.topic.type, route.topic.device
        if route.subject is None:
            born = self._session.data(key, None, seq, batch.now, arrived.wire) is not None  # it counts as arrived
            if route.refusal is not None and kind is not MessageType.DDEATH:
                self._keep(arrived, route.refusal, batch, born=born)
        elif kind is MessageType.DDATA or kind is MessageType.NDATA:
            if self._session.data(key, device, seq, batch.now, arrived.wire) is None:
                self._no_birth(key, device, batch)
            else:
                self._data(arrived, batch)
        elif kind is MessageType.DBIRTH and device is not None:
            types = self._declared(arrived)
            if self._session.device_birth(key, device, seq, types, batch.now, arrived.wire):
                self._born(arrived, route.subject, types, batch)
            else:
                self._no_birth(key, device, batch)
        elif kind is not MessageType.DDEATH or device is None:
            self.counts["command"] += 1  # not for us
        elif self._session.device_death(key, device, seq, batch.now, arrived.wire):
            self._senders.device_dead(key, device, arrived.time_of_death(batch.now), batch)
            if (aliases := self._aliases.get(key)) is not None:
                aliases.release(device)

    def _declared(self, arrived: Arrived) -> dict[str, int]:
        """Return what a device birth declares, and remember its aliases. Raises DecodeError (`name`, `alias`)."""
        types = arrived.types()
        if (aliases := self._aliases.get(arrived.route.key)) is not None:
            aliases.declare(arrived.route.topic.device, arrived.body.metrics)
        return types

    def _name(self, arrived: Arrived) -> None:
        """Put names in the place of aliases."""
        if aliases := self._aliases.get(arrived.route.key):
            aliases.name(arrived.route.topic.device, arrived.body.metrics)

    def _no_birth(self, key: NodeKey, device: str | None, batch: Batch) -> None:
        """Count a message that no birth came before: an edge node of ours sends it again after its birth."""
        self.counts["no-birth"] += 1
        self._senders.dropped(key, device if self._session.online(key) else WHOLE, "no-birth", batch.now)

    def _data(self, arrived: Arrived, batch: Batch) -> None:
        key, device = arrived.route.key, arrived.route.topic.device
        self._name(arrived)
        if "alias" in self._read(arrived, self._tables[key, device], batch):
            self._session.ask_rebirth(key, batch.now)
            self._senders.dropped(key, device, "alias", batch.now)
        else:
            self._senders.read(key, device, batch)

    def _born(self, arrived: Arrived, subject: Subject, types: dict[str, int], batch: Batch) -> None:
        route = arrived.route
        key, device = where = route.key, route.topic.device
        foreign = not self._session.wants_ack(key)
        table = self._tables[where] = self._rows.table(subject, types, device, route.gateway, foreign=foreign)
        self._read(arrived, table, batch, birth=True)
        self._senders.born(key, device, batch)

    # ------------------------------------------------------------ what is not stored

    def _keep(self, arrived: Arrived, refusal: DecodeError, batch: Batch, *, born: bool) -> None:
        """Keep a message whose asset or metric facility.toml does not name: whole, and acknowledged."""
        if not born:
            self.counts["no-birth"] += 1  # the edge node sends it again after its birth
            return
        if arrived.route.topic.type is MessageType.DBIRTH:
            self._declared(arrived)
        else:
            self._name(arrived)
            for metric in arrived.body.metrics:
                sparkplug.read_name(metric)
        if self._stranger(arrived):
            return
        self.counts[refusal.reason] += 1
        node, topic = arrived.route.key.node, arrived.message.topic
        kept = self._unassigned.take(arrived.route.topic, arrived.body)
        if kept is not None:
            detail, clock_set = refusal.detail[:MAX_TEXT], self._rows.clock_set(node)
            batch.unassigned.append(Unassigned(batch.now, topic, refusal.reason, detail, kept, clock_set))

    def _stranger(self, arrived: Arrived) -> bool:
        """Whether a device of a gateway is none of ours: nothing that its birth declares is a metric of ours."""
        route = arrived.route
        where, birth = (route.key, route.topic.device), route.topic.type is MessageType.DBIRTH
        if self._session.wants_ack(route.key):
            return False
        if birth:
            ours = any(catalogue.find(kind, metric.name) for kind in AssetKind for metric in arrived.body.metrics)
            if ours or len(self._strangers) >= MAX_ROUTES:
                self._strangers.discard(where)
                return False
            self._strangers.add(where)
            for metric in arrived.body.metrics:
                self._senders.passed_over.note(route.key.node, "unmapped", f"{route.topic.device}/{metric.name}")
        return where in self._strangers

    def _refuse(self, message: Message, error: DecodeError, batch: Batch) -> None:
        """Quarantine a whole message that cannot be stored."""
        route = self._routes.get(message.topic)
        if route is None or not route.known_node:  # never acknowledged, so it comes again and again
            self._throw_away(message, error.reason, error.detail, batch)
            return
        self.counts[error.reason] += 1
        key, kind, device = route.key, route.topic.type, route.topic.device
        if kind is MessageType.NBIRTH:
            self._session.forget(key)
        elif kind is MessageType.DBIRTH and device is not None:
            self._session.forget_device(key, device)
        if kind in _BIRTHS:
            self._teller.tell_refused(message.topic, error, batch.now)
        if route.subject is not None:
            self._senders.dropped(key, WHOLE if kind is MessageType.NBIRTH else device, error.reason, batch.now)
            self._session.ask_rebirth(key, batch.now)
        if self._gate.may_quarantine(route.key, batch.now):
            batch.quarantined.append(quarantined(message, error.reason, error.detail, batch.now))

    def _throw_away(self, message: Message, reason: str, detail: str, batch: Batch) -> None:
        """Discard a message without acknowledging it; quarantine one of its kind now and then."""
        self.counts[reason] += 1
        if self._teller.is_news(message.topic, reason, batch.now):
            batch.quarantined.append(quarantined(message, reason, detail, batch.now))

    def _may_quarantine(self, node: str, now: int) -> bool:
        return self._gate.may_quarantine(NodeKey(self._group, node), now)

    # ------------------------------------------------------------ what a person must know

    def _tell_duplicates(self, batch: Batch) -> None:
        for finding in self._duplicates.findings():
            self._session.forget(finding.node)
            self._reorder.forget(finding.node)
            _log.log(logging.ERROR if finding.certain else logging.WARNING, "%s", finding)
            if finding.certain:
                self._store.note(duplicates_key(self._routes.edge(finding.node.node)), batch.now)
