"""What is told of an alert next, to whom and when, or why nothing is, in words. Pure."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from sukusuku_api.web import silence_texts
from sukusuku_api.web.base import Locale
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.escalation.upcoming import Pause, Upcoming
from sukusuku_server.i18n import N_

_PAUSES = {
    Pause.PENDING: N_("Nobody is told yet: it may pass."),
    Pause.ACKNOWLEDGED: N_("No reminders: somebody takes care of it."),
    Pause.SHOWN: N_("Only shown here: people are told when it becomes worse."),
    Pause.CLEARING: N_("No reminders while its cause is away."),
    Pause.NOBODY: N_("Nobody is told: the settings name no contact for it."),
    Pause.ONCE: N_("No reminders: everybody has been told once, as the settings say."),
}
_HELD = {
    "digest": N_("with the digest at the latest"),
    "closed": N_("closed until then"),
    "silenced": N_("silenced until then"),
    "budget": N_("after many messages today"),
}
_KINDS = {
    "firing": N_("%(time)s: %(who)s for the first time"),
    "worse": N_("%(time)s: %(who)s that it is worse"),
    "again": N_("%(time)s: %(who)s again"),
}


def told(due: Sequence[Upcoming] | Pause, names: Mapping[str, str], reader: Locale, *, away: bool) -> str:
    """Return what comes next in one sentence; empty of an alert that is over.

    `names` are those of contacts by address; whoever has none there is `somebody`. `away`: the collector, which would
    tell it, is not there.
    """
    if isinstance(due, Pause):
        return reader.translate(_PAUSES[due]) if due in _PAUSES else ""
    if away:
        return reader.translate("Nobody is told until the collector is back.")
    parts = []
    for (at, kind, held), messages in groupby(sorted(due, key=_order), key=_order):
        whom = [_who(message, names, reader) for message in messages]
        text = reader.translate(_KINDS[kind]) % {
            "time": _moment(at, reader),
            "who": reader.translate(", ").join(dict.fromkeys(whom)),
        }
        parts.append(
            reader.translate("%(text)s (%(why)s)") % {"text": text, "why": reader.translate(_HELD[held])}
            if held in _HELD
            else text
        )
    return reader.translate("Told next: %(list)s") % {"list": reader.translate("; ").join(parts)}


def _order(message: Upcoming) -> tuple[int, str, str]:
    return message.at // MINUTE_MS * MINUTE_MS, message.kind, message.held


def _who(message: Upcoming, names: Mapping[str, str], reader: Locale) -> str:
    if message.channel != "mail":
        return message.channel
    return names.get(message.recipient, reader.translate("somebody"))


def _moment(at: int, reader: Locale) -> str:
    return reader.translate("shortly") if at <= reader.now else silence_texts.moment(at, reader)
