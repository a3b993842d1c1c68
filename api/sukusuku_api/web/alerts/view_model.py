"""What the page of alerts shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sukusuku_api.dependencies import Context
from sukusuku_api.queries import assignees, next_messages
from sukusuku_api.web import texts as words
from sukusuku_api.web.alerts import next_texts
from sukusuku_api.web.base import Locale
from sukusuku_api.web.silence_texts import moment
from sukusuku_api.web.wall import alert_texts
from sukusuku_server.db import Alert, AlertEvent, AlertState, MailState, alert_history
from sukusuku_server.db.modes import Mode, ModeKind, holding
from sukusuku_server.escalation.upcoming import Pause, Upcoming
from sukusuku_server.i18n import N_
from sukusuku_server.live.views import Condition
from sukusuku_server.model.alerts import AlertMessage

_STEPS = {
    "raised": N_("noticed"),
    "fired": N_("raised"),
    "worsened": N_("became worse"),
    "acknowledged": N_("taken on by %(who)s"),
    "released": N_("given back by %(who)s"),
    "assigned": N_("assigned to %(to)s by %(who)s"),
    "unassigned": N_("assignment taken back by %(who)s"),
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
    """An alert. `handling` is who takes care, or that nobody does yet; `silenced` until when nobody is told.

    `next` is what is told next, or why nothing is; `assigned`: it is somebody's. `people` are the others to whom it may
    be assigned, by account.
    """

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
    next: str
    assigned: bool
    people: tuple[tuple[int, str], ...]
    steps: tuple[Step, ...]
    told: tuple[Step, ...]


def cards(context: Context, alerts: Sequence[Alert], modes: Sequence[Mode], reader: Locale) -> list[AlertCard]:
    """Return the alerts in words, in their order; `modes` are the periods of now."""
    idents = [alert.id for alert in alerts]
    life = _Life(
        alert_history.events(context.operations, idents),
        alert_history.told(context.operations, idents),
        next_messages.read(context, alerts, modes, reader.now),
        assignees.read(context),
        context.contact_names,
        away=context.is_collector_away(reader.now),
    )
    views = {view.id: view for view in context.views(reader.now)}
    return [_card(context, alert_texts.as_now(alert, views.get(alert.asset)), life, modes, reader) for alert in alerts]


@dataclass(frozen=True, slots=True)
class _Life:
    """What is known of alerts beside themselves. `names` are those of contacts by their address."""

    events: Mapping[int, Sequence[AlertEvent]]
    told: Mapping[int, Sequence[AlertMessage]]
    due: Mapping[int, tuple[Upcoming, ...] | Pause]
    people: assignees.Assignees
    names: Mapping[str, str]
    away: bool


def _card(context: Context, alert: Alert, life: _Life, modes: Sequence[Mode], reader: Locale) -> AlertCard:
    asset = context.index.assets.get(alert.asset)
    site = context.index.sites.get(alert.site)
    steps = life.events.get(alert.id, ())
    silence = holding(modes, ModeKind.SILENCE, {alert.asset, alert.site}, reader.now)
    until = None if silence is None else silence.until
    return AlertCard(
        alert.id,
        alert_texts.icon(alert),
        alert_texts.told(alert, asset, reader.language, reader.translate),
        "" if asset is None else asset.settings.name[reader.language],
        alert.asset,
        alert.site if site is None else site.name[reader.language],
        moment(alert.since, reader),
        words.lasted((reader.now if alert.resolved is None else alert.resolved) - alert.since, reader.translate),
        alert.state,
        _handling(alert, reader),
        _note(alert, steps),
        "" if until is None else moment(until, reader),
        0 if silence is None else silence.id,
        next_texts.told(life.due[alert.id], life.names, reader, away=life.away),
        alert.assigned_to is not None,
        tuple((it.id, it.name) for it in life.people.of(context, alert) if it.id != context.own_account),
        tuple(_step(step, reader) for step in steps),
        tuple(_told(item, life.names, reader) for item in life.told.get(alert.id, ())),
    )


def _handling(alert: Alert, reader: Locale) -> str:
    if alert.resolved is not None:
        return reader.translate("resolved at %(time)s") % {"time": moment(alert.resolved, reader)}
    return alert_texts.handling(alert, reader.translate)


def _note(alert: Alert, steps: Sequence[AlertEvent]) -> str:
    """Return what was said when it became theirs whose it is; what was given back says nothing any more."""
    if alert.assigned_to is None:
        return ""
    return next((step.note for step in reversed(steps) if step.kind in {"acknowledged", "assigned"}), "")


def _step(step: AlertEvent, reader: Locale) -> Step:
    text = reader.translate(_STEPS[step.kind]) if step.kind in _STEPS else step.kind
    names = {"who": step.who or "", "to": step.assigned_to or ""}
    return Step(moment(step.time, reader), text % names if "%(" in text else text, step.note)


def _told(item: AlertMessage, names: Mapping[str, str], reader: Locale) -> Step:
    who = names.get(item.recipient.lower(), item.recipient if item.channel != "mail" else "")
    kind = reader.translate(words.TOLD.get(item.kind, words.TOLD["firing"]))
    state = _STATES.get(item.state)
    note = "" if state is None else reader.translate(state)
    return Step(moment(item.written if item.sent is None else item.sent, reader), f"{who or '–'}: {kind}", note)
