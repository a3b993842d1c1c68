"""Makes the report on the use of rooms: reads what is known of them, and decides what is withheld."""

from collections.abc import Sequence

from sukusuku_api.dependencies import HistoryStore
from sukusuku_api.queries.room_history import Gatherer, Progress, RoomUse
from sukusuku_api.queries.withheld import Withholding, whole_months
from sukusuku_api.reports.model import Report
from sukusuku_api.reports.period import Period, PeriodError, fiscal_year_of, has_begun
from sukusuku_api.reports.request import Asked
from sukusuku_api.reports.rooms.overview import RoomPeriod, report
from sukusuku_core.time import local_day
from sukusuku_server.db import Operations
from sukusuku_server.model.withheld import Decision, joined
from sukusuku_server.rooms.schedule import FacilitySchedules


def make(
    index: FacilitySchedules,
    store: HistoryStore,
    operations: Operations,
    wanted: Asked,
    now: int,
    progress: Progress,
) -> Report:
    """Return the report. Raises PeriodError for a period of which nothing may be handed out yet."""
    until = whole_months(now) if wanted.outward else now
    if not has_begun(wanted.period, until - 1):
        raise PeriodError(
            f"{wanted.period.key}: no month of it is over. A report that is handed out covers whole months, so that no "
            "small count can be computed from an earlier one. For staff, --internal has the days so far"
        )
    gatherer = Gatherer(index, store, operations, until)
    withholding = Withholding(index, store, operations, now)

    def told(period: Period, uses: Sequence[RoomUse]) -> RoomPeriod:
        years = {period.fiscal_year} | {
            fiscal_year_of(local_day(moment))
            for use in uses
            for change in use.changes
            for moment in (change.start, change.end)
        }
        decision = joined(withholding.of(year) for year in sorted(years)) if wanted.outward else Decision()
        return RoomPeriod(period, uses, decision)

    own = told(wanted.period, gatherer.rooms(wanted.period.first, wanted.period.end, wanted.site, progress))
    earlier = [told(it, gatherer.plainly(it.first, it.end, wanted.site)) for it in wanted.period.earlier]
    return report(index.facility, own, earlier, wanted, now, until)
