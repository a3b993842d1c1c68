"""An outbox and its uplink against a real broker."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from sukusuku_core.catalogue import DataType
from sukusuku_core.clock import now_ms
from sukusuku_core.edge_session import NodeIdentity
from sukusuku_core.model import Quality, Reading
from sukusuku_edge.outbox import Outbox
from sukusuku_edge.uplink import Uplink
from sukusuku_mqtt import MqttSettings
from tests.support.patience import PATIENCE

IDENTITY = NodeIdentity("toshima", "tobu-pi", "sukusuku")
METRICS = {
    "tobu-pi": {"Comm/Errors": DataType.INT64},
    "unit-1": {"Fill/Percent": DataType.DOUBLE, "State": DataType.INT64},
    "room": {"Occupancy/Count": DataType.INT64},
}


class Node:
    """An outbox and its uplink, as the service drives them."""

    def __init__(
        self, outbox: Outbox, port: int, waiting: int, account: Mapping[str, Any] | None = None, **options: Any
    ) -> None:
        self.outbox = outbox
        self.accepted: list[Reading] = []
        broker = MqttSettings(
            "127.0.0.1",
            port,
            "toshima-tobu-pi",
            keepalive=5,
            connect_timeout=2.0,
            **({} if account is None else account),
        )
        self.uplink = Uplink(IDENTITY, METRICS, broker, outbox, now_ms, waiting=waiting, **options)

    async def read(self, asset: str, metric: str, *values: float | None, quality: Quality = Quality.GOOD) -> None:
        """The readings are committed and handed on."""
        start = now_ms() + len(self.accepted)
        readings = [Reading(asset, metric, start + n, value, quality) for n, value in enumerate(values)]
        self.accepted.extend(readings)
        self.uplink.committed(await self.outbox.add(readings, {}))

    async def empty(self) -> None:
        """Wait until the outbox is empty: nothing tells, so look."""
        async with asyncio.timeout(PATIENCE):
            while (await self.outbox.stats()).rows:  # noqa: ASYNC110 - the outbox has no event
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def node(path: Path, port: int, ack_timeout: int = 20_000, **options: Any) -> AsyncIterator[Node]:
    async with Outbox(path / "outbox.db") as outbox:
        one = Node(outbox, port, (await outbox.stats()).last, ack_timeout=ack_timeout, **options)
        task = asyncio.create_task(one.uplink.run())
        try:
            yield one
        finally:
            one.uplink.stop()
            await task


async def eventually(what: Callable[[], object]) -> None:
    """Wait for something that only the log tells."""
    async with asyncio.timeout(PATIENCE):
        while not what():  # noqa: ASYNC110 - the log has no event
            await asyncio.sleep(0.02)


def run(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE):
            await work

    asyncio.run(bounded())
