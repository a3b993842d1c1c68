"""The collector's MQTT sessions as Sparkplug's primary host: STATE, messages in, acknowledgements and mirror out."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from sukusuku_collector import live, mirror
from sukusuku_collector.ingest import Ingest
from sukusuku_collector.settings import Facility
from sukusuku_collector.store import Store
from sukusuku_core import state, topics
from sukusuku_core.clock import Clock
from sukusuku_core.errors import DecodeError, TransientError
from sukusuku_core.state import HostState
from sukusuku_mqtt import Message, MqttSession, MqttSettings, Will
from sukusuku_mqtt.backoff import Backoff

BATCH = 256
"""Most messages of one commit: an edge node has at most 64 unacknowledged ones, so several are served at once."""
STATE_KEY = "state"
"""Under which the store keeps the timestamp of the last STATE."""
STEADY = 10.0
"""Seconds after which a session counts as a success, so that the next pause is short again."""
GOODBYE = 3.0
"""Seconds to wait for the broker to take the last STATE."""

_log = logging.getLogger("sukusuku_collector.host")


class Host:
    """Keeps a session with the broker. `committed` is called after each commit with the assets that got readings."""

    def __init__(
        self,
        facility: Facility,
        store: Store,
        ingest: Ingest,
        committed: Callable[[Collection[str]], None],
        clock: Clock,
    ) -> None:
        self._facility = facility
        self._assets = {asset.id: asset for asset in facility.assets()}
        self._store = store
        self._ingest = ingest
        self._committed = committed
        self._clock = clock
        self._topic = topics.state_topic(facility.host_id)
        self._mqtt: MqttSession | None = None
        self._mirrored: dict[str, bytes] = {}
        self._ready = False
        self._trouble = ""

    async def run(self) -> None:
        """One session after another until cancelled. Troubles of broker and store are logged, never raised."""
        loop = asyncio.get_running_loop()
        backoff = Backoff()
        while True:
            begun = loop.time()
            try:
                await self._session()
            except TransientError as error:
                if str(error) != self._trouble:
                    _log.warning("%s; readings wait at the edge nodes, trying again", error)
                self._trouble = str(error)
            if loop.time() - begun > STEADY:
                backoff.reset()
            await asyncio.sleep(backoff.next())

    def mirror(self, assets: Collection[str] | None = None) -> None:
        """Publish the live view of these assets (all when None) where it has changed."""
        if self._mqtt is None:
            return
        latest, now = self._store.latest(), self._clock()
        for ident in self._assets if assets is None else assets:
            asset = self._assets.get(ident)
            if asset is None:
                continue
            body = mirror.body(asset, live.view(self._facility, asset, latest, now))
            if self._mirrored.get(ident) != body:
                self._mqtt.publish(mirror.topic(self._facility.operator.id, asset), body, retain=True)
                self._mirrored[ident] = body

    # ------------------------------------------------------------ one session

    async def _session(self) -> None:
        since = self._next_timestamp()
        self._store.note(STATE_KEY, since)
        will = Will(self._topic, HostState(online=False, timestamp=since).encode(), 1, retain=True)
        async with MqttSession(self._settings(), will) as mqtt:
            self._ingest.begin_session()
            try:
                mqtt.subscribe((self._topic, *topics.group_filters(self._facility.operator.id)))
                self._say_online(mqtt, since)
                await mqtt.flush()
                self._mqtt = mqtt
                self._mirrored.clear()
                self.mirror()
                self._say_ready()
                while True:
                    await self._take(mqtt, await mqtt.receive(), since)
            finally:
                self._mqtt = None
                await self._leave(mqtt, since)

    async def _take(self, mqtt: MqttSession, messages: Sequence[Message], since: int) -> None:
        for message in messages:
            if message.topic == self._topic:
                self._own_state(mqtt, message, since)
        others = [message for message in messages if message.topic != self._topic]
        for start in range(0, len(others), BATCH):
            outcome = self._ingest.process(others[start : start + BATCH])
            for command in outcome.commands:
                mqtt.publish(command.topic, command.payload)
            if outcome.changed:
                self._committed(outcome.changed)
                self.mirror(outcome.changed)
            await asyncio.sleep(0)  # let the answers leave before the next batch

    def _own_state(self, mqtt: MqttSession, message: Message, since: int) -> None:
        """Our own topic may show the will of an older session, or another collector that uses our id."""
        try:
            seen = state.decode(message.payload)
        except DecodeError as error:
            _log.warning("%s: %s", self._topic, error)
            seen = HostState(online=False, timestamp=0)
        if not seen.online:
            self._say_online(mqtt, since)
        elif seen.timestamp > since:
            _log.error(
                "another collector uses the host id %s; give each its own host_id in facility.toml",
                self._facility.host_id,
            )

    def _say_online(self, mqtt: MqttSession, since: int) -> None:
        mqtt.publish(self._topic, HostState(online=True, timestamp=since).encode(), 1, retain=True)

    async def _leave(self, mqtt: MqttSession, since: int) -> None:
        """Tell the edge nodes to keep their readings. Without an answer the will tells them."""
        now = max(self._clock(), since)
        with contextlib.suppress(TransientError):
            self._store.note(STATE_KEY, now)
        with contextlib.suppress(TransientError, TimeoutError):
            async with asyncio.timeout(GOODBYE):
                mqtt.publish(self._topic, HostState(online=False, timestamp=now).encode(), 1, retain=True)
                await mqtt.flush()

    def _next_timestamp(self) -> int:
        """The time of this session. It never steps back, or the edge nodes would not believe us."""
        last = self._store.noted(STATE_KEY)
        return self._clock() if last is None else max(self._clock(), last + 1)

    def _settings(self) -> MqttSettings:
        broker = self._facility.broker
        return MqttSettings(
            broker.host,
            broker.port,
            f"host-{self._facility.host_id}",
            broker.keepalive,
            broker.username,
            broker.password,
            None if broker.ca_file is None else Path(broker.ca_file),
        )

    def _say_ready(self) -> None:
        where = f"{self._facility.broker.host}:{self._facility.broker.port}"
        if not self._ready:
            _log.info(
                "ready: host %s for group %s at broker %s, %d assets",
                self._facility.host_id,
                self._facility.operator.id,
                where,
                len(self._assets),
            )
        elif self._trouble:
            _log.info("broker %s and store answer again", where)
        self._ready, self._trouble = True, ""
