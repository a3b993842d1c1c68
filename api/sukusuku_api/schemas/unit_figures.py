"""The figures of units and centres: one table of what each is, from which the API and docs/figures.md are made."""

from dataclasses import dataclass

from sukusuku_server.i18n import N_


@dataclass(frozen=True, slots=True)
class UnitFigure:
    """A figure: its field in the API, name, unit, formula, base, decimals that mean something, and its daily series.

    `series` empty: there is none.
    """

    field: str
    name: str
    unit: str
    formula: str
    base: str
    decimals: int
    series: str = ""


_OPEN = "opening hours of the centre, from the first reading of the unit on"
_KNOWN = "open hours in which the unit was heard and has an estimate"
_EMPTIED = "emptyings that count (not rejected)"

UNITS: tuple[UnitFigure, ...] = (
    UnitFigure(
        "visits",
        N_("Visits by kind"),
        "1",
        N_("planned stops of rounds held against the emptyings in the data"),
        "stops",
        0,
        "Visits/*",
    ),
    UnitFigure("emptyings", N_("Emptyings"), "1", N_("number of emptyings"), _EMPTIED, 0, "Emptied/Bags"),
    UnitFigure(
        "level_at_emptying",
        N_("Fill level at emptying"),
        "%",
        N_("mean, lowest and highest fill level when the bag was taken out"),
        _EMPTIED,
        1,
        "Emptyings/*/Level",
    ),
    UnitFigure("open_hours", N_("Open hours"), "h", N_("hours that the centre was open, each unit counted"), _OPEN, 1),
    UnitFigure("known_hours", N_("Known hours"), "h", N_("of the open hours, those with an estimate"), _KNOWN, 1),
    UnitFigure(
        "overflow_hours",
        N_("Full while open"),
        "h",
        N_("from an estimate of 102 % until one below 96 %, the emptying, or a gap"),
        _KNOWN,
        0,
        "OverFull/Hours",
    ),
    UnitFigure(
        "availability",
        N_("Availability"),
        "share of 1",
        N_("1 - (open hours without a reading, or with a fault code) / open hours; 0 for a unit that is always silent"),
        _OPEN,
        3,
    ),
    UnitFigure(
        "hours_from_due_to_empty",
        N_("From due to emptied"),
        "h",
        N_("from the level `fill_rise`, or `bag_hours` after the last emptying, to the emptying"),
        "emptyings after the unit was due",
        1,
    ),
    UnitFigure("alerts", N_("Alerts"), "1", N_("alerts that fired"), "all time", 0),
    UnitFigure(
        "kg", N_("Weight"), "kg", N_("nappies of the emptied bags x `kg_per_nappy`"), _EMPTIED, 0, "Emptied/Kilograms"
    ),
    UnitFigure(
        "kg_per_day",
        N_("Weight a day of a centre"),
        "kg",
        N_("weight / days since its first unit was heard, also those without an emptying"),
        _EMPTIED,
        1,
    ),
)
_BY_FIELD = {figure.field: figure for figure in UNITS}


def about(field: str) -> str:
    """Return what a field of the API means: its formula and unit."""
    figure = _BY_FIELD[field]
    return f"{figure.name} ({figure.unit}): {figure.formula}"


def told(field: str, value: float) -> float:
    """Return a value with the decimals that mean something."""
    return round(value, _BY_FIELD[field].decimals)
