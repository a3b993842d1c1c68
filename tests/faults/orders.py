"""F12: every order of deaths and births of a node at the host, and of STATE messages at an edge node."""

import itertools
import random
from collections.abc import Sequence

from sukusuku_core import topics
from sukusuku_core.edge_session import EdgeSession, NodeIdentity, Phase
from sukusuku_core.host_session import HostSession, NodeKey
from sukusuku_core.state import HostState
from tests.faults.row import Outcome, Tier

LENGTH = {Tier.PR: 6, Tier.NIGHTLY: 8, Tier.RELEASE: 9}
KEY = NodeKey("toshima", "pi-1")
HOST = "sukusuku"
NOW = 1_790_000_000_000

Event = tuple[str, int]
"""A message and the bdSeq, or the timestamp, that it carries."""
HOST_EVENTS: tuple[Event, ...] = (
    ("birth", 0), ("death", 0), ("birth", 1), ("death", 1), ("death", 0), ("birth", 2), ("death", 2), ("birth", 1),
    ("death", 255),
)  # fmt: skip
EDGE_EVENTS: tuple[Event, ...] = (
    ("online", 1), ("offline", 1), ("online", 2), ("offline", 2), ("online", 3), ("offline", 3), ("offline", 0),
    ("online", 0), ("online", 3),
)  # fmt: skip


def run(tier: Tier, chance: random.Random) -> Outcome:
    """The row."""
    length = LENGTH[tier]
    tried, faults = 0, list[str]()
    for judge, events in ((_host_fault, HOST_EVENTS[:length]), (_edge_fault, EDGE_EVENTS[:length])):
        for order in itertools.permutations(events):
            tried += 1
            fault = judge(order)
            if fault is not None:
                faults.append(f"{' '.join(f'{name} {number}' for name, number in order)}: {fault}")
    return Outcome(
        "F12", "orders of death, birth and STATE", tried, 0, 0, 0, 0, passed=not faults, why="; ".join(faults[:3])
    )


def _host_fault(order: Sequence[Event]) -> str | None:
    """A death counts only for the session that is open."""
    host = HostSession()
    open_session: int | None = None
    for at, (name, bdseq) in enumerate(order):
        if name == "birth":
            host.node_birth(KEY, 0, bdseq, NOW + at, {}, wants_ack=True)
            open_session = bdseq
        else:
            host.node_death(KEY, bdseq)
            open_session = None if open_session == bdseq else open_session
        if host.online(KEY) is not (open_session is not None):
            return f"after message {at + 1} the node is taken for {'on' if host.online(KEY) else 'off'}line"
    return None


def _edge_fault(order: Sequence[Event]) -> str | None:
    """Only a timestamp that is not older than the newest counts, in every session anew."""
    session, newest = _session(), -1
    born = False
    for at, (name, timestamp) in enumerate(order):
        said = HostState(name == "online", NOW + timestamp)
        session.received(topics.state_topic(HOST), said.encode(), NOW + at)
        if timestamp >= newest:
            newest = timestamp
            if said.online:
                born = True
            elif born:
                if session.phase is not Phase.CLOSED:
                    return f"after message {at + 1} it has not left the session"
                session, newest, born = _session(), -1, False  # a new session knows nothing of the old one's STATE
                continue
        expected = Phase.ONLINE if born else Phase.WAITING
        if session.phase is not expected:
            return f"after message {at + 1} it is {session.phase.value}, not {expected.value}"
    session.received(topics.state_topic(HOST), HostState(online=True, timestamp=NOW + 1000).encode(), NOW + 100)
    return None if session.phase is Phase.ONLINE else "it does not come back when the host does"


def _session() -> EdgeSession:
    session = EdgeSession(NodeIdentity(KEY.group, KEY.node, HOST), 0, {})
    session.connected(NOW)
    return session
