"""What the collector does beside its work, in small steps: finds a place for unassigned readings, deletes old ones.

The counts of rooms are thinned out earlier than other readings are deleted, see `thinning.py`.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Protocol

from sukusuku_collector.ingest.row_builder import Batch, Rows, RowStore, Table
from sukusuku_collector.ingest.topic_routes import Routes
from sukusuku_core import sparkplug
from sukusuku_core.clock import Clock
from sukusuku_core.errors import DecodeError, TransientError
from sukusuku_core.supervision import Gate, always
from sukusuku_core.time import DAY_MS, day_start, japan_time, local_day
from sukusuku_core.transition_log import TransitionLog
from sukusuku_mqtt import Message
from sukusuku_server.model.series import Unassigned
from sukusuku_server.settings import Facility
from sukusuku_server.threads import unbroken
from sukusuku_server.timeseries.protocols import RejectedMessages, Retention, UnassignedMessages

STEP = 200
"""Unassigned messages that are read at once."""
PRUNED = 2_000
"""Raw readings that are deleted at once."""
THINNED = 10
"""Days of a room that are thinned out at once."""
QUIET = 50
"""At most so many messages arrive in a second that is quiet."""
ROUND_SECONDS = 60.0
"""Between two looks for old readings."""
RETRY_SECONDS = 1.0
"""Before a store that does not answer is asked again."""

_log = logging.getLogger("sukusuku_collector.maintenance.retention")


class AssigningStore(RowStore, RejectedMessages, UnassignedMessages, Protocol):
    """Where unassigned messages wait, and where their readings go."""


class HousekeepingStore(AssigningStore, Retention, Protocol):
    """Where old readings are deleted, too."""


class RetentionTask:
    """Goes on until cancelled. `arrived` tells how many messages have arrived so far; `thin` thins out a little."""

    def __init__(
        self,
        facility: Facility,
        store: HousekeepingStore,
        clock: Clock,
        arrived: Callable[[], int],
        thin: Callable[[], bool],
    ) -> None:
        self._facility = facility
        self._store = store
        self._clock = clock
        self._arrived = arrived
        self._thin = thin
        self._gone = 0

    async def run(self, sure: Gate = always) -> None:
        """First find a place for what waits, then delete what is old while the clock is `sure`.

        A store that does not answer is reported once and asked again.
        """
        problems = TransitionLog(_log)
        while True:
            try:
                await self._keep_house(sure, problems)
            except TransientError as error:
                problems.problem("housekeeping", "failed, retrying", error)
            await asyncio.sleep(RETRY_SECONDS)

    async def _keep_house(self, sure: Gate, problems: TransitionLog) -> None:
        """Do so until the store does not answer. Raises TransientError."""
        for _ in assign(self._facility, self._store):
            await asyncio.sleep(0)
        while True:
            seen = self._arrived()
            await asyncio.sleep(1.0)
            if self._arrived() - seen > QUIET:
                continue
            more = sure() and self._prune()
            problems.recovered("housekeeping", "works again")
            for _ in range(THINNED):
                if not sure() or not await unbroken(self._thin):
                    break
                more = True
            if not more:
                await asyncio.sleep(ROUND_SECONDS)

    def _prune(self) -> bool:
        """Delete some readings of old days, tell whether there are more. A day goes whole: it may just be packed."""
        days = self._facility.store.keep_raw_days
        if not days:
            return False
        before = day_start(local_day(self._clock() - days * DAY_MS))
        gone = self._store.prune(before, PRUNED)
        self._gone += gone
        if self._gone and gone < PRUNED:
            _log.info(
                "deleted %d raw readings measured before %s ([store] keep_raw_days = %d); their hours are kept",
                self._gone,
                japan_time(before).isoformat(timespec="minutes"),
                days,
            )
            self._gone = 0
        return gone >= PRUNED


def assign(facility: Facility, store: AssigningStore) -> Iterator[int]:
    """Store the readings of unassigned messages for which the settings now have a place, so many messages at a time.

    A reading that is there already is ignored, so it does no harm to do it twice.
    """
    counts = Counter[str]()
    rows = Rows(store, facility.limits.metrics_per_asset, counts, lambda _node, _now: True)
    routes = Routes(facility)
    for topic in dict.fromkeys(tally.topic for tally in store.unassigned()):
        route = routes.find(topic)
        if route.subject is None:
            continue
        table = rows.table(route.subject, {}, route.topic.device, route.gateway)
        after, done = 0, 0
        while messages := store.waiting(topic, after, STEP):
            after = messages[-1][0]
            batch = Batch(messages[-1][1].received)
            placed = [number for number, item in messages if _place(item, table, rows, batch)]
            if placed:
                store.commit_rows(batch.rows, batch.quarantined, batch.now, batch.moved, batch.unassigned)
                store.assigned(placed)
                done += len(placed)
            yield len(placed)
        if done:
            _log.info("%s: %d messages that had waited for facility.toml are stored", topic, done)


def _place(item: Unassigned, table: Table, rows: Rows, batch: Batch) -> bool:
    """Put a message into the batch as it would have been when it came; False when there is still no place for it."""
    found = Batch(item.received)
    rows.set_clock(table.subject.edge, is_set=item.clock_set)
    try:
        rows.read(Message(item.topic, item.payload), sparkplug.parse(item.payload), table, found)
    except DecodeError as error:
        _log.error("%s: cannot read a message that was kept as unassigned: %s", item.topic, error)
        return False
    if found.unassigned and not (found.rows or found.moved or found.quarantined):
        return False
    batch.rows += found.rows
    batch.moved += found.moved
    batch.quarantined += found.quarantined
    batch.unassigned += found.unassigned
    return True
