"""A round as CSV for spreadsheets: UTF-8 with a byte order mark, cells that no spreadsheet takes for a formula."""

import csv
from gettext import NullTranslations
from io import StringIO

from sukusuku_core.time import japan_time
from sukusuku_server.rounds.route_sheet import Line, Sheet
from sukusuku_server.rounds.texts import StopWords

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""A cell that begins with one of these is run by some spreadsheet."""


def csv_table(sheet: Sheet, told: tuple[StopWords, ...], texts: NullTranslations) -> bytes:
    """One row per unit, the stops in order, then those that are not visited."""
    gettext = texts.gettext
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(
        [
            gettext("Date"),
            gettext("Order"),
            gettext("Centre"),
            gettext("Unit"),
            gettext("Reason"),
            gettext("Arrival"),
            gettext("Deadline"),
            gettext("Fill level now (%)"),
            gettext("Fill level on arrival (%)"),
            gettext("Bags"),
            gettext("Weight (kg)"),
            gettext("Latitude"),
            gettext("Longitude"),
            gettext("Map"),
        ]
    )
    for stop in told:
        writer.writerow([sheet.day.isoformat(), *_cells(stop.line, stop)])
    return "\ufeff".encode() + out.getvalue().encode()


def safe(text: str) -> str:
    """Return the text as a cell that stays text."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _cells(line: Line, stop: StopWords) -> list[str]:
    place = line.place
    return [
        str(line.number or ""),
        safe(line.site),
        safe(line.unit),
        safe(stop.reason),
        _time(line.arrives),
        _time(line.deadline),
        _number(line.percent),
        _number(line.percent_then),
        str(line.bags),
        _number(line.kg),
        "" if place is None else f"{place.lat:.6f}",
        "" if place is None else f"{place.lon:.6f}",
        safe(stop.map or ""),
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _time(time: int | None) -> str:
    return "" if time is None else japan_time(time).strftime("%Y-%m-%d %H:%M")
