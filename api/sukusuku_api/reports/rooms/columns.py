"""The figures of rooms: one table of what each is, from which reports, page and definitions are made. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sukusuku_api.reports.model import WITHHELD, Cell, Column, Kind
from sukusuku_api.reports.rules import Mean, Most, OfColumn, OfRow, Quotient, Sum
from sukusuku_core.time import HOUR_MS
from sukusuku_server.i18n import N_, Translate
from sukusuku_server.rooms.suppression import is_small
from sukusuku_server.rooms.usage_sums import UsageSums
from sukusuku_server.settings.rooms import Counted


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: how it is called, its unit and formula, over which time (`base`), and where it comes from.

    `of_few`: it tells a highest count, which is withheld when it is small. `public`: it tells nothing about children.
    `people` is heading and unit where a room counts people, empty: as for children. `single`: it means something for
    one room only, not for several together. `key` is its name in rules; `follows` and `total` are those of its column.
    """

    heading: str
    unit: str
    kind: Kind
    formula: str
    base: str
    of: Callable[[UsageSums], Cell]
    of_few: bool = False
    public: bool = False
    people: tuple[str, str] = ("", "")
    single: bool = False
    key: str = ""
    follows: OfRow | None = None
    total: OfColumn | None = None


def _if_known(value: Callable[[UsageSums], float]) -> Callable[[UsageSums], Cell]:
    return lambda tally: value(tally) if tally.known_ms else None


KNOWN, OPENED, USED = "known open time", "open time", "known open time with at least one child"
"""Over which time a figure is taken. Nothing is known in a gap, so a gap is in none but the second."""
_CHILDREN, _VISITS, _HOURS, _MINUTES = N_("children"), N_("persons"), N_("child-hours"), N_("min")
_PEOPLE = N_("people")
OPEN = Figure(
    N_("Open hours"),
    N_("h"),
    Kind.DECIMAL,
    N_("Opening hours of the centre, from the first count of the room on"),
    OPENED,
    lambda tally: tally.open_ms / HOUR_MS,
    public=True,
    key="open",
    total=Sum(),
)
MEASURED = Figure(
    N_("Measured hours"),
    N_("h"),
    Kind.DECIMAL,
    N_("Open hours in which the number of children was known"),
    KNOWN,
    lambda tally: tally.known_ms / HOUR_MS,
    public=True,
    key="measured",
    total=Sum(),
)
VISITS = Figure(
    N_("Child-visits"),
    _VISITS,
    Kind.COUNT,
    N_("Sum of all increases in the number of children that last at least 5 minutes; a correction does not count."),
    KNOWN,
    _if_known(lambda tally: tally.visits),
    people=(N_("People who came (with adults)"), _VISITS),
    key="visits",
    total=Sum(),
)
ARRIVALS = Figure(
    N_("Arrivals (estimate)"),
    _VISITS,
    Kind.COUNT,
    N_(
        "Child-visits, with children who came within 5 minutes of another's leaving. Child-visits miss those: 3 to 7 % "
        "of all who came."
    ),
    KNOWN,
    _if_known(lambda tally: tally.arrivals),
    people=(N_("Arrivals of people (estimate)"), _VISITS),
    key="arrivals",
    total=Sum(),
)
CHILD_HOURS = Figure(
    N_("Child-hours"),
    _HOURS,
    Kind.DECIMAL,
    N_("Number of children x time, summed over the measured time; a gap is not filled."),
    KNOWN,
    _if_known(lambda tally: tally.person_hours),
    people=(N_("Person-hours (with adults)"), N_("person-hours")),
    key="hours",
    total=Sum(),
)
AVERAGE = Figure(
    N_("Average children"),
    _CHILDREN,
    Kind.DECIMAL,
    N_("Child-hours / measured open hours"),
    KNOWN,
    lambda tally: tally.average_occupancy,
    people=(N_("Average people"), _PEOPLE),
    single=True,
    key="average",
    follows=Quotient("hours", "measured"),
)
WHEN_USED = Figure(
    N_("Average when used"),
    _CHILDREN,
    Kind.DECIMAL,
    N_("Child-hours / hours with at least one child"),
    USED,
    lambda tally: tally.average_when_used,
    people=(N_("Average when used"), _PEOPLE),
    single=True,
)
PEAK = Figure(
    N_("Most children at once"),
    _CHILDREN,
    Kind.COUNT,
    N_("The highest number of children at one time"),
    KNOWN,
    lambda tally: tally.peak_occupancy,
    of_few=True,
    people=(N_("Most people at once"), _PEOPLE),
    single=True,
    key="peak",
    total=Most(),
)
UTILISATION = Figure(
    N_("Average utilisation"),
    "%",
    Kind.PERCENT,
    N_("Children / capacity of the room x 100, averaged over the measured time"),
    KNOWN,
    lambda tally: tally.average_utilisation,
    key="utilisation",
    total=Mean("measured"),
)
PEAK_RATE = Figure(
    N_("Peak utilisation"),
    "%",
    Kind.PERCENT,
    N_("Highest value of children / capacity of the room x 100"),
    KNOWN,
    lambda tally: tally.peak_utilisation,
    of_few=True,
    total=Most(),
)
TIME_USED = Figure(
    N_("Time used"),
    "%",
    Kind.PERCENT,
    N_("Seconds with at least one child / measured seconds x 100"),
    KNOWN,
    lambda tally: tally.time_used,
    key="used",
    total=Mean("measured"),
)
LENGTH = Figure(
    N_("Length of use"),
    _MINUTES,
    Kind.DECIMAL,
    N_("Time with at least one child / number of such periods"),
    USED,
    lambda tally: tally.dwell_minutes,
)
UNDER = Figure(
    N_("Under target"),
    "%",
    Kind.PERCENT,
    N_("Time below 60 % utilisation / measured time x 100"),
    KNOWN,
    lambda tally: tally.under_target,
    total=Mean("measured"),
)
ON = Figure(
    N_("On target"),
    "%",
    Kind.PERCENT,
    N_("Time from 60 % to 100 % utilisation / measured time x 100"),
    KNOWN,
    lambda tally: tally.on_target,
    total=Mean("measured"),
)
OVER = Figure(
    N_("Over target"),
    "%",
    Kind.PERCENT,
    N_("Time above 100 % utilisation / measured time x 100"),
    KNOWN,
    lambda tally: tally.over_target,
    total=Mean("measured"),
)
HOURS_USED = Figure(
    N_("Hours used"),
    "%",
    Kind.PERCENT,
    N_("Hours with at least 10 minutes of use / hours with any measurement x 100"),
    KNOWN,
    lambda tally: tally.hours_used_share,
)
COMPLETE = Figure(
    N_("Completeness"),
    "%",
    Kind.PERCENT,
    N_("Samples received / samples due x 100, weighted by open time; closed time does not count"),
    OPENED,
    lambda tally: tally.completeness,
    public=True,
    key="complete",
    total=Mean("open"),
)

USE = (OPEN, MEASURED, VISITS, CHILD_HOURS, ARRIVALS, AVERAGE, WHEN_USED, PEAK, COMPLETE)
RATES = (MEASURED, UTILISATION, PEAK_RATE, TIME_USED, LENGTH, UNDER, ON, OVER, HOURS_USED, COMPLETE)
PARTS = (OPEN, MEASURED, VISITS, CHILD_HOURS, AVERAGE, PEAK, UTILISATION, TIME_USED, COMPLETE)
ALL = (*USE[:-1], *RATES[1:])
HEADLINES = (OPEN, MEASURED, VISITS, ARRIVALS, CHILD_HOURS, AVERAGE, PEAK, UTILISATION, TIME_USED, COMPLETE)
"""What the first page tells of all rooms together."""


def columns(figures: Sequence[Figure], translate: Translate, counted: Counted) -> tuple[Column, ...]:
    """Their columns, as they are called in rooms where this is counted."""
    return tuple(
        Column(
            *called(figure, translate, counted),
            figure.kind,
            figure.key,
            figure.follows,
            figure.total,
        )
        for figure in figures
    )


def called(figure: Figure, translate: Translate, counted: Counted) -> tuple[str, str]:
    """Return heading and unit of a figure in a room where this is counted."""
    heading, unit = figure.people if counted == "people" and figure.people[0] else (figure.heading, figure.unit)
    return translate(heading), unit if unit == "%" else translate(unit)


def cells(
    tally: UsageSums, figures: Sequence[Figure], *, outward: bool, hide: bool, several: bool = False
) -> tuple[Cell, ...]:
    """Their values; `hide`: too few children stand behind the whole tally, or behind its neighbour.

    `several`: the tally is of several rooms, so that what means something for one room only is left blank.
    """
    found: list[Cell] = []
    for figure in figures:
        value = None if several and figure.single else figure.of(tally)
        few = figure.of_few and outward and is_small(tally.peak)
        found.append(WITHHELD if value is not None and not figure.public and (hide or few) else value)
    return tuple(found)
