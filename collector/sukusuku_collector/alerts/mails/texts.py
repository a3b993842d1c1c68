"""What a mail about an alert says, in the reader's language. Pure; the templates give it its form."""

from collections.abc import Callable
from dataclasses import replace
from gettext import NullTranslations

from sukusuku_collector.alerts.mails.phrases import Incident, Speech, Words
from sukusuku_collector.alerts.mails.texts_collection import collection, film_low, kg_limit, stock_low
from sukusuku_collector.alerts.mails.texts_rooms import room_over_capacity, zone_over_capacity
from sukusuku_collector.alerts.state_machine import Rule
from sukusuku_core.model import FaultCode
from sukusuku_server.settings import Language, Site


def words(incident: Incident, texts: NullTranslations, language: Language, *, children: bool) -> Words:
    """The words of a mail. `children` allows it to say how many children are in a room."""
    speech = Speech(incident, texts, language, children)
    told = _RULES[Rule(incident.alert.rule)](speech)
    prefix = texts.gettext("[Sukusuku]")
    if incident.resolved:
        subject = texts.gettext("Resolved: %(subject)s") % {"subject": told.subject}
        told = replace(told, tone="good", subject=subject, steps=(texts.gettext("Nothing more needs to be done."),))
    elif incident.open_still:
        told = replace(told, subject=texts.gettext("Still open: %(subject)s") % {"subject": told.subject})
    facts = (*_place(speech), *told.facts, *_times(speech, told.since))
    return replace(told, subject=f"{prefix} {told.subject}", facts=facts)


def _place(speech: Speech) -> tuple[tuple[str, str], ...]:
    gettext = speech.texts.gettext
    where = (gettext("Where"), speech.names["site"])
    return (where,) if isinstance(speech.incident.subject, Site) else (where, (gettext("What"), speech.names["asset"]))


def _times(speech: Speech, since: str) -> tuple[tuple[str, str], ...]:
    gettext, alert = speech.texts.gettext, speech.incident.alert
    facts = [(since or gettext("Since"), speech.time(alert.since))]
    if alert.resolved is not None:
        facts.append((gettext("Until"), speech.time(alert.resolved)))
        facts.append((gettext("Lasted"), speech.duration(alert.resolved - alert.since)))
    if alert.acknowledged is not None:
        who = {"who": alert.acknowledged_by or "", "time": speech.time(alert.acknowledged)}
        facts.append((gettext("Taken care of by"), gettext("%(who)s, %(time)s") % who))
    elif speech.incident.open_still and alert.told_first is not None:
        facts.append((gettext("First told"), speech.time(alert.told_first)))
        facts.append((gettext("Taken care of by"), gettext("nobody yet")))
    return tuple(facts)


def _unit_fault(speech: Speech) -> Words:
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


def _fault(speech: Speech, code: int) -> tuple[str, str]:
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


def _asset_silent(speech: Speech) -> Words:
    gettext, incident = speech.texts.gettext, speech.incident
    heard = gettext("never so far") if incident.last_time is None else speech.time(incident.last_time)
    numbers = speech.names | {"time": speech.time(incident.alert.since)}
    step = gettext("Check that the sensor and the small computer beside it have power and network.")
    if incident.alert.reason and incident.resolved:
        numbers |= {"what": _missing(speech, incident.alert.reason)}
        if incident.last_time is not None and incident.last_time > incident.alert.since:
            subject = gettext("%(site)s: %(asset)s the %(what)s is measured again")
            headline = gettext("%(asset)s: the %(what)s is measured again")
        else:
            subject = gettext("%(site)s: %(asset)s the %(what)s is no longer expected")
            headline = gettext("%(asset)s: the %(what)s is no longer expected")
    elif incident.alert.reason:
        numbers |= {"what": _missing(speech, incident.alert.reason)}
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


def _missing(speech: Speech, metric: str) -> str:
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


_RULES: dict[Rule, Callable[[Speech], Words]] = {
    Rule.COLLECTION: collection,
    Rule.UNIT_FAULT: _unit_fault,
    Rule.FILM_LOW: film_low,
    Rule.ROOM_OVER_CAPACITY: room_over_capacity,
    Rule.ZONE_OVER_CAPACITY: zone_over_capacity,
    Rule.ASSET_SILENT: _asset_silent,
    Rule.KG_LIMIT: kg_limit,
    Rule.STOCK_LOW: stock_low,
}
