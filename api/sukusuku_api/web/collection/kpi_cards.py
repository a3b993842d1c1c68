"""The figures of the collection page in words: score card, month, comparison with fixed rounds, shelves. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sukusuku_api.reports.collection import words
from sukusuku_api.web.base import Locale
from sukusuku_api.web.collection import texts as said
from sukusuku_api.web.collection.view_model import past
from sukusuku_core.time import japan_time, local_day
from sukusuku_server.db.stock import Said
from sukusuku_server.i18n import Translate
from sukusuku_server.kpi.fixed_rounds import Outcome
from sukusuku_server.kpi.queries import Compared
from sukusuku_server.kpi.stock_levels import SiteShelf
from sukusuku_server.kpi.unit_month import Kpi
from sukusuku_server.kpi.visits import Spread
from sukusuku_server.model.collection import Method
from sukusuku_server.settings import Routing, Site, Unit
from sukusuku_server.units.evaluation.judgement import Watched
from sukusuku_server.units.forecast_score import Score

UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """A method on the score card. `bar` is its error in percent of the worst one's."""

    name: str
    error: str
    inside: str
    compared: int
    bar: float
    ours: bool


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """The model beside the simple rules; `verdict` says in a sentence what it is worth."""

    lines: tuple[ScoreLine, ...]
    verdict: str
    seen: str
    """What the range was worth by what was seen of the bags."""


@dataclass(frozen=True, slots=True)
class KpiRow:
    """The figures of a unit, or of all together."""

    name: str
    site: str
    emptyings: int
    level: str
    overflow: str
    availability: str
    wait: str
    alerts: int
    kg: str


@dataclass(frozen=True, slots=True)
class Month:
    """The figures of a month. `kinds` are counts of visits by kind, those that never happened left out."""

    name: str
    total: KpiRow
    units: tuple[KpiRow, ...]
    kinds: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class CompareRow:
    """One figure on both sides; `difference` of reality against fixed rounds, `better` None when it says nothing."""

    name: str
    actual: str
    fixed: str
    difference: str
    better: bool | None


@dataclass(frozen=True, slots=True)
class CompareCard:
    """The comparison with fixed rounds."""

    title: str
    stretch: str
    rows: tuple[CompareRow, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShelfLine:
    """What lies on a shelf of a centre."""

    site: str
    kind: str
    left: str
    note: str
    low: bool


@dataclass(frozen=True, slots=True)
class SaidLine:
    """A count or delivery: what somebody said of which shelf, and when."""

    id: int
    when: str
    what: str
    site: str
    by: str


LOW_DAYS = 7.0
"""A shelf that lasts no longer stands out."""


def score_card(scores: Sequence[Score], watched: Watched, translate: Translate) -> ScoreCard | None:
    """None: there is nothing to judge yet."""
    errors = {score.method: score.error for score in scores if score.error is not None}
    if not errors:
        return None
    worst = max(errors.values())
    lines = tuple(
        ScoreLine(
            name=translate(words.METHODS[score.method]),
            error=UNKNOWN if score.error is None else translate("%(hours).1f h") % {"hours": score.error},
            inside=UNKNOWN if score.inside is None else f"{100 * score.inside:.0f} %",
            compared=score.compared,
            bar=0.0 if score.error is None or not worst else 100 * score.error / worst,
            ours=score.method is Method.MODEL,
        )
        for score in scores
    )
    return ScoreCard(lines, _verdict(errors, translate), words.seen(watched, translate))


def _verdict(errors: Mapping[Method, float], translate: Translate) -> str:
    simple = [error for method, error in errors.items() if method is not Method.MODEL]
    ours = errors.get(Method.MODEL)
    if ours is None or not simple or not min(simple):
        return ""
    share = 100 * (1 - ours / min(simple))
    if share >= 0:
        return translate("%(share).0f %% smaller error than the better of two simple forecasts") % {"share": share}
    return translate("%(share).0f %% larger error than the better of two simple forecasts") % {"share": -share}


def month(total: Kpi, units: Sequence[Kpi], places: Mapping[str, tuple[Site, Unit]], reader: Locale) -> Month:
    """Return the figures of a month."""
    then = japan_time(total.start)
    translate = reader.translate
    name = translate("%(month)s/%(year)s") % {"month": then.month, "year": then.year}
    rows = []
    for unit in units:
        site, settings = places[unit.asset or ""]
        rows.append(_row(unit, settings.name[reader.language], site.name[reader.language], translate))
    kinds = tuple(
        (kind.value, translate(words.KINDS[kind]), total.visits[kind]) for kind in words.KINDS if total.visits[kind]
    )
    return Month(name, _row(total, translate("All units"), "", translate), tuple(rows), kinds)


def _row(kpi: Kpi, name: str, site: str, translate: Translate) -> KpiRow:
    return KpiRow(
        name=name,
        site=site,
        emptyings=kpi.emptyings,
        level=spread(kpi.level, "%"),
        overflow=translate("%(hours).1f h") % {"hours": kpi.overflow_hours} if kpi.known_hours else UNKNOWN,
        availability=UNKNOWN if kpi.availability is None else f"{100 * kpi.availability:.1f} %",
        wait=UNKNOWN if kpi.wait_hours is None else translate("%(hours).1f h") % {"hours": kpi.wait_hours.mean},
        alerts=kpi.alerts,
        kg=f"{kpi.kg:.0f} kg",
    )


def spread(values: Spread | None, unit: str) -> str:
    """Return a mean with its lowest and highest value."""
    if values is None:
        return UNKNOWN
    return f"{values.mean:.0f} {unit} ({values.low:.0f}–{values.high:.0f})"


def compare_card(compared: Compared | None, routing: Routing, reader: Locale) -> CompareCard | None:
    """None: nothing is known of that time."""
    if compared is None:
        return None
    translate, done = reader.translate, compared.comparison
    return CompareCard(
        title=translate("Fixed rounds: %(n)s a week") % {"n": done.per_week},
        stretch=f"{words.day(local_day(done.start))} – {words.day(done.last_day)}",
        rows=tuple(_compare_rows(done.actual, done.fixed, translate, ways=compared.ways is not None)),
        notes=tuple(words.comparison_notes(compared, routing, translate, reader.language)),
    )


def _compare_rows(actual: Outcome, fixed: Outcome, translate: Translate, *, ways: bool) -> list[CompareRow]:
    def less(name: str, a: float, b: float, text: str) -> CompareRow:
        change = "" if not b else f"{100 * (a / b - 1):+.0f} %".replace("-", "−")
        return CompareRow(name, text.format(a), text.format(b), change, None if a == b else a < b)

    level = CompareRow(
        translate("Fill level at emptying"), spread(actual.level, "%"), spread(fixed.level, "%"), "", None
    )
    rows = [
        less(translate("Visits"), actual.visits, fixed.visits, "{:,}"),
        less(translate("Needless visits among them"), actual.needless, fixed.needless, "{:,}"),
        less(translate("Days with a round"), actual.trips, fixed.trips, "{:,}"),
        level,
        less(translate("Full while open"), actual.overflow_hours, fixed.overflow_hours, "{:,.1f} h"),
    ]
    if ways:
        rows += [
            less(translate("Distance"), actual.km, fixed.km, "{:,.0f} km"),
            less("CO₂", actual.kg_co2, fixed.kg_co2, "{:,.1f} kg"),
            less(translate("Travel cost"), actual.travel_yen, fixed.travel_yen, "¥{:,.0f}"),
        ]
    fees = f"¥{actual.fee_yen:,.0f}", f"¥{fixed.fee_yen:,.0f}"  # apart by what is left at the end
    rows.append(CompareRow(translate("Disposal fee"), *fees, "", None))
    tickets = translate("With paid tickets instead")
    rows.append(less(tickets, actual.ticket_yen, fixed.ticket_yen, "¥{:,.0f}"))
    return rows


def shelf_line(item: SiteShelf, sites: Mapping[str, Site], reader: Locale) -> ShelfLine:
    """Return a shelf."""
    translate, shelf = reader.translate, item.shelf
    site, kind = sites[item.site].name[reader.language], translate(said.SHELVES[item.kind])
    if shelf is None:
        return ShelfLine(site, kind, UNKNOWN, translate("Never counted"), low=False)
    if shelf.left < 0:
        return ShelfLine(site, kind, "0", translate("Please recount: more was used than was in stock"), low=True)
    counted = "" if shelf.counted is None else translate("counted %(time)s") % {"time": past(shelf.counted, reader)}
    lasts = "" if shelf.days is None else translate("about %(days)s days") % {"days": round(shelf.days)}
    note = ", ".join(text for text in (lasts, counted) if text)
    return ShelfLine(site, kind, str(shelf.left), note, low=shelf.days is not None and shelf.days < LOW_DAYS)


def said_line(item: Said, sites: Mapping[str, Site], reader: Locale) -> SaidLine:
    """Return a count or delivery."""
    translate = reader.translate
    text = translate("%(kind)s: %(n)s counted") if item.counted else translate("%(kind)s: %(n)s delivered")
    what = text % {"kind": translate(said.SHELVES[item.kind]), "n": item.count}
    return SaidLine(item.id, past(item.time, reader), what, sites[item.site].name[reader.language], item.who)
