"""What was in a room, ready for the template: corrections, counts by staff, use, the effect of a date. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sukusuku_api.collector_texts import collector_texts
from sukusuku_api.queries.room_history import Changed, RoomUse
from sukusuku_api.reports.model import Kind
from sukusuku_api.reports.rooms import columns as figures
from sukusuku_api.reports.rooms.columns import Figure
from sukusuku_api.timestamps import WEEKDAYS
from sukusuku_api.web.base import Locale
from sukusuku_api.web.collection.view_model import past
from sukusuku_api.web.rooms import texts as said
from sukusuku_api.web.rooms.queries import RoomFacts
from sukusuku_api.web.rooms.room_cards import POOR
from sukusuku_server.model.collection import Correction, CorrectionKind
from sukusuku_server.rooms.texts import corrections
from sukusuku_server.rooms.usage import heat_map, ranked, zone_share
from sukusuku_server.settings.rooms import Counted

SHOWN_CORRECTIONS = 12
SHOWN_COUNTS = 3
SHOWN_HOURS = 3
FIGURES = (
    figures.AVERAGE,
    figures.PEAK,
    figures.UTILISATION,
    figures.TIME_USED,
    figures.CHILD_HOURS,
    figures.VISITS,
    figures.COMPLETE,
)


@dataclass(frozen=True, slots=True)
class CorrectionLine:
    """A correction; `changes` are what was counted, the count before and the count after, where these differ."""

    when: str
    kind: str
    why: str
    changes: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class CountLine:
    """A count by a member of staff; `done`: the count of the room has been corrected."""

    id: int
    when: str
    children: int
    staff: int | None
    by: str
    note: str
    done: bool


@dataclass(frozen=True, slots=True)
class FigureLine:
    """A figure of use. An empty value: nothing is known."""

    name: str
    value: str
    unit: str
    doubtful: bool


@dataclass(frozen=True, slots=True)
class UseCard:
    """The figures of the last weeks, with the busiest and quietest hours and the share of each zone."""

    figures: tuple[FigureLine, ...]
    busiest: str
    quietest: str
    zones: str
    all_people: bool
    """Whether people are counted because nothing tells the children."""


@dataclass(frozen=True, slots=True)
class EffectCard:
    """What a date has changed, in average children. `change` and `bounds` are empty when too little is known."""

    day: str
    note: str
    verdict: str
    before: str
    after: str
    change: str
    bounds: str


def correction_lines(facts: RoomFacts, reader: Locale) -> tuple[CorrectionLine, ...]:
    """Return the newest corrections, what happened at one moment in one line."""
    kinds = corrections(collector_texts(reader.language))
    groups = [
        (time, kind, list(items))
        for (time, kind), items in groupby(facts.corrections, lambda item: (item.time, item.kind))
    ]
    return tuple(
        CorrectionLine(past(time, reader), kinds[kind], _why(items[0], facts, reader), tuple(_changes(items, reader)))
        for time, kind, items in groups[: -SHOWN_CORRECTIONS - 1 : -1]
    )


def _changes(items: Sequence[Correction], reader: Locale) -> Iterator[tuple[str, str, str]]:
    for item in items:
        if item.before == item.after:
            continue
        before, after = ("–" if count is None else str(count) for count in (item.before, item.after))
        yield reader.translate(said.CHANNELS[item.channel]), before, after


def _why(item: Correction, facts: RoomFacts, reader: Locale) -> str:
    translate, counting = reader.translate, facts.room.counting
    if item.kind is CorrectionKind.ENTERED:
        told = next((count for count in facts.said if count.time == item.time), None)
        if told is None:
            return ""
        return translate("%(who)s: %(note)s") % {"who": told.by, "note": told.note} if told.note else told.by
    text = said.WHY[item.kind]
    before, _, after = item.detail.partition(" > ")
    values = {
        "clock": counting.reset_at,
        "empty": f"{counting.empty_after / 60:g}",
        "agree": f"{counting.agree_after / 60:g}",
        "stay": f"{counting.stay_hours:g}",
        "counter": translate(said.COUNTERS[item.detail]) if item.detail in said.COUNTERS else item.detail,
        "before": translate(said.SOURCES[before]) if before in said.SOURCES else before,
        "after": translate(said.SOURCES[after]) if after in said.SOURCES else after,
    }
    return translate(text) % values if text else ""


def count_lines(facts: RoomFacts, reader: Locale) -> tuple[CountLine, ...]:
    """Return the newest counts by staff."""
    done = {item.time for item in facts.corrections if item.kind is CorrectionKind.ENTERED}
    return tuple(
        CountLine(
            item.id, past(item.time, reader), item.children, item.staff, item.by, item.note, done=item.time in done
        )
        for item in facts.said[: -SHOWN_COUNTS - 1 : -1]
    )


def use_card(use: RoomUse, reader: Locale) -> UseCard | None:
    """Return the figures; None: nothing is known of these weeks."""
    tally = use.tally
    if not tally.known_ms:
        return None
    cells = heat_map(use.hours)
    shares = zone_share(use.zones)
    names = {zone.id: zone.name[reader.language] for zone in use.room.zone}
    return UseCard(
        figures=tuple(figure_line(figure, figure.of(tally), use.channel, reader) for figure in FIGURES),
        busiest=_hours(ranked(cells, SHOWN_HOURS), reader),
        quietest=_hours(ranked(cells, -SHOWN_HOURS), reader),
        zones=reader.translate(", ").join(
            f"{names[zone]} {share:.0f} %" for zone, share in shares.items() if share is not None
        ),
        all_people=use.channel == "people",
    )


def figure_line(figure: Figure, value: object, counted: Counted, reader: Locale) -> FigureLine:
    """Return a figure with its value in words."""
    number = value if isinstance(value, int | float) else None
    name, unit = figures.called(figure, reader.translate, counted)
    digits = 0 if figure.kind is Kind.COUNT or (number is not None and number >= 100) else 1  # noqa: PLR2004
    return FigureLine(
        name=name,
        value="" if number is None else f"{number:,.{digits}f}",
        unit=unit,
        doubtful=figure is figures.COMPLETE and number is not None and number < POOR,
    )


def _hours(cells: Sequence[tuple[int, int]], reader: Locale) -> str:
    named = [f"{reader.translate(WEEKDAYS[weekday])} {hour}:00" for weekday, hour in cells]
    return reader.translate(", ").join(named)


def effect_card(changed: Changed, reader: Locale) -> EffectCard:
    """Return what has changed with a day. Only what is clearly different is called so."""
    translate, effect = reader.translate, changed.room
    verdict = translate("Too few days were measured before or after this date to compare them.")
    change = bounds = ""
    if effect.change is not None and effect.low is not None and effect.high is not None:
        change = _signed(effect.change)
        bounds = translate("95 %%: %(low)s to %(high)s") % {"low": _signed(effect.low), "high": _signed(effect.high)}
        verdict = translate("No clear difference: it may be chance.")
        if effect.low > 0:
            verdict = translate("On average, more children than before.")
        elif effect.high < 0:
            verdict = translate("On average, fewer children than before.")
    return EffectCard(
        day=f"{changed.day.year}/{changed.day.month}/{changed.day.day}",
        note="" if changed.note is None else changed.note[reader.language],
        verdict=verdict,
        before=_mean(effect.before.average_occupancy),
        after=_mean(effect.after.average_occupancy),
        change=change,
        bounds=bounds,
    )


def _mean(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−")
