"""What every report has in common: words, name, when it was made, the comparison with earlier periods. Pure."""

from collections.abc import Iterable, Sequence

from sukusuku_api.reports import era
from sukusuku_api.reports.model import Cell, Column, Definition, Report, Section, Table, Words, difference
from sukusuku_api.reports.period import Period
from sukusuku_api.reports.request import Asked
from sukusuku_core.time import local_day
from sukusuku_server.i18n import Translate
from sukusuku_server.settings import Facility


def framed(
    facility: Facility,
    asked: Asked,
    title: str,
    now: int,
    notes: Iterable[str],
    sections: Iterable[Section],
    definitions: Iterable[tuple[str, str, str]],
    *,
    empty: bool,
) -> Report:
    """Return the report, made at `now` (UTC ms). `definitions` are name, formula and unit, not translated yet."""
    translate, period, language = asked.translate, asked.period, asked.language
    return Report(
        key=f"{asked.kind}-{period.key}" + (f"-{asked.site}" if asked.site else ""),
        language=language,
        title=title,
        operator=facility.operator.name[language],
        period=period.name(translate, language),
        made=translate("made on %(day)s") % {"day": era.written(local_day(now), language)},
        notes=tuple(notes),
        sections=tuple(sections),
        definitions=tuple(Definition(*(_plain(translate, text) for text in row)) for row in definitions),
        words=words(translate),
        empty=empty,
    )


def _plain(translate: Translate, text: str) -> str:
    """Return a text in the reader's language, without the marks by which documents show the names of settings."""
    return translate(text).replace("`", "") if text else ""


def words(translate: Translate) -> Words:
    """Return the fixed words of the files."""
    return Words(
        gap="–",
        withheld=translate("withheld"),
        definitions=translate("Definitions"),
        name=translate("Figure"),
        formula=translate("Formula"),
        unit=translate("Measured in"),
        page=translate("Page"),
        charts=translate("Charts"),
        about=translate("About this report"),
        nothing=translate("Nothing is known of this period."),
        bars=translate(
            "Chart of bars: %(title)s. Lowest %(low)s (%(low_at)s), highest %(high)s (%(high_at)s). "
            "All values are in the table below."
        ),
        heat=translate(
            "Map of colours: %(title)s. Lowest %(low)s (%(low_at)s), highest %(high)s (%(high_at)s). "
            "All values are in the table beside it."
        ),
    )


def common_notes(asked: Asked, until: int, *, simulated: bool, running: bool) -> list[str]:
    """Return what holds for the whole of any report; its figures end before `until` (UTC ms)."""
    translate, found = asked.translate, []
    if simulated:
        found.append(translate("Simulated data: some of these figures do not come from real devices."))
    if running:
        day = era.written(local_day(until - 1), asked.language)
        found.append(translate("The period has not ended: figures until %(day)s.") % {"day": day})
    found.append(translate("A gap in the data is a dash in PDF and an empty cell in other files; it is not 0."))
    return found


def summary(
    asked: Asked, columns: Sequence[Column], periods: Sequence[tuple[Period, tuple[Cell, ...]]], notes: Iterable[str]
) -> Table:
    """Return the first table: the period, the earlier ones, and how it differs from each. The first one is its own."""
    translate, language = asked.translate, asked.language
    (_, own), *earlier = periods
    changes = [translate("Change from the year before")]
    if not asked.period.whole_year:
        changes.insert(0, translate("Change from the month before"))
    rows = [(period.short_name(language), *cells) for period, cells in periods]
    rows += [
        (name, *(difference(now, then) for now, then in zip(own, cells, strict=True)))
        for name, (_, cells) in zip(changes, earlier, strict=True)
    ]
    return Table(
        "summary",
        translate("Summary"),
        (Column(translate("Period")), *columns),
        tuple(rows),
        total=len(earlier),
        notes=tuple(notes),
        upright=True,
    )
