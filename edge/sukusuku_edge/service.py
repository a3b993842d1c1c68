"""The edge agent as a whole: sources -> pipeline -> outbox -> uplink, in one TaskGroup."""

import asyncio
import logging
from collections.abc import Awaitable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sukusuku_core.clock import now_ms
from sukusuku_core.edge_session import NodeIdentity
from sukusuku_core.ending import end
from sukusuku_core.errors import TransientError
from sukusuku_core.supervision import supervise
from sukusuku_edge.binding import Binder, declared
from sukusuku_edge.boot_log import Start
from sukusuku_edge.bootclock import BootClock, SystemClock, Timekeeper
from sukusuku_edge.events import Emit
from sukusuku_edge.health import Computer
from sukusuku_edge.http_client import ask_by_http
from sukusuku_edge.outbox import Outbox
from sukusuku_edge.pipeline import RETRY_SECONDS, Parts, Pipeline
from sukusuku_edge.sd_notify import Notifier
from sukusuku_edge.settings import Edge
from sukusuku_edge.sources import SOURCES, Source
from sukusuku_edge.status_report import Reporter
from sukusuku_edge.uplink import Uplink

if TYPE_CHECKING:
    from sukusuku_edge.renewal import Renewal

STOP_SECONDS = 4.0
"""For the last commit, and again for the goodbye to the host: an agent that is told to stop does stop."""
FIRST_ANSWERS = 5.0
"""Seconds that data waits after the start, at most, for every asset to answer."""

_log = logging.getLogger("sukusuku_edge")


async def run(edge: Edge, stop: asyncio.Event, clock: BootClock | None = None) -> None:
    """Run until `stop` is set; then commit what has been read, say goodbye to the host, close the outbox.

    Raises PermanentError when the outbox cannot be opened or is in use.
    """
    settings = edge.settings
    path = Path(settings.outbox.path)
    clock = clock or SystemClock(settings.clock.sync_file)
    renewal = _renewal(edge)
    reporter = Reporter(edge, Notifier(), lambda: None if renewal is None else renewal.line)
    async with Outbox(
        path,
        settings.outbox.max_rows,
        max_bytes=settings.outbox.max_megabytes * 1_000_000,
        node=settings.node,
        memory_first=settings.outbox.memory_first,
    ) as outbox:
        try:
            start = await outbox.begin_boot(clock.boot)
        except TransientError as error:  # what waits in the outbox must go out all the same
            _log.warning("%s", error)
            start = Start(None, None)
        keeper = Timekeeper(clock, start.floor, start.oldest, settings.clock.hold)
        uplink = Uplink(
            NodeIdentity(settings.group, settings.node, settings.primary_host),
            declared(edge),
            settings.broker.session(f"{settings.group}:{settings.node}"),  # `:` is in no id: another node, another name
            outbox,
            keeper,
            waiting=(await outbox.stats()).last,
            acknowledge=settings.acknowledge,
            first_answers=FIRST_ANSWERS,
            key=edge.key,
        )
        binder = Binder(edge, await outbox.counters())
        log, update = settings.outbox.accepted_log, settings.update
        parts = Parts(
            binder,
            outbox,
            uplink,
            keeper,
            Computer(path.parent),
            reporter,
            accepted_log=Path(log) if log else None,
            updates=None if update is None else Path(update.folder),
        )
        pipeline = Pipeline(parts, settings.outbox.commit_every)
        sources = [source for build in SOURCES.values() for source in build(edge, keeper)]
        async with asyncio.TaskGroup() as group:
            work = group.create_task(pipeline.run(), name="pipeline")
            sending = group.create_task(_send(uplink, pipeline), name="uplink")
            readers = [
                group.create_task(_read(source, pipeline.emit), name=f"source-{source.name}") for source in sources
            ]
            readers.append(group.create_task(pipeline.report_health(), name="health"))
            if renewal is not None:
                readers.append(group.create_task(_renew(renewal, uplink), name="renewal"))
            _log.info("ready: %d devices, %d assets, outbox %s", len(settings.device), len(settings.asset), path)
            reporter.ready()
            await stop.wait()
            _log.info("stopping")
            reporter.stopping()
            await end(readers)
            await _finish(work, pipeline.end(), "what was read last could not be written and is not kept")
            uplink.stop()
            pipeline.settled.set()
            await _finish(sending, asyncio.wait([sending]), "the host was not notified of the end")
    _log.info("stopped")


async def _read(source: Source, emit: Emit) -> None:
    await supervise(f"source {source.name}", partial(source.run, emit), RETRY_SECONDS, asyncio.sleep, _log)


def _renewal(edge: Edge) -> "Renewal | None":
    """Return what renews the certificate of this node; None: the settings ask for none."""
    settings, broker = edge.settings.renewal, edge.settings.broker
    if settings is None or edge.key is None or broker.cert_file is None or broker.ca_file is None:
        return None
    from sukusuku_edge.renewal import Place, Renewal  # noqa: PLC0415 - `cryptography` takes 10 MB

    place = Place(edge.settings.node, settings.url, Path(broker.cert_file), Path(broker.ca_file))
    authority = None if settings.ca_file is None else Path(settings.ca_file)
    return Renewal(place, edge.key, ask_by_http(authority), now_ms)


async def _renew(renewal: "Renewal", uplink: Uplink) -> None:
    await supervise("renewal", partial(renewal.run, uplink.reconnect), RETRY_SECONDS, asyncio.sleep, _log)


async def _send(uplink: Uplink, pipeline: Pipeline) -> None:
    await pipeline.settled.wait()
    await uplink.run()


async def _finish(task: asyncio.Task[None], end: Awaitable[object], otherwise: str) -> None:
    """Wait for the end of a task, but not for ever."""
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await end
    except TimeoutError:
        _log.error("stopped after %g s: %s", STOP_SECONDS, otherwise)
        task.cancel()
