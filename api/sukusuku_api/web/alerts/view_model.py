"""What the page of alerts shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sukusuku_api.dependencies import Context
from sukusuku_api.web import texts as words
from sukusuku_api.web.base import Locale
from sukusuku_api.web.wall import alert_texts
from sukusuku_core.time import japan_time
from sukusuku_server.db import Alert, AlertEvent, AlertState, MailState
from sukusuku_server.db.modes import Mode, ModeKind
from sukusuku_server.i18n import N_
from sukusuku_server.live.views import Condition
from sukusuku_server.model.alerts import Told

_STEPS = {
    "raised": N_("noticed"),
    "fired": N_("raised"),
    "worsened": N_("became worse"),
    "acknowledged": N_("taken on by %(who)s"),
    "released": N_("given back by %(who)s"),
    "resolved": N_("resolved"),
    "returned": N_("came back"),
}
_STATES = {
    MailState.WAITING: N_("waiting to be sent"),
    MailState.DEAD: N_("refused by the mail server"),
    MailState.EXPIRED: N_("not sent: of no use any more"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A moment in the life of an alert, or a message about it."""

    time: str
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class AlertCard:
    """An alert. `handling` is who takes care, or that nobody does yet; `silenced` until when nobody is told."""

    id: int
    icon: Condition
    what: str
    asset: str
    subject: str
    site: str
    since: str
    lasted: str
    state: AlertState
    handling: str
    note: str
    silenced: str
    silence: int
    steps: tuple[Step, ...]
    told: tuple[Step, ...]


def cards(
    context: Context,
    alerts: Sequence[Alert],
    events: Mapping[int, Sequence[AlertEvent]],
    told: Mapping[int, Sequence[Told]],
    modes: Sequence[Mode],
    reader: Locale,
) -> list[AlertCard]:
    """Return the alerts in words, in their order."""
    silences = [mode for mode in modes if mode.kind is ModeKind.SILENCE]
    names = {
        contact.mail.lower(): contact.name for contact in context.whole.facility.contact if contact.mail is not None
    }
    views = {view.id: view for view in context.views(reader.now)}
    return [
        _card(context, alert_texts.as_now(alert, views.get(alert.asset)), events, told, silences, names, reader)
        for alert in alerts
    ]


def _card(
    context: Context,
    alert: Alert,
    events: Mapping[int, Sequence[AlertEvent]],
    told: Mapping[int, Sequence[Told]],
    silences: Sequence[Mode],
    names: Mapping[str, str],
    reader: Locale,
) -> AlertCard:
    asset = context.index.assets.get(alert.asset)
    site = context.index.sites.get(alert.site)
    steps = events.get(alert.id, ())
    silence = next((mode for mode in silences if mode.subject in {alert.asset, alert.site}), None)
    until = None if silence is None else silence.until
    return AlertCard(
        alert.id,
        alert_texts.icon(alert),
        alert_texts.told(alert, asset, reader.language, reader.translate),
        "" if asset is None else asset.settings.name[reader.language],
        alert.asset,
        alert.site if site is None else site.name[reader.language],
        _moment(alert.since, reader),
        words.lasted((reader.now if alert.resolved is None else alert.resolved) - alert.since, reader.translate),
        alert.state,
        _handling(alert, reader),
        _note(alert, steps),
        "" if until is None else _moment(until, reader),
        0 if silence is None else silence.id,
        tuple(_step(step, reader) for step in steps),
        tuple(_told(item, names, reader) for item in told.get(alert.id, ())),
    )


def _handling(alert: Alert, reader: Locale) -> str:
    if alert.resolved is not None:
        return reader.translate("resolved at %(time)s") % {"time": _moment(alert.resolved, reader)}
    return alert_texts.handling(alert, reader.translate)


def _note(alert: Alert, steps: Sequence[AlertEvent]) -> str:
    """Return what whoever takes care said when they took it on; what was given back says nothing any more."""
    if alert.acknowledged is None:
        return ""
    return next((step.note for step in reversed(steps) if step.kind == "acknowledged"), "")


def _step(step: AlertEvent, reader: Locale) -> Step:
    text = reader.translate(_STEPS[step.kind]) if step.kind in _STEPS else step.kind
    return Step(_moment(step.time, reader), text % {"who": step.who or ""} if "%(" in text else text, step.note)


def _told(item: Told, names: Mapping[str, str], reader: Locale) -> Step:
    who = names.get(item.recipient.lower(), item.recipient if item.channel != "mail" else "")
    kind = reader.translate(words.TOLD.get(item.kind, words.TOLD["firing"]))
    state = _STATES.get(item.state)
    note = "" if state is None else reader.translate(state)
    return Step(_moment(item.written if item.sent is None else item.sent, reader), f"{who or '–'}: {kind}", note)


def _moment(time: int, reader: Locale) -> str:
    at, today = japan_time(time), japan_time(reader.now).date()
    return f"{at:%H:%M}" if at.date() == today else f"{at.month}/{at.day} {at:%H:%M}"
