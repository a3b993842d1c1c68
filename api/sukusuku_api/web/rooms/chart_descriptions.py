"""The charts of a room in words and as tables, for those who cannot see them or want the numbers. Pure."""

from dataclasses import dataclass

from sukusuku_api.web.base import Locale
from sukusuku_api.web.plot import Plot
from sukusuku_api.web.rooms import charts, pictures
from sukusuku_api.web.rooms.charts import AheadHour
from sukusuku_api.web.rooms.history import UseCard
from sukusuku_api.web.rooms.pictures import SIZES
from sukusuku_api.web.rooms.queries import RoomFacts, Use
from sukusuku_core.time import japan_time
from sukusuku_server.i18n import Translate


@dataclass(frozen=True, slots=True)
class Described:
    """A chart: its pictures by their size, `text` says what is seen, the table has the numbers."""

    name: str
    title: str
    text: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    plots: tuple[tuple[str, Plot], ...]


def course(facts: RoomFacts, reader: Locale) -> Described | None:
    """Today's course; None: there are no opening hours today."""
    if not facts.day.spans:
        return None
    translate, chart = reader.translate, charts.course(facts)
    title = translate("Today")
    values = [value for _, value in chart.children if value is not None]
    parts = [translate("Nothing has been measured today yet.")]
    if values:
        low, high = f"{min(values):.0f}", f"{max(values):.0f}"
        parts = [translate("Children today: from %(low)s to %(high)s so far.") % {"low": low, "high": high}]
    parts.append(translate("Current limit: %(n)s.") % {"n": facts.limit.children})
    parts.append(translate("Gaps: %(n)s.") % {"n": len(chart.gaps)})
    parts.append(translate("Corrections: %(n)s.") % {"n": len({at for at, _ in chart.marks})})
    rows = tuple((f"{hour}:00", _one(mean), _whole(most)) for hour, mean, most in charts.hourly(facts.day))
    head = (translate("Hour"), translate("Average"), translate("Most children at once"))
    plots = tuple((size.name, pictures.course(chart, *size.course)) for size in SIZES)
    return Described("course", title, " ".join(parts), head, rows, plots)


def heat(use: Use, card: UseCard | None, reader: Locale) -> Described | None:
    """Return the map of hours and weekdays; None: nothing is known."""
    translate = reader.translate
    picture = charts.heat(use.month.hours, translate)
    if card is None or picture is None:
        return None
    title = translate("Average utilisation by hour and weekday (%)")
    parts = [
        translate("Busiest: %(hours)s") % {"hours": card.busiest or "–"},
        translate("Quietest: %(hours)s") % {"hours": card.quietest or "–"},
    ]
    rows = tuple(
        (name, *(_whole(value) for value in line)) for name, line in zip(picture.names, picture.heat, strict=True)
    )
    plots = tuple((size.name, pictures.heat(picture, size.heat)) for size in SIZES)
    return Described("heat", title, ". ".join((title, *parts)), (translate("Hour"), *picture.columns), rows, plots)


def ahead(use: Use, reader: Locale) -> Described | None:
    """Return the coming week; None: nothing like it is known."""
    if not any(item.mean is not None for item in use.ahead):
        return None
    translate = reader.translate
    chart = charts.ahead(use, translate)
    rows = tuple((name, *_busiest(hours, translate)) for name, hours in chart.days)
    head = (
        translate("Day"),
        translate("Busiest hour"),
        translate("Expected"),
        translate("in 80 %% of cases") % {},
        translate("Limit"),
    )
    most = max((item for item in use.ahead if item.mean is not None), key=lambda item: item.mean or 0.0)
    text = translate("Expected children per hour. Most at %(time)s: %(mean)s, in 80 %% of cases %(low)s to %(high)s.")
    when = japan_time(most.start)
    values = {
        "time": f"{when.month}/{when.day} {when:%H:%M}",
        "mean": _one(most.mean),
        "low": _one(most.low),
        "high": _one(most.high),
    }
    plots = tuple((size.name, pictures.ahead(chart, *size.ahead)) for size in SIZES)
    return Described("ahead", translate("Coming week"), text % values, head, rows, plots)


def _busiest(hours: tuple[AheadHour, ...], translate: Translate) -> tuple[str, str, str, str]:
    known = [hour for hour in hours if hour.mean is not None]
    if not known:
        return "–", "–", "–", str(min(hour.limit for hour in hours))
    most = max(known, key=lambda hour: hour.mean or 0.0)
    band = translate("%(low)s to %(high)s") % {"low": _one(most.low), "high": _one(most.high)}
    return f"{most.hour}:00", _one(most.mean), band, str(most.limit)


def _one(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _whole(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"
