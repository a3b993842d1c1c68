"""What mails say about bags, film, weight and stock, in the reader's language. Pure."""

from collections.abc import Callable

from sukusuku_collector.alerts.mails.phrases import Meter, Speech, Words
from sukusuku_collector.alerts.rules_collection import Cause, Stage


def collection(speech: Speech) -> Words:
    """A bag must be collected, or has been changed."""
    gettext, incident = speech.texts.gettext, speech.incident
    alert, value, rise = incident.alert, incident.value, incident.alert.threshold or 0.0
    subject, headline = _changed(speech) if incident.resolved else _due(speech)
    limit = None if incident.ahead is None else incident.ahead.hygiene_by
    full = None if incident.ahead is None else incident.ahead.full_at
    moments = {"limit": limit, "full": full, "round": incident.next_round}
    numbers = speech.names | {
        "value": "" if value is None else f"{value:.0f}",
        "threshold": f"{rise:g}",
        "clear": f"{incident.fill_clear:g}",
    }
    for key, moment in moments.items():
        numbers |= {key: _said(speech.time, moment), f"{key}_clock": _said(speech.clock, moment)}
    facts = []
    if value is not None:
        facts = [(gettext("Fill level now"), gettext("%(value)s %%") % numbers)]
        if alert.reason not in {Cause.AGE_TODAY, Cause.OVER_AGE}:
            facts.append((gettext("Threshold"), gettext("%(value)s %%") % {"value": numbers["threshold"]}))
    if not incident.resolved:
        facts += [(gettext(label), numbers[key]) for key, label in _AHEAD if numbers[key]]
    return Words(
        topic=gettext("Collection"),
        tone="danger" if alert.stage >= Stage.NOW else "warning",
        subject=subject % numbers,
        headline=headline % numbers,
        facts=tuple(facts),
        steps=tuple(step % numbers for step in _steps(speech)),
        meter=None if value is None else Meter(_percent(value), _percent(rise)),
    )


def N_(text: str) -> str:  # noqa: N802 - the usual name for a text that is translated later
    """Mark a text for translation."""
    return text


_AHEAD = (
    ("full", N_("Full about")),
    ("limit", N_("Bag must be changed by")),
    ("round", N_("Next round")),
)
_DUE = {
    Cause.LEVEL: (
        N_("%(site)s: %(asset)s fill level %(value)s %% (threshold %(threshold)s %%)"),
        N_("%(asset)s is %(value)s %% full"),
    ),
    Cause.OVERFLOW_RISK: (
        N_("%(site)s: %(asset)s may be full before the next round"),
        N_("%(asset)s may be full before the next round comes"),
    ),
    Cause.BEFORE_NEXT: (
        N_("%(site)s: %(asset)s is due before the next round"),
        N_("%(asset)s must be emptied before the next round comes"),
    ),
    Cause.FULL_TODAY: (
        N_("%(site)s: %(asset)s will be full today, about %(full_clock)s"),
        N_("%(asset)s will be full today"),
    ),
    Cause.AGE_TODAY: (
        N_("%(site)s: %(asset)s bag must be changed today, by %(limit_clock)s"),
        N_("The bag of %(asset)s must be changed today"),
    ),
    Cause.FULL: (
        N_("%(site)s: %(asset)s is full (%(value)s %%)"),
        N_("The bag of %(asset)s is full"),
    ),
    Cause.BAG_FULL: (
        N_("%(site)s: %(asset)s says that its bag is full"),
        N_("The bag of %(asset)s is full"),
    ),
    Cause.OVER_AGE: (
        N_("%(site)s: %(asset)s bag has been in too long"),
        N_("The bag of %(asset)s is past the limit of its age"),
    ),
}
"""Subject and headline for each reason."""
_NO_ROUND_IN_TIME = N_("No round comes in time: ask for a visit before then, or change the bag yourselves.")


def _due(speech: Speech) -> tuple[str, str]:
    subject, headline = _DUE[Cause(speech.incident.alert.reason)]
    return speech.texts.gettext(subject), speech.texts.gettext(headline)


def _changed(speech: Speech) -> tuple[str, str]:
    gettext = speech.texts.gettext
    if speech.incident.value is None:
        return gettext("%(site)s: %(asset)s is no longer full"), gettext("%(asset)s has room again")
    return (
        gettext("%(site)s: %(asset)s fill level back to %(value)s %%"),
        gettext("%(asset)s has room again: %(value)s %% full"),
    )


def _steps(speech: Speech) -> tuple[str, ...]:
    gettext, alert = speech.texts.gettext, speech.incident.alert
    change = gettext("Take the full pack out, put a new bag or film in, and close the lid.")
    if speech.incident.ahead is not None:
        end = gettext("Once the bag has been changed, this alert ends by itself and a mail says so.")
    elif speech.incident.value is None:
        end = gettext("Once the unit no longer says that it is full, this alert ends by itself and a mail says so.")
    else:
        end = gettext("Once the level is at %(clear)s %% or below, this alert ends by itself and a mail says so.")
    if alert.stage >= Stage.NOW:
        return gettext("Nobody should put anything more in until the bag has been changed."), change, end
    if speech.incident.next_round is None:
        return change, end
    if alert.reason == Cause.LEVEL:
        return gettext("See that the next round takes this unit along, and have a new bag ready."), end
    return gettext(_NO_ROUND_IN_TIME), change, end


def _said(say: Callable[[int], str], moment: int | None) -> str:
    return "" if moment is None else say(moment)


def _percent(value: float) -> int:
    return round(min(max(value, 0.0), 100.0))


def film_low(speech: Speech) -> Words:
    """A film cassette comes to its end."""
    gettext, incident = speech.texts.gettext, speech.incident
    value, low = incident.value or 0.0, incident.alert.threshold or 0.0
    numbers = speech.names | {"value": f"{value:.0f}", "threshold": f"{low:g}"}
    if incident.resolved:
        subject = gettext("%(site)s: %(asset)s has film again: %(value)s %%")
        headline = gettext("%(asset)s has film again: %(value)s %%")
    else:
        subject = gettext("%(site)s: %(asset)s film %(value)s %% left (threshold %(threshold)s %%)")
        headline = gettext("The film of %(asset)s is running out: %(value)s %% left")
    return Words(
        topic=gettext("Film"),
        tone="warning",
        subject=subject % numbers,
        headline=headline % numbers,
        facts=(
            (gettext("Film left"), gettext("%(value)s %%") % numbers),
            (gettext("Threshold"), gettext("%(value)s %%") % {"value": numbers["threshold"]}),
        ),
        steps=(
            gettext("Put a new film cassette beside the unit now; change it when the film is used up."),
            gettext("If it was the last cassette on the shelf, order new ones."),
        ),
        meter=Meter(_percent(value), _percent(low)),
    )


def kg_limit(speech: Speech) -> Words:
    """The bags of a site come near to what the ward takes in a day."""
    gettext, incident = speech.texts.gettext, speech.incident
    limit = incident.alert.threshold or 0.0
    numbers = speech.names | {"value": f"{incident.alert.value or 0:.1f}", "limit": f"{limit:g}"}
    if incident.resolved:
        subject = gettext("%(site)s: a new day begins for the weight limit of the ward")
        headline = gettext("A new day begins for the weight limit of the ward")
    elif incident.alert.reason == "over":
        subject = gettext("%(site)s: %(value)s kg today, more than the ward takes (%(limit)s kg)")
        headline = gettext("Today's bags weigh about %(value)s kg: the ward does not take them")
    else:
        subject = gettext("%(site)s: %(value)s kg today, close to the limit of the ward (%(limit)s kg)")
        headline = gettext("Today's bags weigh about %(value)s kg")
    return Words(
        topic=gettext("Weight limit"),
        tone="warning",
        subject=subject % numbers,
        headline=headline % numbers,
        facts=(
            (gettext("Taken out today"), gettext("about %(value)s kg") % numbers),
            (gettext("The ward takes less than"), gettext("%(limit)s kg a day") % numbers),
        ),
        steps=(
            gettext("Leave bags that are not due until tomorrow."),
            gettext("From the limit on a licensed hauler must take them: ask the ward office."),
        ),
    )


def stock_low(speech: Speech) -> Words:
    """What is on the shelf does not last."""
    gettext, incident = speech.texts.gettext, speech.incident
    what = {"film": gettext("film cassettes"), "bag": gettext("bags")}.get(incident.alert.reason, "")
    numbers = speech.names | {"what": what, "count": f"{incident.alert.value or 0:.0f}"}
    if incident.resolved:
        subject = gettext("%(site)s: enough %(what)s on the shelf again")
        headline = gettext("There are enough %(what)s on the shelf again")
    else:
        subject = gettext("%(site)s: %(what)s on the shelf: %(count)s left")
        headline = gettext("The %(what)s on the shelf will not last: %(count)s left")
    shelf = tuple(
        (
            {"film": gettext("Film cassettes"), "bag": gettext("Bags")}.get(item.kind, item.kind),
            gettext("%(count)d left, for about %(days)d days") % {"count": item.count, "days": item.days}
            if item.days is not None
            else gettext("%(count)d left") % {"count": item.count},
        )
        for item in incident.supplies
    )
    return Words(
        topic=gettext("Stock"),
        tone="warning",
        subject=subject % numbers,
        headline=headline % numbers,
        facts=shelf,
        steps=(
            gettext("Order now."),
            gettext("When the delivery has come, enter it, so that this alert ends by itself."),
        ),
    )
