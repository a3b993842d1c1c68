"""The way out: one Sparkplug session after another, live readings first, waiting ones in the room that is left."""

import asyncio
import contextlib
import logging
import math
from collections.abc import Iterable, Mapping, Sequence

from sukusuku_core.catalogue import DataType
from sukusuku_core.clock import Clock
from sukusuku_core.edge_actions import Action, Close, Delivered, Publish, Refused, Resend, Subscribe
from sukusuku_core.edge_proofs import Proofs
from sukusuku_core.edge_session import EdgeSession, NodeIdentity, Phase
from sukusuku_core.errors import DecodeError, TransientError
from sukusuku_core.model import Reading
from sukusuku_core.proof import ProofKey, new_challenge
from sukusuku_core.time import MINUTE_MS
from sukusuku_core.transition_log import TransitionLog
from sukusuku_edge.message_size import MessageSize
from sukusuku_edge.outbox import Outbox
from sukusuku_edge.readings import Row
from sukusuku_edge.uplink_session import UplinkSession
from sukusuku_mqtt import MqttSession, MqttSettings, Will
from sukusuku_mqtt.reconnect import Reconnect

CHUNK = 1000
"""Rows that are taken from the outbox at once."""
LIVE_RESERVE = 8
"""Messages of the window that waiting readings leave to live ones."""
STEADY = 10.0
"""Seconds after which a session counts as a success, so that the next pause is short again."""
WAITS = 15.0
"""Seconds to wait for the host at one server of several: it may have lost what the host has said."""
GOODBYE = 2.0
"""Seconds to wait for the broker to take the NDEATH."""
WEAKER = (
    "acknowledge = false: a reading counts as delivered when the broker has confirmed it; "
    "what the host loses after that is lost, and after an interruption some may come twice"
)
NO_KEY = (
    "this node has no key: whoever may publish on the broker can make it delete readings that nobody has stored; "
    "`sukusuku nodes FACILITY.toml key NODE` makes one for [uplink] in edge.toml"
)
QUIET = MINUTE_MS
"""ms without a refused acknowledgement after which nobody else speaks for the host any more."""
ACK_TIMEOUT = 5_000
"""ms; the session doubles it while no acknowledgement comes."""

_log = logging.getLogger("sukusuku_edge.uplink")


class _SessionOverError(Exception):
    """The session rules ask for a new session."""


class Uplink:
    """Sends what the outbox holds and deletes what the host acknowledges.

    `waiting` is the outbox's last row at the start. Later rows are sent only when `committed` has told of them: until
    then it is open whether their asset has come to life with them.
    `acknowledge`: whether the host does. `key`: with which it proves it. `first_answers`: how long (s) data waits at
    the start for the devices to answer, so that their births come before any data, as the standard wants it.
    `committed`, `asset_up` and `asset_down` may be called at any time; they never wait.
    """

    def __init__(
        self,
        identity: NodeIdentity,
        metrics: Mapping[str, Mapping[str, DataType]],
        broker: MqttSettings,
        outbox: Outbox,
        clock: Clock,
        *,
        waiting: int,
        ack_timeout: int = ACK_TIMEOUT,
        acknowledge: bool = True,
        first_answers: float = 0.0,
        key: ProofKey | None = None,
    ) -> None:
        self._identity = identity
        self._metrics = metrics
        self._outbox = outbox
        self._clock = clock
        self._reconnect = Reconnect(broker)
        self._size = MessageSize()
        self._ack_timeout = ack_timeout
        self._acknowledge = acknowledge
        self._first_answers = first_answers
        self._key = key
        self.refused = 0
        """Acknowledgements that the host has not proved, since the start."""
        self._refused_at = 0
        self._refused_for = set[str]()
        """Why, as far as it is logged."""
        self._data_after = 0.0
        self._latest = dict[tuple[str, str], Reading]()
        self._alive: dict[str, None] = {}
        self.last_ack: int | None = None
        """When the host last said that it has stored something, UTC ms."""
        self._trouble = ""
        self._last_row = waiting
        self._session: UplinkSession | None = None
        self._stopping = asyncio.Event()
        self._anew = ""
        self._problems = TransitionLog(_log)

    def committed(self, rows: Sequence[Row]) -> None:
        """Note rows that are in the outbox and may be sent. Rows from before this run need no note."""
        readings = [reading for _, reading in rows]
        self._last_row = max([self._last_row, *(row for row, _ in rows)])
        self._latest.update({(reading.asset, reading.metric): reading for reading in readings})
        if self._session is not None:
            self._session.rules.committed(readings)
            self._session.wake.set()

    def asset_up(self, asset: str) -> None:
        """Note that a device of the asset answers."""
        self._alive[asset] = None
        if self._session is not None:
            self._session.wake.set()

    def asset_down(self, asset: str) -> None:
        """No device of the asset answers."""
        self._alive.pop(asset, None)
        if self._session is not None:
            self._session.wake.set()

    @property
    def state(self) -> str:
        """How the way to the collector is, in words."""
        if self._session is None:
            return self._trouble or "connecting"
        if self._session.rules.phase is Phase.WAITING:
            return f"connected; waiting for the host {self._identity.primary_host}: is the collector running?"
        if not self._acknowledge:
            return f"{self._session.rules.phase.value}; readings count as delivered when the broker has them"
        return str(self._session.rules.phase.value)

    def reconnect(self, why: str) -> None:
        """Say goodbye to the host and begin another session; what it has not acknowledged is sent again there."""
        if self._session is not None:
            self._anew = why
            self._session.wake.set()

    def stop(self) -> None:
        """Say goodbye to the host and let `run` return."""
        self._stopping.set()
        if self._session is not None:
            self._session.wake.set()

    async def run(self) -> None:
        """Keep a session until `stop`. Troubles of broker and host are logged, never raised."""
        loop = asyncio.get_running_loop()
        self._data_after = loop.time() + self._first_answers
        if not self._acknowledge:
            _log.warning("%s", WEAKER)
        elif self._key is None:
            _log.warning("%s", NO_KEY)
        while not self._stopping.is_set():
            begun = loop.time()
            try:
                await self._one_session()
            except TransientError as error:
                self._trouble = str(error)
                self._problems.problem("broker", f"{error}; readings are kept in the outbox")
                self._not_arrived()
            except _SessionOverError as over:
                _log.info("session ended: %s", over)
                self._size.forget()
            finally:
                self._session = None
            if loop.time() - begun > STEADY:
                self._reconnect.flowed()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._reconnect.pause()):
                    await self._stopping.wait()

    # ------------------------------------------------------------ one session

    async def _one_session(self) -> None:
        rules: EdgeSession

        async def will() -> Will:
            """Count up the bdSeq, now that CONNECT will be sent."""
            nonlocal rules
            rules = EdgeSession(
                self._identity,
                await self._outbox.next_bdseq(),
                self._metrics,
                await self._outbox.last_birth(),
                ack_timeout=self._ack_timeout,
                acknowledge=self._acknowledge,
                proofs=self._proofs(),
            )
            rules.committed(self._latest.values())
            death = rules.will()
            return Will(death.topic, death.payload, death.qos, death.retain)

        broker = self._reconnect.broker
        async with MqttSession(broker, will) as mqtt:
            self._problems.recovered("broker", f"{broker.host}:{broker.port} answers again")
            self._reconnect.connected()
            self._size.told(mqtt.largest)
            session = self._session = UplinkSession(rules, mqtt)
            reader = asyncio.create_task(session.read(), name="uplink-reader")
            try:
                session.tell_up(self._alive, self._clock())
                await self._perform(session, rules.connected(self._clock()))
                if rules.phase is Phase.WAITING:
                    _log.info("connected; waiting for the host %s", self._identity.primary_host)
                await self._converse(session, reader)
            except _SessionOverError:
                await mqtt.close(with_will=True)
                raise
            except BaseException:
                await mqtt.abort()  # no DISCONNECT: the broker shall tell the host by the will
                raise
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)

    def _proofs(self) -> Proofs | None:
        """Return those of a new session."""
        if self._key is None:
            return None
        return Proofs(self._key, self._identity.group, self._identity.node, new_challenge())

    async def _converse(self, session: "UplinkSession", reader: "asyncio.Task[None]") -> None:
        """Everything that happens in a session happens here, one thing after the other."""
        rules = session.rules
        loop = asyncio.get_running_loop()
        patience = loop.time() + WAITS if self._reconnect.broker.others else math.inf
        while True:
            await self._heed(session)
            while session.confirmed:
                await self._perform(session, rules.confirmed(session.confirmed.popleft()))
            await self._perform(session, rules.tick(self._clock()))
            if rules.phase is Phase.WAITING and loop.time() > patience:
                await self._perform(session, rules.leave("the host has not come; the next server may know of it"))
            if self._stopping.is_set():
                await self._perform(session, rules.leave("stopped"))
            if self._anew:
                why, self._anew = self._anew, ""
                await self._perform(session, rules.leave(why))
            await self._pump(session)
            if reader.done():
                reader.result()  # raises what ended the session
            await session.wait()

    async def _heed(self, session: "UplinkSession") -> None:
        """Do what the messages that have arrived ask for."""
        while session.inbox:
            message = session.inbox.popleft()
            try:
                actions = session.rules.received(message.topic, message.payload, self._clock())
            except DecodeError as error:
                self._problems.problem(f"message on {message.topic}", f"ignored: {error}")
            else:
                await self._perform(session, actions)

    async def _perform(self, session: "UplinkSession", actions: Iterable[Action]) -> None:
        rules = session.rules
        if rules.last_birth > session.durable_birth:
            await self._outbox.set_last_birth(rules.last_birth)
            session.durable_birth = rules.last_birth
        if rules.phase is Phase.ONLINE and not session.born:
            session.born = session.restart = True
            _log.info("online as %s/%s", self._identity.group, self._identity.node)
        for action in actions:
            match action:
                case Publish():
                    session.publish(action)
                case Subscribe(filters):
                    session.mqtt.subscribe(filters)
                case Delivered(rows):
                    session.delivered.extend(rows)
                    self.last_ack = self._clock()
                    self._reconnect.flowed()
                    self._size.delivered(rows)
                    self._problems.recovered("host", "acknowledges again")
                    self._heard_proof()
                case Refused(why):
                    self._refuse(why)
                case Resend(why):
                    session.restart = True
                    self._again(why)
                case Close(why):
                    await self._close(session)
                    raise _SessionOverError(why)

    def _again(self, why: str) -> None:
        self._problems.problem("host", f"{why}: readings are kept and sent again")
        if why.startswith("no acknowledgement"):
            self._not_arrived()
            if self._reconnect.broker.others:  # this server may be cut off from the one that the host is at
                self._anew = why
        else:
            self._size.forget()

    async def _close(self, session: "UplinkSession") -> None:
        """Let the broker take the goodbye."""
        await self._settle(session)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE):
                await session.mqtt.flush()

    def _refuse(self, why: str) -> None:
        self.refused += 1
        self._refused_at = self._clock()
        if why not in self._refused_for:  # whoever forges can vary how, and must not fill the log
            self._refused_for.add(why)
            _log.warning("proof: refused, nothing is deleted: %s", why)

    def _heard_proof(self) -> None:
        """See whether somebody else still speaks for the host, which has now spoken itself."""
        if self._refused_for and abs(self._clock() - self._refused_at) > QUIET:
            self._refused_for.clear()
            _log.info("proof: nobody else speaks for the host; %d acknowledgements were refused", self.refused)

    async def _settle(self, session: "UplinkSession") -> None:
        """Delete what was acknowledged; after a resend, begin again with what is left."""
        if session.delivered:
            await self._outbox.delete(session.delivered)
            session.delivered.clear()
        if session.restart:
            session.restart = False
            session.history_after = 0
            session.history_until = session.live_after = self._last_row

    async def _pump(self, session: "UplinkSession") -> None:
        """Send as much as the window allows."""
        rules = session.rules
        session.tell_up(self._alive, self._clock())
        if self._births_are_due():
            return
        while True:
            await self._settle(session)
            if rules.room() <= 0:
                break
            until = self._last_row
            if (live := await self._peek(session, session.live_after, until)) is None:
                continue
            session.tell_up(self._alive, self._clock())  # births of what came up while the disk was read
            session.live_after = live[-1][0] if live else until
            if live:
                await self._send(session, live, historical=False)
            if session.live_after < self._last_row:
                continue
            session.tell_down(self._alive, self._clock())
            if session.history_after >= session.history_until or rules.room() <= LIVE_RESERVE:
                break
            if (old := await self._peek(session, session.history_after, session.history_until)) is None:
                continue
            session.history_after = old[-1][0] if old else session.history_until
            await self._send(session, old, historical=True)

    async def _peek(self, session: "UplinkSession", after: int, until: int) -> Sequence[Row] | None:
        """Read the next rows; None when a rebirth was asked for meanwhile: no data of before may follow it."""
        rows = self._size.fitting(await self._outbox.peek(after, CHUNK, until))
        await self._heed(session)
        return None if session.restart else rows

    def _births_are_due(self) -> bool:
        """Whether devices that have been polled since the start may still answer for the first time."""
        if asyncio.get_running_loop().time() >= self._data_after:
            return False
        return any(asset not in self._alive for asset in self._metrics if asset != self._identity.node)

    async def _send(self, session: "UplinkSession", rows: Sequence[Row], *, historical: bool) -> None:
        actions = session.rules.send(rows, self._clock(), historical=historical)
        payloads = [len(action.payload) for action in actions if isinstance(action, Publish)]
        self._size.sent([row for row, _ in rows], max(payloads, default=0))
        await self._perform(session, actions)

    def _not_arrived(self) -> None:
        if self._size.failed():
            _log.warning(
                "the broker does not take messages of that size: at most %d bytes from now on; check its limit "
                "(Mosquitto: message_size_limit)",
                self._size.limit,
            )
