"""What mails say about rooms that are full or over their limit, in the reader's language. Pure."""

from sukusuku_collector.alerts.mails.phrases import Speech, Words
from sukusuku_server.rooms import texts
from sukusuku_server.rooms.capacity_limit import RoomLimit, Rule
from sukusuku_server.rooms.current import Stage
from sukusuku_server.settings import Asset, Room


def room_over_capacity(speech: Speech) -> Words:
    """Return the check of whether a room is full or over its limit."""
    gettext, incident = speech.texts.gettext, speech.incident
    over = incident.alert.stage >= Stage.OVER
    numbers = _numbers(speech)
    if incident.resolved:
        subject, headline = _ended(speech, over=over)
    elif over and speech.children:
        subject = gettext("%(site)s: %(asset)s has %(value)s children (limit %(limit)s)")
        headline = gettext("%(asset)s has %(value)s children; the limit is now %(limit)s")
    elif over:
        subject = gettext("%(site)s: %(asset)s is over its limit of %(limit)s children")
        headline = gettext("%(asset)s has more children than its current limit of %(limit)s")
    else:
        subject = gettext("%(site)s: %(asset)s is full or nearly full (limit %(limit)s children)")
        headline = gettext("%(asset)s is full or nearly full")
    if not over:
        relief = gettext(
            "Admit no more children than the limit allows. Ask other rooms or centres whether they have a vacancy."
        )
    elif incident.limit is not None and Rule.STAFF in incident.limit.limited_by:
        relief = gettext("Bring in another member of staff, or move some of the children to another room.")
    else:
        relief = gettext("Move some of the children to another room, following the rules of the centre.")
    return Words(
        topic=gettext("Room over its limit") if over else gettext("Room full"),
        tone="danger" if over else "warning",
        subject=subject % numbers,
        headline=headline % numbers,
        facts=(*_count(speech), *_limit(speech)),
        steps=(
            gettext("Count the children in the room."),
            relief,
            gettext("If the displayed number is wrong, enter your count on the rooms page."),
        ),
        since=gettext("Over the limit since") if over else gettext("Full since"),
    )


def zone_over_capacity(speech: Speech) -> Words:
    """Return the check of whether a zone has more children than the house rule allows."""
    gettext, incident = speech.texts.gettext, speech.incident
    numbers = _numbers(speech) | {"zone": _zone(speech)}
    if incident.resolved:
        subject = gettext("%(site)s: %(asset)s %(zone)s is within its house rule again")
        headline = gettext("%(asset)s, %(zone)s: within the house rule again")
    else:
        subject = gettext("%(site)s: %(asset)s %(zone)s is over its house rule of %(limit)s children")
        headline = gettext("%(asset)s, %(zone)s: more children than the house rule of %(limit)s")
    return Words(
        topic=gettext("Zone over its house rule"),
        tone="warning",
        subject=subject % numbers,
        headline=headline % numbers,
        facts=(
            (gettext("Zone"), _zone(speech)),
            *_count(speech),
            (texts.house_rule(speech.texts), gettext("%(value)s children") % {"value": numbers["limit"]}),
        ),
        steps=(gettext("Move some of the children to another zone. This is a house rule, not a legal limit."),),
    )


def _numbers(speech: Speech) -> dict[str, str]:
    alert = speech.incident.alert
    return speech.names | {"value": f"{speech.incident.value or 0:.0f}", "limit": f"{alert.threshold or 0:.0f}"}


def _ended(speech: Speech, *, over: bool) -> tuple[str, str]:
    gettext = speech.texts.gettext
    if speech.incident.value is None:
        return gettext("%(site)s: %(asset)s is now closed"), gettext("%(asset)s is now closed")
    if over:
        return gettext("%(site)s: %(asset)s is within its limit again"), gettext("%(asset)s is within its limit again")
    return gettext("%(site)s: %(asset)s has vacancies again"), gettext("%(asset)s has vacancies again")


def _count(speech: Speech) -> tuple[tuple[str, str], ...]:
    """How many there are, where mails may say so."""
    value, gettext = speech.incident.value, speech.texts.gettext
    if value is None or not speech.children:
        return ()
    return ((gettext("Children now"), gettext("%(value)s children") % {"value": f"{value:.0f}"}),)


def _limit(speech: Speech) -> tuple[tuple[str, str], ...]:
    """Return what limits the room, each rule with what it alone allows; nothing once it is closed."""
    gettext, limit = speech.texts.gettext, speech.incident.limit
    if limit is None or speech.incident.value is None:
        return ()
    names = texts.rules(speech.texts)
    facts = [(gettext("Current limit"), gettext("%(value)s children") % {"value": limit.children})]
    for rule, part in limit.parts.items():
        if part is not None:
            text = _part(speech, rule, part, limit)
            limited_by = rule in limit.limited_by
            facts.append((names[rule], gettext("%(rule)s (sets the limit)") % {"rule": text} if limited_by else text))
    return tuple(facts)


def _part(speech: Speech, rule: Rule, part: int, limit: RoomLimit) -> str:
    gettext = speech.texts.gettext
    match rule:
        case Rule.PLACES:
            return gettext("%(value)s children") % {"value": part}
        case Rule.AREA:
            area = {"value": part, "each": f"{limit.m2_per_child or 0:.2f}"}
            return gettext("up to %(value)s children (%(each)s m² each)") % area
        case Rule.STAFF:
            return gettext("%(staff)s staff → up to %(value)s children") % {"staff": limit.staff, "value": part}


def _zone(speech: Speech) -> str:
    """Return what people call the zone that the alert is about."""
    subject = speech.incident.subject
    zones = subject.settings.zone if isinstance(subject, Asset) and isinstance(subject.settings, Room) else ()
    reason = speech.incident.alert.reason
    return next((zone.name[speech.language] for zone in zones if zone.id == reason), reason)
