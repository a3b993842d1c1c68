"""Readings of a known edge node that have no place under `facility.toml` as it is now: our mistake, not theirs.

The edge node deletes what is acknowledged, and sends nothing new while too much is not. So such readings are put by in
the store, acknowledged, and stored where they belong once the settings have a place for them (`housekeeping.py`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sukusuku_collector.ingest.quarantine import private
from sukusuku_core import sparkplug
from sukusuku_core.sparkplug import UNREAD_FIELDS
from sukusuku_core.topics import MessageType, NodeTopic

UNASSIGNED = frozenset({"unknown-asset", "wrong-edge", "unknown-zone"})
"""Reasons that a change of `facility.toml` takes away."""
MOST_DEVICES = 1_000
"""Devices whose datatypes are remembered; a hostile peer may invent more. Without them the catalogue tells."""


def keep(body: Any, metrics: Sequence[Any], types: Mapping[str, int], *, birth: bool) -> bytes | None:
    """Return these metrics of a message as one that can be read for itself; None when nothing was measured.

    What could identify somebody is left out, and what cannot be a reading.
    """
    kept = sparkplug.PayloadMessage()
    if body.HasField("timestamp"):
        kept.timestamp = body.timestamp
    for metric in metrics:
        if birth and metric.is_null:
            continue  # declared, never measured
        if private(metric) or metric.WhichOneof("value") in UNREAD_FIELDS:
            continue
        item = kept.metrics.add()
        item.CopyFrom(metric)
        item.datatype = metric.datatype or types.get(metric.name) or 0
    kept.DiscardUnknownFields()
    return bytes(kept.SerializeToString()) if kept.metrics else None


class UnassignedMessages:
    """Devices without a place in the settings, since the beginning of an MQTT session."""

    def __init__(self) -> None:
        self._types: dict[tuple[str, str | None], dict[str, int]] = {}

    def take(self, topic: NodeTopic, body: Any) -> bytes | None:
        """Return a data message or a birth of such a device, to be put by; None when it carries no reading."""
        birth = topic.type is MessageType.DBIRTH
        where = topic.node, topic.device
        if birth:
            if len(self._types) >= MOST_DEVICES:
                self._types.clear()
            self._types[where] = {metric.name: metric.datatype for metric in body.metrics if metric.datatype}
        elif topic.type is not MessageType.DDATA:
            return None
        return keep(body, body.metrics, self._types.get(where, {}), birth=birth)
