"""What a batch of messages came to, and what is answered to the edge nodes."""

from dataclasses import dataclass

from sukusuku_core import sparkplug
from sukusuku_core.host_session import NodeKey
from sukusuku_core.model import Value
from sukusuku_core.topics import MessageType, NodeTopic
from sukusuku_server.model.series import Committed


@dataclass(frozen=True, slots=True)
class Command:
    """An NCMD to publish at QoS 0."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a batch of messages came to. `changed` are those who have readings in it, were born or have died."""

    committed: Committed
    changed: frozenset[str]
    commands: tuple[Command, ...]


def command(key: NodeKey, now: int, *metrics: tuple[str, Value]) -> Command:
    """Return the command to an edge node with these metrics."""
    return Command(str(NodeTopic(key.group, MessageType.NCMD, key.node)), sparkplug.command(metrics, now))
