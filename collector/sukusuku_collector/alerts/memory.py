"""What the database holds of alerts, as the engine needs it between two looks."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sukusuku_collector.alerts.records import Key, OpenAlert, RuleBinding, to_held
from sukusuku_server.db import Alert, AlertState, Operations
from sukusuku_server.db.alert_changes import Change
from sukusuku_server.model.alerts import Word


@dataclass(slots=True)
class Memory:
    """`known` is since when each asset is watched.

    `words` are those that wait, `patience` until when those that could not go are left alone. `silence_is_wide`: as
    the last look at everything found it.
    """

    held: dict[Key, OpenAlert]
    known: dict[str, int]
    words: list[Word] = field(default_factory=list)
    patience: int = 0
    silence_is_wide: bool = False

    def is_due(self, now: int) -> bool:
        """Whether a word may go now."""
        return now >= self.patience and any(word.due <= now for word in self.words)


def load(
    operations: Operations,
    bindings: Mapping[str, Sequence[RuleBinding]],
    sites: Collection[str],
    gone: Collection[str],
    now: int,
    minds: Callable[[str], bool],
) -> Memory:
    """Return the open alerts, those that rest, and the words that wait, of the subjects that this process `minds`.

    `bindings` are the rules by subject, `sites` those subjects that are sites, `gone` those that have left. Alerts that
    `facility.toml` no longer gives cause to watch for, or of what has left, end here, without a mail.
    """
    known = dict(operations.known_assets())
    new = [subject for subject in bindings if subject not in known and subject not in sites]
    alerts = [alert for alert in operations.open_alerts() if minds(alert.asset)]
    watched = {binding.key for subject, own in bindings.items() if subject not in gone for binding in own}
    orphans = [alert for alert in alerts if (alert.rule, alert.asset) not in watched]
    if new or orphans:
        with operations.change() as change:
            if new:
                change.know(new, now)
            for alert in orphans:
                _end_orphan(change, alert, now)
    waits = (binding.watch.waits(binding.levels[0]).longest for own in bindings.values() for binding in own)
    longest = max(waits, default=0)
    resting = operations.resting_alerts(now - longest)
    held = {(alert.rule, alert.asset): to_held(alert) for alert in [*resting, *alerts]}
    return Memory(
        {key: kept for key, kept in held.items() if key in watched},
        known | dict.fromkeys(new, now),
        operations.waiting_words(minds),
    )


def _end_orphan(change: Change, alert: Alert, now: int) -> None:
    if alert.state is AlertState.PENDING:
        change.drop(alert.id)
    else:
        change.resolve(alert, now, None)
