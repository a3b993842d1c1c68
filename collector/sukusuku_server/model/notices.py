"""A message of a channel other than mail, as the outbox keeps it; each channel gives it the form of its service."""

import msgspec


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What is told, in the reader's language, and the facts for programs. `time` is UTC ms.

    `ident` is the same for the same message, whenever it is sent. `event` is `firing`, `worse`, `again`, `resolved` or
    `test`; `tone` is `good`, `warning`, `danger` or `quiet`.
    """

    ident: str
    event: str
    time: int
    title: str
    text: str
    url: str
    tone: str
    language: str
    operator: str
    site: str = ""
    subject: str = ""
    rule: str = ""
    stage: int = 0
    alert: int = 0
    since: int | None = None
    simulated: bool = False


def encode(notice: Notice) -> bytes:
    """Return a message as the outbox keeps it."""
    return msgspec.json.encode(notice)


def decode(content: bytes) -> Notice:
    """Return a message from the outbox. Raises msgspec.DecodeError when it is none."""
    return msgspec.json.decode(content, type=Notice)
