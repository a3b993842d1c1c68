"""The collector as a whole, in one TaskGroup: host -> ingest -> store -> derivation -> alerts, rounds -> mail."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import TYPE_CHECKING

from sukusuku_collector.alerts.context import NOTHING
from sukusuku_collector.alerts.context_loader import Surroundings
from sukusuku_collector.alerts.engine import AlertEngine
from sukusuku_collector.channels import registry as channels
from sukusuku_collector.clock.correction import ClockCorrection
from sukusuku_collector.clock.machine import Machine, ThisMachine
from sukusuku_collector.clock.trusted import TrustedClock
from sukusuku_collector.derivation.booking_book import Book
from sukusuku_collector.derivation.registry import subjects
from sukusuku_collector.derivation.runner import DerivationRunner
from sukusuku_collector.dispatch.scheduler import RoundScheduler, Signals
from sukusuku_collector.dispatch.sender import Sender
from sukusuku_collector.doors import registry as doors
from sukusuku_collector.doors.protocol import World
from sukusuku_collector.host.claim import RivalError
from sukusuku_collector.host.session import Host
from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_collector.maintenance.kpi_writer import KpiWriter
from sukusuku_collector.maintenance.limit_writer import LimitWriter
from sukusuku_collector.maintenance.retention import RetentionTask
from sukusuku_collector.maintenance.room_retention import Thinning
from sukusuku_collector.maintenance.self_metrics import Flow, SelfMetrics
from sukusuku_collector.outbox_worker import OutboxWorker
from sukusuku_core.clock import Clock
from sukusuku_core.errors import TransientError
from sukusuku_core.supervision import Gate, always, supervise
from sukusuku_core.time import HOUR_MS
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db import Operations
from sukusuku_server.db.bookings import BookingRecords
from sukusuku_server.db.derivation import DerivationRecords
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.rooms import RoomRecords
from sukusuku_server.live.left_out import left_out
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.planner import Planner
from sukusuku_server.rounds.timetable import timetables
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries import backends
from sukusuku_server.timeseries.protocols import LiveReader, Store

if TYPE_CHECKING:
    from sukusuku_server.timeseries.influx.shipper import Shipper

WATCH_SECONDS = 2.0
"""How often all assets are looked at: silence makes no message."""
COUNTS_SECONDS = 60.0
"""How often a line tells what was not stored."""
RETRY_SECONDS = 1.0

_log = logging.getLogger("sukusuku_collector")


async def run(
    facility: Facility, stop: asyncio.Event, machine: Machine | None = None, *, trust_clock: bool = False
) -> None:
    """Run until `stop` is set; then tell the edge nodes and close everything.

    `machine` is this computer when None. `trust_clock`: believe its clock now, whatever was known of it.

    Raises PermanentError or TransientError when store or operations data cannot be opened, RivalError when another
    collector uses the host id.
    """
    with contextlib.ExitStack() as opened:
        store = backends.open_writer(facility)
        opened.callback(store.close)
        operations = Operations(facility.operations.url)
        opened.callback(operations.close)
        if machine is None:
            machine = ThisMachine()
            opened.callback(machine.close)
        edges = sorted({asset.edge for asset in facility.assets()})
        clock = TrustedClock(machine, store, edges, trust=trust_clock)
        shipper = backends.shipper(facility, store, clock)
        if shipper is not None:
            opened.callback(shipper.close)
        await _run(facility, store, operations, shipper, stop, clock)
    _log.info("stopped")


async def _run(
    facility: Facility,
    store: Store,
    operations: Operations,
    shipper: "Shipper | None",
    stop: asyncio.Event,
    clock: TrustedClock,
) -> None:
    jobs: dict[str, Callable[[], Awaitable[None]]] = {}
    for asset in left_out(store.latest(), {asset.id for asset in facility.assets()}):
        _log.warning(
            "%s was measured and is not in the settings: it is in no figure, also not of its time. If it was given up, "
            "put it back into facility.toml with its last day (`until`)",
            asset,
        )
    if shipper is not None:
        jobs["influx"] = shipper.run
    index, dates = FacilitySchedules(facility), timetables(facility)
    around = Surroundings(index, dates, store, operations)
    workers = _workers(facility, operations, clock)
    if not workers:
        _log.warning("no [mail] and no [[channel]] in the settings: alerts are shown on the wall only")
    jobs |= {f"outbox of {name}": partial(worker.run, clock.sure) for name, worker in workers.items()}

    def wake() -> None:
        for worker in workers.values():
            worker.wake()

    engine = AlertEngine(index, operations, wake)
    alerts = Alerts(engine, store, clock, around, clock.sure)
    planner = Planner(index, dates, store, operations)
    sender = Sender(index, dates, store, operations, planner)
    book = Book(BookingRecords(operations))
    found = subjects(index, book)
    deriver = DerivationRunner(store, DerivationRecords(operations), found, clock, book.refresh)
    emptyings = Emptyings(operations)
    signals = Signals(lambda: deriver.current, wake)
    rounds = RoundScheduler(index, dates, sender, emptyings, signals, clock)
    ingest = Ingest(facility, store, clock, clock)
    host = Host(index, store, ingest, alerts.evaluate, clock)
    bookkeeper = KpiWriter(index, store, operations, deriver, clock)
    archived = None if shipper is None else shipper.until

    def flow() -> Flow:
        return Flow(ingest.stored, ingest.counts.total())

    vitals = SelfMetrics(facility.host_id, store, operations, flow, lambda: deriver.until, archived, clock)
    limits = LimitWriter(index, store, clock)
    thinning = Thinning(index, store, RoomRecords(operations), lambda: deriver.current, clock)
    housekeeping = RetentionTask(facility, store, clock, lambda: ingest.arrived, thinning.step)
    jobs |= {
        "host": host.run,
        "clock": partial(clock.run, ClockCorrection(facility, store, operations, deriver, engine)),
        "housekeeping": partial(housekeeping.run, clock.sure),
        "derivation": partial(deriver.run, clock.sure),
        "accounts": partial(bookkeeper.run, clock.sure),
        "vitals": partial(vitals.run, clock.sure),
        "limits": partial(limits.run, clock.sure),
        "rounds": partial(rounds.run, clock.sure),
        "watch": lambda: _watch(alerts, host),
        "counts": lambda: _tell_counts(ingest.counts),
    }
    jobs |= doors.opened(World(index, operations, clock, clock.sure, store))
    rival: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(supervise(name, job, RETRY_SECONDS, asyncio.sleep, _log, RivalError), name=name)
                for name, job in jobs.items()
            ]
            await stop.wait()
            _log.info("stopping")
            for task in tasks:
                task.cancel()
    except* RivalError as errors:
        rival = errors.exceptions[0]
    if rival is not None:  # raised in the clause above it would come out as a group
        _log.error("%s", rival)
        raise rival


def _workers(facility: Facility, operations: Operations, clock: Clock) -> dict[str, OutboxWorker]:
    """Return one worker a channel, by its id. Raises ConfigError when a channel cannot be used."""
    expires = {settings.id: round(settings.expires_hours * HOUR_MS) for settings in facility.channel}
    return {
        name: OutboxWorker(name, channel, operations, clock, expires.get(name))
        for name, channel in channels.opened(facility).items()
    }


class Alerts:
    """The alert engine over the latest values; a database that does not answer is reported once.

    While the clock is in doubt nothing is raised, and nothing ends.
    """

    def __init__(
        self,
        engine: AlertEngine,
        store: LiveReader,
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
        self._problems = TransitionLog(_log)

    def evaluate(self, assets: Collection[str] | None = None, *, linked: bool = True) -> None:
        """Look at these assets, all when None. What could not be stored is made up for by the next time.

        `linked` is whether there is a session with the broker.
        """
        if not self._sure():
            return
        try:
            now = self._clock()
            if assets is None:  # not after each commit
                self._around = self._surroundings.at(now)
            self._engine.evaluate(self._store.latest(), now, assets, linked=linked, around=self._around)
        except TransientError as error:
            self._problems.problem("alerts", "cannot be stored, retrying", error)
        else:
            self._problems.recovered("alerts", "stored again")


async def _watch(alerts: Alerts, host: Host) -> None:
    while True:
        alerts.evaluate(linked=host.linked)
        try:
            host.mirror()
        except TransientError as error:
            _log.debug("the mirror waits for the next session: %s", error)
        await asyncio.sleep(WATCH_SECONDS)


async def _tell_counts(counts: Counter[str]) -> None:
    told = Counter(counts)
    while True:
        await asyncio.sleep(COUNTS_SECONDS)
        new = counts - told
        if new:
            _log.warning("not stored as readings: %s", ", ".join(f"{reason} {count}" for reason, count in new.items()))
        told = Counter(counts)
