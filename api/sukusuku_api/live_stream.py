"""One task watches for changes and tells every listener what is new to it.

A listener gets the whole state once and from then on what differs from what it was last told, of what it may see. Each
text is made once for all who see the same and were told the same. A listener that is slow skips the states in between;
one that comes back soon says what it was told last, and goes on from there.
"""

import asyncio
import contextlib
import logging
import math
import secrets
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Hashable, Iterator
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from fastapi.concurrency import run_in_threadpool
from fastapi.sse import ServerSentEvent

from sukusuku_api.dependencies import Context
from sukusuku_api.live_state import State, state
from sukusuku_api.problems import ProblemError
from sukusuku_core.supervision import repeat, supervise
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db.access_mark import AccessMark, access_mark

if TYPE_CHECKING:
    from sukusuku_server.model.series import DerivedByAsset, LatestByAsset

log = logging.getLogger(__name__)

POLL = 0.05
"""Seconds between two questions whether readings have come, which cost nothing."""

STATE_SECONDS = 0.5
"""Seconds after which everything is looked at although none have: alerts, rights, what has grown old."""

RETRY_SECONDS = 5.0
"""Until it watches again after something unforeseen."""

RIGHTS_SECONDS = 60.0
"""Seconds after which a listener's rights are looked at although nobody changed any: some end by themselves."""

LOOK_SECONDS = 2.0
"""Seconds between two looks at something else than the live state."""

BEAT = 10.0
"""Seconds of silence after which a listener gets a sign of life."""

RETRY_MS = 2000
"""How long a browser waits before it connects again."""

MOST_STREAMS = 50
"""Streams of one account, key or display at a time: tabs of a browser, displays with one link."""

REMEMBERED = 16
"""So many states back, a listener that was away can go on where it was."""


class Format(Protocol):
    """How a state is told to a listener. Two that are equal make the same texts."""

    def __hash__(self) -> int:
        """Tell formats apart."""

    def whole(self, state: State, seen: Context) -> str:
        """Return a state as somebody sees it."""

    def change(self, before: State, state: State, seen: Context) -> str:
        """Return what differs between two states, as somebody sees them; empty: nothing."""


class Broadcast:
    """The live state as server-sent events. `forget` has everybody's rights looked up again."""

    def __init__(self, context: Context, forget: Callable[[], None] = lambda: None) -> None:
        self._context = context
        self._forget = forget
        self._latest: LatestByAsset = {}
        self._derived: DerivedByAsset = {}
        self._version: int | None = None
        self._looked = -math.inf
        self._run = secrets.token_hex(4)
        self._number = 0
        self._state: State | None = None
        self._past: deque[State] = deque(maxlen=REMEMBERED)
        self._told: dict[Hashable, str] = {}
        self._access: AccessMark | None = None
        self._moved = False
        self._rights = 0
        self._changed = asyncio.Event()
        self._closed = False
        self._listeners: Counter[Hashable] = Counter()

    async def run(self) -> None:
        """Watch until cancelled. A problem with the data is logged once and outlived."""
        watch = partial(repeat, "live state", self.look, POLL, asyncio.sleep, TransitionLog(log))
        await supervise("live state", watch, RETRY_SECONDS, asyncio.sleep, log)

    def take(self, context: Context) -> None:
        """Go on with another context. Everybody gets the whole of it after the next look."""
        self._context, self._state, self._looked = context, None, -math.inf
        self._past.clear()
        self._rights += 1  # what listeners see is of the facility before

    async def look(self) -> None:
        """Compare the present with what was last told, when it is time; tell what changed. Growing older is none."""
        context = self._context
        store = context.store.live
        version, time = store.version(), asyncio.get_running_loop().time()
        if version == self._version and time - self._looked < STATE_SECONDS:
            return
        self._looked = time
        if version != self._version:
            self._latest, self._derived, self._version = store.latest(), store.derived_latest(), version
        now, access = await run_in_threadpool(_look, context, self._latest, self._derived)
        if context is not self._context:
            return  # of a facility that is not in use any more
        moved = access != self._access
        if moved or self._moved:  # and once more with the next look, for who was being looked up meanwhile
            self._forget()
            self._rights += 1
            self._wake()
        self._access, self._moved = access, moved
        now = replace(now, number=self._number)
        if now != self._state:
            self._number += 1
            self._state = replace(now, number=self._number)
            self._past.append(self._state)
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

    def mark(self, seen: Context) -> str:
        """Return the mark of the present state as somebody sees it; who has been shown it can go on from there."""
        return "" if self._state is None else self._mark(self._state, seen)

    async def events(
        self, look: Callable[[], Context | None], text: Format, who: Hashable = None, since: str = ""
    ) -> AsyncGenerator[ServerSentEvent, None]:
        """As `_events`, counted as one of those of `who`."""
        with self._counted(who):
            async with contextlib.aclosing(self._events(look, text, since)) as found:
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

    async def _events(
        self, look: Callable[[], Context | None], text: Format, since: str
    ) -> AsyncGenerator[ServerSentEvent, None]:
        """Yield what is new since a mark, or the whole state, then every change; in `BEAT` seconds of silence a beat.

        `look` tells what of the facility the listener sees now. It is asked again when anybody's rights change and
        every `RIGHTS_SECONDS`; when it answers None the stream ends.

        The sign of life is an event `beat` with the server's time in UTC ms, by which a display notices a dead
        connection and keeps its clock right: a browser shows scripts no comments such as FastAPI's keep-alive.
        """
        yield ServerSentEvent(retry=RETRY_MS)
        timer = asyncio.get_running_loop().time
        looked = spoke = timer()
        rights, shown = -1, since
        seen: Context | None = None
        while not self._closed:
            changed = self._changed
            if seen is None or rights != self._rights or timer() - looked >= RIGHTS_SECONDS:
                rights, looked = self._rights, timer()
                seen = await run_in_threadpool(look)
                if seen is None:
                    return
            if self._state is not None and (mark := self._mark(self._state, seen)) != shown:
                before, shown = self._before(shown, seen), mark
                data = self._text(text, before, self._state, seen)
                if data:
                    spoke = timer()
                    yield ServerSentEvent(event="change" if before else "state", raw_data=data, id=mark)
                    continue
            if timer() - spoke >= BEAT:
                spoke = timer()
                yield ServerSentEvent(event="beat", data=self._context.clock())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(min(spoke + BEAT, looked + RIGHTS_SECONDS)):
                    await changed.wait()

    def _before(self, shown: str, seen: Context) -> State | None:
        """Return the state with a mark; None: it is too long ago, or too different from the present one."""
        before = next((it for it in self._past if self._mark(it, seen) == shown), None)
        return before if before is not None and self._state is not None and before.is_like(self._state) else None

    def _mark(self, state: State, seen: Context) -> str:
        return f"{self._run}-{state.number}-{hash(seen.key) & 0xFFFFFFFF:x}"

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _text(self, text: Format, before: State | None, state: State, seen: Context) -> str:
        key = (text, seen.key, None if before is None else before.number)
        if key not in self._told:
            self._told[key] = text.whole(state, seen) if before is None else text.change(before, state, seen)
        return self._told[key]


def _look(context: Context, latest: "LatestByAsset", derived: "DerivedByAsset") -> tuple[State, AccessMark]:
    return state(context, latest, derived), access_mark(context.operations)
