"""Mail as a channel."""

from sukusuku_collector.channels.mail.smtp import Smtp
from sukusuku_server.model.alerts import OutgoingMail
from sukusuku_server.settings import MailServer


class MailChannel:
    """See `protocol.Channel`."""

    def __init__(self, settings: MailServer) -> None:
        self._smtp = Smtp(settings)

    def send(self, message: OutgoingMail) -> None:
        """See `protocol.Channel`."""
        self._smtp.send(message.sender, message.recipient, message.content)
