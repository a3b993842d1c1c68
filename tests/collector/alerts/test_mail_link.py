"""The watch of a collector that has no session with the broker."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from sukusuku_collector.alerts.context_loader import Surroundings
from sukusuku_collector.alerts.engine import AlertEngine
from sukusuku_collector.alerts.rules import START_GRACE_MS
from sukusuku_collector.host.session import Host
from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_collector.works import Alerts, watch
from sukusuku_core.model import Reading
from sukusuku_server.live import watching
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.timetable import timetables
from tests.collector.alerts.alert_cases import HOUR, ROOM, T0, UNIT, facility
from tests.support.databases import both
from tests.support.stores import commit


@dataclass
class Time:
    """The collector's clock, which the test sets."""

    now: int

    def __call__(self) -> int:
        return self.now


def test_without_a_broker_the_watch_calls_nothing_silent(tmp_path: Path) -> None:
    clock = Time(T0)
    store, kept = both(tmp_path)
    commit(store, [Reading(UNIT, "Fill/Percent", T0, 40.0), Reading(ROOM, "Occupancy/Children", T0, 3)], T0)
    index = FacilitySchedules(facility())
    around = Surroundings(index, timetables(index.facility), store, kept)
    alerts = Alerts(AlertEngine(index, kept), store, clock, around)
    host = Host(index, store, Ingest(facility(), store, clock), alerts.evaluate, clock)

    async def one_round() -> None:
        task = asyncio.create_task(watch(alerts, host))
        await asyncio.sleep(0)  # it runs until it waits for the next round
        task.cancel()

    for clock.now in (T0, T0 + HOUR, T0 + 2 * HOUR):
        asyncio.run(one_round())
    assert kept.alerts(open_only=False) == []
    assert watching.is_away(store, clock.now), "so pages take nothing for the present"

    for clock.now in (T0 + 2 * HOUR, T0 + 2 * HOUR + START_GRACE_MS):  # a session, but nobody in it
        alerts.evaluate()
    assert [alert.rule for alert in kept.alerts(open_only=True)] == ["asset_silent", "asset_silent"]
    assert not watching.is_away(store, clock.now + watching.AWAY_MS)
    assert watching.is_away(store, clock.now + watching.AWAY_MS + 1)
    kept.close()
    store.close()
