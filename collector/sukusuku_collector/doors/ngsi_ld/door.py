"""Tells a context broker how units and rooms are, whenever that has changed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from sukusuku_collector.doors.ngsi_ld import entities
from sukusuku_collector.doors.ngsi_ld.broker import Broker
from sukusuku_collector.doors.ngsi_ld.entities import Entity
from sukusuku_collector.doors.protocol import World
from sukusuku_core.errors import TransientError
from sukusuku_core.supervision import repeat
from sukusuku_core.time import HOUR_MS
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db.doors import DoorRecords
from sukusuku_server.live import views
from sukusuku_server.live.views import UnitView
from sukusuku_server.model.doors import BROKER, NGSI_LD
from sukusuku_server.settings import NgsiLd
from sukusuku_server.threads import unbroken

AGAIN_MS = HOUR_MS
"""Everything is told again so often: a broker may have been set back."""

_log = logging.getLogger(__name__)


def open_door(world: World) -> Callable[[], Awaitable[None]] | None:
    """See `protocol.Door`."""
    settings = world.index.facility.ngsi_ld
    if settings is None:
        return None
    teller = Teller(world, settings)
    look = partial(unbroken, teller.look, teller.stop)
    return lambda: repeat("context broker", look, settings.every, asyncio.sleep, TransitionLog(_log), world.sure)


class Teller:
    """One look after another, in any thread, one at a time."""

    def __init__(self, world: World, settings: NgsiLd) -> None:
        self._world = world
        self._rooms, self._counts = settings.rooms, settings.child_counts
        self._broker = Broker(settings)
        self.stop = self._broker.stop
        self._records = DoorRecords(world.operations)
        self._told: dict[str, Entity] = {}
        self._everything = 0
        self._problems = TransitionLog(_log)

    def look(self) -> None:
        """Tell what has changed. Raises TransientError when store or broker do not answer; it is told later then."""
        now = self._world.clock()
        if not 0 <= now - self._everything < AGAIN_MS:
            self._told.clear()
        changed = {it["id"]: it for it in self._entities(now) if self._told.get(it["id"]) != it}
        refused = self._tell(list(changed.values()))
        for ident, entity in changed.items():
            if ident in refused:
                self._problems.problem(ident, "the context broker refuses it", refused[ident])
            else:
                self._problems.recovered(ident, "the context broker takes it again")
            self._told[ident] = entity  # one that is refused is tried again when it changes, or in an hour
        if len(changed) == len(self._told):
            self._everything = now

    def _tell(self, changed: Sequence[Entity]) -> dict[str, str]:
        try:
            refused = self._broker.tell(changed)
        except TransientError as error:
            if not self._broker.stopped:
                self._records.failed(NGSI_LD, BROKER, self._world.clock(), str(error))
            raise
        if changed:  # else nobody was asked
            self._records.taken(NGSI_LD, BROKER, self._world.clock())
            self._records.well(NGSI_LD, BROKER)
        return refused

    def _entities(self, now: int) -> list[Entity]:
        index, store = self._world.index, self._world.store
        operator = index.facility.operator.id
        latest, derived = store.latest(), store.derived_latest()
        found: list[Entity] = []
        for asset in index.assets.values():
            if asset.has_left(now):
                continue
            view = views.view(index, asset, latest, now, derived)
            if isinstance(view, UnitView):
                found.append(entities.of_unit(operator, asset, view, derived.get(asset.id, {})))
            elif self._rooms:
                found.append(entities.of_room(operator, asset, view, counts=self._counts))
        return found
