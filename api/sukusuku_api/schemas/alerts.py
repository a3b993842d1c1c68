"""The shapes in which the API shows alerts, and how alerts become them."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from sukusuku_api.schemas.collection import Shape
from sukusuku_api.schemas.names import NameOut, name
from sukusuku_core.time import japan_time
from sukusuku_server.db import Alert, AlertState
from sukusuku_server.escalation.upcoming import Pause, Upcoming
from sukusuku_server.settings import FacilityIndex, Room, Site, Unit

_TIME = "2026-11-20T09:15:30+09:00"


class AlertOut(Shape):
    """An incident. A time is null when it has not come to that."""

    id: int
    rule: str = Field(examples=["collection"])
    site: str
    asset: str = Field(description="Unit, room or centre")
    asset_name: NameOut | None = Field(description="null: the asset is no longer in the settings")
    state: AlertState
    since: datetime = Field(description="When the cause began", examples=[_TIME])
    fired: datetime | None = Field(description="When the mail was written")
    acknowledged: datetime | None
    acknowledged_by: str | None
    assigned_to: str | None = Field(description="Who shall take care, or does; null: nobody in particular")
    resolved: datetime | None
    value: float | None = Field(description="Value that raised the alert, in the unit of the rule's metric")
    stage: int = Field(
        description="Urgency. `collection`: 1 plan a visit, 2 empty today, 3 empty now; room: 1 full, 2 over the limit"
    )
    reason: str = Field(description="Reason, for rules that have several", examples=["full_today"])
    returns: int = Field(description="How often its cause has come back")
    flapping: bool = Field(description="true: its cause comes and goes; the alert is open until the cause has rested")
    detail: str


class NextMessageOut(Shape):
    """A message that goes out next about an alert, unless things change."""

    time: datetime = Field(examples=[_TIME])
    kind: str = Field(description="`firing`: for the first time, `worse` or `again`")
    channel: str = Field(description="`mail`, or the id of a channel of the settings")
    recipient: str | None = Field(description="Name of the contact; null: it is in the settings no more")
    held: str = Field(description="Why it waits: `digest`, `closed`, `silenced`, `budget`; empty: it does not")


class OneAlertOut(AlertOut):
    """An alert with what people hear of it next."""

    next_messages: list[NextMessageOut]
    pause: str | None = Field(
        description="Why there are none: `resolved`, `pending`, `acknowledged`, `shown` (it is mailed from a higher "
        "stage on), `clearing` (its cause is away), `nobody` (no contact wants it), `once` (nothing is repeated), "
        "`away` (the collector is)"
    )


class AssigneeOut(Shape):
    """Somebody to whom an alert can be assigned."""

    account: int
    name: str


class AssigneesOut(Shape):
    """The people with an account of their own who may see and acknowledge an alert."""

    assignees: list[AssigneeOut]


class AlertsOut(Shape):
    """Alerts."""

    time: datetime = Field(examples=[_TIME])
    alerts: list[AlertOut]


def alert(index: FacilityIndex, stored: Alert) -> AlertOut:
    """Return an alert for the border."""
    about: Site | Unit | Room | None = index.sites.get(stored.asset)
    if stored.asset in index.assets:
        about = index.assets[stored.asset].settings

    def at(time: int | None) -> datetime | None:
        return None if time is None else japan_time(time)

    return AlertOut(
        id=stored.id,
        rule=stored.rule,
        site=stored.site,
        asset=stored.asset,
        asset_name=None if about is None else name(about.name),
        state=stored.state,
        since=japan_time(stored.since),
        fired=at(stored.fired),
        acknowledged=at(stored.acknowledged),
        acknowledged_by=stored.acknowledged_by,
        assigned_to=stored.assigned_to,
        resolved=at(stored.resolved),
        value=stored.value,
        stage=stored.stage,
        reason=stored.reason,
        returns=stored.returns,
        flapping=stored.flapping,
        detail=stored.detail,
    )


def one_alert(
    index: FacilityIndex,
    stored: Alert,
    due: tuple[Upcoming, ...] | Pause,
    names: Mapping[str, str],
    *,
    away: bool,
) -> OneAlertOut:
    """Return an alert with what people hear of it next; `names` are those of contacts by their address."""
    messages = [] if isinstance(due, Pause) or away else due
    pause = due.value if isinstance(due, Pause) else "away" if away else None
    return OneAlertOut(
        **alert(index, stored).model_dump(),
        next_messages=[
            NextMessageOut(
                time=japan_time(message.at),
                kind=message.kind,
                channel=message.channel,
                recipient=names.get(message.recipient, None if message.channel == "mail" else message.channel),
                held=message.held,
            )
            for message in messages
        ],
        pause=pause,
    )
