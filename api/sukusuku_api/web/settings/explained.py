"""What the checks of the document find, in the words of somebody who fills in a form. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sukusuku_core.errors import Mistake
from sukusuku_server.facility_document.words import may_be_secret
from sukusuku_server.i18n import N_, Translate


@dataclass(frozen=True, slots=True)
class _Known:
    """What a check says, and how a form says it. `key`: the field that it is about, where the check names its table."""

    pattern: str
    text: str
    key: str = ""


_KNOWN = (
    _Known(r"id `(?P<id>[^`]+)` is already used", N_("“%(id)s” is already used. Ids must differ.")),
    _Known(r"id `(?P<id>[^`]+)` is also the id of an edge node", N_("“%(id)s” is the name of an edge node.")),
    _Known(
        r"(?P<key>\w+) (?P<low>[\d.]+) must be below (?P<what>\w+) (?P<high>[\d.]+)",
        N_("%(low)s must be below %(high)s."),
    ),
    _Known(
        r"found mail_at .* each must be later",
        N_("Plan, answer, departure and return must follow each other on the same day."),
        "mail_at",
    ),
    _Known(r"service_minutes is .* no unit can be visited", N_("There is no time for a visit."), "returns"),
    _Known(
        r"`(?P<site>[^`]+)` is never open for",
        N_("“%(site)s” is never open when a round comes there. Change the round or its centres too."),
    ),
    _Known(
        r"on (?P<day>\w+) `(?P<vehicle>[^`]+)` is on .*\(`(?P<other>[^`]+)`\)",
        N_("“%(vehicle)s” is on the round “%(other)s” at that time."),
        "vehicle",
    ),
    _Known(
        r"\S+ is not after (?P<day>\S+) of later",
        N_("Another change is planned from %(day)s on. Choose a later day, or that one."),
    ),
    _Known(r"\S+ is after the last day", N_("This is after the last day.")),
    _Known(r"has neither mail nor channels", N_("Please enter a mail address."), "mail"),
    _Known(
        r"\"(?P<slot>[^\"]+)\" is not within the hours of the centre",
        N_("A service of a room is open at %(slot)s, outside the hours of the centre. Change the service in the file."),
    ),
    _Known(
        r"found (?P<n>\d+); the room has a capacity of",
        N_("A time slot of a service has %(n)s places, more than the room."),
    ),
    _Known(r"is on no day within the hours of the service", N_("A time slot of a service would be on no day.")),
    _Known(r"no (site|vehicle|depot|room) ", N_("Something that this refers to would not be there any more.")),
    _Known(r"\d+ units and rooms have edge", N_("This edge node has too many units and rooms.")),
    _Known(r"from_months .* must be below to_years", N_("The oldest would be younger than the youngest."), "to_years"),
    _Known(r".*a number such as 03-1234-5678", N_("Please enter a telephone number like 03-1234-5678.")),
    _Known(r".*an address such as https://www", N_("Please enter an address that begins with http:// or https://.")),
    _Known(r"missing|.*missing required", N_("Please fill this in.")),
)


@dataclass(frozen=True, slots=True)
class Explained:
    """A mistake with the field that it is about, empty: none in particular."""

    key: str
    text: str


def explained(mistake: Mistake, translate: Translate) -> Explained:
    """Return a mistake in the reader's words; one that nobody has words for keeps its own."""
    if may_be_secret(mistake.where):
        return Explained("", translate("The value is not right."))
    for known in _KNOWN:
        found = re.search(known.pattern, mistake.text)
        if found is not None:
            values = found.groupdict()
            return Explained(values.get("key") or known.key, translate(known.text) % values)
    return Explained("", mistake.text)


def sorted_by_field(
    mistakes: Mapping[Mistake, Explained], path: str, keys: list[str], since: str, called: Callable[[str], str]
) -> tuple[dict[str, str], list[str]]:
    """Return the mistakes beside their fields, by key, and those about none of them.

    `path` is where the thing is, `since` the key of the field for the day from which on dated values hold.
    """
    beside: dict[str, str] = {}
    others: list[str] = []
    for mistake, told in mistakes.items():
        key = _key(mistake.where, told.key, path, keys, since)
        if key:
            beside.setdefault(key, told.text)
        elif mistake.where and not mistake.where.startswith(path):
            others.append(f"{called(mistake.where)}: {told.text}")
        else:
            others.append(told.text)
    return beside, list(dict.fromkeys(others))


def _key(where: str, named: str, path: str, keys: list[str], since: str) -> str:
    if where != path and not where.startswith((f"{path}.", f"{path}[")):
        return ""
    rest = where[len(path) :].lstrip(".")
    later = re.match(r"later\[\d+\]\.?(?P<key>.*)", rest)
    if later is not None:
        rest = since if later["key"] in {"", "from"} else later["key"]
    if named in keys:
        return named
    return next((key for key in [*keys, since] if _is_at(rest, key)), "")


def _is_at(rest: str, key: str) -> bool:
    return bool(rest) and (rest == key or rest.startswith((f"{key}.", f"{key}[")) or key.startswith(f"{rest}."))
