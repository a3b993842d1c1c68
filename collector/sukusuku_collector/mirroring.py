"""Keeps the JSON mirror on the broker true: what changed, what ends, what is left over from other settings."""

import logging
import re
from collections.abc import Collection

from sukusuku_collector import live, mirror
from sukusuku_collector.settings import Facility
from sukusuku_collector.store import Store
from sukusuku_core.clock import Clock
from sukusuku_mqtt import Message, MqttSession

_MIRROR = re.compile(r"sukusuku/[^/]+/[^/]+/[^/]+/state")

_log = logging.getLogger("sukusuku_collector.mirror")


class Mirroring:
    """The mirror of one facility. Every method raises TransientError when broker or store do not answer."""

    def __init__(self, facility: Facility, store: Store, clock: Clock) -> None:
        self._facility = facility
        self._operator = facility.operator.id
        self._assets = {asset.id: asset for asset in facility.assets()}
        self._store = store
        self._clock = clock
        self._topics = {mirror.topic(self._operator, asset) for asset in self._assets.values()}
        self._shown: dict[str, bytes] = {}

    def begin(self) -> None:
        """A new session: what the broker shows is not known."""
        self._shown.clear()

    def publish(self, mqtt: MqttSession, assets: Collection[str] | None = None) -> None:
        """Show these assets (all when None) as they are now, where that has changed."""
        latest, derived, now = self._store.latest(), self._store.derived_latest(), self._clock()
        for ident in self._assets if assets is None else assets:
            asset = self._assets.get(ident)
            if asset is None:
                continue
            body = mirror.body(asset, live.view(self._facility, asset, latest, now, derived))
            if self._shown.get(ident) != body:
                mqtt.publish(mirror.topic(self._operator, asset), body, retain=True)
                self._shown[ident] = body

    def end(self, mqtt: MqttSession) -> None:
        """Nobody will say any more when the values grow old: they are old from now on."""
        latest, now = self._store.latest(), self._clock()
        for asset in self._assets.values():
            last, unknown = (live.view(self._facility, asset, known, now) for known in (latest, {}))
            mqtt.publish(mirror.topic(self._operator, asset), mirror.farewell(asset, last, unknown), retain=True)

    def left_over(self, mqtt: MqttSession, message: Message) -> bool:
        """Whether a message is of the mirror; what the broker retains of assets that are gone is taken away."""
        if not _MIRROR.fullmatch(message.topic):
            return False
        if message.retain and message.topic not in self._topics:
            _log.info("%s is not in the settings (any more): taken away", message.topic)
            mqtt.publish(message.topic, b"", 1, retain=True)
        return True
