"""What can be changed on the page: the things of the document, where each is, and the fields of its form. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from sukusuku_api.web.settings.kinds import Choice, Flag, Ident, Kind, Line, Mail, Many, Number, Options
from sukusuku_api.web.settings.kinds_of_time import Clock, Day, Days, Holidays, Monthly, Slots, Special
from sukusuku_api.web.settings.texts import ORDINALS, REPORT_NAMES, RULE_NAMES, WEEKDAY_NAMES
from sukusuku_core.settings import Settings
from sukusuku_server.i18n import N_, Translate
from sukusuku_server.settings import ReportMail, Room, Round, Site, Unit, Vehicle
from sukusuku_server.settings.alerts import AlertLevels
from sukusuku_server.settings.facility import Contact, Operator
from sukusuku_server.settings.opening import Opening
from sukusuku_server.settings.parents import ForParents
from sukusuku_server.settings.rooms import Zone
from sukusuku_server.settings.rounds import Crew, Depot

FROM = "from"
"""The field that says from which day on the values of dated fields hold."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form. `key` is its key below the thing; label, hint and group are message ids.

    `dated`: a new value holds from a day on and the one before it is kept, because figures of the past need it.
    """

    key: str
    label: str
    kind: Kind
    hint: str = ""
    required: bool = False
    dated: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """What the document has that forms refer to, by id with names in the reader's language."""

    translate: Translate
    sites: Options = ()
    rooms: Options = ()
    vehicles: Options = ()
    depots: Options = ()

    def options(self, names: Mapping[str, str]) -> Options:
        """Return values with their names translated."""
        return tuple((value, self.translate(text)) for value, text in names.items())


@dataclass(frozen=True, slots=True)
class Thing:
    """A table of the document with a form. `place` are its keys; those that end in `[]` are lists of tables.

    `title` and `adding` are message ids; `adding` is empty for what is there once. `removable`: it can be taken out,
    because no figure of the past needs it.
    """

    title: str
    place: tuple[str, ...]
    model: type[Settings]
    fields: Callable[[Named], tuple[Field, ...]]
    adding: str = ""
    removable: bool = False
    told: str = ""

    @property
    def is_item(self) -> bool:
        """Whether it is an item of a list."""
        return self.place[-1].endswith("[]")


def default(model: type[Settings], key: str) -> Any:
    """Return what holds for a key that the document does not have; None: nothing."""
    here: Any = model
    for part in key.split("."):
        if isinstance(here, type):
            here = next((item.default for item in msgspec.structs.fields(here) if item.encode_name == part), None)
        else:
            here = getattr(here, part, None)
    return here if isinstance(here, str | int | float | tuple) else None


_NAME = (
    Field("name.ja", N_("Name in Japanese"), Line(), required=True),
    Field("name.en", N_("Name in English"), Line(), required=True),
)
_ID = Field("id", N_("Id"), Ident(), N_("It cannot be changed later."), required=True)
_EDGE = Field("edge", N_("Edge node"), Ident(), N_("`node` in the edge.toml of its Raspberry Pi."), required=True)
_UNTIL = Field(
    "until",
    N_("Last day"),
    Day(),
    N_("When it is taken away for good. It disappears the day after and remains in the figures of its time."),
)


def _operator(_: Named) -> tuple[Field, ...]:
    return _NAME


def _site(_: Named) -> tuple[Field, ...]:
    hint = N_("Degrees, such as 35.7296. Without a place no round can come here.")
    return (
        _ID,
        *_NAME,
        Field("place.lat", N_("Latitude"), Number(-90, 90), hint),
        Field("place.lon", N_("Longitude"), Number(-180, 180)),
    )


def _opening(named: Named) -> tuple[Field, ...]:
    days = named.options(WEEKDAY_NAMES)
    week = tuple(Field(day, name, Slots(), dated=True, group=N_("Weekdays")) for day, name in WEEKDAY_NAMES.items())
    holidays = {"closed": N_("closed"), "open": N_("as the weekday"), "own": N_("hours of their own:")}
    return (
        *week,
        Field(
            "holidays",
            N_("National holidays"),
            Holidays(named.options(holidays)),
            dated=True,
            group=N_("Holidays and closed days"),
        ),
        Field(
            "closed_monthly",
            N_("Closed every month on"),
            Monthly(named.options(ORDINALS), days),
            dated=True,
            group=N_("Holidays and closed days"),
        ),
        Field("closed", N_("Closed on single days"), Days(), group=N_("Holidays and closed days")),
        Field(
            "special",
            N_("Hours of single days"),
            Special(),
            N_("They are stronger than everything above. Without hours the day is closed."),
            group=N_("Holidays and closed days"),
        ),
    )


def _parents(_: Named) -> tuple[Field, ...]:
    return (
        Field("address.ja", N_("Address in Japanese"), Line(300)),
        Field("address.en", N_("Address in English"), Line(300)),
        Field("phone", N_("Telephone"), Line(30), N_("A number such as 03-1234-5678.")),
        Field("website", N_("Web page"), Line(500), N_("An address such as https://www.city.example/.")),
        Field("from_months", N_("Youngest age"), Number(0, 120, N_("months"), whole=True)),
        Field(
            "to_years",
            N_("Oldest age"),
            Number(1, 18, N_("years"), whole=True),
            N_("Left empty: until they go to school."),
        ),
        Field(
            "booking.ja",
            N_("How to book, in Japanese"),
            Line(300),
            N_("Left empty: parents are told to ask the centre."),
        ),
        Field("booking.en", N_("How to book, in English"), Line(300)),
    )


def _unit(named: Named) -> tuple[Field, ...]:
    return (
        _ID,
        *_NAME,
        _EDGE,
        Field("collection.room", N_("Room whose children use it"), Choice(named.rooms), N_("It helps the forecast.")),
        Field("collection.bag_hours", N_("Hygiene deadline of a bag"), Number(1, 8760, "h"), N_("At 20 °C.")),
        Field("collection.film_low", N_("Film is low below"), Number(0, 100, "%")),
        _UNTIL,
    )


def _room(_: Named) -> tuple[Field, ...]:
    return (
        _ID,
        *_NAME,
        _EDGE,
        Field("capacity", N_("Capacity (children)"), Number(0, 1000, whole=True), required=True, dated=True),
        _UNTIL,
    )


def _zone(_: Named) -> tuple[Field, ...]:
    hint = N_("As in the names of its metrics: Zones/eating/Count has “eating”.")
    return (
        Field("id", N_("Id"), Ident(), hint, required=True),
        *_NAME,
        Field("capacity", N_("House rule (children)"), Number(0, 1000, whole=True)),
    )


def _contact(named: Named) -> tuple[Field, ...]:
    return (
        Field("name", N_("Name"), Line(), required=True),
        Field("mail", N_("Mail address"), Mail(254)),
        Field("language", N_("Language"), Choice((("ja", "日本語"), ("en", "English")))),
        Field("sites", N_("Centres"), Many(named.sites), N_("None chosen: all.")),
        Field("rules", N_("Alerts"), Many(named.options(RULE_NAMES)), N_("None chosen: all.")),
        Field(
            "after_minutes",
            N_("Notified after"),
            Number(0, 10_080, N_("min")),
            N_("Only when nobody has acknowledged the alert within that time. 0: at once."),
        ),
    )


def _round(named: Named) -> tuple[Field, ...]:
    return (
        _ID,
        *_NAME,
        Field("vehicle", N_("Vehicle"), Choice(named.vehicles), required=True),
        Field("days", N_("Days"), Many(named.options(WEEKDAY_NAMES)), required=True),
        Field("holidays", N_("On national holidays too"), Flag()),
        Field("without", N_("Not on these single days"), Days()),
        Field("mail_at", N_("Plan sent at"), Clock(), required=True),
        Field("answer_by", N_("Answer by"), Clock(), N_("After that the next of the crew is notified."), required=True),
        Field("departs", N_("Departs"), Clock(), required=True),
        Field("returns", N_("Returns by"), Clock(), required=True),
        Field("sites", N_("Centres"), Many(named.sites), N_("None chosen: all.")),
    )


def _crew(_: Named) -> tuple[Field, ...]:
    return (
        Field("name", N_("Name"), Line(), required=True),
        Field("mail", N_("Mail address"), Mail(254), required=True),
        Field("language", N_("Language"), Choice((("ja", "日本語"), ("en", "English")))),
    )


_FILES = (("pdf", "PDF"), ("xlsx", "Excel"), ("zip", "CSV (ZIP)"))


def _report_mail(named: Named) -> tuple[Field, ...]:
    return (
        Field("name", N_("Name"), Line(), required=True),
        Field("mail", N_("Mail address"), Mail(254), required=True),
        Field("language", N_("Language"), Choice((("ja", "日本語"), ("en", "English")))),
        Field("reports", N_("Reports"), Many(named.options(REPORT_NAMES)), N_("None chosen: all.")),
        Field(
            "sites",
            N_("Centres"),
            Many(named.sites),
            N_("None chosen: all in one report. Otherwise each has a report of its own."),
        ),
        Field(
            "formats",
            N_("Files"),
            Many(_FILES),
            N_("None chosen: PDF and Excel."),
        ),
    )


def _vehicle(named: Named) -> tuple[Field, ...]:
    return (
        _ID,
        *_NAME,
        Field("depot", N_("Depot"), Choice(named.depots), required=True),
        Field("bags", N_("Bags in one round"), Number(1, 10_000, whole=True)),
        Field("kg", N_("Load"), Number(1, 100_000, "kg")),
        Field("yen_per_km", N_("Cost per km"), Number(0, 100_000, N_("yen"))),
        Field("kg_co2_per_km", N_("CO2 per km"), Number(0, 1000, "kg")),
    )


def _depot(_: Named) -> tuple[Field, ...]:
    return (
        _ID,
        *_NAME,
        Field("lat", N_("Latitude"), Number(-90, 90), N_("Degrees, such as 35.7296."), required=True),
        Field("lon", N_("Longitude"), Number(-180, 180), required=True),
    )


def _alerts(_: Named) -> tuple[Field, ...]:
    units, rooms, both = N_("Units"), N_("Rooms and zones"), N_("Notifying")
    return (
        Field("fill_rise", N_("Fill level from which on an alert begins"), Number(0, 100, "%"), group=units),
        Field("fill_clear", N_("Fill level at which it ends"), Number(0, 100, "%"), group=units),
        Field(
            "fill_for", N_("Bag due for this long before a mail"), Number(0, 10_080, N_("min"), factor=60), group=units
        ),
        Field(
            "fault_for", N_("Fault for this long before a mail"), Number(0, 10_080, N_("min"), factor=60), group=units
        ),
        Field("room_warn", N_("Full from this share of the limit"), Number(1, 100, "%"), group=rooms),
        Field("room_clear", N_("No longer full at"), Number(0, 100, "%"), group=rooms),
        Field(
            "over_capacity_for",
            N_("Over the limit for this long"),
            Number(0, 10_080, N_("min"), factor=60),
            group=rooms,
        ),
        Field("silent_after", N_("No data after"), Number(1, 525_600, N_("min"), factor=60), group=both),
        Field(
            "repeat_after", N_("Mail repeated after"), Number(0, 8760, "h", factor=3600), N_("0: never."), group=both
        ),
        Field("stock_days", N_("Stock must last"), Number(0, 366, N_("days")), N_("0: never notified."), group=both),
        Field("mails_per_day", N_("Mails to one person a day, at most"), Number(1, 100, whole=True), group=both),
    )


THINGS: Mapping[str, Thing] = {
    "operator": Thing(N_("Operator"), ("operator",), Operator, _operator),
    "site": Thing(N_("Centre"), ("site[]",), Site, _site, N_("Add a centre")),
    "opening": Thing(
        N_("Opening hours"),
        ("site[]", "opening"),
        Opening,
        _opening,
        told=N_("Hours such as 09:00-12:00, 13:00-18:00; slots leave breaks between them. An empty field: closed."),
    ),
    "parents": Thing(
        N_("For parents"),
        ("site[]", "parents"),
        ForParents,
        _parents,
        told=N_("This is on the page of vacancies, for everybody. What is left empty is not shown there."),
    ),
    "unit": Thing(N_("Unit"), ("site[]", "unit[]"), Unit, _unit, N_("Add a unit")),
    "room": Thing(N_("Room"), ("site[]", "room[]"), Room, _room, N_("Add a room")),
    "zone": Thing(N_("Zone"), ("site[]", "room[]", "zone[]"), Zone, _zone, N_("Add a zone"), removable=True),
    "contact": Thing(N_("Contact"), ("contact[]",), Contact, _contact, N_("Add a contact"), removable=True),
    "report_mail": Thing(
        N_("Recipient of reports"),
        ("report_mail[]",),
        ReportMail,
        _report_mail,
        N_("Add a recipient of reports"),
        removable=True,
        told=N_("Gets the reports of a month by mail on the first of the next one, at 6:00."),
    ),
    "round": Thing(N_("Round"), ("round[]",), Round, _round, N_("Add a round"), removable=True),
    "crew": Thing(N_("Crew member"), ("round[]", "crew[]"), Crew, _crew, N_("Add a crew member"), removable=True),
    "vehicle": Thing(N_("Vehicle"), ("vehicle[]",), Vehicle, _vehicle, N_("Add a vehicle"), removable=True),
    "depot": Thing(N_("Depot"), ("depot[]",), Depot, _depot, N_("Add a depot"), removable=True),
    "alerts": Thing(N_("Alert thresholds"), ("alerts",), AlertLevels, _alerts),
}
"""Everything with a form, by its word in addresses."""
