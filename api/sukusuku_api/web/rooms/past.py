"""The past of a room: its course over days to a year, a month beside the one and the year before, and its hours."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sukusuku_api.cache import TtlCache
from sukusuku_api.dependencies import Context, known_room
from sukusuku_api.queries.periods import month_of
from sukusuku_api.queries.room_history import Gatherer, RoomUse
from sukusuku_api.reports.rooms import columns as figures
from sukusuku_api.timestamps import WEEKDAYS
from sukusuku_api.web.base import Locale
from sukusuku_api.web.plot import Corner, Frame, Path, Plot, Text, area, line
from sukusuku_api.web.rooms.chart_descriptions import Described
from sukusuku_api.web.rooms.history import FIGURES, figure_line
from sukusuku_core.time import DAY_MS, HOUR_MS, day_start, japan_time, local_day
from sukusuku_server.rooms.usage import Hour, by_day, by_month, joined
from sukusuku_server.rooms.usage_sums import UsageSums, total

MONTH = r"^20\d{2}-(0[1-9]|1[0-2])$"
HOURLY_DAYS = 14
"""Up to so many days the course is told by the hour, beyond by the day."""
DAILY_DAYS = 92
"""Up to so many days its table has a line a day, beyond a line a month."""
_FIRST_DAYS = 3
"""In the first days of a month the one before tells more."""
_SIZES = (("wide", 1180, 260), ("narrow", 330, 210))
_LABEL = 75
_LEFT, _RIGHT, _TOP, _BELOW = 30, 8, 10, 24


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time (UTC ms, `end` excluded)."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    """A figure of the month, of the month before and of the year before, and how the month differs from these."""

    name: str
    unit: str
    values: tuple[str, ...]
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A month (`YYYY-MM`) beside others that are as long. `before` and `after` are months that can be looked at."""

    month: str
    title: str
    before: str
    after: str
    periods: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """The average number of children in each hour of a month; empty: closed."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Past:
    """Everything about the past of a room on its page."""

    course: Described
    comparison: Comparison
    hours: Hours


def read(context: Context, kept: TtlCache, room_id: str, days: int, month: str | None, reader: Locale) -> Past:
    """Return the past of a room; what takes long is kept for a while."""
    site, room = known_room(context, room_id)
    gatherer = Gatherer(context.index, context.store.history, context.operations, reader.now)

    def use(start: int, end: int) -> RoomUse:
        key = ("past", room_id, context.derived_until(), start, end)
        return kept.get(key, lambda: gatherer.room(site, room, start, end))

    today = day_start(local_day(reader.now)) + DAY_MS
    month = month or usual_month(reader.now)
    uses = [use(it.start, it.end) for it in three(month, reader.now)]
    return Past(
        _course(use(today - days * DAY_MS, today), today - days * DAY_MS, min(today, reader.now), days, reader),
        _comparison(month, three(month, reader.now), uses, reader),
        _hours(uses[0], reader),
    )


def usual_month(now: int) -> str:
    """Return the month that is shown first: this one, in its first days the one before."""
    day = local_day(now)
    return f"{day if day.day > _FIRST_DAYS else day.replace(day=1) - timedelta(days=1):%Y-%m}"


def three(month: str, now: int) -> tuple[Period, Period, Period]:
    """Return a month as far as it has come, and as much of the month before and of that month a year before.

    Whole days count, so that today counts nowhere while it is not over.
    """
    start, end = month_of(month, now)
    first = local_day(start)
    last = min(end, day_start(local_day(now)))
    whole, length = last == end, max(last - start, 0)
    earlier = (first - timedelta(days=1)).replace(day=1), first.replace(year=first.year - 1)
    periods = [Period(start, max(last, start))]
    for day in earlier:
        begins, ends = month_of(f"{day:%Y-%m}", now)
        periods.append(Period(begins, ends if whole else min(ends, begins + length)))
    return periods[0], periods[1], periods[2]


def _comparison(month: str, periods: Sequence[Period], uses: Sequence[RoomUse], reader: Locale) -> Comparison:
    tallies, counted = [use.tally for use in uses], uses[0].channel
    first = date.fromisoformat(f"{month}-01")
    after = f"{(first + timedelta(days=32)).replace(day=1):%Y-%m}"
    rows = []
    for figure in FIGURES:
        numbers = [figure.of(tally) if tally.known_ms else None for tally in tallies]
        lines = [figure_line(figure, number, counted, reader) for number in numbers]
        changes = () if figure is figures.COMPLETE else tuple(_change(numbers[0], other) for other in numbers[1:])
        rows.append(Row(lines[0].name, lines[0].unit, tuple(it.value or "–" for it in lines), changes))
    return Comparison(
        month=month,
        title=reader.translate("%(month)s/%(year)s") % {"month": first.month, "year": first.year},
        before=f"{first - timedelta(days=1):%Y-%m}",
        after=after if after <= f"{japan_time(reader.now):%Y-%m}" else "",
        periods=tuple(_span(period) for period in periods),
        rows=tuple(rows),
    )


def _change(value: object, before: object) -> str:
    if not isinstance(value, int | float) or not isinstance(before, int | float) or not before:
        return ""
    return f"{100 * (value / before - 1):+.0f} %".replace("-", "−")


def _span(period: Period) -> str:
    if period.start >= period.end:
        return "–"
    first, last = local_day(period.start), local_day(period.end - 1)
    return f"{first.year}/{first.month}/{first.day}–{last.month}/{last.day}"


def _hours(use: RoomUse, reader: Locale) -> Hours:
    """Return days by hours; what was open and is not known is a dash."""
    clocks = sorted({hour.hour for hour in use.hours})
    days = joined_by_day(use.hours)
    rows = []
    for day, found in days.items():
        cells = [_mean(found.get(clock)) for clock in clocks]
        rows.append((f"{day.month}/{day.day} ({reader.translate(WEEKDAYS[day.weekday()])})", *cells))
    return Hours((reader.translate("Day"), *(f"{clock}:00" for clock in clocks)), tuple(rows))


def joined_by_day(hours: Sequence[Hour]) -> Mapping[date, Mapping[int, UsageSums]]:
    """Return the hours of each day by their local hour."""
    found: dict[date, dict[int, UsageSums]] = {}
    for hour in hours:
        found.setdefault(hour.day, {})[hour.hour] = hour.tally
    return found


def _mean(tally: UsageSums | None) -> str:
    if tally is None:
        return ""
    return "–" if tally.average_occupancy is None else f"{tally.average_occupancy:.1f}"


def _course(use: RoomUse, start: int, end: int, days: int, reader: Locale) -> Described:
    """Return the course of a room: averages of hours or days, and the most at once."""
    translate = reader.translate
    if days <= HOURLY_DAYS:
        parts = [(hour.start, HOUR_MS, hour.tally) for hour in use.hours]
    else:
        parts = [(day_start(day), DAY_MS, tally) for day, tally in joined(use.hours, by_day).items()]
    whole = total(tally for _, _, tally in parts)
    text = translate("Nothing is known of this period.")
    if whole.average_occupancy is not None:
        values = {"mean": f"{whole.average_occupancy:.1f}", "most": f"{whole.peak or 0:.0f}"}
        text = translate("On average %(mean)s in open hours, at most %(most)s at once.") % values
    head = (translate("Day"), translate("Average"), translate("Most at once"), translate("Completeness"))
    return Described(
        "history",
        translate("Course"),
        text,
        head,
        tuple(_line(name, tally) for name, tally in _lines(use, days)),
        tuple((name, _plot(parts, start, end, width, height)) for name, width, height in _SIZES),
    )


def _lines(use: RoomUse, days: int) -> list[tuple[str, UsageSums]]:
    if days <= DAILY_DAYS:
        return [(f"{day.month}/{day.day}", tally) for day, tally in joined(use.hours, by_day).items()]
    return [(f"{year}/{month}", tally) for (year, month), tally in joined(use.hours, by_month).items()]


def _line(name: str, tally: UsageSums) -> tuple[str, ...]:
    peak = "–" if tally.peak is None else f"{tally.peak:.0f}"
    complete = "–" if tally.completeness is None else f"{tally.completeness:.0f} %"
    return name, _mean(tally), peak, complete


def _plot(parts: Sequence[tuple[int, int, UsageSums]], start: int, end: int, width: int, height: int) -> Plot:
    most = max([1.0, *(tally.peak for _, _, tally in parts if tally.peak is not None)]) + 1
    last = max([end, start + 1, *(at + length for at, length, _ in parts)])
    frame = Frame(_LEFT, width - _RIGHT, _TOP, height - _BELOW, start, last, most)
    grid, labels = frame.grid(5)
    mean = frame.corners(_steps(parts, lambda tally: tally.average_occupancy))
    return Plot(
        width,
        height,
        paths=(
            *grid,
            Path("children area", area(mean, frame.bottom)),
            Path("people", line(frame.corners(_steps(parts, lambda tally: tally.peak)))),
            Path("children", line(mean)),
        ),
        texts=(*labels, *_dates(frame, start, end, width, height)),
    )


def _steps(parts: Sequence[tuple[int, int, UsageSums]], value: Callable[[UsageSums], float | None]) -> list[Corner]:
    """Return a value of each part as a step; there is none where the next part does not follow."""
    found: list[Corner] = []
    for n, (at, length, tally) in enumerate(parts):
        found.append((at, value(tally)))
        if n + 1 == len(parts) or parts[n + 1][0] != at + length:
            found += [(at + length, value(tally)), (at + length, None)]
    return found


def _dates(frame: Frame, start: int, end: int, width: int, height: int) -> list[Text]:
    days = max(1, round((end - start) / DAY_MS / (width / _LABEL)))
    first = day_start(local_day(start + DAY_MS - 1))
    return [
        Text("below", frame.x(at), height - 6, f"{japan_time(at).month}/{japan_time(at).day}")
        for at in range(first, end, days * DAY_MS)
    ]
