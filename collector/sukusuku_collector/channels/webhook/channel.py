"""A webhook: CloudEvents 1.0 in structured JSON, signed as Standard Webhooks 1.0 says (HMAC-SHA256).

The signature covers `id.timestamp.body`. The receiver computes it with the shared key, compares in constant time,
refuses old timestamps, and takes a message whose `webhook-id` it knows as delivered: a crash may send one twice.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable

import msgspec

from sukusuku_collector.channels import signing_key
from sukusuku_collector.channels.http import Poster
from sukusuku_core.time import japan_time
from sukusuku_server.model.alerts import OutgoingMail
from sukusuku_server.model.notices import Notice, decode
from sukusuku_server.settings import Channel


def open_channel(settings: Channel) -> "Webhook":
    """Return the channel of these settings. Raises ConfigError, which does not show the key."""
    key = signing_key.read(settings)
    return Webhook(Poster(settings.id, settings.address(), settings.timeout, settings.ca_file), key)


class Webhook:
    """See `protocol.Channel`. `clock` (UTC seconds) dates the signature of each try."""

    def __init__(self, poster: Poster, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._poster = poster
        self._key = key
        self._clock = clock

    def send(self, message: OutgoingMail) -> None:
        """See `protocol.Channel`."""
        notice = decode(message.content)
        body, moment = msgspec.json.encode(cloud_event(notice)), int(self._clock())
        headers = {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "User-Agent": "Sukusuku",
            "webhook-id": notice.ident,
            "webhook-timestamp": str(moment),
            "webhook-signature": signature(self._key, notice.ident, moment, body),
        }
        self._poster.post(body, headers)


def signature(key: bytes, ident: str, moment: int, body: bytes) -> str:
    """Return the signature of a message that is sent at a moment (UTC seconds)."""
    digest = hmac.digest(key, f"{ident}.{moment}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()


def cloud_event(notice: Notice) -> dict[str, object]:
    """Return a message in the envelope of CloudEvents 1.0; `data` has names and numbers, never who is meant."""
    return {
        "specversion": "1.0",
        "id": notice.ident,
        "source": f"/sukusuku/{notice.operator}" + (f"/{notice.site}" if notice.site else ""),
        "type": f"sukusuku.alert.{notice.event}" if notice.rule else f"sukusuku.{notice.event}",
        "time": japan_time(notice.time).isoformat(timespec="milliseconds"),
        "datacontenttype": "application/json",
        **({"subject": notice.subject} if notice.subject else {}),
        "data": {
            "title": notice.title,
            "text": notice.text,
            "url": notice.url,
            "language": notice.language,
            "tone": notice.tone,
            "simulated": notice.simulated,
            "rule": notice.rule or None,
            "stage": notice.stage or None,
            "alert": notice.alert or None,
            "since": None if notice.since is None else japan_time(notice.since).isoformat(timespec="milliseconds"),
        },
    }
