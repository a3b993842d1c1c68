"""Sparkplug B topics as values. Shape: `spBv1.0/<group>/<TYPE>/<edge node>[/<device>]`, STATE apart."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from sukusuku_core.errors import DecodeError

NAMESPACE = "spBv1.0"
ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}\Z"
"""Ids that we accept in settings: a safe subset of what Sparkplug allows (UTF-8 without `+ / #`)."""

_FOREIGN_ID = re.compile(r"[^+#/\x00-\x1f]{1,255}")


class MessageType(StrEnum):
    """The Sparkplug message types; the value is the topic element."""

    NBIRTH = "NBIRTH"
    NDEATH = "NDEATH"
    NDATA = "NDATA"
    NCMD = "NCMD"
    DBIRTH = "DBIRTH"
    DDEATH = "DDEATH"
    DDATA = "DDATA"
    DCMD = "DCMD"

    @property
    def of_device(self) -> bool:
        """Whether the topic of this type carries a device id."""
        return self.value[0] == "D"


@dataclass(frozen=True, slots=True)
class NodeTopic:
    """A topic below a group: message type, edge node and, for D types, the device (our asset)."""

    group: str
    type: MessageType
    node: str
    device: str | None = None

    def __str__(self) -> str:
        tail = f"/{self.device}" if self.device is not None else ""
        return f"{NAMESPACE}/{self.group}/{self.type}/{self.node}{tail}"


@lru_cache(maxsize=8192)
def parse(topic: str) -> NodeTopic:
    """Return a Sparkplug topic as a value.

    Raises DecodeError (reason `topic`) when it is not one of the node or device topics.
    """
    parts = topic.split("/")
    if len(parts) not in {4, 5} or parts[0] != NAMESPACE:
        raise DecodeError("topic", f"expected {NAMESPACE}/group/TYPE/node[/device], found {topic!r}")
    try:
        kind = MessageType(parts[2])
    except ValueError:
        raise DecodeError("topic", f"unknown message type {parts[2]!r} in {topic!r}") from None
    if kind.of_device != (len(parts) == 5):  # noqa: PLR2004 - number of topic levels with a device
        raise DecodeError("topic", f"{kind} must {'' if kind.of_device else 'not '}name a device: {topic!r}")
    for part in (parts[1], *parts[3:]):
        if not _FOREIGN_ID.fullmatch(part):
            raise DecodeError("topic", f"empty, overlong or unprintable id in {topic!r}")
    return NodeTopic(parts[1], kind, parts[3], parts[4] if kind.of_device else None)


def state_topic(host_id: str) -> str:
    """Where a host application publishes its STATE."""
    return f"{NAMESPACE}/STATE/{host_id}"


def command_filters(group: str, node: str) -> tuple[str, str]:
    """Return what an edge node subscribes to for commands: its NCMD and the DCMD of all its devices."""
    return f"{NAMESPACE}/{group}/NCMD/{node}", f"{NAMESPACE}/{group}/DCMD/{node}/+"


def group_filters(group: str) -> tuple[str, ...]:
    """Return what a host subscribes to for one group: births, deaths and data; never commands."""
    return tuple(
        f"{NAMESPACE}/{group}/{kind}/" + ("+/+" if kind.of_device else "+")
        for kind in MessageType
        if kind not in {MessageType.NCMD, MessageType.DCMD}
    )


def mirror(operator: str, site: str, asset: str) -> str:
    """Where the collector shows an asset as JSON."""
    return f"sukusuku/{operator}/{site}/{asset}/state"
