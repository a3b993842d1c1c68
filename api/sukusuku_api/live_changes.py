"""The live state and its changes as JSON."""

from sukusuku_api.dependencies import Context
from sukusuku_api.live_state import State, changed
from sukusuku_api.schemas import alerts as alert_shapes
from sukusuku_api.schemas import live
from sukusuku_core.time import japan_time


class _Json:
    """For programs, as `LiveOut` and `LiveChangeOut`."""

    def whole(self, state: State, seen: Context) -> str:
        index, now = seen.index, seen.clock()
        views, alerts = state.seen(seen)
        return live.LiveOut(
            time=japan_time(now),
            units=live.units(index, views, now),
            rooms=live.rooms(index, views, now),
            alerts=[alert_shapes.alert(index, alert) for alert in alerts],
            clock_believed=state.doubt is None,
        ).model_dump_json()

    def change(self, before: State, state: State, seen: Context) -> str:
        index, now = seen.index, seen.clock()
        views = changed(before, state, seen)
        had, has = ({alert.id: alert for alert in it.seen(seen)[1]} for it in (before, state))
        alerts = [alert for alert in has.values() if had.get(alert.id) != alert]
        over = [ident for ident in had if ident not in has]
        believed = state.doubt is None
        if not views and not alerts and not over and believed == (before.doubt is None):
            return ""
        return live.LiveChangeOut(
            time=japan_time(now),
            units=live.units(index, views, now),
            rooms=live.rooms(index, views, now),
            alerts=[alert_shapes.alert(index, alert) for alert in alerts],
            alerts_over=over,
            clock_believed=believed,
        ).model_dump_json()


JSON = _Json()
