"""The vacancy board in words: a centre with what parents ask first, its coming days and their time slots. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sukusuku_api.timestamps import WEEKDAYS
from sukusuku_api.web.base import Locale
from sukusuku_api.web.parents_texts import ages
from sukusuku_api.web.vacancy import texts as said
from sukusuku_core.time import day_start, japan_time, local_day
from sukusuku_server.calendar.holiday_names import holiday_name
from sukusuku_server.calendar.opening_hours import OpeningHours
from sukusuku_server.i18n import Translate
from sukusuku_server.rooms.vacancy import Band, Day, Sign, sign
from sukusuku_server.settings import Calendar, Site

_SATURDAY, _SUNDAY = 5, 6


@dataclass(frozen=True, slots=True)
class Slot:
    """A time slot of a day."""

    hours: str
    sign: str
    symbol: str
    words: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A day of a centre. `kind` is of the calendar: `sunday` (holidays too), `saturday` or empty."""

    sign: str
    symbol: str
    words: str
    day: str
    weekday: str
    kind: str
    note: str
    today: bool
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that parents ask; `href` is empty where it leads nowhere."""

    name: str
    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Centre:
    """A centre. `booked`: what is shown follows from bookings on all of its days."""

    name: str
    facts: tuple[Fact, ...]
    booked: bool
    days: tuple[Cell, ...]


def centre(site: Site, days: Sequence[Day], hours: OpeningHours, calendar: Calendar, reader: Locale) -> Centre:
    """Return a centre with its coming days, today first."""
    today = japan_time(reader.now).date()
    cells = tuple(_cell(day, hours, calendar, today, reader) for day in days)
    return Centre(site.name[reader.language], tuple(_facts(site, reader)), all(day.booked for day in days), cells)


def legend(centres: Sequence[Centre], translate: Translate) -> list[tuple[str, str, str]]:
    """Return sign, symbol and meaning of everything that may stand on the board."""
    kinds = [said.BOOKED] * any(it.booked for it in centres) + [said.EXPECTED] * any(not it.booked for it in centres)
    return [
        (sign_.value, translate(symbol), translate(words))
        for kind in (*kinds, said.OTHERS)
        for sign_, (symbol, words) in kind.items()
    ]


def _facts(site: Site, reader: Locale) -> list[Fact]:
    translate, found = reader.translate, site.parents
    booking = translate("Please ask the centre.") if found.booking is None else found.booking[reader.language]
    facts = [
        Fact(translate("Ages"), ages(found, translate)),
        Fact(translate("How to book"), booking),
        Fact(translate("Telephone"), found.phone or "", f"tel:{re.sub('[^+0-9]', '', found.phone or '')}"),
        Fact(translate("Address"), "" if found.address is None else found.address[reader.language]),
        Fact(translate("Web page"), found.website or "", found.website or ""),
    ]
    return [fact for fact in facts if fact.text]


def _cell(day: Day, hours: OpeningHours, calendar: Calendar, today: date, reader: Locale) -> Cell:
    translate = reader.translate
    holiday = holiday_name(calendar, day.day, reader.language)
    weekday = day.day.weekday()
    symbol, words = _told(day)
    return Cell(
        sign=day.sign.value,
        symbol=translate(symbol),
        words=translate(words),
        day=f"{day.day.month}/{day.day.day}",
        weekday=translate(WEEKDAYS[weekday]),
        kind="sunday" if holiday or weekday == _SUNDAY else "saturday" if weekday == _SATURDAY else "",
        note=holiday or _why_closed(day, hours, translate),
        today=day.day == today,
        slots=tuple(_slot(band, translate) for band in day.bands),
    )


def _told(day: Day) -> tuple[str, str]:
    known = said.BOOKED if day.booked else said.EXPECTED
    return known.get(day.sign) or said.OTHERS[day.sign]


def _why_closed(day: Day, hours: OpeningHours, translate: Translate) -> str:
    reason = hours.closed_reason(day.day) if day.sign is Sign.CLOSED else None
    text = "" if reason is None else said.CLOSED.get(reason, "")
    return translate(text) if text else ""


def _slot(band: Band, translate: Translate) -> Slot:
    found = sign([band])
    symbol, words = said.SLOTS[found, band.booked and found is not Sign.UNKNOWN]
    start, end = japan_time(band.start), japan_time(band.end)
    last = end.hour if band.end != day_start(local_day(band.end)) else 24
    return Slot(
        hours=f"{start.hour}:{start:%M}–{last}:{end:%M}",
        sign=found.value,
        symbol=translate(symbol),
        words=translate(words) if words else "",
    )
