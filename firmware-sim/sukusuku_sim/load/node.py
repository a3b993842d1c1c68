"""One edge node of a load: the session rules of a real one, an outbox in memory, a connection of its own."""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from sukusuku_core import errors
from sukusuku_core.edge_actions import Action, Close, Delivered, Publish, Refused, Resend, Subscribe
from sukusuku_core.edge_proofs import Proofs
from sukusuku_core.edge_session import EdgeSession, NodeIdentity, Phase
from sukusuku_core.model import Reading
from sukusuku_core.proof import ProofKey, new_challenge
from sukusuku_core.sparkplug import BDSEQ_MODULUS
from sukusuku_sim.load import packets, unit
from sukusuku_sim.load.packets import Login

HISTORY = 100
"""Waiting readings that are sent at once."""
LIVE_RESERVE = 8
"""Messages of the window that waiting readings leave to live ones."""


@dataclass(slots=True)
class Tally:
    """What happened, in readings unless it is said otherwise."""

    read: int = 0
    acknowledged: int = 0
    sent_again: int = 0
    dropped: int = 0
    """The outbox was full: the oldest were given up."""
    births: int = 0
    """NBIRTH messages."""
    ended: int = 0
    """Sessions that ended before they were to."""
    refused: int = 0
    """Acknowledgements without a valid proof."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What all nodes have in common. `outbox`: readings that each keeps at most."""

    host: str
    port: int
    group: str
    primary_host: str | None
    keepalive: int
    outbox: int
    username: str | None = None
    password: str | None = None


class Node(asyncio.Protocol):
    """Node `number` with one unit. Times are UTC ms. Whoever owns it calls `connect`, `read` and `tick`."""

    def __init__(self, plan: Plan, number: int, tally: Tally, bdseq: int, key: ProofKey | None = None) -> None:
        self.name, self.asset = f"load-{number}", f"load-unit-{number}"
        self._plan = plan
        self._number = number
        self._tally = tally
        self._bdseq = bdseq
        self._key = key
        self._last_birth = 0
        self._rules: EdgeSession | None = None
        self._transport: asyncio.Transport | None = None
        self._heard = bytearray()
        self._ident = 0
        self._written = 0
        self._rows = 0
        self._waiting = dict[int, Reading]()
        """The outbox: rows in their order, until the host has acknowledged them."""
        self._live = deque[int]()
        self._history = deque[int]()
        self._latest: Sequence[Reading] = ()
        self.clock = 0

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self._transport is not None

    @property
    def online(self) -> bool:
        """Whether the node has been born."""
        return self._rules is not None and self._rules.phase is Phase.ONLINE

    @property
    def waiting(self) -> int:
        """Readings that nobody has acknowledged."""
        return len(self._waiting)

    @property
    def unsent(self) -> int:
        """Readings among them that could not be sent yet."""
        return sum(row in self._waiting for queue in (self._live, self._history) for row in queue)

    # ------------------------------------------------------------ what happens

    async def connect(self) -> None:
        """Begin a session; raises OSError."""
        await asyncio.get_running_loop().create_connection(lambda: self, self._plan.host, self._plan.port)

    def read(self, time: int, now: int) -> None:
        """Take all values that the unit has at `time` into the outbox and send what may be sent."""
        self.clock = now
        self._latest = unit.readings(self.asset, self._number, time)
        self._tally.read += len(self._latest)
        for reading in self._latest:
            self._rows += 1
            self._waiting[self._rows] = reading
            self._live.append(self._rows)
        while len(self._waiting) > self._plan.outbox:
            del self._waiting[next(iter(self._waiting))]
            self._tally.dropped += 1
        if self._rules is not None:
            self._rules.committed(self._latest)
            self._pump()

    def tick(self, now: int) -> None:
        """Let the rules see how late it is, and keep the connection alive."""
        self.clock = now
        if self._rules is None or self._transport is None:
            return
        self._perform(self._rules.tick(now))
        if abs(now - self._written) > self._plan.keepalive * 500:
            self._write(packets.PINGREQ)
        self._pump()

    def leave(self) -> None:
        """Say goodbye to the host and disconnect."""
        if self._rules is not None:
            self._perform(self._rules.leave("stopped"))

    # ------------------------------------------------------------ called by the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say CONNECT, with the death certificate as the will."""
        self._transport = cast("asyncio.Transport", transport)
        self._heard.clear()
        self._bdseq = (self._bdseq + 1) % BDSEQ_MODULUS
        plan = self._plan
        proofs = None if self._key is None else Proofs(self._key, plan.group, self.name, new_challenge())
        identity = NodeIdentity(plan.group, self.name, plan.primary_host)
        self._rules = EdgeSession(
            identity, self._bdseq, {self.name: {}, self.asset: unit.METRICS}, self._last_birth, proofs=proofs
        )
        self._rules.committed(self._latest)
        self._rules.asset_up(self.asset, self.clock)
        will = self._rules.will()
        login = Login(f"{plan.group}:{self.name}", plan.keepalive, plan.username, plan.password)
        self._write(packets.connect(login, will.topic, will.payload))

    def data_received(self, data: bytes) -> None:
        """Do what the packets ask for."""
        self._heard += data
        for first, body in packets.take(self._heard):
            rules = self._rules
            if rules is None or self._transport is None:
                return
            kind = first >> 4
            if kind == packets.CONNACK:
                if body[1]:
                    self._transport.abort()
                    return
                self._perform(rules.connected(self.clock))
            elif kind == packets.PUBLISH:
                topic, payload, ident = packets.message(first, body)
                if ident:
                    self._write(packets.puback(ident))
                try:
                    self._perform(rules.received(topic, payload, self.clock))
                except errors.DecodeError:
                    continue  # a message that is not for us, such as another host's STATE in a version of its own
        self._pump()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - why does not matter to a load
        """Everything that nobody has acknowledged is to be sent in the next session."""
        if self._rules is not None and self._rules.phase is not Phase.CLOSED:
            self._tally.ended += 1
        self._transport = self._rules = None
        self._again()

    # ------------------------------------------------------------ inside

    def _pump(self) -> None:
        rules = self._rules
        if rules is None or rules.phase is not Phase.ONLINE:
            return
        while self._live and rules.room() > 0:
            self._send(rules, self._live, historical=False)
        while self._history and rules.room() > LIVE_RESERVE:
            self._send(rules, self._history, historical=True)

    def _send(self, rules: EdgeSession, queue: deque[int], *, historical: bool) -> None:
        rows = [(row, self._waiting[row]) for row in _first(queue, HISTORY) if row in self._waiting]
        if rows:
            self._tally.sent_again += len(rows) if historical else 0
            self._perform(rules.send(rows, self.clock, historical=historical))

    def _perform(self, actions: Iterable[Action]) -> None:
        self._note_birth()
        for action in actions:
            match action:
                case Publish(topic, payload, qos):
                    self._ident = self._ident % 0xFFFF + 1
                    self._write(packets.publish(topic, payload, qos, self._ident))
                case Subscribe(filters):
                    self._write(packets.subscribe(1, filters))
                case Delivered(rows):
                    self._tally.acknowledged += sum(self._waiting.pop(row, None) is not None for row in rows)
                case Resend():
                    self._again()
                case Refused():
                    self._tally.refused += 1
                case Close():
                    self._close()

    def _note_birth(self) -> None:
        if self._rules is not None and self._rules.last_birth > self._last_birth:
            self._last_birth = self._rules.last_birth
            self._tally.births += 1
            self._again()

    def _close(self) -> None:
        self._write(packets.DISCONNECT)
        if self._transport is not None:
            self._transport.close()

    def _again(self) -> None:
        self._live.clear()
        self._history = deque(self._waiting)

    def _write(self, packet: bytes) -> None:
        if self._transport is not None:
            self._written = self.clock
            self._transport.write(packet)


def _first(queue: deque[int], most: int) -> list[int]:
    return [queue.popleft() for _ in range(min(most, len(queue)))]
