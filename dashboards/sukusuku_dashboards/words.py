"""The words on the boards, in both languages."""

from collections.abc import Callable, Mapping

from sukusuku_core.model import UnitState
from sukusuku_dashboards.board import Colour, Word
from sukusuku_server.i18n import texts
from sukusuku_server.kpi.series import sets_of_rules, visits_of
from sukusuku_server.model.rounds import VisitKind
from sukusuku_server.rooms.texts import limited_by
from sukusuku_server.settings import Language

Say = Callable[[str], str]
"""A text in the reader's language."""


def say(language: Language) -> Say:
    """Return the texts of a language."""
    return texts("sukusuku_dashboards", language).gettext


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


_STATES = {
    UnitState.IDLE: (_("ready"), Colour.GOOD),
    UnitState.LID_OPEN: (_("lid open"), Colour.BUSY),
    UnitState.DEPOSIT: (_("loading"), Colour.BUSY),
    UnitState.COMPRESS: (_("compressing"), Colour.BUSY),
    UnitState.SEAL: (_("sealing"), Colour.BUSY),
    UnitState.BAG_FULL: (_("bag full"), Colour.WARN),
    UnitState.JAM: (_("jammed"), Colour.BAD),
    UnitState.FILM_OUT: (_("out of film"), Colour.BAD),
}

_UNITS: Mapping[Language, Mapping[str, str]] = {
    "ja": {"s": "suffix:秒", "m": "suffix:分", "h": "suffix:時間", "d": "suffix:日", "hour_of_day": "suffix:時"},
    "en": {"s": "suffix:s", "m": "suffix:min", "h": "suffix:h", "d": "suffix:days", "hour_of_day": "suffix:h"},
}
"""Grafana writes times in English only, and from value to value in another unit."""

_VISITS = {
    VisitKind.EMPTIED: _("collected in time"),
    VisitKind.LATE: _("collected late"),
    VisitKind.MISSED: _("missed visits"),
    VisitKind.NEEDLESS: _("needless visits"),
    VisitKind.CANNOT: _("could not be collected"),
    VisitKind.UNSEEN: _("reported done, not seen in the data"),
    VisitKind.UNPLANNED: _("emptied outside rounds"),
}
"""What became of visits; those that are still due have not become anything."""

_WEEKDAYS = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))


def unit(language: Language, name: str) -> str:
    """Return a unit as Grafana is given it: times in the reader's language, all else by Grafana's name."""
    return _UNITS[language].get(name, name)


def weekdays(tell: Say) -> dict[str, str]:
    """Return what the days are called, by their ISO numbers."""
    return {str(number): tell(text) for number, text in enumerate(_WEEKDAYS, 1)}


def visits(tell: Say) -> dict[str, str]:
    """Return what is shown for each series of visits."""
    return {visits_of(kind): tell(text) for kind, text in _VISITS.items()}


def states(tell: Say) -> dict[int, Word]:
    """Return what is shown for each state of a unit."""
    return {int(state): Word(tell(text), colour) for state, (text, colour) in _STATES.items()}


def rules(language: Language) -> dict[int, Word]:
    """Return what is shown for each number of the rules that set a limit, in the words of our pages."""
    of_rooms = texts("sukusuku_server", language)
    closed = {0: Word(say(language)("closed"), Colour.OLD)}
    shown = {number: limited_by(found, of_rooms) for number, found in sets_of_rules()}
    return {number: Word(text, Colour.PLAIN) for number, text in shown.items() if number} | closed
