"""What the outbox asks of a channel."""

from typing import Protocol

from sukusuku_core.errors import TransientError
from sukusuku_server.model.alerts import OutgoingMail


class LaterError(TransientError):
    """The far end takes nothing now. `seconds`: how long it wants to be left alone; None: it does not say."""

    def __init__(self, said: str, seconds: float | None) -> None:
        super().__init__(said)
        self.seconds = seconds


class Channel(Protocol):
    """Brings one message to the far end. Blocking; the worker calls it in a thread."""

    def send(self, message: OutgoingMail, /) -> None:
        """Return once the far end has taken the message.

        Raises TransientError when another try may help, PermanentError when it is of no use. Neither text has an
        address, a token or a key in it: people read them on the health page.
        """
