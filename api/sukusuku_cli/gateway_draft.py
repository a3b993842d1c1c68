"""A first draft of `[[gateway]]` from what gateways of other makes send. Pure.

The names of the catalogue and what it says of them in English are compared, word by word, with the names on the wire.
Which unit or room a device is, nobody can tell from there.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from sukusuku_core import catalogue, sparkplug, topics
from sukusuku_core.aliases import Aliases
from sukusuku_core.catalogue import DataType, Metric
from sukusuku_core.errors import DecodeError
from sukusuku_core.model import AssetKind
from sukusuku_core.topics import MessageType
from sukusuku_mqtt import Message

CHOOSE = "CHOOSE-ONE"
"""Stands where a person must name a unit or room; `sukusuku check` lists those that there are."""
MOST = 2_000
"""Metrics of one node that are remembered."""
_TYPES = {
    1: "Int8", 2: "Int16", 3: "Int32", 4: "Int64", 5: "UInt8", 6: "UInt16", 7: "UInt32", 8: "UInt64", 9: "Float",
    10: "Double", 11: "Boolean", 12: "String", 13: "DateTime", 14: "Text", 15: "UUID",
}  # fmt: skip
_FILLERS = frozenset(
    {"the", "of", "in", "its", "as", "it", "who", "by", "is", "a", "to", "since", "info", "value", "raw"}
)
_SHORTEST = 4
"""Letters of a word that may stand for a longer one: `temp` for temperature."""
_CONTROL = (sparkplug.BDSEQ, sparkplug.CONTROL_PREFIX)


@dataclass(slots=True)
class _Node:
    born: bool = False
    ours: bool = False
    aliases: Aliases = field(default_factory=Aliases)
    metrics: dict[tuple[str | None, str], str] = field(default_factory=dict)
    """What is said of each metric: its type and a value."""
    types: dict[tuple[str | None, str], int] = field(default_factory=dict)


class Draft:
    """What was heard of each node."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[str, str], _Node] = {}

    def hear(self, message: Message) -> tuple[str, str] | None:
        """Take a message. Return a node (group and id) that should be asked for its birth, each once."""
        try:
            topic = topics.parse(message.topic)
            body = sparkplug.parse(message.payload)
        except DecodeError:
            return None
        key = topic.group, topic.node
        known = self._nodes.get(key)
        if topic.type is MessageType.NBIRTH:
            names = {metric.name for metric in body.metrics}
            known = self._nodes[key] = _Node(born=True, ours={sparkplug.ACK_BIRTH, sparkplug.ACK_COUNT} <= names)
        if known is None:
            self._nodes[key] = _Node()
            return key if topic.type in {MessageType.NDATA, MessageType.DDATA, MessageType.DBIRTH} else None
        if topic.type in {MessageType.NBIRTH, MessageType.DBIRTH} and not known.ours:
            for metric in body.metrics:
                where = topic.device, metric.name
                if metric.name and not metric.name.startswith(_CONTROL) and len(known.metrics) < MOST:
                    known.metrics[where] = _said(metric)
                    known.types[where] = metric.datatype
        return None

    def text(self) -> str:
        """Return the draft as TOML, with remarks."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        foreign = {key: node for key, node in sorted(self._nodes.items()) if not node.ours}
        if not foreign:
            yield "# no gateway of another make was heard: is it connected, and does it send?"
        for (group, ident), node in foreign.items():
            yield f"# edge node {_shown(ident)} of group {_shown(group)} (the group must be the id of [operator])"
            if not node.born:
                yield "# it was heard, but not born: restart it while this listens"
            yield from ("[[gateway]]", f"id = {_quoted(_slug(ident))}", f"node = {_quoted(ident)}", "")
            left = []
            for (device, name), said in node.metrics.items():
                row = guess(name, node.types[device, name])
                if row is None or not name.isprintable() or not (device or "").isprintable():
                    left.append(
                        f"#   {_shown(name) if device is None else f'{_shown(device)}: {_shown(name)}'}  {said}"
                    )
                    continue
                yield "[[gateway.metric]]"
                if device is not None:
                    yield f"device = {_quoted(device)}"
                yield from (
                    f"name = {_quoted(name)}  # {said}",
                    f"asset = {_quoted(CHOOSE)}",
                    f"metric = {_quoted(row.name)}  # {row.en}{f', {row.unit}' if row.unit else ''}",
                    "",
                )
            if left:
                yield from ("# nothing was guessed for these; they are passed over unless you map them:", *left, "")


def guess(name: str, datatype: int) -> Metric | None:
    """Return the metric of a unit or room that a name on the wire most probably is; None: none is near."""
    kind = sparkplug.canonical(datatype)
    words = _words(name)
    best: tuple[float, Metric] | None = None
    for row in catalogue.METRICS:
        if row.kind is AssetKind.EDGE_NODE or "*" in row.name or not _holds(row.datatype, kind):
            continue
        own = _words(f"{row.name} {row.en}")
        hits = sum(any(_same(word, known) for known in own) for word in words)
        score = hits / len(words) + hits / (10 * len(own)) if words and hits else 0.0
        if score > 0.5 and (best is None or score > best[0]):  # noqa: PLR2004 - half of the words
            best = score, row
    return None if best is None else best[1]


def _words(text: str) -> set[str]:
    """Return the words of a name, however it is written: `fillLevel`, `fill_level` and `Fill/Level` are the same."""
    found = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", text)
    return {word for word in map(str.lower, found) if word not in _FILLERS and len(word) > 1}


def _same(word: str, known: str) -> bool:
    if len(word) < _SHORTEST or len(known) < _SHORTEST:
        return word == known
    return word.startswith(known) or known.startswith(word)


def _holds(datatype: DataType, kind: DataType | None) -> bool:
    """Whether values of a type on the wire may be of the catalogue's; a text may be any of them."""
    numbers = {DataType.INT64, DataType.DOUBLE}
    return kind is datatype or (kind in numbers and datatype in numbers)


def _said(metric: object) -> str:
    datatype = int(getattr(metric, "datatype", 0))
    kind = _TYPES.get(datatype, sparkplug.unread(metric, datatype) or "no datatype")
    try:
        value = sparkplug.read_value(metric, datatype)
    except DecodeError:
        return kind
    return kind if value is None else f"{kind}, such as {_shown(str(value))[:40]}"


def _shown(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9_.-]+", "-", text.lower()).strip("-._")[:63] or "gateway"
