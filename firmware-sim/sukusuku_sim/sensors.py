"""JSON sensors over MQTT: messages in the shape that a profile describes.

A message that cannot be sent because the broker is away is lost, as with the real sensors; after a reconnect every
sensor publishes what it sees.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from sukusuku_core import jsonmap
from sukusuku_core.clock import Clock
from sukusuku_core.errors import TransientError
from sukusuku_core.profile import JsonProfile
from sukusuku_core.transition_log import TransitionLog
from sukusuku_mqtt import MqttSession, MqttSettings
from sukusuku_sim import payloads
from sukusuku_sim.truth import TruthLog
from sukusuku_sim.views import Values

LOG = logging.getLogger(__name__)
RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class SensorView:
    """A sensor and what it sees now."""

    id: str
    profile: JsonProfile
    topic: str
    interval: float
    values: Values


class SensorPublisher:
    """Publishes what the sensors see. `run` keeps the MQTT session; `offer` is called at every tick."""

    def __init__(self, settings: MqttSettings, truth: TruthLog, clock: Clock) -> None:
        self._settings = settings
        self._truth = truth
        self._clock = clock
        self._session: MqttSession | None = None
        self._published: dict[str, tuple[Values, int]] = {}
        """What each sensor published last, and when (UTC ms)."""
        self._seq: dict[str, int] = {}
        self.connected = asyncio.Event()
        self.disconnected = asyncio.Event()

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""
        problems = TransitionLog(LOG)
        while True:
            try:
                async with MqttSession(self._settings) as session:
                    self._published.clear()
                    self._session = session
                    problems.recovered("sensors", "online again")
                    self.disconnected.clear()
                    self.connected.set()
                    # Nothing is subscribed: this waits for the end of the session.
                    await session.receive()
            except TransientError as error:
                problems.problem("sensors", "offline, retrying", error)
            finally:
                self._session = None
                self.connected.clear()
                self.disconnected.set()
            await asyncio.sleep(RETRY_SECONDS)

    def offer(self, sensors: Iterable[SensorView]) -> None:
        """Publish what has changed or is due, and writes it to the truth log."""
        for sensor in sensors:
            if self._session is None:
                return
            now = self._clock()
            values, since = self._published.get(sensor.id, ({}, 0))
            if values == sensor.values and now - since < sensor.interval * 1000:
                continue
            number = self._seq.get(sensor.id, 0) + 1
            shown = _since(sensor.profile, sensor.values, values)
            spoken = list(payloads.messages(sensor.profile, shown, now, number))
            try:
                for below, payload in spoken:
                    self._session.publish(f"{sensor.topic}/{below}" if below else sensor.topic, payload, qos=1)
            except TransientError:
                return  # `run` sees the end of the session, too
            self._published[sensor.id] = (sensor.values, now)
            self._seq[sensor.id] = number
            for below, payload in spoken:
                self._truth.points(now, sensor.id, jsonmap.decode(sensor.profile, payload, below).values, number)


def _since(profile: JsonProfile, values: Values, before: Values) -> Values:
    """Return the values, those of a period as what came since the message before.

    The first message begins the counting.
    """
    periods = {point.name for point in profile.point if point.period}
    return {
        name: value - before.get(name, value)  # type: ignore[operator]  # a period is a whole number
        if name in periods
        else value
        for name, value in values.items()
    }
