"""An edge node without a broker, and what the tests of the data path ask of its answers."""

from collections.abc import Mapping, Sequence
from typing import Any

from sukusuku_collector.ingest.outcome import Outcome
from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_core import sparkplug
from sukusuku_core.catalogue import METRICS, DataType
from sukusuku_core.edge_actions import Publish
from sukusuku_core.edge_session import EdgeSession, NodeIdentity
from sukusuku_core.errors import TransientError
from sukusuku_core.model import AssetKind, Quality, Reading, Value
from sukusuku_core.sparkplug import Metric, Payload
from sukusuku_mqtt import Message
from sukusuku_server.model.series import Committed, Moved, Quarantined, Row, Unassigned
from sukusuku_server.timeseries.sqlite import SqliteStore

NOW = 1_800_000_000_000
UNIT: Mapping[str, DataType] = {item.name: item.datatype for item in METRICS if item.kind is AssetKind.UNIT}
ROOM: Mapping[str, DataType] = {"Occupancy/Count": DataType.INT64, "Zones/eating/Count": DataType.INT64}


class FailingStore(SqliteStore):
    """A store whose disk can be full."""

    full = False
    takes_notes = True

    def commit_rows(
        self,
        rows: Sequence[Row],
        quarantined: Sequence[Quarantined],
        received: int,
        moved: Sequence[Moved] = (),
        unassigned: Sequence[Unassigned] = (),
    ) -> Committed:
        if self.full:
            raise TransientError("the disk is full")
        return super().commit_rows(rows, quarantined, received, moved, unassigned)

    def note(self, key: str, value: int) -> None:
        if not self.takes_notes:
            raise TransientError("the disk is full")
        super().note(key, value)


class Edge:
    """An edge node that speaks by the real session rules, straight into an ingest."""

    def __init__(self, ingest: Ingest, node: str = "tobu-pi", assets: Sequence[str] = ("unit-1", "room")) -> None:
        self.ingest = ingest
        self.delivered: list[int] = []
        self.session = EdgeSession(
            NodeIdentity("toshima", node), 0, {asset: ROOM if asset == "room" else UNIT for asset in assets}
        )
        self.assets = assets
        self.node = node

    def births(self) -> list[Message]:
        actions = self.session.connected(NOW)
        for asset in self.assets:
            actions += self.session.asset_up(asset, NOW)
        return messages(actions)

    def born(self) -> Outcome:
        return self.ingest.process(self.births())

    def data(self, *readings: Reading, historical: bool = False) -> list[Message]:
        rows = list(enumerate(readings))
        return messages(self.session.send(rows, NOW, historical=historical))

    def answers(self, outcome: Outcome) -> list[Any]:
        """What the edge node makes of the commands."""
        return [
            action
            for command in outcome.commands
            if command.topic.endswith(self.node)
            for action in self.session.received(command.topic, command.payload, NOW)
        ]


def messages(actions: Sequence[Any]) -> list[Message]:
    return [Message(action.topic, action.payload) for action in actions if isinstance(action, Publish)]


def ddata(seq: int, *metrics: Metric, asset: str = "unit-1", node: str = "tobu-pi") -> Message:
    return Message(f"spBv1.0/toshima/DDATA/{node}/{asset}", sparkplug.encode(Payload(NOW, metrics, seq)))


def commands(outcome: Outcome) -> list[tuple[str, dict[str, Value | None]]]:
    return [
        (item.topic, {metric.name: metric.value for metric in sparkplug.decode(item.payload).metrics})
        for item in outcome.commands
    ]


def asks_rebirth(outcome: Outcome, node: str = "tobu-pi") -> bool:
    return (f"spBv1.0/toshima/NCMD/{node}", {sparkplug.REBIRTH: True}) in commands(outcome)


def acknowledges(outcome: Outcome) -> bool:
    return any(sparkplug.ACK_COUNT in metrics for _, metrics in commands(outcome))


class Time:
    """The collector's clock, which a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


def reasons(store: SqliteStore) -> list[str]:
    return [item.reason for item in store.quarantine(100)]


def values(store: SqliteStore, metric: str, asset: str = "unit-1") -> list[tuple[int, Value | None, Quality]]:
    return [(point.time, point.value, point.quality) for point in store.raw(asset, metric, 0, 2**62, 1000)]
