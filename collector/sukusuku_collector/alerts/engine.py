"""Runs the rules over the latest values and stores what changed, together with the mails about it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from sukusuku_collector.alerts.observe import WATCHES, Scene, Watch
from sukusuku_collector.alerts.rules import Event, Observation, Open, step
from sukusuku_collector.live import SIMULATED, last_time
from sukusuku_collector.mail.render import Composer
from sukusuku_collector.mail.words import Incident
from sukusuku_collector.operations import Alert, AlertState, Operations
from sukusuku_collector.operations.change import Change
from sukusuku_collector.settings import AlertLevels, Asset, Facility
from sukusuku_collector.store import Latest, LatestByAsset
from sukusuku_core.errors import TransientError

_Key = tuple[str, str]
"""Rule and asset."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """One state change that waits to be stored."""

    key: _Key
    scene: Scene
    seen: Observation
    before: Open | None
    after: Open | None
    events: tuple[Event, ...]


@dataclass(slots=True)
class _Memory:
    """What the database holds, as the rules need it. Acknowledgements make no difference to them.

    `ids` has the row of every open alert, `known` since when each asset is watched.
    """

    open: dict[_Key, Open]
    ids: dict[_Key, int]
    known: dict[str, int]


class AlertEngine:
    """Raises, fires and resolves the alerts of one facility. For one thread.

    Each evaluation writes either nothing or one transaction with the alerts, their events and their mails.
    `mail_written` is called after a transaction that put mails into the outbox.
    Raises ConfigError when a name in `facility` cannot stand in a mail.
    """

    def __init__(
        self, facility: Facility, operations: Operations, mail_written: Callable[[], None] = lambda: None
    ) -> None:
        self._operations = operations
        self._mail_written = mail_written
        self._composer = Composer(facility)
        self._assets: dict[str, tuple[Asset, AlertLevels, list[Watch]]] = {
            asset.id: (asset, facility.levels(asset.settings), [w for w in WATCHES if asset.kind in w.kinds])
            for asset in facility.assets()
        }
        self._memory: _Memory | None = None
        self._hearing: int | None = None

    def evaluate(
        self, latest: LatestByAsset, now: int, assets: Collection[str] | None = None, *, linked: bool = True
    ) -> None:
        """Look at these assets (all when None) at the time `now` (UTC ms) and store what changed.

        Call it after each commit with the assets that got readings, and every few seconds for all: silence and
        waiting times make no readings. Unknown assets are passed over. `linked` is whether the collector has a
        session with the broker: while it has none, and for a while after, no asset is called silent.
        Raises TransientError when the database does not answer; the next evaluation makes up for it.
        """
        if not linked:
            self._hearing = None
        elif self._hearing is None:
            self._hearing = now
        if self._memory is None:
            self._memory = self._load(now)
        outcomes = [
            outcome
            for asset in dict.fromkeys(self._assets if assets is None else assets)
            if asset in self._assets
            for outcome in self._look(self._memory, asset, latest.get(asset, {}), now)
        ]
        if not outcomes:
            return
        try:
            self._store(self._memory, outcomes, now)
        except TransientError:
            self._memory = None  # what the database holds now is read again
            raise

    def _load(self, now: int) -> _Memory:
        """The open alerts. Those of assets that `facility.toml` no longer has end here, without a mail."""
        known = dict(self._operations.known_assets())
        new = [asset for asset in self._assets if asset not in known]
        alerts = self._operations.open_alerts()
        orphans = [alert for alert in alerts if alert.asset not in self._assets]
        if new or orphans:
            with self._operations.change() as change:
                if new:
                    change.know(new, now)
                for alert in orphans:
                    _end_orphan(change, alert, now)
        known |= dict.fromkeys(new, now)
        held = [alert for alert in alerts if alert.asset in self._assets]
        return _Memory(
            open={(alert.rule, alert.asset): _to_open(alert) for alert in held},
            ids={(alert.rule, alert.asset): alert.id for alert in held},
            known=known,
        )

    def _look(self, memory: _Memory, asset_id: str, latest: Mapping[str, Latest], now: int) -> list[_Outcome]:
        asset, levels, watches = self._assets[asset_id]
        scene = Scene(asset, levels, latest, memory.known[asset_id], self._hearing, now)
        found = []
        for watch in watches:
            seen = watch.observe(scene)
            key = (watch.rule.value, asset_id)
            before = memory.open.get(key)
            after, events = step(before, seen, watch.waits(levels), now)
            if seen is not None and after != before:
                found.append(_Outcome(key, scene, seen, before, after, events))
        return found

    def _store(self, memory: _Memory, outcomes: list[_Outcome], now: int) -> None:
        """One transaction; the memory follows only after its commit."""
        ids: dict[_Key, int] = {}
        mails = 0
        with self._operations.change() as change:
            for outcome in outcomes:
                ids[outcome.key], count = self._apply(change, memory.ids.get(outcome.key, 0), outcome, now)
                mails += count
        for outcome in outcomes:
            if outcome.after is None:
                del memory.open[outcome.key], memory.ids[outcome.key]
            else:
                memory.open[outcome.key] = outcome.after
                memory.ids[outcome.key] = ids[outcome.key]
        if mails:
            self._mail_written()

    def _apply(self, change: Change, alert_id: int, outcome: _Outcome, now: int) -> tuple[int, int]:
        """Store one outcome. Answers the row of its alert and how many mails it made."""
        seen, mails = outcome.seen, 0
        if not outcome.events and outcome.after is not None:
            change.clearing(alert_id, outcome.after.clearing)
        for event in outcome.events:
            match event:
                case Event.RAISED:
                    alert_id = change.raise_alert(_new_alert(outcome)).id
                case Event.FIRED:
                    raised = change.read(alert_id)
                    alert = change.fire(replace(raised, value=seen.value, detail=seen.detail), now)
                    mails += self._put_mails(change, alert, outcome, now)
                case Event.DROPPED:
                    change.drop(alert_id)
                case Event.RESOLVED:
                    alert = change.resolve(change.read(alert_id), now, seen.value)
                    mails += self._put_mails(change, alert, outcome, now)
        return alert_id, mails

    def _put_mails(self, change: Change, alert: Alert, outcome: _Outcome, now: int) -> int:
        latest, metric = outcome.scene.latest, outcome.seen.metric
        source = latest.get("Info/Source")
        incident = Incident(
            alert=alert,
            asset=outcome.scene.asset,
            value=outcome.seen.value,
            fill_clear=outcome.scene.levels.fill_clear,
            last_time=last_time(latest) if metric is None else latest[metric].last_good,
            simulated=source is not None and source.value == SIMULATED,
            now=now,
            metric=metric,
        )
        mails = self._composer.mails(incident)
        for mail in mails:
            change.put_mail(alert.id, mail, now)
        return len(mails)


def _to_open(alert: Alert) -> Open:
    firing = alert.state is not AlertState.PENDING
    return Open(firing=firing, since=alert.since, raised=alert.raised, clearing=alert.clearing)


def _new_alert(outcome: _Outcome) -> Alert:
    seen = outcome.seen
    rule, asset = outcome.key
    return Alert(
        id=0,
        rule=rule,
        site=outcome.scene.asset.site.id,
        asset=asset,
        state=AlertState.PENDING,
        since=min(seen.since, outcome.scene.now),
        fired=None,
        acknowledged=None,
        acknowledged_by=None,
        resolved=None,
        value=seen.value,
        detail=seen.detail,
        threshold=seen.threshold,
        raised=outcome.scene.now,
    )


def _end_orphan(change: Change, alert: Alert, now: int) -> None:
    if alert.state is AlertState.PENDING:
        change.drop(alert.id)
    else:
        change.resolve(alert, now, None)
