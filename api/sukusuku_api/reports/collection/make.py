"""Makes the report on collection."""

from sukusuku_api.dependencies import HistoryStore
from sukusuku_api.queries.room_history import Progress
from sukusuku_api.reports.collection.read import Reader, of_site
from sukusuku_api.reports.collection.tables import report
from sukusuku_api.reports.model import Report
from sukusuku_api.reports.request import Asked
from sukusuku_server.db import Operations
from sukusuku_server.live.views import SIMULATED
from sukusuku_server.rooms.schedule import FacilitySchedules


def make(
    index: FacilitySchedules,
    store: HistoryStore,
    operations: Operations,
    wanted: Asked,
    now: int,
    progress: Progress,
) -> Report:
    """Return the report, with figures up to `now` (UTC ms)."""
    seen = of_site(index, wanted.site)
    reader = Reader(seen, store, operations, now)
    periods = [wanted.period, *wanted.period.earlier]
    told = []
    for n, period in enumerate(periods):
        progress(n, len(periods))
        told.append(reader.headlines(period))
    facts = reader.facts(wanted.period)
    progress(len(periods), len(periods))
    latest = store.latest()
    sources = (latest.get(unit, {}).get("Info/Source") for unit in seen.units)
    simulated = any(source is not None and source.value == SIMULATED for source in sources)
    return report(seen, told, facts, wanted, now, simulated=simulated)
