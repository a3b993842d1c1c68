"""How rounds are spoken of, in the reader's language. Pure; templates and pages give it its form."""

from dataclasses import dataclass, replace
from datetime import date
from gettext import NullTranslations
from urllib.parse import quote

from babel.dates import format_date, format_datetime

from sukusuku_core.time import japan_time
from sukusuku_server.model.rounds import FAILING, Obstacle, Reason
from sukusuku_server.rounds.route_sheet import Line, Sheet
from sukusuku_server.settings import Language, Place

LOW_CONFIDENCE = 50.0
"""Below this a level is called uncertain."""
_HIGH, _FULL = 80.0, 100.0


def reasons(texts: NullTranslations) -> dict[Reason, str]:
    """Why a unit is visited or not."""
    gettext = texts.gettext
    return {
        Reason.FULL: gettext("The bag is full"),
        Reason.DUE: gettext("Full or past its hygiene deadline by this round"),
        Reason.BEFORE_NEXT: gettext("Likely to be full or past its hygiene deadline before the next round"),
        Reason.OVER_AGE: gettext("The bag is past its hygiene deadline"),
        Reason.FAULT_FULL: gettext("Has a fault and may not last until the next round"),
        Reason.SILENT: gettext("No data: please check on site"),
        Reason.ASKED: gettext("Visit requested"),
        Reason.ENOUGH_ROOM: gettext("Enough space until the next round"),
        Reason.JUST_EMPTIED: gettext("Emptied recently"),
        Reason.CLOSED: gettext("Needs a visit, but the centre is closed then"),
        Reason.NO_CAPACITY: gettext("Needs a visit, but the vehicle is too small or the time too short"),
        Reason.NO_VEHICLE: gettext("Needs a visit, but the vehicle is out of service"),
        Reason.NO_PLACE: gettext("Needs a visit, but its location is not in the settings"),
        Reason.OTHER_ROUND: gettext("Another round collects it"),
        Reason.RETIRED: gettext("Out of service"),
    }


def obstacles(texts: NullTranslations) -> dict[Obstacle, str]:
    """Why a bag could not be collected, in the order in which people choose from them."""
    gettext = texts.gettext
    return {
        Obstacle.CLOSED: gettext("The centre was closed"),
        Obstacle.NO_ACCESS: gettext("The unit could not be reached"),
        Obstacle.FAULT: gettext("The unit could not be opened"),
        Obstacle.VEHICLE_FULL: gettext("The vehicle was full"),
        Obstacle.NO_TIME: gettext("There was no time left"),
    }


@dataclass(frozen=True, slots=True)
class Change:
    """What is different from the plan that was told before: assets of new stops, and of those that are gone."""

    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StopWords:
    """A stop in words. `tone` picks the colours; `bar` and `bar_then` are percent, 0 to 100, for a bar.

    `remark` is what the crew says besides its answer: why not, and its note.
    """

    line: Line
    reason: str
    level: str
    deadline: str
    arrives: str
    load: str
    tone: str
    bar: int
    bar_then: int
    map: str | None
    remark: str


@dataclass(frozen=True, slots=True)
class RoundWords:
    """A round in words. `facts` are label and value; `unmet` need a visit that is not planned.

    `changes` say what is different from the mail before.
    """

    subject: str
    headline: str
    lead: str
    changes: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    stops: tuple[StopWords, ...]
    unmet: tuple[StopWords, ...]
    others: tuple[StopWords, ...]


class Speech:
    """A sheet and the language to tell it in. `map_link` is an address with `{lat}` and `{lon}` in it."""

    def __init__(self, sheet: Sheet, texts: NullTranslations, map_link: str) -> None:
        self._sheet = sheet
        self._language: Language = sheet.language
        self._texts = texts
        self._reasons, self._obstacles = reasons(texts), obstacles(texts)
        self._map_link = map_link

    def round(self, *, passed_on: bool = False, reopened: bool = False, change: Change | None = None) -> RoundWords:
        """Return the whole round. `passed_on`: somebody else was asked before. `reopened`: whoever went cannot."""
        gettext, sheet = self._texts.gettext, self._sheet
        values = {"round": sheet.name, "day": self.day(sheet.day), "load": self._load(sheet.bags, sheet.kg)}
        values |= {"stops": self.stops(len(sheet.stops))}
        if sheet.stops:
            subject = gettext("Collection %(day)s, %(round)s: %(stops)s, %(load)s")
            headline = gettext("%(day)s, %(round)s: %(stops)s")
            lead = gettext("Please collect the bags listed below, in this order.")
        else:
            subject = gettext("Collection %(day)s, %(round)s: nothing to collect")
            headline = gettext("%(day)s, %(round)s: nothing to collect")
            lead = self._why_none()
        subject %= values
        if change is not None:
            subject = gettext("Changed: %(subject)s") % {"subject": subject}
            lead = gettext("The plan has changed. The list below is the new one.")
            if not sheet.stops:
                lead = gettext("The plan has changed: there is nothing left to collect. Nobody needs to go.")
                if any(line.reason in FAILING for line in sheet.others):
                    lead = gettext(
                        "The plan has changed: units need a visit, but this round cannot make any. Do not go."
                    )
        elif passed_on or reopened:
            subject = gettext("Answer needed: %(subject)s") % {"subject": subject}
            asks = gettext("Those who were asked first cannot go, or have not sent an answer. Can you go?")
            if reopened:
                asks = gettext("Whoever had said that they go cannot go after all. Can you go?")
            lead = asks if sheet.stops else lead
        return RoundWords(
            subject=f"{gettext('[Sukusuku]')} {subject}",
            headline=headline % values,
            lead=lead,
            changes=() if change is None else self._changes(change),
            facts=self._facts(),
            stops=tuple(self.stop(line) for line in sheet.stops),
            unmet=tuple(self.stop(line) for line in sheet.others if line.reason in FAILING),
            others=tuple(self.stop(line) for line in sheet.others if line.reason not in FAILING),
        )

    def _changes(self, change: Change) -> tuple[str, ...]:
        gettext = self._texts.gettext
        lines = {line.asset: line for line in (*self._sheet.stops, *self._sheet.others)}
        told = [(gettext("New: %(what)s"), asset) for asset in change.new]
        told += [(gettext("No longer: %(what)s"), asset) for asset in change.gone]
        return tuple(text % {"what": self.item(self.stop(lines[asset]))} for text, asset in told if asset in lines)

    def item(self, stop: StopWords) -> str:
        """Return a unit in one line: where it is, and why it is visited or not."""
        names = {"site": stop.line.site, "unit": stop.line.unit, "why": stop.reason, "level": self.now(stop.line)}
        return self._texts.gettext("%(site)s %(unit)s: %(why)s (%(level)s)") % names

    def stop(self, line: Line) -> StopWords:
        """Put one unit into words."""
        then = line.percent if line.percent_then is None else line.percent_then
        return StopWords(
            line=line,
            reason=self._reason(line),
            level=self._level(line),
            deadline="" if line.emptied else self._deadline(line.deadline),
            arrives="" if line.arrives is None else self.clock(line.arrives),
            load=self._load(line.bags, line.kg),
            tone=_tone(line, then),
            bar=_percent(line.percent),
            bar_then=_percent(then),
            map=None if line.place is None else map_url(self._map_link, line.place),
            remark=self._texts.gettext(", ").join(
                part for part in (self._obstacles.get(line.obstacle, ""), line.note) if part
            ),
        )

    def _reason(self, line: Line) -> str:
        if line.emptied is None:
            return self._reasons[line.reason]
        return self._texts.gettext("The bag was changed at %(time)s") % {"time": self.moment(line.emptied)}

    def now(self, line: Line) -> str:
        """Return the fill level of a unit when the plan was made."""
        return self._level(replace(line, percent_then=None))

    @property
    def name(self) -> str:
        """What the round is called."""
        return self._sheet.name

    def day(self, day: date) -> str:
        """Return a date for people."""
        return format_date(day, "M月d日（E）" if self._language == "ja" else "EEE d MMM", locale=self._language)

    def clock(self, time: int) -> str:
        """Return a time of the day."""
        return japan_time(time).strftime("%H:%M")

    def moment(self, time: int) -> str:
        """Return a time with its date, unless that is the day of the round."""
        moment = japan_time(time)
        if moment.date() == self._sheet.day:
            return self.clock(time)
        pattern = "M月d日（E）HH:mm" if self._language == "ja" else "EEE d MMM, HH:mm"
        return format_datetime(moment, pattern, locale=self._language)

    def _facts(self) -> tuple[tuple[str, str], ...]:
        gettext, sheet = self._texts.gettext, self._sheet
        if not sheet.stops:
            return ()
        times = {"departs": self.clock(sheet.departs), "returns": self.clock(sheet.returns)}
        facts = [(gettext("When"), gettext("%(departs)s to %(returns)s") % times)]
        load = self._load(sheet.bags, sheet.kg)
        if sheet.vehicle is not None:
            facts.append((gettext("Vehicle"), sheet.vehicle.name[self._language]))
            takes = {"load": load, "takes": self._load(sheet.vehicle.bags, sheet.vehicle.kg)}
            load = gettext("%(load)s (vehicle limit %(takes)s)") % takes
        if sheet.depot is not None:
            facts.append((gettext("Starts and ends at"), sheet.depot.name[self._language]))
        way = {"km": f"{sheet.km:.1f}", "minutes": f"{sheet.minutes:.0f}"}
        facts.append((gettext("Route"), gettext("%(km)s km, about %(minutes)s min including stops") % way))
        facts.append((gettext("Expected load"), load))
        return tuple(facts)

    def _why_none(self) -> str:
        gettext, others = self._texts.gettext, self._sheet.others
        if not others:
            return gettext("No unit belongs to this round.")
        if any(line.reason in FAILING for line in others):
            return gettext("Units need a visit, but none could be planned. Please decide what to do.")
        if self._sheet.next_day is None:
            return gettext("No unit needs a visit today.")
        day = {"day": self.day(self._sheet.next_day)}
        return gettext("No unit needs a visit before the next round on %(day)s.") % day

    def stops(self, count: int) -> str:
        """How many stops."""
        gettext = self._texts.gettext
        return gettext("1 stop") if count == 1 else gettext("%(count)d stops") % {"count": count}

    def _load(self, bags: int, kg: float) -> str:
        gettext = self._texts.gettext
        values = {"bags": bags, "kg": f"{kg:.1f}".removesuffix(".0")}
        return gettext("1 bag, %(kg)s kg") % values if bags == 1 else gettext("%(bags)d bags, %(kg)s kg") % values

    def _level(self, line: Line) -> str:
        gettext = self._texts.gettext
        if line.percent is None:
            return gettext("fill level unknown")
        values = {"now": f"{line.percent:.0f}", "then": f"{line.percent_then or 0:.0f}"}
        if not line.heard:
            values["time"] = self.moment(self._sheet.planned)
            return gettext("fill level %(now)s %% at %(time)s, nothing newer") % values
        if line.confidence < LOW_CONFIDENCE:
            return gettext("fill level about %(now)s %%, uncertain") % values
        if line.percent_then is None or not line.number or values["now"] == values["then"]:
            return gettext("fill level %(now)s %%") % values
        return gettext("fill level %(now)s %% (%(then)s %% on arrival)") % values

    def _deadline(self, deadline: int | None) -> str:
        if deadline is None:
            return ""
        gettext, values = self._texts.gettext, {"time": self.moment(deadline)}
        if deadline <= self._sheet.planned:
            return gettext("overdue since %(time)s") % values
        return gettext("collect by %(time)s") % values


def map_url(template: str, place: Place) -> str:
    """Return the address that shows a place on a map."""
    numbers = {"{lat}": place.lat, "{lon}": place.lon}
    for mark, number in numbers.items():
        template = template.replace(mark, quote(f"{number:.6f}"))
    return template


def _tone(line: Line, then: float | None) -> str:
    if line.emptied is not None:
        return "good"
    if then is None or line.reason is Reason.SILENT:
        return "quiet"
    if then >= _FULL or line.reason in {Reason.FULL, Reason.OVER_AGE, Reason.FAULT_FULL}:
        return "danger"
    return "warning" if line.number or then >= _HIGH else "good"


def _percent(value: float | None) -> int:
    return round(min(max(value or 0.0, 0.0), 100.0))
