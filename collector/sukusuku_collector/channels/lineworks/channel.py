"""Posts into a talk room of LINE WORKS; its app `Incoming Webhook` gives the address (https://webhook.worksmobile.com).

The form is read from programs that use it: a title, and a body with a text.
"""

import msgspec

from sukusuku_collector.channels.http import Poster
from sukusuku_server.model.alerts import OutgoingMail
from sukusuku_server.model.notices import decode
from sukusuku_server.settings import Channel


def open_channel(settings: Channel) -> "LineWorks":
    """Return the channel of these settings. Raises ConfigError."""
    return LineWorks(Poster(settings.id, settings.address(), settings.timeout, settings.ca_file))


class LineWorks:
    """See `protocol.Channel`."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    def send(self, message: OutgoingMail) -> None:
        """See `protocol.Channel`."""
        notice = decode(message.content)
        body = {"title": notice.title, "body": {"text": f"{notice.text}\n{notice.url}"}}
        self._poster.post(msgspec.json.encode(body), {"Content-Type": "application/json; charset=utf-8"})
