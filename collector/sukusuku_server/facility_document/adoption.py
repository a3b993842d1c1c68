"""What edge nodes send that the settings have no place for, and the edits that give it a place. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sukusuku_core import catalogue, sparkplug, topics
from sukusuku_core.errors import DecodeError
from sukusuku_core.model import AssetKind, Value
from sukusuku_core.topics import NodeTopic
from sukusuku_server.facility_document.editing import Add, Edit, Put
from sukusuku_server.model.series import Quarantined, Unassigned
from sukusuku_server.settings import Facility, Text

UNKNOWN_NODE = "unknown-node"
_KINDS = (AssetKind.UNIT, AssetKind.ROOM)


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest value of a metric. `unit` and the meaning are those of the catalogue, empty when it knows it not."""

    name: str
    value: Value | None
    time: int
    unit: str = ""
    ja: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A device that an edge node reports and nobody has assigned. Times are UTC ms.

    `reason` is why: `unknown-asset`, `wrong-edge`, `unknown-zone` (its readings are kept whole), or `unknown-node` (its
    readings wait at the edge node, and only some messages are known). `kind` is what its metrics say that it is, None
    when they do not tell; `zones` are those that it names.
    """

    edge: str
    device: str
    reason: str
    first: int
    last: int
    kind: AssetKind | None
    metrics: tuple[Seen, ...]
    zones: tuple[str, ...] = ()


def candidates(unassigned: Iterable[Unassigned], quarantined: Iterable[Quarantined]) -> list[Candidate]:
    """Return the devices of messages that have no place in the settings, by edge node and id."""
    found: dict[tuple[str, str], list[Unassigned | Quarantined]] = {}
    strangers = (item for item in quarantined if item.reason == UNKNOWN_NODE)
    messages: list[Unassigned | Quarantined] = [*unassigned, *strangers]
    for message in messages:
        topic = _topic(message.topic)
        if topic is not None and topic.device is not None:
            found.setdefault((topic.node, topic.device), []).append(message)
    return [_candidate(edge, device, messages) for (edge, device), messages in sorted(found.items())]


def adopted(candidate: Candidate, facility: Facility, site: str, name: Text, capacity: int | None = None) -> list[Edit]:
    """Return the edits that give a device its place: a new unit or room of a centre, its new edge node, or its zones.

    A room needs its `capacity`. A device that is known keeps its name and centre. Raises ValueError when it is not
    known what the device is, or a room has no capacity.
    """
    known = {asset.id: asset for asset in facility.assets()}.get(candidate.device)
    if known is not None:
        path = f"site[{known.site.id}].{known.kind.value}[{known.id}]"
        if known.edge != candidate.edge:
            return [Put(f"{path}.edge", candidate.edge)]
        return [Add(f"{path}.zone", {"id": zone, "name": {"ja": zone, "en": zone}}) for zone in candidate.zones]
    item: dict[str, object] = {
        "id": candidate.device,
        "name": {"ja": name.ja, "en": name.en},
        "edge": candidate.edge,
    }
    if candidate.kind is None:
        raise ValueError(f"{candidate.device}: it is not known whether this is a unit or a room")
    if candidate.kind is AssetKind.ROOM:
        if capacity is None:
            raise ValueError(f"{candidate.device}: a room needs its capacity")
        item["capacity"] = capacity
        if candidate.zones:
            item["zone"] = [{"id": zone, "name": {"ja": zone, "en": zone}} for zone in candidate.zones]
    return [Add(f"site[{site}].{candidate.kind.value}", item)]


def _topic(text: str) -> NodeTopic | None:
    try:
        return topics.parse(text)
    except DecodeError:
        return None


def _candidate(edge: str, device: str, messages: Sequence[Unassigned | Quarantined]) -> Candidate:
    newest: dict[str, tuple[int, Value | None]] = {}
    for message in sorted(messages, key=lambda item: item.received):
        for name, found in _values(message).items():
            if name not in newest or found[0] >= newest[name][0]:  # messages may come in any order
                newest[name] = found
    kind = _kind(newest)
    times = [message.received for message in messages]
    zones = dict.fromkeys(name.split("/")[1] for name in newest if name.startswith("Zones/") and name.count("/") > 1)
    return Candidate(
        edge=edge,
        device=device,
        reason=max(messages, key=lambda item: item.received).reason,
        first=min(times),
        last=max(times),
        kind=kind,
        metrics=tuple(_seen(kind, name, time, value) for name, (time, value) in sorted(newest.items())),
        zones=tuple(zones),
    )


def _values(message: Unassigned | Quarantined) -> Mapping[str, tuple[int, Value | None]]:
    """Return the newest value of each metric in a message with its time; none where it cannot be read."""
    newest: dict[str, tuple[int, Value | None]] = {}
    try:
        body = sparkplug.parse(message.payload)
        for metric in body.metrics:
            name = sparkplug.read_name(metric)
            if name == sparkplug.BDSEQ or name.startswith(sparkplug.CONTROL_PREFIX):
                continue
            read = sparkplug.read_metric(metric)
            time = message.received if read.timestamp is None else int(read.timestamp)
            if name not in newest or time >= newest[name][0]:
                newest[name] = time, read.value
    except DecodeError:
        return newest
    return newest


def _kind(names: Iterable[str]) -> AssetKind | None:
    """Return the kind whose catalogue knows more of the names."""
    every = list(names)
    known = {kind: sum(catalogue.find(kind, name) is not None for name in every) for kind in _KINDS}
    unit, room = (known[kind] for kind in _KINDS)
    if unit == room:
        return None
    return AssetKind.UNIT if unit > room else AssetKind.ROOM


def _seen(kind: AssetKind | None, name: str, time: int, value: Value | None) -> Seen:
    row = None if kind is None else catalogue.find(kind, name)
    return Seen(name, value, time) if row is None else Seen(name, value, time, row.unit, row.ja, row.en)
