"""A session of an edge node, and what its host says."""

from sukusuku_core import sparkplug, state, topics
from sukusuku_core.catalogue import DataType
from sukusuku_core.edge_actions import Action, Publish
from sukusuku_core.edge_session import EdgeSession, NodeIdentity
from sukusuku_core.model import Quality, Reading, Value
from sukusuku_core.topics import MessageType

NOW = 1_780_000_000_000
NODE = "tobu-pi"
METRICS = {
    NODE: {"Comm/Errors": DataType.INT64},
    "unit-1": {"Fill/Percent": DataType.DOUBLE, "State": DataType.INT64},
    "room-1": {"Occupancy/Count": DataType.INT64},
}
STATE_TOPIC = "spBv1.0/STATE/sukusuku"
NCMD = f"spBv1.0/toshima/NCMD/{NODE}"


def new(host: str | None = "sukusuku", bdseq: int = 7, last_birth: int = 0) -> EdgeSession:
    return EdgeSession(NodeIdentity("toshima", NODE, host), bdseq, METRICS, last_birth)


def host_says(session: EdgeSession, *, online: bool, timestamp: int, now: int = NOW) -> list[Action]:
    return session.received(STATE_TOPIC, state.HostState(online, timestamp).encode(), now)


def online(*assets: str) -> EdgeSession:
    session = new()
    for asset in assets:
        session.asset_up(asset, NOW)
    session.connected(NOW)
    host_says(session, online=True, timestamp=5)
    return session


def messages(actions: list[Action]) -> list[tuple[MessageType, str | None, sparkplug.Payload]]:
    found = []
    for action in actions:
        if isinstance(action, Publish):
            topic = topics.parse(action.topic)
            found.append((topic.type, topic.device, sparkplug.decode(action.payload)))
    return found


def rows(*items: tuple[str, str, Value | None], first: int = 1) -> list[tuple[int, Reading]]:
    return [
        (first + n, Reading(asset, metric, NOW + n, value, Quality.BAD if value is None else Quality.GOOD))
        for n, (asset, metric, value) in enumerate(items)
    ]


def acknowledge(session: EdgeSession, count: int, birth: int | None = None, now: int = NOW) -> list[Action]:
    values = ((sparkplug.ACK_BIRTH, session.last_birth if birth is None else birth), (sparkplug.ACK_COUNT, count))
    return session.received(NCMD, sparkplug.command(values, now), now)


def ask_rebirth(session: EdgeSession) -> list[Action]:
    return session.received(NCMD, sparkplug.command([(sparkplug.REBIRTH, True)], NOW), NOW)
