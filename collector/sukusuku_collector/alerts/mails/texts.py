"""What a mail about an alert says, in the reader's language. Pure; the templates give it its form."""

from collections.abc import Callable
from dataclasses import replace
from gettext import NullTranslations

from sukusuku_collector.alerts.mails.phrases import Incident, Item, Speech, Words
from sukusuku_collector.alerts.mails.texts_collection import collection, film_low, kg_limit, stock_low
from sukusuku_collector.alerts.mails.texts_rooms import room_over_capacity, zone_over_capacity
from sukusuku_core.model import FaultCode
from sukusuku_server.model.rules import Rule
from sukusuku_server.settings import Language, Site

_WIRED = {Rule.COLLECTION, Rule.UNIT_FAULT, Rule.FILM_LOW, Rule.ASSET_SILENT}
"""What a loose contact makes come and go; children, weight and stock come and go by themselves."""
_SHORT_FACTS = 4
"""Facts of a message for a phone."""


def words(item: Item, texts: NullTranslations, language: Language, *, children: bool) -> Words:
    """Return the words of a mail. `children` allows it to say how many children are in a room."""
    told = about(item.incident, texts, language, children=children)
    facts = (*told.facts, *_waited(Speech(item.incident, texts, language, children), item))
    return replace(told, subject=f"{texts.gettext('[Sukusuku]')} {told.subject}", facts=facts)


def about(incident: Incident, texts: NullTranslations, language: Language, *, children: bool) -> Words:
    """Return what is said of an incident, with a subject that has no mark in front."""
    speech = Speech(incident, texts, language, children)
    told = _RULES[Rule(incident.alert.rule)](speech)
    if incident.alert.flapping and not incident.resolved:
        subject = texts.gettext("%(subject)s, comes and goes") % {"subject": told.subject}
        loose = texts.gettext("It comes and goes: check plugs, cables and the network connection.")
        steps = (*told.steps, loose) if incident.alert.rule in _WIRED else told.steps
        told = replace(told, subject=subject, steps=steps)
    if incident.resolved:
        subject = texts.gettext("Resolved: %(subject)s") % {"subject": told.subject}
        told = replace(told, tone="good", subject=subject, steps=(texts.gettext("No further action is needed."),))
    elif incident.open_still:
        told = replace(told, subject=texts.gettext("Still open: %(subject)s") % {"subject": told.subject})
    return replace(told, facts=(*_place(speech), *told.facts, *_times(speech, told.since)))


def short(told: Words, texts: NullTranslations, *, simulated: bool) -> str:
    """Return the words of a mail as a few lines for a phone: what is wrong, the facts of it, what to do."""
    skipped = {texts.gettext("Centre"), texts.gettext("Unit or room")}
    facts = [f"{label}: {value}" for label, value in told.facts if label not in skipped]
    lines = [texts.gettext("Simulated data")] if simulated else []
    return "\n".join([*lines, told.headline, *facts[:_SHORT_FACTS], *(f"→ {step}" for step in told.steps[:1])])


def _place(speech: Speech) -> tuple[tuple[str, str], ...]:
    gettext = speech.texts.gettext
    where = (gettext("Centre"), speech.names["site"])
    return (
        (where,)
        if isinstance(speech.incident.subject, Site)
        else (where, (gettext("Unit or room"), speech.names["asset"]))
    )


def _waited(speech: Speech, item: Item) -> tuple[tuple[str, str], ...]:
    """Return why nobody was told before."""
    if not item.held or item.waited is None:
        return ()
    gettext = speech.texts.gettext
    reason = {
        "closed": gettext("since %(time)s: the centre was closed"),
        "silenced": gettext("since %(time)s: somebody had silenced notifications"),
        "digest": gettext("since %(time)s: you receive this kind as a digest"),
        "budget": gettext("since %(time)s: there were many mails to you on this day"),
    }[item.held]
    return ((gettext("This mail waited"), reason % {"time": speech.time(item.waited)}),)


def _times(speech: Speech, since: str) -> tuple[tuple[str, str], ...]:
    gettext, alert = speech.texts.gettext, speech.incident.alert
    facts = [(since or gettext("Started"), speech.time(alert.since))]
    if alert.returns:
        facts.append((gettext("Came back"), gettext("%(count)d times") % {"count": alert.returns}))
    if alert.resolved is not None:
        facts.append((gettext("Ended"), speech.time(alert.resolved)))
        facts.append((gettext("Duration"), speech.duration(alert.resolved - alert.since)))
    if alert.acknowledged is not None:
        who = {"who": alert.acknowledged_by or "", "time": speech.time(alert.acknowledged)}
        facts.append((gettext("Acknowledged by"), gettext("%(who)s, %(time)s") % who))
    elif speech.incident.open_still and alert.told_first is not None:
        facts.append((gettext("First notified"), speech.time(alert.told_first)))
        facts.append((gettext("Acknowledged by"), gettext("nobody yet")))
    if alert.resolved is None and alert.acknowledged is None and alert.assigned_to is not None:
        facts.append((gettext("Assigned to"), alert.assigned_to))
    return tuple(facts)


def _unit_fault(speech: Speech) -> Words:
    gettext, incident = speech.texts.gettext, speech.incident
    code = round(incident.alert.value or 0)
    fault, step = _fault(speech, code)
    numbers = speech.names | {"fault": fault}
    if incident.resolved:
        subject = gettext("%(site)s: %(asset)s fault cleared (%(fault)s)")
        headline = gettext("%(asset)s is working again")
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
            gettext("Switch the unit off before reaching inside."),
            step,
            gettext("If the fault returns, call the maintenance company."),
        ),
    )


def _fault(speech: Speech, code: int) -> tuple[str, str]:
    """Return the name of a fault and what to do about it."""
    gettext = speech.texts.gettext
    match code:
        case FaultCode.JAM:
            name = gettext("jam")
            step = gettext("Remove whatever is stuck, close the lid and switch the unit back on.")
        case FaultCode.FILM_OUT:
            name = gettext("out of film")
            step = gettext("Insert a new film cassette and switch the unit back on.")
        case FaultCode.MOTOR_OVERLOAD:
            name = gettext("motor overload")
            step = gettext("If the bag is full, empty the unit. Then let the unit cool down.")
        case FaultCode.SENSOR:
            name = gettext("sensor fault")
            step = gettext("Wipe the sensor. Until it works again, check the bag by eye.")
        case _:
            name = gettext("unknown fault")
            step = gettext("Look up the code in the manual of the unit.")
    return name, step


def _asset_silent(speech: Speech) -> Words:
    gettext, incident = speech.texts.gettext, speech.incident
    heard = gettext("never") if incident.last_time is None else speech.time(incident.last_time)
    numbers = speech.names | {"time": speech.time(incident.alert.since)}
    step = gettext("Check the power and network of the sensor and of the small computer next to it.")
    if incident.alert.reason and incident.resolved:
        numbers |= {"what": _missing(speech, incident.alert.reason)}
        if incident.last_time is not None and incident.last_time > incident.alert.since:
            subject = gettext("%(site)s: %(asset)s the %(what)s is measured again")
            headline = gettext("%(asset)s: the %(what)s is measured again")
        else:
            subject = gettext("%(site)s: %(asset)s the %(what)s is no longer monitored")
            headline = gettext("%(asset)s: the %(what)s is no longer monitored")
    elif incident.alert.reason:
        numbers |= {"what": _missing(speech, incident.alert.reason)}
        subject = gettext("%(site)s: %(asset)s no data on the %(what)s since %(time)s")
        headline = gettext("%(asset)s: the %(what)s is no longer being measured")
        step = gettext(
            "Other readings still arrive. Check this sensor: its power, its cable and that nothing blocks its view."
        )
    elif incident.resolved:
        subject = gettext("%(site)s: %(asset)s is sending data again")
        headline = gettext("%(asset)s is sending data again")
    else:
        subject = gettext("%(site)s: %(asset)s no data since %(time)s")
        headline = gettext("%(asset)s is not sending data")
    limit = speech.duration(round((incident.alert.threshold or 0) * 1000))
    return Words(
        topic=gettext("No data"),
        tone="quiet",
        subject=subject % numbers,
        headline=headline % numbers,
        facts=((gettext("Last reading"), heard), (gettext("Treated as silent after"), limit)),
        steps=(
            step,
            gettext("Until data arrives again, please check on site."),
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
