"""What people hear next of open alerts, and when, by the rules of the engine that tells them."""

from collections.abc import Mapping, Sequence
from functools import partial

from sukusuku_api.dependencies import Context
from sukusuku_server.db import Alert, AlertState, alert_history
from sukusuku_server.db.modes import Mode, ModeKind, holding
from sukusuku_server.escalation.steps import is_wide
from sukusuku_server.escalation.timing import Timing, terms
from sukusuku_server.escalation.upcoming import Circumstances, Pause, Upcoming, upcoming
from sukusuku_server.live.views import UnitView
from sukusuku_server.model.rules import Rule


def read(
    context: Context, alerts: Sequence[Alert], modes: Sequence[Mode], now: int
) -> Mapping[int, tuple[Upcoming, ...] | Pause]:
    """Return by id of each alert what is told next, or why nothing is; `modes` are the periods of now.

    What is no longer in the settings is told of no more.
    """
    whole = context.whole
    timing = Timing(whole.facility)
    waiting = alert_history.waiting(context.operations, [alert.id for alert in alerts])
    silent = sum(
        alert.rule == Rule.ASSET_SILENT and alert.state is not AlertState.PENDING
        for alert in context.operations.open_alerts()
    )
    wide = is_wide(silent, sum(not asset.has_left(now) for asset in whole.assets.values()))
    messages: dict[int, tuple[Upcoming, ...] | Pause] = {}
    with context.operations.reading() as connection:
        for alert in alerts:
            subject = whole.assets.get(alert.asset) or whole.sites.get(alert.asset)
            if subject is None or alert.rule not in set(Rule):
                messages[alert.id] = Pause.NOBODY
                continue
            silence = holding(modes, ModeKind.SILENCE, {alert.asset, alert.site}, now)
            around = Circumstances(
                now=now,
                silenced=0 if silence is None or silence.until is None else silence.until,
                wide=wide,
                words=waiting.get(alert.id, ()),
                written=partial(alert_history.written, connection),
                by=_by(context, alert, now),
            )
            on = terms(whole.facility, Rule(alert.rule), subject, whole.hours[alert.asset])
            messages[alert.id] = upcoming(timing, on, alert, around)
    return messages


def _by(context: Context, alert: Alert, now: int) -> int | None:
    """Return when the bag that an alert is about will probably be full; None: not known, or it is about no bag."""
    view = context.view(alert.asset, now) if alert.asset in context.index.units else None
    return view.outlook.done_by if isinstance(view, UnitView) and view.outlook is not None else None
