"""One task watches for changes and tells every listener, encoding each change once for all who see the same of it.

Every event is the whole state, so a listener that is slow misses the states in between: FastAPI holds a few events
for it, no more.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Hashable, Iterator, Sequence
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi.concurrency import run_in_threadpool
from fastapi.sse import ServerSentEvent

from sukusuku_api.dependencies import Context
from sukusuku_api.problems import ProblemError
from sukusuku_api.schemas import live as present
from sukusuku_core.supervision import repeat, supervise
from sukusuku_core.time import japan_time
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db import Alert
from sukusuku_server.db.modes import Mode, Modes
from sukusuku_server.live import views as live
from sukusuku_server.live.clock import ClockDoubt

if TYPE_CHECKING:
    from sukusuku_server.model.series import DerivedByAsset, LatestByAsset

log = logging.getLogger(__name__)

POLL = 0.5
"""Seconds between two looks for changes."""

RETRY_SECONDS = 5.0
"""Until it watches again after something unforeseen."""

RIGHTS_SECONDS = 0.5
"""Seconds after which a listener's rights are looked at again: what was revoked is not told for longer."""

LOOK_SECONDS = 2.0
"""Seconds between two looks at something else than the live state."""

BEAT = 10.0
"""Seconds of silence after which a listener gets a sign of life."""

RETRY_MS = 2000
"""How long a browser waits before it connects again."""

MOST_STREAMS = 50
"""Streams of one account, key or display at a time: tabs of a browser, displays with one link."""

State = tuple[Sequence[live.UnitView | live.RoomView], Sequence[Alert], ClockDoubt | None, bool, Sequence[Mode]]


class Broadcast:
    """The live state as server-sent events."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._latest: LatestByAsset = {}
        self._derived: DerivedByAsset = {}
        self._version: int | None = None
        self._state: State | None = None
        self._told: dict[Hashable, ServerSentEvent] = {}
        self._changed = asyncio.Event()
        self._closed = False
        self._listeners: Counter[Hashable] = Counter()

    async def run(self) -> None:
        """Watch until cancelled. A problem with the data is logged once and outlived."""
        watch = partial(repeat, "live state", self.look, POLL, asyncio.sleep, TransitionLog(log))
        await supervise("live state", watch, RETRY_SECONDS, asyncio.sleep, log)

    def take(self, context: Context) -> None:
        """Go on with another context. Whoever comes now waits for the next look."""
        self._context, self._state = context, None

    async def look(self) -> None:
        """Compare the present with what was last told; tell what changed. Growing older is no change."""
        context = self._context
        store = context.store.live
        version = store.version()
        if version != self._version:
            self._latest, self._derived, self._version = store.latest(), store.derived_latest(), version
        alerts = await run_in_threadpool(context.operations.alerts, open_only=True)
        views = live.views(context.index, self._latest, context.clock(), self._derived)
        silences = await run_in_threadpool(Modes(context.operations).silences, context.clock())
        state = (views, alerts, context.clock_doubt(), context.document().wrong_since is None, silences)
        if context is not self._context:
            return  # of a facility that is not in use any more
        if state != self._state:
            self._state = state
            self._told = {}
            self._wake()

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closed = True
        self._wake()

    def may_listen(self, who: Hashable) -> None:
        """Raise ProblemError (503) when somebody has too many streams already."""
        if self._listeners[who] >= MOST_STREAMS:
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"This account or key has {MOST_STREAMS} streams already. Close some.",
                headers={"Retry-After": "30"},
            )

    async def events(
        self, look: Callable[[], Context | None], who: Hashable = None
    ) -> AsyncGenerator[ServerSentEvent, None]:
        """As `_events`, counted as one of those of `who`."""
        with self._counted(who):
            async with contextlib.aclosing(self._events(look)) as found:
                async for event in found:
                    yield event

    async def changes(
        self, look: Callable[[], Hashable | None], who: Hashable
    ) -> AsyncGenerator[ServerSentEvent, None]:
        """Yield an event `changed` at once and whenever `look` answers something else; between them signs of life.

        It is asked every `LOOK_SECONDS`; when it answers None the stream ends.
        """
        with self._counted(who):
            yield ServerSentEvent(retry=RETRY_MS)
            told, quiet = None, 0.0
            while not self._closed:
                seen = await run_in_threadpool(look)
                if seen is None:
                    return
                quiet += LOOK_SECONDS
                if seen != told:
                    told, quiet = seen, 0.0
                    yield ServerSentEvent(event="changed", data=self._context.clock())
                elif quiet >= BEAT:
                    quiet = 0.0
                    yield ServerSentEvent(event="beat", data=self._context.clock())
                await asyncio.sleep(LOOK_SECONDS)

    @contextlib.contextmanager
    def _counted(self, who: Hashable) -> Iterator[None]:
        self._listeners[who] += 1
        try:
            yield
        finally:
            self._listeners[who] -= 1
            if not self._listeners[who]:
                del self._listeners[who]

    async def _events(self, look: Callable[[], Context | None]) -> AsyncGenerator[ServerSentEvent, None]:
        """Yield the present state at once, then every change; after `BEAT` seconds without one a sign of life.

        `look` tells what of the facility the listener sees now; it is asked again every `RIGHTS_SECONDS`, and when it
        answers None the stream ends.

        The sign of life is an event `beat` with the server's time in UTC ms, by which a display notices a dead
        connection and keeps its clock right: a browser shows scripts no comments such as FastAPI's keep-alive.
        """
        yield ServerSentEvent(retry=RETRY_MS)
        while self._state is None and not self._closed:
            await self._changed.wait()
        changed, told, quiet = self._changed, object(), 0.0
        while not self._closed:
            seen = await run_in_threadpool(look)
            if seen is None:
                return
            if self._state is not None and (changed is not self._changed or told != seen.key):
                changed, told, quiet = self._changed, seen.key, 0.0
                yield self._event(seen)
            try:
                async with asyncio.timeout(RIGHTS_SECONDS):
                    await changed.wait()
            except TimeoutError:
                quiet += RIGHTS_SECONDS
                if quiet >= BEAT:
                    quiet = 0.0
                    yield ServerSentEvent(event="beat", data=self._context.clock())

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _event(self, seen: Context) -> ServerSentEvent:
        if seen.key not in self._told and self._state is not None:
            self._told[seen.key] = self._encode(self._state, seen)
        return self._told[seen.key]

    def _encode(self, state: State, seen: Context) -> ServerSentEvent:
        views, alerts, doubt, _, _ = state
        index, now = seen.index, self._context.clock()
        views = [view for view in views if view.id in index.assets]
        alerts = [alert for alert in alerts if seen.sees(alert.asset)]
        data = present.LiveOut(
            time=japan_time(now),
            units=present.units(index, views, now),
            rooms=present.rooms(index, views, now),
            alerts=[present.alert(index, alert) for alert in alerts],
            clock_believed=doubt is None,
        )
        return ServerSentEvent(event="state", raw_data=data.model_dump_json())
