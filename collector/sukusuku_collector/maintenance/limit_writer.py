"""Which rule limits each room, as a series beside what is derived of it: for boards, which know no rosters."""

import asyncio
import logging
from functools import partial
from typing import Protocol

from sukusuku_core.clock import Clock
from sukusuku_core.model import Reading
from sukusuku_core.supervision import Gate, always, repeat
from sukusuku_core.time import MINUTE_MS
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.kpi.series import LIMIT_RULE, number_of_rules
from sukusuku_server.model.series import SeriesOwner
from sukusuku_server.rooms.current import limit_now
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.threads import unbroken
from sukusuku_server.timeseries.protocols import DerivedSeries, LiveReader

LOOK_SECONDS = 60.0
"""Between two looks; shifts and bands begin at whole minutes."""
GRID_MS = 15 * MINUTE_MS
"""A series has a point at least so often."""

_log = logging.getLogger(__name__)


class RoomStore(DerivedSeries, LiveReader, Protocol):
    """Where the series are kept, and what the badges of the staff say."""


class LimitWriter:
    """The rules of every room at the moment, as the wall and the alerts have them. `run` goes on until cancelled."""

    def __init__(self, index: FacilitySchedules, store: RoomStore, clock: Clock) -> None:
        self._index = index
        self._store = store
        self._clock = clock
        self._told: dict[str, tuple[int, int]] = {}
        """When the number of a room was written last, and which."""

    async def run(self, sure: Gate = always) -> None:
        """One look after another while the clock is `sure`. A store that does not answer is reported once."""
        look = partial(unbroken, self.look)
        await repeat("limits of rooms", look, LOOK_SECONDS, asyncio.sleep, TransitionLog(_log), sure)

    def look(self) -> None:
        """Write what has changed, and what was written long ago."""
        now, latest = self._clock(), self._store.latest()
        there = ((it, timetable) for it, timetable in self._index.schedules.items() if not self._has_left(it, now))
        for room, timetable in there:
            rules = limit_now(timetable, latest.get(room, {}), now).limited_by if timetable.is_open(now) else ()
            number = number_of_rules(rules)
            time, told = self._told.get(room, (0, -1))
            if told == number and 0 <= now - time < GRID_MS:
                continue
            name = SeriesOwner.ROOM.named(room)
            self._store.put_derived(name, now - 1, now, [Reading(name, LIMIT_RULE, now, float(number))])
            self._told[room] = now, number

    def _has_left(self, room: str, now: int) -> bool:
        return self._index.assets[room].has_left(now)
