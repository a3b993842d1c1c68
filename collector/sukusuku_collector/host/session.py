"""The collector's MQTT sessions as Sparkplug's primary host: STATE, messages in, acknowledgements and mirror out."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from sukusuku_collector.host import claim as tenure
from sukusuku_collector.host import mirror
from sukusuku_collector.host.claim import Heard, HostClaim, RivalError
from sukusuku_collector.host.foreign import Foreign
from sukusuku_collector.host.mirror import Mirror
from sukusuku_collector.host.pace import Pace
from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_collector.lease import Holding, NoLease, SupersededError, this_process
from sukusuku_core import proof, state, topics
from sukusuku_core.clock import Clock
from sukusuku_core.errors import DecodeError, TransientError
from sukusuku_core.proof import ProofKey
from sukusuku_core.state import HostState
from sukusuku_core.transition_log import TransitionLog
from sukusuku_mqtt import Message, MqttSession, Will
from sukusuku_mqtt.reconnect import Reconnect
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.timeseries.protocols import LiveReader, Notes

BATCH = 256
"""Most messages of one commit: an edge node has at most 64 unacknowledged ones, so several are served at once."""
AT_ONCE = 250
"""Assets that alerts and mirror look at before messages have their turn: some ten milliseconds."""
STATE_KEY = "state"
"""Under which the store keeps the timestamp of the last STATE."""
STEADY = 10.0
"""Seconds after which a session counts as a success, so that the next pause is short again."""
GOODBYE = 3.0
"""Seconds to wait for the broker to take the last STATE."""
TICK = 0.5
"""Seconds after which time itself is looked at when nothing arrives."""
RETAINED = 0.3
"""Seconds within which a broker hands over a retained STATE, if it has one."""

_log = logging.getLogger("sukusuku_collector.host.session")


class _AnewError(TransientError):
    """Our STATE needs a newer timestamp, so a new session must begin."""


class HostStore(LiveReader, Notes, Protocol):
    """Where the timestamp of the last STATE is kept, and what the mirror shows."""


class Host:
    """Keeps a session with the broker.

    `committed` is called after commits with the assets that got readings: after each while little happens, otherwise
    after several, within half a second (`pace.py`).
    """

    def __init__(
        self,
        index: FacilitySchedules,
        store: HostStore,
        ingest: Ingest,
        committed: Callable[[Collection[str]], object],
        clock: Clock,
        secret: Callable[[], ProofKey | None] = lambda: None,
        lease: Holding | None = None,
    ) -> None:
        self._facility = facility = index.facility
        self._assets = len(index.assets)
        self._store = store
        self._ingest = ingest
        self._committed = committed
        self._clock = clock
        self._lease = lease or NoLease()
        self._topic = topics.state_topic(facility.host_id)
        self._claims = tenure.topic(facility.operator.id, facility.host_id)
        # A client id of its own: two collectors must hear each other, not push each other off.
        self._instance = secrets.token_hex(4)
        self._tenure = HostClaim(
            facility.host_id, self._instance, this_process(), proof.new_challenge(), secret, self._lease.epoch
        )
        self._foreign = Foreign(store, self._tenure)
        self._last_timestamp: int | None = None
        self._seen_timestamp = 0
        self._mqtt: MqttSession | None = None
        self._mirrors = mirror.everything(facility.operator.id)
        self._mirroring = Mirror(index, store, clock)
        self._changed: set[str] = set()
        """Assets that got readings, which alerts and mirror have not seen yet."""
        self._pace = Pace()
        self._ready = False
        self._problems = TransitionLog(_log)
        self._reconnect = Reconnect(facility.broker.session(f"host-{facility.host_id}-{self._instance}"))

    async def run(self) -> None:
        """One session after another until cancelled. Troubles of broker and store are logged, never raised.

        Raises RivalError when another collector uses our host id, SupersededError when it has taken over from us.
        """
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            try:
                await self._session()
            except _AnewError as anew:
                _log.info("%s", anew)
            except TransientError as error:
                self._tenure.lost()
                self._problems.problem("session", f"{error}; readings wait at the edge nodes, retrying")
            if loop.time() - begun > STEADY:
                self._reconnect.flowed()
            await asyncio.sleep(self._reconnect.pause())

    @property
    def linked(self) -> bool:
        """Whether there is a session with the broker now."""
        return self._mqtt is not None

    def mirror(self, assets: Collection[str] | None = None) -> None:
        """Publish the live view of these assets (all when None) where it has changed."""
        if self._mqtt is not None and self._lease.held():
            self._mirroring.publish(self._mqtt, assets)

    def take(self, index: FacilitySchedules) -> None:
        """Take other settings from the next message on; the session goes on. Broker and ids stay as they were."""
        before, self._mirroring = self._mirroring, Mirror(index, self._store, self._clock)
        self._assets = len(index.assets)
        self._ingest.take(index.facility)
        if self._mqtt is None:
            return
        try:
            self._mirroring.after(before, self._mqtt)
            self.mirror()
        except TransientError as error:
            _log.debug("the mirror waits for the next session: %s", error)

    # ------------------------------------------------------------ one session

    async def _session(self) -> None:
        self._must_hold()
        since = self._next_timestamp()
        self._store.note(STATE_KEY, since)
        will = Will(self._topic, HostState(online=False, timestamp=since).encode(), 1, retain=True)
        async with MqttSession(self._reconnect.broker, will) as mqtt:
            self._reconnect.connected()
            mqtt.subscribe((self._topic, self._claims, self._mirrors))
            mirrored = await self._listen(mqtt, since)
            mqtt.unsubscribe((self._mirrors,))  # only for what was retained: the rest comes from us
            self._ingest.begin_session()
            try:
                mqtt.subscribe(topics.group_filters(self._facility.operator.id))
                self._say_online(mqtt, since)
                self._tenure.begin(self._clock())
                await mqtt.flush()
                self._mqtt = mqtt
                for message in mirrored:
                    self._mirroring.left_over(mqtt, message)
                self._mirroring.begin()
                self.mirror()
                self._say_ready()
                await self._converse(mqtt, since)
            except (RivalError, SupersededError, _AnewError):
                raise  # the topic is another's, or a newer STATE follows at once: no goodbye
            except BaseException:
                await self._leave(mqtt, since)
                raise
            finally:
                self._mqtt = None

    async def _listen(self, mqtt: MqttSession, since: int) -> list[Message]:
        """Whether another collector is there. Raises RivalError when one speaks, _AnewError when `since` is too old.

        Gives back what the broker shows of the mirror: nothing may be published before our own online STATE.
        """
        mirrored = []
        loop = asyncio.get_running_loop()
        until = loop.time() + RETAINED
        waiting, listening = True, False
        while waiting and loop.time() < until:
            for message in await _receive(mqtt, until - loop.time()):
                if message.topic == self._claims:
                    self._claimed(mqtt, message)
                elif message.topic != self._topic:
                    mirrored.append(message)
                elif (seen := self._read_state(message)) is not None:
                    ours = self._tenure.since is not None or seen.timestamp == self._last_timestamp
                    if seen.timestamp >= since:
                        self._follow(seen)
                    if not seen.online or ours or self._lease.epoch:
                        waiting = False  # of several with leases the newest goes on, and needs to ask nobody
                    elif not listening:
                        listening = True
                        _log.info("an online STATE of %s is there: listening for its collector", self._facility.host_id)
                        until = loop.time() + tenure.LISTEN / 1000
        return mirrored

    async def _converse(self, mqtt: MqttSession, since: int) -> None:
        while True:
            messages = await _receive(mqtt, self._patience())
            now = self._clock()
            for message in messages:
                if message.topic == self._claims:
                    self._claimed(mqtt, message)
            for message in messages:
                if message.topic == self._topic:
                    self._own_state(mqtt, message, since)
            if (claim := self._tenure.claim(now)) is not None:
                mqtt.publish(self._claims, claim.encode(), 1)  # that it is confirmed tells that the broker is whole
            if self._tenure.must_answer(now):
                raise _AnewError(f"somebody else's STATE of {self._facility.host_id} is answered with a newer one")
            self._foreign.note(now)
            own = {self._topic, self._claims}
            await self._take(
                mqtt, [it for it in messages if it.topic not in own and not self._mirroring.left_over(mqtt, it)]
            )

    async def _take(self, mqtt: MqttSession, messages: Sequence[Message]) -> None:
        if messages:
            self._reconnect.flowed()
        for start in range(0, max(len(messages), 1), BATCH):  # also when there is none: time has passed
            outcome = self._ingest.process(messages[start : start + BATCH])
            self._must_hold()
            for command in outcome.commands:
                mqtt.publish(command.topic, command.payload)
            self._changed |= outcome.changed
            self._look()
            await asyncio.sleep(0)  # let the answers leave before the next batch

    def _patience(self) -> float:
        """Return the seconds after which something is to be done when nothing arrives."""
        return min(TICK, self._pace.wait(asyncio.get_running_loop().time())) if self._changed else TICK

    def _look(self) -> None:
        """Have alerts and mirror see what has changed, when it is time for that."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        if not self._changed or self._pace.wait(begun):
            return
        some = [self._changed.pop() for _ in range(min(AT_ONCE, len(self._changed)))]
        self._committed(some)
        self.mirror(some)
        if not self._changed:  # otherwise it goes on after the messages that have come meanwhile
            self._pace.looked(begun, clock())

    def _must_hold(self) -> None:
        """Raise TransientError when another collector may have taken over: nothing is acknowledged then."""
        if not self._lease.held():
            raise TransientError("the lease of this collector is not renewed")

    # ------------------------------------------------------------ others with our host id

    def _claimed(self, mqtt: MqttSession, message: Message) -> None:
        try:
            other = tenure.decode(message.payload)
        except DecodeError as error:
            _log.warning("%s: %s", self._claims, error)
            return
        heard = self._tenure.heard(other)
        if heard is Heard.OURSELVES:
            return
        self._foreign.claimed(other, heard, self._facility.host_id)
        now, answer = self._clock(), None
        if heard is Heard.UNPROVED:
            answer = self._tenure.question() if self._foreign.may_ask(now) else None
        elif self._mqtt is not None:
            answer = self._tenure.claim(now, at_once=True, to=other)
        if answer is not None:
            mqtt.publish(self._claims, answer.encode())

    def _read_state(self, message: Message) -> HostState | None:
        """Return what a message on our STATE topic says; None when it cannot be read."""
        try:
            return state.decode(message.payload)
        except DecodeError as error:
            _log.warning("%s: %s", self._topic, error)
            return None

    def _own_state(self, mqtt: MqttSession, message: Message, since: int) -> None:
        """Our own topic may show the will of an older session, or another host application that uses our id."""
        seen = self._read_state(message)
        if seen is not None and seen == HostState(online=True, timestamp=since):
            return
        if seen is None or seen.timestamp < since or (seen.timestamp == since and not seen.online):
            self._say_online(mqtt, since)
        if seen is None or seen.timestamp == self._last_timestamp or (not seen.online and seen.timestamp <= since):
            return
        if not self._tenure.contested(self._clock()):
            self._say_online(mqtt, since)
            return
        self._seen_timestamp = max(self._seen_timestamp, seen.timestamp)
        _log.error(
            "somebody else has set the STATE of host id %s (timestamp %d; ours, %s, is %d)",
            self._facility.host_id,
            seen.timestamp,
            self._tenure.name,
            since,
        )
        if (claim := self._tenure.claim(self._clock(), at_once=True)) is not None:
            mqtt.publish(self._claims, claim.encode())

    def _follow(self, seen: HostState) -> None:
        """Edge nodes would not believe a STATE that is older than one they have seen."""
        if not self._tenure.follows(self._clock()):
            return
        self._seen_timestamp = max(self._seen_timestamp, seen.timestamp)
        raise _AnewError(f"the broker has a STATE from {seen.timestamp}: beginning with a newer one")

    def _say_online(self, mqtt: MqttSession, since: int) -> None:
        mqtt.publish(self._topic, HostState(online=True, timestamp=since).encode(), 1, retain=True)

    async def _leave(self, mqtt: MqttSession, since: int) -> None:
        """Tell the edge nodes to keep their readings. Without an answer the will tells them.

        Without a lease nothing newer than the will is said: it may be another one that is online.
        """
        now = since
        if self._lease.held():
            now = max(self._clock(), since)
            with contextlib.suppress(TransientError):
                self._store.note(STATE_KEY, now)
            with contextlib.suppress(TransientError):
                self._mirroring.end(mqtt)
        with contextlib.suppress(TransientError, TimeoutError):
            async with asyncio.timeout(GOODBYE):
                mqtt.publish(self._topic, HostState(online=False, timestamp=now).encode(), 1, retain=True)
                await mqtt.flush()

    def _next_timestamp(self) -> int:
        """Return the time of this session. It never steps back, or the edge nodes would not believe us.

        After the last one that is believed none is newer; that one again is believed as well.
        """
        last = self._store.noted(STATE_KEY)
        self._last_timestamp = last
        return min(max(self._clock(), (last or 0) + 1, self._seen_timestamp + 1), state.LATEST_TIMESTAMP - 1)

    def _say_ready(self) -> None:
        broker = self._reconnect.broker
        where = f"{broker.host}:{broker.port}"
        if not self._ready:
            _log.info(
                "ready: host %s for group %s at broker %s, %d assets",
                self._facility.host_id,
                self._facility.operator.id,
                where,
                self._assets,
            )
        self._problems.recovered("session", f"broker {where} and store answer again")
        self._ready = True


async def _receive(mqtt: MqttSession, seconds: float) -> list[Message]:
    """Return what has arrived, nothing after so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            return await mqtt.receive()
    except TimeoutError:
        return []
