"""Makes reports: reads, computes, and writes in the formats that are asked for."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from sukusuku_api.dependencies import HistoryStore
from sukusuku_api.queries.room_history import Progress
from sukusuku_api.reports import era
from sukusuku_api.reports.collection.make import make as make_collection
from sukusuku_api.reports.csv_zip import csv_zip
from sukusuku_api.reports.model import Report
from sukusuku_api.reports.pdf import pdf
from sukusuku_api.reports.period import Period, PeriodError, has_begun
from sukusuku_api.reports.request import Asked
from sukusuku_api.reports.rooms.make import make as make_rooms
from sukusuku_core.time import local_day
from sukusuku_server.db import Operations
from sukusuku_server.i18n import texts
from sukusuku_server.live import derivation_progress
from sukusuku_server.model.issued import ReportKind
from sukusuku_server.rooms import texts as room_words
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Language


def _xlsx(report: Report) -> bytes:
    from sukusuku_api.reports.xlsx import xlsx  # noqa: PLC0415 - its library takes a tenth of the start of the API

    return xlsx(report)


WRITERS: Mapping[str, Callable[[Report], bytes]] = {"xlsx": _xlsx, "pdf": pdf, "zip": csv_zip}
MEDIA = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "csv": "text/csv; charset=utf-8",
}
"""By ending; `csv` is that of reports that were issued when all tables were in one file."""
_MAKERS = {ReportKind.ROOMS: make_rooms, ReportKind.COLLECTION: make_collection}


def asked(kind: ReportKind, period: Period, site: str | None, language: Language, *, outward: bool) -> Asked:
    """Return what a report is to be, with the words of its language."""
    return Asked(
        kind=kind,
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
    made = _MAKERS[wanted.kind](index, store, operations, wanted, now, progress)
    until = derivation_progress.read(store)
    if until is None or local_day(until) >= wanted.period.end:
        return made
    note = wanted.translate(
        "When this was made, figures of the past were still being computed (done up to %(day)s): they will change."
    )
    return replace(made, notes=(note % {"day": era.written(local_day(until), wanted.language)}, *made.notes))
