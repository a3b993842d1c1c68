"""The live state as it is told: everything that pages and programs show of one moment."""

from collections.abc import Hashable
from dataclasses import dataclass

from sukusuku_api.dependencies import Context
from sukusuku_api.queries import emptying_doubt
from sukusuku_core.time import japan_time
from sukusuku_server.db import Alert
from sukusuku_server.db.modes import Mode, Modes
from sukusuku_server.live import views as live
from sukusuku_server.live.clock import ClockDoubt
from sukusuku_server.model.series import DerivedByAsset, LatestByAsset

View = live.UnitView | live.RoomView


@dataclass(frozen=True, slots=True)
class State:
    """Everything that is told of one moment.

    `asked` are the units of which people are asked whether the bag was changed. `away`: the collector is. `frame` is
    what is not of single assets and alerts: the hour, and which centres are open.
    `number` counts the states of this process.
    """

    views: tuple[View, ...]
    alerts: tuple[Alert, ...]
    silences: tuple[Mode, ...]
    asked: frozenset[str]
    doubt: ClockDoubt | None
    settings_right: bool
    away: bool
    frame: Hashable
    number: int = 0

    def is_like(self, other: "State") -> bool:
        """Whether two states differ in single assets, alerts and warnings only."""
        return self.frame == other.frame and [it.id for it in self.views] == [it.id for it in other.views]

    def seen(self, context: Context) -> tuple[list[View], list[Alert]]:
        """Return the units and rooms that somebody sees, and the open alerts about what they see."""
        return (
            [view for view in self.views if view.id in context.index.assets],
            [alert for alert in self.alerts if context.sees(alert.asset)],
        )


def present(context: Context) -> State:
    """Return the state of now, of the whole facility. Raises TransientError."""
    store = context.store.live
    return state(context, store.latest(), store.derived_latest())


def state(context: Context, latest: LatestByAsset, derived: DerivedByAsset) -> State:
    """Return the state of now from the newest values. Raises TransientError."""
    now, whole, operations = context.clock(), context.whole, context.operations
    doubt, away = context.clock_doubt(), context.is_collector_away(now)
    hours = whole.hours
    return State(
        views=tuple(live.views(whole, latest, now, derived, away=away)),
        alerts=tuple(operations.alerts(open_only=True)),
        silences=tuple(Modes(operations).silences(now)),
        asked=frozenset(emptying_doubt.asked(operations)),
        doubt=doubt,
        settings_right=context.document().wrong_since is None,
        away=away,
        frame=(f"{japan_time(now):%F %H}", *(hours[site].is_open(now) for site in whole.sites)),
    )


def changed(before: State, after: State, context: Context) -> list[View]:
    """Return the units and rooms that are not what they were, of those that somebody sees. The states are alike."""
    pairs, asked = zip(before.views, after.views, strict=True), before.asked ^ after.asked
    return [view for old, view in pairs if (view != old or view.id in asked) and view.id in context.index.assets]
