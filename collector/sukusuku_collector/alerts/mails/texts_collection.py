"""What mails say about bags, film, weight and stock, in the reader's language. Pure."""

from collections.abc import Callable

from sukusuku_collector.alerts.mails.phrases import Meter, Speech, Words
from sukusuku_server.model.rules import Cause, Stage


def collection(speech: Speech) -> Words:
    """Return the check of whether a bag must be collected or has been changed."""
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
        topic=gettext("Emptying"),
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
    ("full", N_("Expected to be full")),
    ("limit", N_("Hygiene deadline")),
    ("round", N_("Next round")),
)
_DUE = {
    Cause.LEVEL: (
        N_("%(site)s: %(asset)s fill level %(value)s %% (threshold %(threshold)s %%)"),
        N_("%(asset)s has reached a fill level of %(value)s %%"),
    ),
    Cause.OVERFLOW_RISK: (
        N_("%(site)s: %(asset)s may be full before the next round"),
        N_("%(asset)s may be full before the next round"),
    ),
    Cause.BEFORE_NEXT: (
        N_("%(site)s: %(asset)s must be emptied before the next round"),
        N_("%(asset)s must be emptied before the next round"),
    ),
    Cause.FULL_TODAY: (
        N_("%(site)s: %(asset)s will be full today, around %(full_clock)s"),
        N_("%(asset)s will be full today"),
    ),
    Cause.AGE_TODAY: (
        N_("%(site)s: %(asset)s must be emptied today, by %(limit_clock)s"),
        N_("%(asset)s must be emptied today"),
    ),
    Cause.FULL: (
        N_("%(site)s: %(asset)s is full (%(value)s %%)"),
        N_("The bag in %(asset)s is full"),
    ),
    Cause.BAG_FULL: (
        N_("%(site)s: %(asset)s reports a full bag"),
        N_("The bag in %(asset)s is full"),
    ),
    Cause.OVER_AGE: (
        N_("%(site)s: %(asset)s bag is past its hygiene deadline"),
        N_("The bag in %(asset)s is past its hygiene deadline"),
    ),
}
"""Subject and headline for each reason."""
_NO_ROUND_IN_TIME = N_("The next round comes too late. Request an earlier visit, or empty the unit yourselves.")


def _due(speech: Speech) -> tuple[str, str]:
    subject, headline = _DUE[Cause(speech.incident.alert.reason)]
    return speech.texts.gettext(subject), speech.texts.gettext(headline)


def _changed(speech: Speech) -> tuple[str, str]:
    gettext = speech.texts.gettext
    if speech.incident.value is None:
        return gettext("%(site)s: %(asset)s is no longer full"), gettext("%(asset)s has space again")
    return (
        gettext("%(site)s: %(asset)s fill level back to %(value)s %%"),
        gettext("%(asset)s has space again: fill level %(value)s %%"),
    )


def _steps(speech: Speech) -> tuple[str, ...]:
    gettext, alert = speech.texts.gettext, speech.incident.alert
    change = gettext("Take out the full bag, put in a new bag or film, and close the lid.")
    if speech.incident.ahead is not None:
        end = gettext("This alert clears automatically when the unit has been emptied. You will get a mail.")
    elif speech.incident.value is None:
        end = gettext(
            "This alert clears automatically when the unit no longer reports a full bag. You will get a mail."
        )
    else:
        end = gettext(
            "This alert clears automatically when the fill level is %(clear)s %% or below. You will get a mail."
        )
    if alert.stage >= Stage.NOW:
        return gettext("Do not put in any more nappies until the unit has been emptied."), change, end
    if speech.incident.next_round is None:
        return change, end
    if alert.reason == Cause.LEVEL:
        return gettext("Check that the next round includes this unit, and have a new bag ready."), end
    return gettext(_NO_ROUND_IN_TIME), change, end


def _said(say: Callable[[int], str], moment: int | None) -> str:
    return "" if moment is None else say(moment)


def _percent(value: float) -> int:
    return round(min(max(value, 0.0), 100.0))


def film_low(speech: Speech) -> Words:
    """Return the check of whether a film cassette comes to its end."""
    gettext, incident = speech.texts.gettext, speech.incident
    value, low = incident.value or 0.0, incident.alert.threshold or 0.0
    numbers = speech.names | {"value": f"{value:.0f}", "threshold": f"{low:g}"}
    if incident.resolved:
        subject = gettext("%(site)s: %(asset)s has film again: %(value)s %%")
        headline = gettext("%(asset)s has film again: %(value)s %%")
    else:
        subject = gettext("%(site)s: %(asset)s film %(value)s %% left (threshold %(threshold)s %%)")
        headline = gettext("The film in %(asset)s is running low: %(value)s %% left")
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
            gettext("Place a new film cassette next to the unit, and insert it when the film runs out."),
            gettext("If that was the last cassette in stock, order more."),
        ),
        meter=Meter(_percent(value), _percent(low)),
    )


def kg_limit(speech: Speech) -> Words:
    """Return the check of whether a site comes near to what the ward takes in a day."""
    gettext, incident = speech.texts.gettext, speech.incident
    limit = incident.alert.threshold or 0.0
    numbers = speech.names | {"value": f"{incident.alert.value or 0:.1f}", "limit": f"{limit:g}"}
    if incident.resolved:
        subject = gettext("%(site)s: a new day has begun; the weight counts from 0 kg again")
        headline = gettext("A new day has begun; the weight counts from 0 kg again")
    elif incident.alert.reason == "over":
        subject = gettext("%(site)s: %(value)s kg today, the ward's limit (%(limit)s kg) is reached")
        headline = gettext("Today's bags weigh about %(value)s kg and reach the ward's limit")
    else:
        subject = gettext("%(site)s: %(value)s kg today, close to the ward's limit (%(limit)s kg)")
        headline = gettext("Today's bags weigh about %(value)s kg")
    return Words(
        topic=gettext("Weight limit"),
        tone="warning",
        subject=subject % numbers,
        headline=headline % numbers,
        facts=(
            (gettext("Emptied today"), gettext("about %(value)s kg") % numbers),
            (gettext("Ward's limit (less than)"), gettext("%(limit)s kg per day") % numbers),
        ),
        steps=(
            gettext("Leave bags that can wait until tomorrow."),
            gettext("At the limit and above, a licensed hauler must take the bags. Ask the ward office."),
        ),
    )


def stock_low(speech: Speech) -> Words:
    """Return what is on the shelf does not last."""
    gettext, incident = speech.texts.gettext, speech.incident
    what = {"film": gettext("film cassettes"), "bag": gettext("bags")}.get(incident.alert.reason, "")
    numbers = speech.names | {"what": what, "count": f"{incident.alert.value or 0:.0f}"}
    if incident.resolved:
        subject = gettext("%(site)s: enough %(what)s in stock again")
        headline = gettext("Enough %(what)s in stock again")
    else:
        subject = gettext("%(site)s: stock of %(what)s is low: %(count)s left")
        headline = gettext("Stock of %(what)s is low: %(count)s left")
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
            gettext("Order more now."),
            gettext("Record the delivery when it arrives. This alert then clears automatically."),
        ),
    )
