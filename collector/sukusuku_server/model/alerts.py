"""The records of the operations data. All times are UTC ms."""

from dataclasses import dataclass
from enum import StrEnum

from sukusuku_core.errors import SukusukuError


class UnknownAlertError(SukusukuError):
    """There is no alert with this id."""

    def __init__(self, alert_id: int) -> None:
        super().__init__(f"there is no alert {alert_id}")
        self.alert_id = alert_id


class AlertStateError(SukusukuError):
    """The alert is in a state in which nobody can take care of it: resolved already, or not firing yet."""

    def __init__(self, alert: "Alert") -> None:
        why = "is resolved already" if alert.state is AlertState.RESOLVED else "is not firing yet"
        super().__init__(f"alert {alert.id} {why}; only a firing alert can be acknowledged")
        self.alert = alert


FLAPS_FROM = 2
"""Returns of its cause from which on an alert flaps: it comes and goes."""


class AlertState(StrEnum):
    """State of an alert. A pending alert has not told anybody yet and may vanish again."""

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Alert:
    """One incident of a rule at an asset. At most one per (rule, asset) is open, that is, not resolved.

    `since` is when its cause began, by the time of measurement; `raised` when the collector saw it.
    `value` and `threshold` are those of the moment it was raised, or fired once it has fired, in the unit of the
    rule's metric (for `asset_silent` the threshold is in seconds); None where the rule has none. `detail` is one
    English line for logs and programs; people are told in their own words.
    `clearing` is since when the cause has been away, while the rule still waits before it resolves; of a resolved alert
    whose cause may come back, since when it rests.
    `stage` rises with what has to be done, `reason` says in one word why, where the rule has several reasons; for
    `asset_silent` it is the metric that is missing while others still come.
    `told` is how many steps of the escalation chain have been told of `told_stage`, `told_first` and `told_at` when the
    first and the last mails about it were written, `repeats` how often it was told again.
    `assigned_to` is who shall take care, by name and, where they have one, by account.
    `returns` is how often its cause has come back, and `gap` the longest time (ms) that it was away before it did.
    """

    id: int
    rule: str
    site: str
    asset: str
    state: AlertState
    since: int
    fired: int | None
    acknowledged: int | None
    acknowledged_by: str | None
    resolved: int | None
    value: float | None
    detail: str
    threshold: float | None = None
    raised: int = 0
    clearing: int | None = None
    told: int = 0
    told_first: int | None = None
    told_at: int | None = None
    stage: int = 1
    reason: str = ""
    told_stage: int = 0
    repeats: int = 0
    returns: int = 0
    gap: int = 0
    assigned_to: str | None = None
    assigned_account: int | None = None

    @property
    def flapping(self) -> bool:
        """Whether its cause comes and goes: it is open until the cause has rested."""
        return self.returns >= FLAPS_FROM


@dataclass(frozen=True, slots=True)
class Word:
    """One thing that one recipient is to hear about one alert. All moments are UTC ms.

    `kind` is `firing`, `worse`, `again` or `resolved`. It may go with others from `opens` on, and goes at `due`. `held`
    says why it waited: `closed`, `silenced`, `digest` or `budget`; empty: it did not. `since` is when it began to wait,
    `urgent` whether it waits for no other.
    """

    id: int
    alert_id: int
    kind: str
    channel: str
    recipient: str
    since: int
    opens: int
    due: int
    urgent: bool
    held: str


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One step in the life of an alert, with the value it had then.

    `kind` is `raised`, `fired`, `worsened`, `acknowledged`, `released`, `assigned`, `unassigned`, `resolved` or
    `returned`. `assigned_to` is to whom, where it was assigned.
    """

    alert_id: int
    time: int
    kind: str
    value: float | None
    who: str | None
    note: str = ""
    assigned_to: str | None = None


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """One message about an alert: to whom it went, what it said (`firing`, `worse`, `again`, `resolved`), and when.

    `sent` is when it was taken; None: it waits, or was refused (`state`).
    """

    alert_id: int
    kind: str
    channel: str
    recipient: str
    written: int
    sent: int | None
    state: "MailState"


class MailState(StrEnum):
    """Where a mail stands: waiting for a try, accepted by the mail server, refused for good, or of no use any more."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A mail as it will go out, byte for byte, or a message of another channel. `kind` says what it is about.

    About an alert it is `firing`, `worse`, `again` or `resolved`, about more than one `several`. From `expires` (UTC
    ms) on it is of no use and is not sent any more; None: it always is. A message of another channel has a
    `notices.Notice` as its content, the id of the channel as recipient, and no sender.
    """

    kind: str
    sender: str
    recipient: str
    language: str
    subject: str
    message_id: str
    content: bytes
    channel: str = "mail"
    expires: int | None = None


@dataclass(frozen=True, slots=True)
class ChannelTally:
    """What the outbox holds of one channel: numbers of messages, and what happened last.

    `oldest` is when the oldest one was written that still waits, `sent` when the newest was taken (UTC ms). `reason` is
    why a message that waits has not been taken, or else the newest that was settled; empty: none has failed.
    """

    waiting: int = 0
    dead: int = 0
    oldest: int | None = None
    sent: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MailRow:
    """A mail of the outbox, about an alert or a run of a round.

    `created` is when it was written; once a try has failed, when it was first due. `reason` is why the last try failed;
    `next_try` holds while it is waiting.
    """

    id: int
    alert_id: int | None
    mail: OutgoingMail
    state: MailState
    created: int
    attempts: int
    next_try: int
    sent: int | None
    reason: str
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what, when, to what.

    `actor` is the account or key behind the name, `address` where from; `before` and `after` are JSON of what was
    changed. They are empty where it is not known, and in entries of before there were accounts.
    """

    time: int
    who: str
    action: str
    target: str
    actor: str = ""
    address: str = ""
    before: str | None = None
    after: str | None = None
