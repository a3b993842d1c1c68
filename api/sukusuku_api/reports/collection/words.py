"""What kinds of visits and forecasts are called, and what is said beside figures, on the page and in reports. Pure."""

from collections.abc import Iterator
from datetime import date

from sukusuku_api.collector_texts import method
from sukusuku_server.i18n import N_, Translate
from sukusuku_server.kpi.disposal_fee import all_fees
from sukusuku_server.kpi.queries import Compared
from sukusuku_server.model.collection import Method
from sukusuku_server.model.rounds import VisitKind
from sukusuku_server.settings import Language, Routing
from sukusuku_server.units.evaluation.judgement import Watched

ENOUGH_SEEN = 20
"""Bags that must have been seen full before a share of them says anything."""

AS_NEEDED = N_(
    "As often as needed: the fewest fixed rounds a week with which bags would have been full for no longer than they "
    "were."
)
"""By what the number of fixed rounds is chosen."""

KINDS = {
    VisitKind.EMPTIED: N_("Collected in time"),
    VisitKind.LATE: N_("Collected late"),
    VisitKind.MISSED: N_("Missed visits"),
    VisitKind.NEEDLESS: N_("Needless visits"),
    VisitKind.CANNOT: N_("Could not be collected"),
    VisitKind.UNSEEN: N_("Reported done, not seen in the data"),
    VisitKind.UNPLANNED: N_("Emptied outside rounds"),
    VisitKind.DUE: N_("Visits planned"),
}

METHODS = {
    Method.MODEL: N_("Sukusuku"),
    Method.LINEAR_24H: N_("Trend of the last 24 hours"),
    Method.LAST_WEEK: N_("Same hours last week"),
}


def seen(watched: Watched, translate: Translate) -> str:
    """Return what the range of the forecasts was worth by what was seen of the bags."""
    values = {"judged": watched.judged, "full": watched.full, "share": 100 * watched.inside}
    if not watched.full:
        return translate("By what was seen: no bag of these forecasts was seen full before it was taken out.") % values
    if watched.full < ENOUGH_SEEN:
        return (
            translate("By what was seen: of %(judged)d bags watched, %(full)d were seen full, too few for a share.")
            % values
        )
    return (
        translate(
            "By what was seen: of %(judged)d bags watched, %(full)d were seen full; taking the others as watched until "
            "they were taken out, %(share).0f %% were full within the 80 %% range."
        )
        % values
    )


def comparison_notes(compared: Compared, routing: Routing, translate: Translate, language: Language) -> Iterator[str]:
    """Yield how the comparison with fixed rounds is computed, what it cannot know, and where its fees are from."""
    yield from method(language)
    if compared.ways:
        values = {"detour": f"{routing.detour:g}", "kmh": f"{routing.kmh:g}"}
        yield translate("Distances: great circle x %(detour)s, at %(kmh)s km/h.") % values
    fees = all_fees().on(compared.comparison.last_day)
    yield translate("Tariff: %(name)s, %(yen)s yen/kg since %(since)s. Source: %(source)s.") % {
        "name": fees.name_ja if language == "ja" else fees.name_en,
        "yen": f"{fees.yen_per_kg:g}",
        "since": day(fees.since),
        "source": "; ".join(source[language] for source in fees.source),
    }


def day(value: date) -> str:
    """Return a day in figures."""
    return f"{value.year}/{value.month}/{value.day}"
