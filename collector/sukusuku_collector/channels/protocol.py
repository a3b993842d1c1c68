"""What the outbox asks of a channel."""

from typing import Protocol

from sukusuku_server.model.alerts import OutgoingMail


class Channel(Protocol):
    """Brings one message to the far end. Blocking; the worker calls it in a thread."""

    def send(self, message: OutgoingMail, /) -> None:
        """Return once the far end has taken the message.

        Raises TransientError when another try may help, PermanentError when it is of no use. Neither text has an
        address, a token or a key in it: people read them on the health page.
        """
