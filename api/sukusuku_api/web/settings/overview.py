"""What the page of settings shows: everything that is set, in words; what is wrong, what waits for a restart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sukusuku_api.dependencies import Context
from sukusuku_api.queries.adoption import found as found_devices
from sukusuku_api.web.parents_texts import ages
from sukusuku_api.web.settings.drafting import names_of
from sukusuku_api.web.settings.texts import ORDINALS, REPORT_NAMES, RULE_NAMES, WEEKDAY_NAMES
from sukusuku_core.errors import WrongSettingsError
from sukusuku_core.time import HOUR_MS, SECOND_MS, local_day
from sukusuku_server.facility_document.words import may_be_secret
from sukusuku_server.i18n import Translate
from sukusuku_server.settings import Facility, Language, Site
from sukusuku_server.settings.base import WEEKDAYS, Weekday
from sukusuku_server.settings.opening import LaterOpening, Opening
from sukusuku_server.settings.parents import ForParents


@dataclass(frozen=True, slots=True)
class Hours:
    """The opening hours of a centre: lines of days and hours, and what is planned, by its first day."""

    lines: tuple[tuple[str, str], ...]
    planned: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True, slots=True)
class Centre:
    """A centre with its hours."""

    site: Site
    hours: Hours
    parents: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A contact, a round or a vehicle: by what it is addressed, its name, and what is said of it."""

    address: str
    name: str
    lines: tuple[str, ...]
    parts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page. `editable`: the settings can be changed from here."""

    settings: Facility
    editable: bool
    mistakes: tuple[tuple[str, str], ...]
    restart: tuple[str, ...]
    centres: tuple[Centre, ...]
    contacts: tuple[Listed, ...]
    report_mails: tuple[Listed, ...]
    rounds: tuple[Listed, ...]
    vehicles: tuple[Listed, ...]
    depots: tuple[Listed, ...]
    levels: tuple[tuple[str, str], ...]
    waiting: int


def page(context: Context, language: Language, translate: Translate) -> Page:
    """Return the page. Where the document is wrong, it shows what is in use."""
    facility, mistakes = _now(context)
    told = _Told(facility, language, translate, local_day(context.clock()))
    return Page(
        settings=facility,
        editable=context.source is not None,
        mistakes=mistakes,
        restart=context.document().waiting,
        centres=tuple(Centre(site, told.hours(site.opening), told.parents(site.parents)) for site in facility.site),
        contacts=told.contacts(),
        report_mails=told.report_mails(),
        rounds=told.rounds(),
        vehicles=told.vehicles(),
        depots=tuple(Listed(it.id, it.name[language], (f"{it.lat:.4f}, {it.lon:.4f}",)) for it in facility.depot),
        levels=told.levels(),
        waiting=len(found_devices(context)),
    )


def _now(context: Context) -> tuple[Facility, tuple[tuple[str, str], ...]]:
    """Return what the document says, or what is in use while that is wrong, with what is."""
    if context.source is None:
        return context.whole.facility, ()
    try:
        return context.source.check(context.source.read().text), ()
    except WrongSettingsError as error:
        shown = ((it.where, "" if may_be_secret(it.where) else it.text) for it in error.mistakes)
        return context.whole.facility, tuple(shown)


class _Told:
    """The parts of the settings in the reader's words."""

    def __init__(self, facility: Facility, language: Language, translate: Translate, today: date) -> None:
        self._facility, self._language, self.translate, self._today = facility, language, translate, today
        self._sites = {site.id: site.name[language] for site in facility.site}

    def hours(self, opening: Opening) -> Hours:
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
        addresses = names_of([{"name": it.name} for it in self._facility.contact])
        return tuple(
            Listed(
                address,
                it.name,
                (
                    *([str(it.mail)] if it.mail else ()),
                    *([self._joined(it.channels)] if it.channels else ()),
                    self._at(it.sites),
                    self._joined([self.translate(RULE_NAMES[rule]) for rule in it.rules])
                    or self.translate("all alerts"),
                    *([self.translate("after %(n)s min") % {"n": f"{it.after_minutes:g}"}] if it.after_minutes else ()),
                ),
            )
            for address, it in zip(addresses, self._facility.contact, strict=True)
        )

    def report_mails(self) -> tuple[Listed, ...]:
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
