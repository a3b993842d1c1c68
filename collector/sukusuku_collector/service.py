"""The collector as a whole, in one TaskGroup: host -> ingest -> store -> derivation -> alerts, rounds -> mail."""

import asyncio
import contextlib
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING

from sukusuku_collector.clock.machine import Machine, ThisMachine
from sukusuku_collector.clock.trusted import TrustedClock
from sukusuku_collector.document.teller import DocumentTeller
from sukusuku_collector.host.claim import RivalError
from sukusuku_collector.host.session import Host
from sukusuku_collector.ingest import second_copy
from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_collector.ingest.proofs import KeyRing
from sukusuku_collector.lease import Hold, Lease, SupersededError, this_process
from sukusuku_collector.maintenance import node_keys
from sukusuku_collector.openings import Opening, Openings
from sukusuku_collector.works import Ground, Job, Works
from sukusuku_core.errors import ConfigError, Mistake, TransientError
from sukusuku_core.proof import ProofKey
from sukusuku_core.supervision import supervise
from sukusuku_core.time import SECOND_MS
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db import Operations
from sukusuku_server.db.leases import Leases, open_leases, session_of
from sukusuku_server.db.node_keys import NodeKeys
from sukusuku_server.db.shared_secrets import CLAIMS, shared
from sukusuku_server.facility_document.restart import held_back
from sukusuku_server.facility_document.watching import LOOK_SECONDS, Right, Watch, Wrong
from sukusuku_server.live.left_out import left_out
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Facility
from sukusuku_server.settings.shard import Shard
from sukusuku_server.threads import unbroken
from sukusuku_server.timeseries import backends

if TYPE_CHECKING:
    from sukusuku_server.timeseries.influx.shipper import Shipper

COUNTS_SECONDS = 60.0
"""How often a line tells what was not stored."""
RETRY_SECONDS = 1.0
_FATAL = (RivalError, SupersededError)

_log = logging.getLogger("sukusuku_collector")


async def run(
    facility: Facility,
    stop: asyncio.Event,
    machine: Machine | None = None,
    *,
    trust_clock: bool = False,
    document: Watch | None = None,
    leasing: "Leasing | None" = None,
    group: str | None = None,
    openings: Openings | None = None,
) -> None:
    """Run until `stop` is set; then tell the edge nodes and close everything.

    Where the operations data can be shared, stand by first until no other collector works.

    `machine` is this computer when None. `trust_clock`: believe its clock now, whatever was known of it. `document`
    tells when the settings change; None: they never do. `leasing` makes the lease to obtain; None: one of its own.
    `group` is the group of sites to work for; None: the sites in no group, and the operator as a whole. `openings` are
    those of the process; None: there is only this one.

    Raises PermanentError or TransientError when store or operations data cannot be opened, RivalError when another
    collector uses the host id, SupersededError when another one has taken over.
    """
    shard = Shard(facility, group)
    own = shard.own
    with contextlib.ExitStack() as opened:
        lease = (leasing or _own_lease)(own)
        if lease is not None:
            opened.callback(lease.give_back)
            if not await lease.obtain(stop):
                _log.info("stopped standing by")
                return
        opening = opened.enter_context((openings or Openings()).one())
        store = backends.open_writer(own, None if lease is None else lease.confirmed)
        opened.callback(store.close)
        backends.check_division(shard, store)  # its schema is there then, so that whoever asks all shards can
        readings = backends.gathered(shard, store)
        opened.callback(readings.close)
        operations = Operations(facility.operations.address, None if lease is None else session_of(lease.instance))
        opened.callback(operations.close)
        if lease is not None:
            operations.fence(lease.fence)
        if machine is None:
            machine = ThisMachine()
            opened.callback(machine.close)
        clock = TrustedClock(machine, store, _edges(own), trust=trust_clock)
        shipper = backends.shipper(own, store, clock)
        if shipper is not None:
            opened.callback(shipper.close)
        ground = Ground(store, readings, operations, clock, None if shipper is None else shipper.until)
        await Collector(shard, ground, shipper, document, opening, lease).run(stop)
    _log.info("stopped")


Leasing = Callable[[Facility], Hold | None]
"""Makes the lease that a collector must obtain; None where only one collector can run."""


def _own_lease(facility: Facility) -> Lease | None:
    if not facility.operations.shared:
        return None
    warn_of_files(facility)
    term = round(facility.operations.lease_seconds * SECOND_MS)
    database = open_leases(facility.operations.lease_address)
    where = facility.operations.lease_schema
    return Lease(Leases(database, facility.operator.id, secrets.token_hex(4), this_process(), term, schema=where))


def warn_of_files(facility: Facility) -> None:
    """Warn where another collector cannot take over the history."""
    if facility.store.kind != "postgres":
        _log.warning(
            "readings are in a file of this computer, and operations data in PostgreSQL: a collector on another "
            "computer that takes over begins with a file of its own; keep readings in PostgreSQL too (docs/postgres.md)"
        )


class Collector:
    """What runs from start to stop, and the works under the settings of the moment."""

    def __init__(
        self,
        shard: Shard,
        ground: Ground,
        shipper: "Shipper | None",
        document: Watch | None,
        opening: Opening,
        lease: Hold | None = None,
    ) -> None:
        facility = shard.own
        self._lease = lease
        self._ground = ground
        self._shipper = shipper
        self._document = document
        self._node_keys, self._ring = NodeKeys(ground.operations), KeyRing()
        node_keys.read(self._node_keys, self._ring)
        second = second_copy.awaited(backends.second_copy(facility, ground.store), ground.store)
        self._ingest = Ingest(facility, ground.store, ground.clock, ground.clock, self._ring, second)
        claims = ProofKey(shared(ground.operations, CLAIMS)[-1])
        self._host = Host(
            FacilitySchedules(facility),
            ground.store,
            self._ingest,
            self._committed,
            ground.clock,
            lambda: claims if self._ring else None,
            lease,
        )
        self._opening, self._opened = opening, asyncio.Event()
        self._works = Works(shard, ground, self._ingest, self._host, self._opened)
        self._teller = DocumentTeller(ground.store, ground.operations if shard.leads else None, ground.clock)
        self._problems = TransitionLog(_log)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set.

        Raises RivalError when another collector uses the host id, SupersededError when one has taken over.
        """
        self._warn()
        jobs: dict[str, Job] = {
            "host": self._host.run,
            "counts": partial(_tell_counts, self._ingest.counts),
            "node keys": partial(node_keys.follow, self._node_keys, self._ring),
        }
        if self._shipper is not None:
            jobs["influx"] = self._shipper.run
        if self._lease is not None:
            jobs["lease"] = self._lease.until_superseded
        rival: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                tasks: list[asyncio.Task[None]] = [
                    group.create_task(supervise(name, job, RETRY_SECONDS, asyncio.sleep, _log, _FATAL), name=name)
                    for name, job in jobs.items()
                ]
                tasks.append(group.create_task(self._open(), name="opening"))
                group.create_task(_end(tasks, stop))
                await self._work(stop)
        except* _FATAL as errors:
            rival = errors.exceptions[0]
        if rival is not None:  # raised in the clause above it would come out as a group
            _log.error("%s", rival)
            raise rival

    async def _open(self) -> None:
        await self._opening.over(lambda: self._host.linked)
        self._opened.set()

    # ------------------------------------------------------------ settings that change

    async def _work(self, stop: asyncio.Event) -> None:
        """Work under one version of the settings after the other until `stop` is set."""
        while True:
            async with self._works.running():
                following = await self._following(stop)
            if following is None:
                return
            following.take_over(self._works)
            facility, self._works = following.shard.own, following
            self._ground.clock.watch(_edges(facility))
            if self._shipper is not None:
                self._shipper.take(facility)
            self._host.take(following.index)
            _log.info("the changed settings are in use: %d assets", len(following.index.assets))
            self._warn()

    async def _following(self, stop: asyncio.Event) -> Works | None:
        """Wait for other settings that are right. Return the works under them, not begun; None when `stop` is set."""
        news: Right | Wrong | None = None
        while not await _is_set(stop, LOOK_SECONDS):
            self._teller.look(self._works.shard.facility)
            try:
                if self._document is not None:
                    news = await unbroken(self._document.look) or news
                following = self._works_under(news) if isinstance(news, Right) else None
            except TransientError as error:  # what is known to be right is tried again
                self._problems.problem("settings", "cannot be taken, going on with those of before", error)
                continue
            self._problems.recovered("settings", "can be taken again")
            if isinstance(news, Wrong):
                self._teller.wrong(news.mistakes)
            news = None
            if following is not None:
                return following
        _log.info("stopping")
        return None

    def _works_under(self, news: Right) -> Works | None:
        """Return the works under a right document; None when they would be the same, or cannot be.

        Raises TransientError when the operations data do not answer.
        """
        shard = self._works.shard
        facility, waiting = held_back(shard.facility, news.facility)
        following = None
        if facility != shard.facility:
            try:
                following = Works(Shard(facility, shard.group), self._ground, self._ingest, self._host, self._opened)
            except ConfigError as error:
                self._teller.wrong((Mistake("", str(error)),))
                return None
        self._teller.right(waiting)
        return following

    def _committed(self, assets: Collection[str]) -> None:
        self._works.evaluate(assets)

    def _warn(self) -> None:
        known = {asset.id for asset in self._works.shard.facility.assets()}
        for asset in left_out(self._ground.store.latest(), known):
            _log.warning(
                "%s was measured and is not in the settings: it is in no figure, also not of its time. If it was given "
                "up, put it back into facility.toml with its last day (`until`)",
                asset,
            )
        if self._works.tells_nobody:
            _log.warning("no [mail] and no [[channel]] in the settings: alerts are shown on the wall only")


def _edges(facility: Facility) -> list[str]:
    return sorted({asset.edge for asset in facility.assets()})


async def _end(tasks: Sequence[asyncio.Task[None]], stop: asyncio.Event) -> None:
    """End tasks when `stop` is set."""
    await stop.wait()
    for task in tasks:
        task.cancel()


async def _is_set(event: asyncio.Event, seconds: float) -> bool:
    """Wait so long for an event. Tell whether it has come."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


async def _tell_counts(counts: Counter[str]) -> None:
    told = Counter(counts)
    while True:
        await asyncio.sleep(COUNTS_SECONDS)
        new = counts - told
        if new:
            _log.warning("not stored as readings: %s", ", ".join(f"{reason} {count}" for reason, count in new.items()))
        told = Counter(counts)
