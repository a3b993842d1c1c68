"""What a mail about an alert says, in the reader's language. Pure; the templates give it its form."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from gettext import NullTranslations

from babel.dates import format_datetime

from sukusuku_collector.alerts.rules import Rule
from sukusuku_collector.i18n import japan_time
from sukusuku_collector.operations import Alert
from sukusuku_collector.settings import Asset, Language
from sukusuku_core.model import FaultCode

_MINUTE_MS = 60 * 1000


@dataclass(frozen=True, slots=True)
class Incident:
    """An alert that has just fired or been resolved, with what a mail tells about it.

    `value` is the one of now, `fill_clear` the level (%) at which a fill alert ends, `last_time` when the asset was
    last heard (UTC ms). `metric` is the one that is missing when the asset still says other things; `last_time` is
    then that metric's.
    """

    alert: Alert
    asset: Asset
    value: float | None
    fill_clear: float
    last_time: int | None
    simulated: bool
    now: int
    metric: str | None = None

    @property
    def resolved(self) -> bool:
        """Whether the mail brings the good news."""
        return self.alert.resolved is not None


@dataclass(frozen=True, slots=True)
class Meter:
    """A bar: how full, and where the mark stands, both 0 to 100."""

    percent: int
    mark: int


@dataclass(frozen=True, slots=True)
class Words:
    """The parts of a mail.

    `topic` names the rule in two words, `tone` picks the colours, `facts` are label and value, `steps` what to do next.
    """

    topic: str
    tone: str
    subject: str
    headline: str
    facts: tuple[tuple[str, str], ...] = ()
    steps: tuple[str, ...] = ()
    meter: Meter | None = None


@dataclass(frozen=True, slots=True)
class _Speech:
    """An incident and the language to tell it in. `children` allows to say how many there are."""

    incident: Incident
    texts: NullTranslations
    language: Language
    children: bool

    @property
    def names(self) -> dict[str, str]:
        asset = self.incident.asset
        return {"site": asset.site.name[self.language], "asset": asset.settings.name[self.language]}

    def time(self, time: int) -> str:
        """A time for people, by the clock of the centre."""
        pattern = "y年M月d日（E）H:mm" if self.language == "ja" else "EEE d MMM y, HH:mm 'JST'"
        return format_datetime(japan_time(time), pattern, locale=self.language)

    def duration(self, duration: int) -> str:
        """A length of time in the two largest units that matter."""
        minutes = duration // _MINUTE_MS
        hours, days = minutes // 60, minutes // 1440
        if minutes < 1:
            return self.texts.gettext("less than a minute")
        if hours < 1:
            return self.texts.gettext("%(minutes)d min") % {"minutes": minutes}
        if days < 1:
            return self.texts.gettext("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes % 60}
        return self.texts.gettext("%(days)d d %(hours)d h") % {"days": days, "hours": hours % 24}


def words(incident: Incident, texts: NullTranslations, language: Language, *, children: bool) -> Words:
    """The words of a mail. `children` allows it to say how many children are in a room."""
    speech = _Speech(incident, texts, language, children)
    told = _RULES[Rule(incident.alert.rule)](speech)
    prefix = texts.gettext("[Sukusuku]")
    if incident.resolved:
        subject = texts.gettext("Resolved: %(subject)s") % {"subject": told.subject}
        told = replace(told, tone="good", subject=subject, steps=(texts.gettext("Nothing more needs to be done."),))
    return replace(told, subject=f"{prefix} {told.subject}", facts=(*_place(speech), *told.facts, *_times(speech)))


def _place(speech: _Speech) -> tuple[tuple[str, str], ...]:
    gettext = speech.texts.gettext
    return (gettext("Where"), speech.names["site"]), (gettext("What"), speech.names["asset"])


def _times(speech: _Speech) -> tuple[tuple[str, str], ...]:
    gettext, alert = speech.texts.gettext, speech.incident.alert
    facts = [(gettext("Since"), speech.time(alert.since))]
    if alert.resolved is not None:
        facts.append((gettext("Until"), speech.time(alert.resolved)))
        facts.append((gettext("Lasted"), speech.duration(alert.resolved - alert.since)))
    if alert.acknowledged is not None:
        who = {"who": alert.acknowledged_by or "", "time": speech.time(alert.acknowledged)}
        facts.append((gettext("Taken care of by"), gettext("%(who)s, %(time)s") % who))
    return tuple(facts)


def _fill_level(speech: _Speech) -> Words:
    gettext, incident = speech.texts.gettext, speech.incident
    if incident.value is None:
        return _bag_full(speech)
    value, rise = incident.value, incident.alert.threshold or 0.0
    numbers = speech.names | {"value": f"{value:.0f}", "threshold": f"{rise:g}", "clear": f"{incident.fill_clear:g}"}
    if incident.resolved:
        subject = gettext("%(site)s: %(asset)s fill level back to %(value)s %%")
        headline = gettext("%(asset)s has room again: %(value)s %% full")
    else:
        subject = gettext("%(site)s: %(asset)s fill level %(value)s %% (threshold %(threshold)s %%)")
        headline = gettext("%(asset)s is %(value)s %% full")
    return Words(
        topic=gettext("Fill level"),
        tone="warning",
        subject=subject % numbers,
        headline=headline % numbers,
        facts=(
            (gettext("Fill level now"), gettext("%(value)s %%") % numbers),
            (gettext("Threshold"), gettext("%(value)s %%") % {"value": numbers["threshold"]}),
        ),
        steps=(
            gettext("Take the full pack out, put a new bag or film in, and close the lid."),
            gettext("Once the level is at %(clear)s %% or below, this alert ends by itself and a mail says so.")
            % numbers,
        ),
        meter=Meter(_percent(value), _percent(rise)),
    )


def _bag_full(speech: _Speech) -> Words:
    """The unit says so itself, whatever the level sensor says."""
    gettext = speech.texts.gettext
    if speech.incident.resolved:
        subject = gettext("%(site)s: %(asset)s is no longer full")
        headline = gettext("%(asset)s has room again")
    else:
        subject = gettext("%(site)s: %(asset)s says that its bag is full")
        headline = gettext("The bag of %(asset)s is full")
    return Words(
        topic=gettext("Fill level"),
        tone="warning",
        subject=subject % speech.names,
        headline=headline % speech.names,
        steps=(
            gettext("Take the full pack out, put a new bag or film in, and close the lid."),
            gettext("Once the unit no longer says that it is full, this alert ends by itself and a mail says so."),
        ),
    )


def _percent(value: float) -> int:
    return round(min(max(value, 0.0), 100.0))


def _unit_fault(speech: _Speech) -> Words:
    gettext, incident = speech.texts.gettext, speech.incident
    code = round(incident.alert.value or 0)
    fault, step = _fault(speech, code)
    numbers = speech.names | {"fault": fault}
    if incident.resolved:
        subject = gettext("%(site)s: %(asset)s fault is gone (%(fault)s)")
        headline = gettext("%(asset)s works again")
    else:
        subject = gettext("%(site)s: %(asset)s fault: %(fault)s")
        headline = gettext("%(asset)s reports a fault: %(fault)s")
    return Words(
        topic=gettext("Fault"),
        tone="danger",
        subject=subject % numbers,
        headline=headline % numbers,
        facts=((gettext("Fault"), gettext("%(fault)s (code %(code)d)") % {"fault": fault, "code": code}),),
        steps=(
            gettext("Switch the unit off before you reach inside."),
            step,
            gettext("If the fault comes back, call the maintenance company."),
        ),
    )


def _fault(speech: _Speech, code: int) -> tuple[str, str]:
    """The name of a fault and what to do about it."""
    gettext = speech.texts.gettext
    match code:
        case FaultCode.JAM:
            name = gettext("jam")
            step = gettext("Take out what is stuck, close the lid and switch the unit on again.")
        case FaultCode.FILM_OUT:
            name = gettext("film used up")
            step = gettext("Put a new film cassette in and switch the unit on again.")
        case FaultCode.MOTOR_OVERLOAD:
            name = gettext("motor overloaded")
            step = gettext("Take out the pack if it is too full, and let the unit cool down.")
        case FaultCode.SENSOR:
            name = gettext("sensor fault")
            step = gettext("Wipe the sensor clean; until it works again, check the level by eye.")
        case _:
            name = gettext("unknown fault")
            step = gettext("Look the code up in the manual of the unit.")
    return name, step


def _room_over_capacity(speech: _Speech) -> Words:
    gettext, incident = speech.texts.gettext, speech.incident
    numbers = speech.names | {"value": f"{incident.value or 0:.0f}", "places": f"{incident.alert.threshold or 0:.0f}"}
    if incident.resolved:
        subject = gettext("%(site)s: %(asset)s is within its capacity again")
        headline = gettext("%(asset)s is within its capacity again")
    elif speech.children:
        subject = gettext("%(site)s: %(asset)s has %(value)s children (capacity %(places)s)")
        headline = gettext("%(asset)s has %(value)s children, more than its %(places)s places")
    else:
        subject = gettext("%(site)s: %(asset)s is over its capacity of %(places)s children")
        headline = gettext("%(asset)s has more children than its %(places)s places")
    facts = [(gettext("Capacity"), gettext("%(value)s children") % {"value": numbers["places"]})]
    if speech.children:
        facts.insert(0, (gettext("Children now"), gettext("%(value)s children") % numbers))
    return Words(
        topic=gettext("Room over capacity"),
        tone="danger",
        subject=subject % numbers,
        headline=headline % numbers,
        facts=tuple(facts),
        steps=(
            gettext("Count on the spot how many children are in the room."),
            gettext("Guide some of them to another room, or call more staff, as the rules of the centre say."),
        ),
    )


def _asset_silent(speech: _Speech) -> Words:
    gettext, incident = speech.texts.gettext, speech.incident
    heard = gettext("never so far") if incident.last_time is None else speech.time(incident.last_time)
    numbers = speech.names | {"time": speech.time(incident.alert.since)}
    step = gettext("Check that the sensor and the small computer beside it have power and network.")
    if incident.metric is not None:
        numbers |= {"what": _missing(speech, incident.metric)}
        subject = gettext("%(site)s: %(asset)s no reading of the %(what)s since %(time)s")
        headline = gettext("%(asset)s: the %(what)s is not measured any more")
        step = gettext("Other readings still come: check the one sensor, that it has power, a free view and its cable.")
    elif incident.resolved:
        subject = gettext("%(site)s: %(asset)s sends data again")
        headline = gettext("%(asset)s sends data again")
    else:
        subject = gettext("%(site)s: %(asset)s no data since %(time)s")
        headline = gettext("Nothing has been heard from %(asset)s")
    limit = speech.duration(round((incident.alert.threshold or 0) * 1000))
    return Words(
        topic=gettext("No data"),
        tone="quiet",
        subject=subject % numbers,
        headline=headline % numbers,
        facts=((gettext("Last reading"), heard), (gettext("Counts as silent after"), limit)),
        steps=(
            step,
            gettext("Until it is heard again nobody can tell from afar how things stand: please look on the spot."),
        ),
    )


def _missing(speech: _Speech, metric: str) -> str:
    gettext = speech.texts.gettext
    match metric.rpartition("/")[2]:
        case "Percent":
            return gettext("fill level")
        case "Children":
            return gettext("number of children")
        case "Count":
            return gettext("number of people")
        case _:
            return gettext("presence")


_RULES: dict[Rule, Callable[[_Speech], Words]] = {
    Rule.FILL_LEVEL: _fill_level,
    Rule.UNIT_FAULT: _unit_fault,
    Rule.ROOM_OVER_CAPACITY: _room_over_capacity,
    Rule.ASSET_SILENT: _asset_silent,
}
