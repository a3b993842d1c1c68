"""How long a device needs after a connect before it listens, as far as that can be found out. Pure.

Some gateways and meters accept a connection and lose what comes right after it. Whoever closes the connection after
that time-out, and opens the next one to ask at once, never reads them.
"""

from dataclasses import dataclass

LONGEST = 10.0
DOUBTS = 3
"""Connections in a row without any answer after which a device that once answered at once may need a pause now."""


@dataclass(slots=True)
class ConnectPause:
    """The pause (s) of one line: what the settings say, or longer when that is not enough."""

    given: float = 0.0
    _learnt: float = 0.0
    _measured: bool = False
    """A request was lost, and a later one on the same connection was answered."""
    _worked: float = 0.0
    """A guess after which the device did answer."""
    _silent: int = 0
    """Connections in a row on which nothing was answered."""
    _quick: bool = False
    """The device has answered right after a connect."""

    @property
    def seconds(self) -> float:
        """How long to wait after a connect."""
        return max(self.given, self._learnt)

    @property
    def suspected(self) -> bool:
        """Whether a first request without an answer may have been lost to this."""
        return not self._quick or self._silent >= DOUBTS

    def answered(self, age: float, *, lost: bool) -> bool:
        """Note the first answer on a connection, to a request that was sent at this age of it.

        `lost` says that one before it got none. Return whether the pause was measured now.
        """
        self._silent = 0
        if lost:
            news = not self._measured
            self._learnt, self._measured, self._quick = min(age, LONGEST), True, False
            return news
        if self.seconds == 0:
            self._quick = True
        elif not self._measured:  # nobody knows whether the pause has helped: try half of it next time
            self._worked = self._learnt
            self._learnt = self._learnt / 2 if self._learnt > self.given else 0.0
        return False

    def silent(self, timeout: float) -> None:
        """Note a connection on which nothing was answered within `timeout` each time."""
        self._silent += 1
        if self._measured or not self.suspected:
            return
        if self._worked:
            self._learnt, self._measured = self._worked, True
        else:
            self._learnt = min(LONGEST, max(2 * timeout, 2 * self.seconds))
