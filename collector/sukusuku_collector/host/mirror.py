"""The live view as retained JSON on the broker, for people and programs that do not speak Sparkplug. Pure.

One topic per asset: `sukusuku/<operator>/<site>/<asset>/state`. The mirror is for reading only; nothing listens to it.
When the collector ends it says that everything is old, and when it begins it takes away what it does not know. After a
crash the last values stand until it is back: look at `time`, or at the Sparkplug STATE of the host.
"""

import logging
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from sukusuku_core import topics
from sukusuku_core.clock import Clock
from sukusuku_core.time import japan_time
from sukusuku_mqtt import Message, MqttSession
from sukusuku_server.live import views
from sukusuku_server.live.freshness import last_time, turns
from sukusuku_server.live.views import RoomView, UnitView, is_simulated
from sukusuku_server.live.watchlist import AGAIN_MS, QUIET_MS, Watchlist
from sukusuku_server.model.series import Latest
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Asset, Text, leaves
from sukusuku_server.timeseries.protocols import LiveReader

TIME_MS = 30_000
"""`time` alone is shown so often at most: every message changes it."""
_MIRROR = re.compile(r"sukusuku/[^/]+/[^/]+/[^/]+/state")

_log = logging.getLogger("sukusuku_collector.host.mirror")


def topic(operator: str, asset: Asset) -> str:
    """Where the mirror of an asset stands."""
    return topics.mirror(operator, asset.site.id, asset.id)


def everything(operator: str) -> str:
    """Return the filter for the mirror of all assets of an operator."""
    return f"sukusuku/{operator}/+/+/state"


def farewell(unknown: UnitView | RoomView, latest: Mapping[str, Latest]) -> UnitView | RoomView:
    """Return an asset that nobody looks after from now on: `unknown` as without values, with when it was last heard."""
    simulated, last = is_simulated(latest), last_time(latest)
    if isinstance(unknown, UnitView):
        return replace(unknown, last_time=last, simulated=simulated)
    return replace(unknown, last_time=last, simulated=simulated)


def body(asset: Asset, view: UnitView | RoomView) -> bytes:
    """Return an asset as JSON. Null: not known. `time` is when it was last measured, in Japan's time."""
    return _encoded(asset, _state(asset, view), view.last_time)


def _encoded(asset: Asset, state: Mapping[str, Any], last: int | None) -> bytes:
    shown = {
        "id": asset.id,
        "kind": asset.kind.value,
        "site": asset.site.id,
        "name": _names(asset.settings.name),
        "site_name": _names(asset.site.name),
        "time": None if last is None else japan_time(last).isoformat(timespec="milliseconds"),
    }
    return msgspec.json.encode({**shown, **state})


def _state(asset: Asset, view: UnitView | RoomView) -> dict[str, Any]:
    """Return what is shown of an asset and changes, but for the time."""
    state = {"condition": view.condition.value, "stale": view.stale, "simulated": view.simulated}
    return state | (_unit(view) if isinstance(view, UnitView) else _room(asset, view))


def _unit(view: UnitView) -> dict[str, Any]:
    return {
        "level": view.level,
        "state": None if view.state is None else view.state.name.lower(),
        "fault": view.fault,
        "lid_open": view.lid_open,
        "cycles": view.cycles,
        "film": view.film,
        "temperature": view.temperature,
    }


def _room(asset: Asset, view: RoomView) -> dict[str, Any]:
    names = {zone.id: zone.name for zone in getattr(asset.settings, "zone", ())}
    return {
        "people": view.people,
        "children": view.children,
        "presence": view.presence,
        "capacity": view.capacity,
        "limit": view.limit,
        "limited_by": view.limited_by,
        "zones": [
            {
                "id": zone.id,
                "name": _names(names[zone.id]),
                "people": zone.people,
                "children": zone.children,
                "presence": zone.presence,
                "capacity": zone.capacity,
            }
            for zone in view.zones
        ],
    }


def _names(text: Text) -> dict[str, str]:
    return {"ja": text.ja, "en": text.en}


class Mirror:
    """The mirror of one facility. Every method raises TransientError when broker or store do not answer."""

    def __init__(self, index: FacilitySchedules, store: LiveReader, clock: Clock) -> None:
        self._index = index
        self._operator = index.facility.operator.id
        self._store = store
        self._clock = clock
        there = (asset for asset in index.assets.values() if not asset.has_left(clock()))
        self.topics = {topic(self._operator, asset) for asset in there}
        self._shown: dict[str, tuple[dict[str, Any], int | None]] = {}
        """State and time of each asset as the broker has them."""
        self._watchlist = Watchlist(index.assets)

    def after(self, before: "Mirror", mqtt: MqttSession) -> None:
        """Take away what another mirror has shown, and this one does not know. Raises TransientError."""
        for gone in sorted(before.topics - self.topics):
            mqtt.publish(gone, b"", 1, retain=True)

    def begin(self) -> None:
        """Begin a session: nothing is known of what the broker shows."""
        self._shown.clear()
        self._watchlist.forget()

    def publish(self, mqtt: MqttSession, assets: Collection[str] | None = None) -> None:
        """Show these assets as they are now, where that has changed; when None, all that may have changed by now."""
        latest, derived, now = self._store.latest(), self._store.derived_latest(), self._clock()
        for ident in self._watchlist.due(now, latest, derived) if assets is None else assets:
            asset = self._index.assets.get(ident)
            if asset is None:
                continue
            if asset.has_left(now):
                if self._shown.pop(ident, None) is not None:
                    mqtt.publish(topic(self._operator, asset), b"", retain=True)
                self._watchlist.looked(ident, now, latest, derived, most=QUIET_MS)
                continue
            view = views.view(self._index, asset, latest, now, derived)
            self._show(mqtt, asset, _state(asset, view), view.last_time)
            end = leaves(asset.settings)
            moments = [*turns(latest.get(ident, {}), view.silent_after), *(() if end is None else (end,))]
            most = QUIET_MS if isinstance(view, UnitView) else AGAIN_MS  # a room goes by hours and shifts
            self._watchlist.looked(ident, now, latest, derived, moments=moments, most=most)

    def _show(self, mqtt: MqttSession, asset: Asset, state: dict[str, Any], last: int | None) -> None:
        """Publish an asset, unless the broker has it so; a time that is only a little newer waits."""
        shown, time = self._shown.get(asset.id, (None, None))
        if state == shown and (last == time or (last and time and 0 < last - time < TIME_MS)):
            return
        mqtt.publish(topic(self._operator, asset), _encoded(asset, state, last), retain=True)
        self._shown[asset.id] = state, last

    def end(self, mqtt: MqttSession) -> None:
        """Nobody will say any more when the values grow old: they are old from now on."""
        latest, now = self._store.latest(), self._clock()
        for asset in self._index.assets.values():
            if asset.has_left(now):
                continue
            view = farewell(views.view(self._index, asset, {}, now), latest.get(asset.id, {}))
            self._show(mqtt, asset, _state(asset, view), view.last_time)

    def left_over(self, mqtt: MqttSession, message: Message) -> bool:
        """Whether a message is of the mirror; what the broker retains of assets that are gone is taken away."""
        if not _MIRROR.fullmatch(message.topic):
            return False
        if message.retain and message.topic not in self.topics:
            _log.info("%s is not in the settings (any more): taken away", message.topic)
            mqtt.publish(message.topic, b"", 1, retain=True)
        return True
