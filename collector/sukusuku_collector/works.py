"""All that follows from readings under one version of the settings: alerts, derivation, rounds, mails, doors.

When the settings change, all of it ends and is made anew; what is not in the databases is handed on. So no part ever
sees half of a change. The session with the broker, the store and the clock live longer (`service.py`).
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from sukusuku_collector.alerts.context import NOTHING
from sukusuku_collector.alerts.context_loader import Surroundings
from sukusuku_collector.alerts.engine import AlertEngine
from sukusuku_collector.backups.watch import BackupWatch
from sukusuku_collector.certificates.watch import CertificateWatch
from sukusuku_collector.channels import registry as channels
from sukusuku_collector.clock.correction import ClockCorrection
from sukusuku_collector.clock.trusted import TrustedClock
from sukusuku_collector.derivation.booking_book import Book
from sukusuku_collector.derivation.registry import subjects
from sukusuku_collector.derivation.runner import DerivationRunner
from sukusuku_collector.dispatch.scheduler import RoundScheduler, Signals
from sukusuku_collector.dispatch.sender import Sender
from sukusuku_collector.doors import registry as doors
from sukusuku_collector.doors.protocol import World
from sukusuku_collector.host.session import Host
from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_collector.maintenance.compaction import CompactionTask
from sukusuku_collector.maintenance.kpi_writer import KpiWriter
from sukusuku_collector.maintenance.limit_writer import LimitWriter
from sukusuku_collector.maintenance.records_retention import RecordsRetention
from sukusuku_collector.maintenance.retention import RetentionTask
from sukusuku_collector.maintenance.room_retention import Thinning
from sukusuku_collector.maintenance.self_metrics import Flow, SelfMetrics
from sukusuku_collector.outbox_worker import LOOK_OF_SEVERAL_SECONDS, LOOK_SECONDS, OutboxWorker
from sukusuku_collector.silences.reminder import SilenceReminder
from sukusuku_core.clock import Clock
from sukusuku_core.errors import TransientError
from sukusuku_core.supervision import Gate, always, supervise
from sukusuku_core.time import HOUR_MS
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db import Operations
from sukusuku_server.db.bookings import BookingRecords
from sukusuku_server.db.derivation import DerivationRecords
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.mail_queue import MailQueue
from sukusuku_server.db.rooms import RoomRecords
from sukusuku_server.live import derivation_progress, watching
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.planner import Planner
from sukusuku_server.rounds.timetable import timetables
from sukusuku_server.settings import Facility, Unit
from sukusuku_server.settings.shard import Shard
from sukusuku_server.timeseries.protocols import LiveReader, Notes, Reader, Store

WATCH_SECONDS = 2.0
"""How often all assets are looked at: silence makes no message."""
RETRY_SECONDS = 1.0

Job = Callable[[], Awaitable[None]]


class WatchedStore(LiveReader, Notes, Protocol):
    """The latest values, and where it is noted that somebody looks at them."""


_log = logging.getLogger("sukusuku_collector")


@dataclass(frozen=True, slots=True)
class Ground:
    """What stays while settings change. `archived` tells how far the archive is; None: there is none.

    `readings` are those of the whole operator, of which the store may have a part.
    """

    store: Store
    readings: Reader
    operations: Operations
    clock: TrustedClock
    archived: Callable[[], int | None] | None


class Works:
    """See the module. Of an operator that is divided, what one shard does.

    Raises ConfigError when the settings cannot be used, TransientError when the operations data do not answer; nothing
    has begun then. `ingest` and `host` are asked how they are; whoever made this tells them of it. What can wait begins
    when `opened` is set.
    """

    def __init__(self, shard: Shard, ground: Ground, ingest: Ingest, host: Host, opened: asyncio.Event) -> None:
        store, operations, clock, facility = ground.store, ground.operations, ground.clock, shard.own
        self.shard, self.index = shard, FacilitySchedules(facility)
        index, dates = self.index, timetables(facility)
        self._workers = _workers(shard.facility, operations, clock) if shard.leads else {}
        self._engine = AlertEngine(index, operations, self.wake, shard)
        self._alerts = Alerts(self._engine, store, clock, Surroundings(index, dates, store, operations), clock.sure)
        book = Book(BookingRecords(operations))
        records = DerivationRecords(operations, shard.minds)
        deriver = self._deriver = DerivationRunner(store, records, subjects(index, book), clock, book.refresh)
        bookkeeper = KpiWriter(index, store, operations, deriver, clock, ground.readings.first, leads=shard.leads)

        def flow() -> Flow:
            return Flow(ingest.stored, ingest.counts.total())

        vitals = SelfMetrics(facility.host_id, store, operations, flow, lambda: deriver.until, ground.archived, clock)
        limits = LimitWriter(index, store, clock)
        thinning = Thinning(index, store, RoomRecords(operations), lambda: deriver.current, clock)
        housekeeping = RetentionTask(facility, store, clock, lambda: ingest.arrived, thinning.step)
        compaction = CompactionTask(facility.store, store, clock)
        sure = clock.sure
        self._jobs: dict[str, Job] = {
            "clock": partial(clock.run, ClockCorrection(shard, store, operations, deriver, self._engine)),
            "watch": lambda: watch(self._alerts, host),
        }
        self._jobs |= {f"outbox of {name}": partial(it.run, sure) for name, it in self._workers.items()}
        patient: dict[str, Job] = {
            "housekeeping": partial(housekeeping.run, sure),
            "compaction": partial(compaction.run, sure),
            "derivation": partial(deriver.run, sure),
            "accounts": partial(bookkeeper.run, sure),
            "vitals": partial(vitals.run, sure),
            "limits": partial(limits.run, sure),
        }
        if shard.leads:
            patient |= self._of_the_operator(shard.facility, ground)
        self._jobs |= {name: partial(_after, opened, job) for name, job in patient.items()}

    def _of_the_operator(self, facility: Facility, ground: Ground) -> dict[str, Job]:
        """Return the jobs that are done once for an operator, however many shards it has."""
        store, readings, operations, clock = ground.store, ground.readings, ground.operations, ground.clock
        sure, dates = clock.sure, timetables(facility)
        index = FacilitySchedules(facility) if facility.group else self.index
        sender = Sender(index, dates, readings, operations, Planner(index, dates, readings, operations))

        def is_derived() -> bool:
            return self._deriver.current and (not facility.group or derivation_progress.read(readings) is None)

        rounds = RoundScheduler(index, dates, sender, Emptyings(operations), Signals(is_derived, self.wake), clock)
        records = RecordsRetention(facility.operations, operations, clock)
        backups = BackupWatch(facility, store, operations, clock)
        certificates = CertificateWatch(facility, store, operations, clock)
        silences = SilenceReminder(index, operations, clock)
        jobs: dict[str, Job] = {
            "records": partial(records.run, sure),
            "backups": partial(backups.run, sure),
            "certificates": partial(certificates.run, sure),
            "silences": partial(silences.run, sure),
            "rounds": partial(rounds.run, sure),
        }
        return jobs | doors.opened(World(index, operations, clock, sure, readings))

    @property
    def tells_nobody(self) -> bool:
        """Whether there is no mail and no channel."""
        return self.shard.leads and not self._workers

    def wake(self) -> None:
        """Have the outbox looked at now."""
        for worker in self._workers.values():
            worker.wake()

    def evaluate(self, assets: Collection[str]) -> None:
        """Look at the alerts of assets that got readings."""
        self._alerts.evaluate(assets)

    def take_over(self, before: "Works") -> None:
        """Go on where other works were, which have ended."""
        self._engine.attention = before._engine.attention  # noqa: SLF001 - of the same class
        deriver = before._deriver  # noqa: SLF001 - likewise
        standing = deriver.standing()
        same = {asset: found for asset, found in standing.items() if same_derivation(before.index, self.index, asset)}
        self._deriver.take_over(same, deriver.revised())

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work inside the block. At its end every job has come to an end, those in threads too."""
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(supervise(name, job, RETRY_SECONDS, asyncio.sleep, _log), name=name)
                for name, job in self._jobs.items()
            ]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()


async def _after(event: asyncio.Event, job: Job) -> None:
    await event.wait()
    await job()


def same_derivation(before: FacilitySchedules, after: FacilitySchedules, asset: str) -> bool:
    """Whether an asset is derived in the same way under two versions of the settings."""
    old, new = before.assets.get(asset), after.assets.get(asset)
    if old is None or new is None or before.facility.calendar != after.facility.calendar:
        return False
    if (old.settings, old.site.opening) != (new.settings, new.site.opening):
        return False
    room = new.settings.collection.room if isinstance(new.settings, Unit) else None
    return room is None or same_derivation(before, after, room)


def _workers(facility: Facility, operations: Operations, clock: Clock) -> dict[str, OutboxWorker]:
    """Return one worker a channel, by its id. Raises ConfigError when a channel cannot be used."""
    expires = {settings.id: round(settings.expires_hours * HOUR_MS) for settings in facility.channel}
    look = LOOK_OF_SEVERAL_SECONDS if facility.group else LOOK_SECONDS
    return {
        name: OutboxWorker(name, channel, MailQueue(operations), clock, expires.get(name), look)
        for name, channel in channels.opened(facility).items()
    }


class Alerts:
    """The alert engine over the latest values; a database that does not answer is reported once.

    While the clock is in doubt nothing is raised, and nothing ends.
    """

    def __init__(
        self,
        engine: AlertEngine,
        store: WatchedStore,
        clock: Clock,
        surroundings: Surroundings,
        sure: Gate = always,
    ) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock
        self._surroundings = surroundings
        self._sure = sure
        self._around = NOTHING
        self._noted = 0
        self._problems = TransitionLog(_log)

    def evaluate(self, assets: Collection[str] | None = None, *, linked: bool = True) -> bool:
        """Look at these assets, all when None. What could not be stored is made up for by the next time.

        `linked` is whether there is a session with the broker. Tells whether there is more to look at now.
        """
        if not self._sure():
            return False
        try:
            now = self._clock()
            if linked and abs(now - self._noted) >= watching.EVERY_MS:
                watching.keep(self._store, now)
                self._noted = now
            if assets is None:  # not after each commit
                self._around = self._surroundings.at(now)
            more = self._engine.evaluate(self._store.latest(), now, assets, linked=linked, around=self._around)
        except TransientError as error:
            self._problems.problem("alerts", "cannot be stored, retrying", error)
            return False
        self._problems.recovered("alerts", "stored again")
        return more


async def watch(alerts: Alerts, host: Host) -> None:
    """Look at all alerts and show all assets, every few seconds."""
    while True:
        while alerts.evaluate(linked=host.linked):  # noqa: ASYNC110 - others have their turn
            await asyncio.sleep(0)
        try:
            host.mirror()
        except TransientError as error:
            _log.debug("the mirror waits for the next session: %s", error)
        await asyncio.sleep(WATCH_SECONDS)
