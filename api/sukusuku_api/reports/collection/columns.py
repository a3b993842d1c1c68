"""The columns of the report on collection, and what each figure is. Names and formulas are those of the API. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from sukusuku_api.reports.collection.words import KINDS
from sukusuku_api.reports.model import Column, Kind
from sukusuku_api.reports.rules import Gathered, Mean, Most, OfRow, Plus, Quotient, Share, Sum
from sukusuku_api.schemas.unit_figures import UNITS
from sukusuku_server.i18n import N_, Translate
from sukusuku_server.model.rounds import VisitKind

NEEDED = (VisitKind.EMPTIED, VisitKind.LATE, VisitKind.MISSED, VisitKind.CANNOT)
"""Visits of which can be said whether they came in time."""

COLUMNS: dict[str, Column] = {
    column.key: column
    for column in (
        Column(N_("Emptyings"), "", Kind.COUNT, "emptyings", total=Sum()),
        Column(N_("Weight"), "kg", Kind.DECIMAL, "kg", total=Sum()),
        Column(N_("Days counted"), "", Kind.COUNT, "days", total=Sum()),
        Column(N_("Weight a day"), "kg", Kind.DECIMAL, "kg_per_day", Quotient("kg", "days")),
        Column(N_("Most on one day"), "kg", Kind.DECIMAL, "most_kg", total=Most()),
        Column(N_("Ward's limit a day"), "kg", Kind.DECIMAL, "limit_kg"),
        Column(N_("Share of the limit"), "%", Kind.PERCENT, "of_limit", Quotient("kg", "limit_kg", 100)),
        Column(N_("Days at the limit"), "", Kind.COUNT, "days_at_limit", total=Sum()),
        Column(N_("Fill level at emptying"), "%", Kind.PERCENT, "level", total=Mean("emptyings")),
        Column(N_("Lowest level"), "%", Kind.PERCENT, "lowest"),
        Column(N_("Highest level"), "%", Kind.PERCENT, "highest", total=Most()),
        Column(N_("Open hours"), N_("h"), Kind.DECIMAL, "open", total=Sum()),
        Column(N_("Known hours"), N_("h"), Kind.DECIMAL, "known", total=Sum()),
        Column(N_("Share known"), "%", Kind.PERCENT, "known_share", Quotient("known", "open", 100)),
        Column(N_("Full while open"), N_("h"), Kind.DECIMAL, "full", total=Sum()),
        Column(N_("Availability"), "%", Kind.PERCENT, "availability", total=Mean("open")),
        Column(N_("From due to emptied"), N_("h"), Kind.DECIMAL, "wait"),
        Column(N_("Alerts"), "", Kind.COUNT, "alerts", total=Sum()),
        *(Column(text, "", Kind.COUNT, kind.value, total=Sum()) for kind, text in KINDS.items()),
        Column(N_("Needed visits"), "", Kind.COUNT, "needed", Plus(tuple(kind.value for kind in NEEDED)), Sum()),
        Column(N_("In time"), "%", Kind.PERCENT, "on_time", Quotient(VisitKind.EMPTIED.value, "needed", 100)),
        Column(N_("Rounds"), "", Kind.COUNT, "rounds", total=Sum()),
        Column(N_("Stops"), "", Kind.COUNT, "stops", total=Sum()),
        Column(N_("Collected"), "", Kind.COUNT, "collected", total=Sum()),
        Column(N_("Distance as planned"), "km", Kind.DECIMAL, "planned_km", total=Sum()),
        Column(N_("Time as planned"), N_("min"), Kind.DECIMAL, "planned_minutes", total=Sum()),
        Column(N_("Visits"), "", Kind.COUNT, "visits"),
        Column(N_("Needless visits among them"), "", Kind.COUNT, "needless_visits"),
        Column(N_("Days with a round"), "", Kind.COUNT, "trips"),
        Column(N_("Distance"), "km", Kind.DECIMAL, "km"),
        Column("CO₂", "kg", Kind.DECIMAL, "co2"),
        Column(N_("Travel cost"), N_("yen"), Kind.COUNT, "travel_yen"),
        Column(N_("Disposal fee"), N_("yen"), Kind.COUNT, "fee_yen", total=Sum()),
        Column(N_("Weight, replayed"), "kg", Kind.DECIMAL, "replayed_kg"),
        Column(N_("Disposal fee, replayed"), N_("yen"), Kind.COUNT, "replayed_fee_yen"),
        Column(N_("Cost"), N_("yen"), Kind.COUNT, "yen", Plus(("travel_yen", "replayed_fee_yen"))),
        Column(N_("With paid tickets instead"), N_("yen"), Kind.COUNT, "ticket_yen"),
        Column(N_("Number"), "", Kind.COUNT, "number", total=Sum()),
        Column(N_("Share"), "%", Kind.PERCENT, "share", Share("number")),
        Column(N_("Forecasts"), "", Kind.COUNT, "judged"),
        Column(N_("Compared"), "", Kind.COUNT, "compared"),
        Column(N_("Mean error of forecasts"), N_("h"), Kind.DECIMAL, "error"),
        Column(N_("Within the range"), "%", Kind.PERCENT, "inside"),
    )
}
"""Every column by its key; headings are not translated yet."""


def columns(*keys: str, translate: Translate, rules: Mapping[str, OfRow] = MappingProxyType({})) -> tuple[Column, ...]:
    """Return columns in the reader's language; `rules` by key are how cells follow from others in this table."""
    found = (_told(COLUMNS[key], translate) for key in keys)
    return tuple(replace(column, follows=rules.get(column.key, column.follows)) for column in found)


def gathered(sheet: str, *keys: str, highest: bool = False) -> dict[str, OfRow]:
    """Return the rules of columns whose cells are what those of another sheet add up to, or the highest of them."""
    return {key: Gathered(sheet, key, highest=highest) for key in keys}


def _told(column: Column, translate: Translate) -> Column:
    unit = column.unit if column.unit in {"", "%", "kg", "km"} else translate(column.unit)
    return replace(column, heading=translate(column.heading), unit=unit)


_UNITS = {"1": "", "share of 1": "%"}
"""How reports say the units of the API."""
DEFINITIONS: tuple[tuple[str, str, str], ...] = (
    *((figure.name, figure.formula, _UNITS.get(figure.unit, figure.unit)) for figure in UNITS),
    (
        N_("Share of the limit"),
        N_("Weight of the day / the ward's limit a day x 100"),
        "%",
    ),
    (N_("In time"), N_("collected in time / (in time + late + missed + could not be collected) x 100"), "%"),
    (
        N_("Distance as planned"),
        N_("way of the planned round, there and back, of the rounds that went"),
        "km",
    ),
    (
        N_("Distance"),
        N_("for each day the shortest route found from the depot to all centres with an emptying and back"),
        "km",
    ),
    ("CO₂", N_("distance x the vehicle's `kg_co2_per_km`"), "kg"),
    (N_("Travel cost"), N_("distance x the vehicle's `yen_per_km`"), N_("yen")),
    (N_("Disposal fee"), N_("weight of each day x the tariff of that day"), N_("yen")),
    (
        N_("Weight, replayed"),
        N_("what came into the bags by the estimate, so that both sides of the comparison have the same nappies"),
        "kg",
    ),
    (N_("Disposal fee, replayed"), N_("the weight of the comparison x the tariff"), N_("yen")),
    (
        N_("Mean error of forecasts"),
        N_("mean of |median of the forecast - time at which the bag was full|, where every method had a figure"),
        N_("h"),
    ),
    (N_("Within the range"), N_("outcomes within the 80 % range / outcomes x 100"), "%"),
)
"""Name, formula and unit of every figure, in the order of the tables."""
