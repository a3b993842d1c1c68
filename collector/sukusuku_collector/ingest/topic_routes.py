"""What a topic means to this collector: whose message it is, and whether that edge node may speak for that asset."""

from dataclasses import dataclass

from sukusuku_collector.ingest import validation
from sukusuku_collector.ingest.gateway_map import GatewayMap
from sukusuku_collector.ingest.validation import Subject
from sukusuku_core import topics
from sukusuku_core.errors import DecodeError
from sukusuku_core.host_session import NodeKey
from sukusuku_core.topics import NodeTopic
from sukusuku_server.settings import Facility

MAX_ROUTES = 10_000
"""Topics that are remembered; a hostile peer may invent more."""


@dataclass(frozen=True, slots=True)
class Route:
    """What a topic means. Without a subject its readings wait for the settings, or are refused, for `refusal`.

    What a `gateway` sends may be about many subjects.
    """

    topic: NodeTopic
    key: NodeKey
    subject: Subject | None
    refusal: DecodeError | None = None
    known_node: bool = True
    gateway: GatewayMap | None = None

    @property
    def means(self) -> tuple[object, ...]:
        """Return what is to be compared between the routes of two facilities."""
        return (
            self.known_node,
            self.subject,
            None if self.refusal is None else self.refusal.reason,
            None if self.gateway is None else self.gateway.means,
        )


class Routes:
    """The routes of a facility, found once per topic."""

    def __init__(self, facility: Facility) -> None:
        self._group = facility.operator.id
        self._subjects = {subject.id: subject for subject in validation.subjects(facility)}
        self._gateways = {it.wire_node: GatewayMap(it, self._subjects) for it in facility.gateway}
        self._aliens = {it.id for it in facility.gateway if it.id != it.wire_node}
        self._routes: dict[str, Route] = {}

    def find(self, topic: str) -> Route:
        """Raise DecodeError (`topic`) when it is no topic of Sparkplug's."""
        route = self._routes.get(topic)
        if route is None:
            if len(self._routes) >= MAX_ROUTES:
                self._routes.clear()
            route = self._routes[topic] = self._make(topics.parse(topic))
        return route

    def moved(self, after: "Routes") -> set[NodeKey]:
        """Return the edge nodes, as far as they were heard, whose topics mean something else to other routes."""
        found = set()
        for topic, route in self._routes.items():
            other = after.find(topic)
            if route.means != other.means:
                found.add(route.key)
        return found

    def get(self, topic: str) -> Route | None:
        """Return the route of a topic that was found before."""
        return self._routes.get(topic)

    def edge(self, node: str) -> str:
        """Return the name in facility.toml of an edge node on the wire."""
        gateway = self._gateways.get(node)
        return node if gateway is None else gateway.id

    def spoken_for(self, node: str, device: str | None = None) -> set[str]:
        """Return the assets that an edge node on the wire speaks for, as far as the settings alone tell.

        With a device, those of the device.
        """
        gateway, edge = self._gateways.get(node), self.edge(node)
        mapped = set() if gateway is None else gateway.assets(device)
        return mapped | {
            item.id
            for item in self._subjects.values()
            if item.edge == edge and item.id != edge and device in {None, item.id}
        }

    def _make(self, topic: NodeTopic) -> Route:
        key = NodeKey(topic.group, topic.node)
        node = self._subjects.get(topic.node)
        if topic.group != self._group:
            refusal = DecodeError("unknown-group", f"this collector serves {self._group}, not {topic.group}")
            return Route(topic, key, None, refusal, known_node=False)
        if (gateway := self._gateways.get(topic.node)) is not None:
            return Route(topic, key, self._subjects[gateway.id], gateway=gateway)
        if node is None or topic.node in self._aliens or node.edge != node.id:
            refusal = DecodeError(
                "unknown-node", f"no asset in facility.toml has edge = {topic.node!r}, and no [[gateway]] is it"
            )
            return Route(topic, key, None, refusal, known_node=False)
        subject = node if topic.device is None else self._subjects.get(topic.device)
        if subject is None or (topic.device is not None and subject.id == subject.edge):
            refusal = DecodeError("unknown-asset", f"facility.toml has no unit or room {topic.device!r}")
            return Route(topic, key, None, refusal)
        if subject.edge != topic.node:
            refusal = DecodeError("wrong-edge", f"{subject.edge} speaks for {subject.id}, not {topic.node}")
            return Route(topic, key, None, refusal)
        return Route(topic, key, subject)
