"""Where and how soon a broker that went away is tried again."""

from sukusuku_core.backoff import Backoff
from sukusuku_core.broker_settings import MqttSettings

FIRST = 0.5
AWAY = 5.0
"""Longest pause (s) while the broker does not answer at all: an attempt costs nobody anything."""
USELESS = 60.0
"""Longest pause (s) while the broker lets us in and nothing comes of it: each attempt costs both sides a session."""


class Reconnect:
    """Where the next session goes, and the pauses between sessions.

    Where the broker has several servers each attempt goes to the next one, and a pause grows when all of them have had
    their turn: the one that ended a session is the one least likely to have the next.

    A CONNECT that succeeds is no success: the broker may end every session at once.

    Somebody with our client id, a rule that forbids our topics, a message that is too large: all look like that. So
    pauses grow until data really flows.
    """

    def __init__(self, broker: MqttSettings) -> None:
        self.broker = broker
        """The settings of the next session."""
        self._first = broker.host, broker.port
        self._short = Backoff(FIRST, AWAY, jitter=0.5)
        self._away = Backoff(FIRST, AWAY, jitter=0.5)
        self._useless = Backoff(FIRST, USELESS, jitter=0.5)
        self._idle = False

    def connected(self) -> None:
        """Note that the broker has let us in."""
        self._idle = True
        self._away.reset()

    def flowed(self) -> None:
        """Note that data has come through, or that a session with nothing to say has lasted."""
        self._idle = False
        self._away.reset()
        self._useless.reset()

    def pause(self) -> float:
        """Go to the next server, and return the seconds until the attempt."""
        idle, self._idle = self._idle, False
        self.broker = self.broker.next()
        if (self.broker.host, self.broker.port) != self._first:
            return self._short.after(1)
        return self._useless.next() if idle else self._away.next()
