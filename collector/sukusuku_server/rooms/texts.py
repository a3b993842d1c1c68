"""How corrections, limits and closed days are spoken of, in the reader's language. Pure."""

from collections.abc import Iterable
from gettext import NullTranslations

from sukusuku_server.calendar.opening_hours import Closed
from sukusuku_server.model.collection import CorrectionKind
from sukusuku_server.rooms.capacity_limit import Rule


def corrections(texts: NullTranslations) -> dict[CorrectionKind, str]:
    """Why a count was changed."""
    gettext = texts.gettext
    return {
        CorrectionKind.RESET: gettext("Daily reset"),
        CorrectionKind.EMPTY: gettext("Empty room: no presence detected"),
        CorrectionKind.ENTERED: gettext("Counted by staff"),
        CorrectionKind.AGREED: gettext("Adjusted to the zone counts"),
        CorrectionKind.TIMED_OUT: gettext("Longest stay exceeded"),
        CorrectionKind.CLAMPED: gettext("More exits than people present"),
        CorrectionKind.RESTARTED: gettext("A counter restarted at 0"),
        CorrectionKind.REPLACED: gettext("A counter jumped"),
        CorrectionKind.SWAPPED: gettext("Entries and exits are swapped"),
        CorrectionKind.FROZEN: gettext("The count had stood still: not known meanwhile"),
        CorrectionKind.SOURCE: gettext("Source changed or lost"),
    }


def rules(texts: NullTranslations) -> dict[Rule, str]:
    """Return what limits a room."""
    gettext = texts.gettext
    return {
        Rule.PLACES: gettext("Places"),
        Rule.AREA: gettext("Floor area"),
        Rule.STAFF: gettext("Staff on duty"),
    }


def limited_by(found: Iterable[Rule], texts: NullTranslations) -> str:
    """Return the rules that set a limit, in one line."""
    names = rules(texts)
    return texts.gettext(", ").join(names[rule] for rule in found)


def house_rule(texts: NullTranslations) -> str:
    """Return what stands beside the limit of a zone."""
    return texts.gettext("House rule, not a legal limit")


def closed(texts: NullTranslations) -> dict[Closed, str]:
    """Why it is closed."""
    gettext = texts.gettext
    return {
        Closed.SPECIAL: gettext("Closed on this day"),
        Closed.CLOSING_DAY: gettext("Closing day"),
        Closed.YEAR_END: gettext("New Year holidays"),
        Closed.MONTHLY: gettext("Monthly closing day"),
        Closed.HOLIDAY: gettext("National holiday"),
        Closed.WEEKDAY: gettext("Weekly closing day"),
    }
