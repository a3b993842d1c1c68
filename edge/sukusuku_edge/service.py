"""The edge agent as a whole: sources -> binder -> outbox -> uplink, in one TaskGroup."""

import asyncio
import json
import logging
from collections.abc import Iterable
from pathlib import Path

import sukusuku_core
from sukusuku_core.clock import Clock, now_ms
from sukusuku_core.edge_session import NodeIdentity
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Reading, Value
from sukusuku_edge.binding import Binder, declared
from sukusuku_edge.journal import Journal
from sukusuku_edge.outbox import Outbox
from sukusuku_edge.sample import Emit, Event
from sukusuku_edge.settings import Edge
from sukusuku_edge.sources import SOURCES, Source
from sukusuku_edge.uplink import Uplink

QUEUE = 1000
"""Events that may wait for the outbox; then the sources wait."""
HEALTH_SECONDS = 10.0
RETRY_SECONDS = 1.0

_log = logging.getLogger("sukusuku_edge")


class _Health:
    """Time to report the node itself."""


class _End:
    """No more events will come."""


async def run(edge: Edge, stop: asyncio.Event, clock: Clock = now_ms) -> None:
    """Run until `stop` is set; then commit what has been read, say goodbye to the host, close the outbox.

    Raises PermanentError when the outbox cannot be opened.
    """
    settings = edge.settings
    async with Outbox(
        Path(settings.outbox.path),
        settings.outbox.max_rows,
        max_bytes=settings.outbox.max_megabytes * 1_000_000,
        node=settings.node,
    ) as outbox:
        uplink = Uplink(
            NodeIdentity(settings.group, settings.node, settings.primary_host),
            declared(edge),
            settings.broker.session(f"{settings.group}:{settings.node}"),  # `:` is in no id: another node, another name
            outbox,
            clock,
            waiting=(await outbox.stats()).last,
        )
        pipeline = Pipeline(edge, Binder(edge, await outbox.counters()), outbox, uplink, clock)
        sources = [source for build in SOURCES.values() for source in build(edge, clock)]
        async with asyncio.TaskGroup() as group:
            group.create_task(pipeline.run(), name="pipeline")
            group.create_task(uplink.run(), name="uplink")
            readers = [
                group.create_task(_supervise(source, pipeline.emit), name=f"source-{source.name}") for source in sources
            ]
            readers.append(group.create_task(pipeline.report_health(), name="health"))
            _log.info(
                "ready: %d devices, %d assets, outbox %s",
                len(settings.device),
                len(settings.asset),
                settings.outbox.path,
            )
            await stop.wait()
            _log.info("stopping")
            for reader in readers:
                reader.cancel()
            await asyncio.gather(*readers, return_exceptions=True)
            await pipeline.end()
            uplink.stop()
    _log.info("stopped")


class Pipeline:
    """Takes all events that wait, commits their readings at once, then tells the uplink."""

    def __init__(self, edge: Edge, binder: Binder, outbox: Outbox, uplink: Uplink, clock: Clock) -> None:
        self._binder = binder
        self._outbox = outbox
        self._uplink = uplink
        self._clock = clock
        self._queue: asyncio.Queue[Event | _Health | _End] = asyncio.Queue(QUEUE)
        self._ended = asyncio.Event()
        self._journal = Journal(_log)
        accepted = edge.settings.outbox.accepted_log
        self._accepted = Path(accepted) if accepted is not None else None

    async def emit(self, event: Event) -> None:
        """Hand an event on; waits while the outbox cannot keep up."""
        await self._queue.put(event)

    async def report_health(self) -> None:
        """Ask for the node's own readings now and then."""
        while True:
            await self._queue.put(_Health())
            await asyncio.sleep(HEALTH_SECONDS)

    async def end(self) -> None:
        """Let `run` return after what has been handed on so far, and wait for it."""
        await self._queue.put(_End())
        await self._ended.wait()

    async def run(self) -> None:
        """Until `end`."""
        going = True
        while going:
            batch = [await self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get_nowait())
            going = not any(isinstance(item, _End) for item in batch)
            await self._take(batch)
        self._ended.set()

    async def _take(self, batch: Iterable[Event | _Health | _End]) -> None:
        outcome = self._binder.take(item for item in batch if not isinstance(item, _Health | _End))
        for text in outcome.findings:
            _log.warning("%s", text)
        readings = outcome.readings
        if any(isinstance(item, _Health) for item in batch):
            readings.extend(self._binder.node(self._clock(), await self._health()))
        if readings or outcome.counters:
            while True:
                try:
                    rows = await self._outbox.add(readings, outcome.counters)
                    break
                except TransientError as error:
                    self._journal.trouble("outbox", f"{error}; sources wait until it can be written again")
                    await asyncio.sleep(RETRY_SECONDS)
            self._journal.fine("outbox", "can be written again")
            self._log_accepted(readings)
            self._uplink.committed(rows)
        for asset in outcome.up:
            self._uplink.asset_up(asset)
        for asset in outcome.down:
            self._uplink.asset_down(asset)

    async def _health(self) -> dict[str, Value]:
        values: dict[str, Value] = {
            "Comm/Errors": self._binder.errors,
            "Devices/Down": self._binder.down,
            "Devices/Unstable": self._binder.unstable,
            "Refused/Fields": self._binder.refused,
            "Lost/Messages": self._binder.lost,
            "Info/Version": sukusuku_core.__version__,
        }
        try:
            stats = await self._outbox.stats()
        except TransientError as error:
            self._journal.trouble("outbox", str(error))
            return values
        age = 0 if stats.oldest is None else max(0, self._clock() - stats.oldest)
        return {"Buffer/Rows": stats.rows, "Buffer/OldestAge": round(age / 1000, 1), **values}

    def _log_accepted(self, readings: Iterable[Reading]) -> None:
        if self._accepted is None:
            return
        lines = "".join(_line(reading) for reading in readings)
        try:
            with self._accepted.open("a", encoding="utf-8") as file:
                file.write(lines)
        except OSError as error:
            self._journal.trouble("accepted_log", f"cannot be written: {error}")


def _line(reading: Reading) -> str:
    fields = ("asset", "metric", "time", "value", "quality")
    return json.dumps({name: getattr(reading, name) for name in fields}, ensure_ascii=False) + "\n"


async def _supervise(source: Source, emit: Emit) -> None:
    """The one place where anything unforeseen ends: a source that fails is started again."""
    while True:
        try:
            await source.run(emit)
        except Exception:  # noqa: BLE001 - the supervising loop of this process
            _log.exception("source %s failed; it is started again", source.name)
        await asyncio.sleep(RETRY_SECONDS)
