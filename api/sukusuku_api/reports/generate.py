"""Makes reports: reads, computes, and writes in the formats that are asked for."""

from collections.abc import Callable, Mapping

from sukusuku_api.dependencies import HistoryStore
from sukusuku_api.queries.room_history import Gatherer, Progress
from sukusuku_api.queries.withheld import Withholding, whole_months
from sukusuku_api.reports.csv_file import csv_file
from sukusuku_api.reports.model import Report
from sukusuku_api.reports.pdf import pdf
from sukusuku_api.reports.period import Period, PeriodError, fiscal_year_of, has_begun
from sukusuku_api.reports.request import Asked
from sukusuku_api.reports.tables import report
from sukusuku_api.reports.xlsx import xlsx
from sukusuku_core.time import local_day
from sukusuku_server.db import Operations
from sukusuku_server.i18n import texts
from sukusuku_server.model.withheld import Decision, joined
from sukusuku_server.rooms import texts as room_words
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Language

WRITERS: Mapping[str, Callable[[Report], bytes]] = {"xlsx": xlsx, "pdf": pdf, "csv": csv_file}
MEDIA = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
}


def asked(period: Period, site: str | None, language: Language, *, outward: bool) -> Asked:
    """Return what a report is to be, with the words of its language."""
    return Asked(
        period=period,
        site=site,
        outward=outward,
        language=language,
        translate=texts("sukusuku_api", language).gettext,
        corrections=room_words.corrections(texts("sukusuku_server", language)),
    )


def make(
    index: FacilitySchedules,
    store: HistoryStore,
    operations: Operations,
    wanted: Asked,
    now: int,
    progress: Progress = lambda _, __: None,
) -> Report:
    """Return the report. Raises PeriodError for one of the future, and for a centre that there is not."""
    if wanted.site is not None and wanted.site not in index.sites:
        raise PeriodError(f"there is no centre `{wanted.site}`; there are {list(index.sites)}")
    if not has_begun(wanted.period, now):
        raise PeriodError(f"{wanted.period.key} has not begun; there are no figures of it")
    until = whole_months(now) if wanted.outward else now
    if not has_begun(wanted.period, until - 1):
        raise PeriodError(
            f"{wanted.period.key}: no month of it is over. A report that is handed out covers whole months, so that no "
            "small count can be computed from an earlier one. For staff, --internal has the days so far"
        )
    gatherer = Gatherer(index, store, operations, until)
    uses = gatherer.rooms(wanted.period.first, wanted.period.end, wanted.site, progress)
    withholding = Withholding(index, store, operations, now)
    years = {wanted.period.fiscal_year} | {
        fiscal_year_of(local_day(moment))
        for use in uses
        for change in use.changes
        for moment in (change.start, change.end)
    }
    decision = joined(withholding.of(year) for year in sorted(years)) if wanted.outward else Decision()
    return report(index.facility, uses, wanted, now, until, decision)
