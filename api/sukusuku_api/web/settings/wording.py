"""The parts of the settings in the reader's words. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sukusuku_api.web.parents_texts import ages
from sukusuku_api.web.settings.drafting import names_of
from sukusuku_api.web.settings.texts import ORDINALS, REPORT_NAMES, RULE_NAMES, WEEKDAY_NAMES
from sukusuku_core.time import HOUR_MS, SECOND_MS
from sukusuku_server.i18n import Translate
from sukusuku_server.settings import Contact, Facility, Language
from sukusuku_server.settings.base import WEEKDAYS, Weekday
from sukusuku_server.settings.opening import LaterOpening, Opening
from sukusuku_server.settings.parents import ForParents


@dataclass(frozen=True, slots=True)
class Hours:
    """The opening hours of a centre: lines of days and hours, and what is planned, by its first day."""

    lines: tuple[tuple[str, str], ...]
    planned: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A contact, a round or a vehicle: by what it is addressed, its name, and what is said of it."""

    address: str
    name: str
    lines: tuple[str, ...]
    parts: tuple[tuple[str, str], ...] = ()


class SettingsWording:
    """The parts of the settings in the reader's words."""

    def __init__(self, facility: Facility, language: Language, translate: Translate, today: date) -> None:
        self._facility, self._language, self.translate, self._today = facility, language, translate, today
        self._sites = {site.id: site.name[language] for site in facility.site}

    def hours(self, opening: Opening) -> Hours:
        """Return the opening hours of a centre."""
        lines = self._week({day: opening.on(self._today).weekday(day) for day in WEEKDAYS})
        lines += self._holidays(opening.on(self._today))
        closed = [str(day) for day in opening.closed if day >= self._today]
        if closed:
            lines.append((self.translate("Closed on single days"), self._joined(closed)))
        for day, slots in sorted(opening.special.items()):
            if day >= str(self._today):
                lines.append((day, self._slots(slots)))
        planned = [(str(it.since), tuple(self._new(it))) for it in opening.later if it.since > self._today]
        return Hours(tuple(lines), tuple(planned))

    def parents(self, found: ForParents) -> tuple[tuple[str, str], ...]:
        """Return what parents are told of a centre."""
        language, translate = self._language, self.translate
        lines = (
            (translate("Address"), found.address[language] if found.address else ""),
            (translate("Telephone"), found.phone or ""),
            (translate("Web page"), found.website or ""),
            (translate("Ages"), ages(found, translate)),
            (translate("How to book"), found.booking[language] if found.booking else ""),
        )
        return tuple((name, text) for name, text in lines if text)

    def contacts(self) -> tuple[Listed, ...]:
        """Return who is told of alerts, in the order of the settings."""
        addresses = names_of([{"name": it.name} for it in self._facility.contact])
        return tuple(
            Listed(address, it.name, (*self.reached(it), self._at(it.sites), *self.told_of(it)))
            for address, it in zip(addresses, self._facility.contact, strict=True)
        )

    def contacts_of(self, site: str) -> tuple[Listed, ...]:
        """Return who is told of alerts of one centre; of other centres nothing is said."""
        return tuple(
            Listed(listed.address, it.name, (*self.reached(it), *self.told_of(it)))
            for listed, it in zip(self.contacts(), self._facility.contact, strict=True)
            if not it.sites or site in it.sites
        )

    def reached(self, contact: Contact) -> tuple[str, ...]:
        """Return the ways to a contact."""
        mail = [str(contact.mail)] if contact.mail else []
        return (*mail, *([self._joined(contact.channels)] if contact.channels else []))

    def told_of(self, contact: Contact) -> tuple[str, ...]:
        """Return of what a contact is told, and when."""
        rules = self._joined([self.translate(RULE_NAMES[rule]) for rule in contact.rules])
        after = self.translate("after %(n)s min") % {"n": f"{contact.after_minutes:g}"}
        return (rules or self.translate("all alerts"), *([after] if contact.after_minutes else []))

    def report_mails(self) -> tuple[Listed, ...]:
        """Return who gets reports by mail."""
        addresses = names_of([{"name": it.name} for it in self._facility.report_mail])
        return tuple(
            Listed(
                address,
                it.name,
                (
                    str(it.mail),
                    self._at(it.sites),
                    self._joined([self.translate(REPORT_NAMES[name]) for name in it.about]),
                    self._joined(it.endings),
                ),
            )
            for address, it in zip(addresses, self._facility.report_mail, strict=True)
        )

    def rounds(self) -> tuple[Listed, ...]:
        """Return the rounds, each with its crew."""
        vehicles = {it.id: it.name[self._language] for it in self._facility.vehicle}
        return tuple(
            Listed(
                it.id,
                it.name[self._language],
                (
                    self._days(it.days),
                    self.translate("%(departs)s to %(returns)s, plan sent at %(mail_at)s, answer by %(answer_by)s")
                    % {key: getattr(it, key) for key in ("departs", "returns", "mail_at", "answer_by")},
                    vehicles.get(it.vehicle, it.vehicle),
                    self._at(it.sites),
                ),
                tuple(
                    zip(names_of([{"name": one.name} for one in it.crew]), (one.mail for one in it.crew), strict=True)
                ),
            )
            for it in self._facility.round
        )

    def vehicles(self) -> tuple[Listed, ...]:
        """Return the vehicles."""
        depots = {it.id: it.name[self._language] for it in self._facility.depot}
        return tuple(
            Listed(
                it.id,
                it.name[self._language],
                (
                    depots.get(it.depot, it.depot),
                    self.translate("%(bags)s bags, %(kg)s kg") % {"bags": it.bags, "kg": f"{it.kg:g}"},
                ),
            )
            for it in self._facility.vehicle
        )

    def levels(self) -> tuple[tuple[str, str], ...]:
        """Return the thresholds that matter most."""
        it, minutes = self._facility.alerts, self.translate("%(n)s min")
        repeat = f"{it.repeat_after * SECOND_MS / HOUR_MS:g} h" if it.repeat_after else self.translate("never")
        return (
            (self.translate("Fill level from which on an alert begins"), f"{it.fill_rise:g} %"),
            (self.translate("Fill level at which it ends"), f"{it.fill_clear:g} %"),
            (self.translate("Over the limit for this long"), minutes % {"n": f"{it.over_capacity_for / 60:g}"}),
            (self.translate("No data after"), minutes % {"n": f"{it.silent_after / 60:g}"}),
            (self.translate("Mail repeated after"), repeat),
        )

    def _week(self, slots: Mapping[Weekday, Sequence[str]]) -> list[tuple[str, str]]:
        """Return lines of days that follow each other and have the same hours."""
        groups: list[tuple[list[Weekday], str]] = []
        for day, found in slots.items():
            told = self._slots(found)
            if groups and groups[-1][1] == told:
                groups[-1][0].append(day)
            else:
                groups.append(([day], told))
        return [(self._span(days), told) for days, told in groups]

    def _span(self, days: Sequence[Weekday]) -> str:
        first, last = (self.translate(WEEKDAY_NAMES[day]) for day in (days[0], days[-1]))
        return first if len(days) == 1 else self.translate("%(first)s – %(last)s") % {"first": first, "last": last}

    def _holidays(self, opening: Opening) -> list[tuple[str, str]]:
        told = {"closed": self.translate("closed"), "open": self.translate("as the weekday")}
        holidays = opening.holidays
        lines = [
            (
                self.translate("National holidays"),
                told[holidays] if isinstance(holidays, str) else self._slots(holidays),
            )
        ]
        monthly = [self._month_day(item) for item in opening.closed_monthly]
        return [*lines, (self.translate("Closed every month on"), self._joined(monthly))] if monthly else lines

    def _new(self, later: LaterOpening) -> list[tuple[str, str]]:
        days = {day: found for day in WEEKDAYS if (found := getattr(later, day)) is not None}
        rest = Opening(**{key: new for key, new in later.new.items() if key in {"holidays", "closed_monthly"}})
        return [*self._week(days), *(self._holidays(rest) if set(later.new) - set(WEEKDAYS) else [])]

    def _month_day(self, text: str) -> str:
        which, _, day = text.partition(" ")
        values = {"which": self.translate(ORDINALS[which]), "day": self.translate(WEEKDAY_NAMES[day])}
        return self.translate("%(which)s %(day)s") % values

    def _slots(self, slots: Sequence[str]) -> str:
        return self._joined(slots) or self.translate("closed")

    def _days(self, days: Sequence[str]) -> str:
        return self._joined([self.translate(WEEKDAY_NAMES[day]) for day in WEEKDAYS if day in days])

    def _at(self, sites: Sequence[str]) -> str:
        return self._joined([self._sites.get(site, site) for site in sites]) or self.translate("all centres")

    def _joined(self, texts: Sequence[str]) -> str:
        return self.translate(", ").join(texts)
