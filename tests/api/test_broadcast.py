"""How listeners are told, without a server: when rights are looked at, and what somebody gets who lags."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, closing
from dataclasses import replace

import pytest
from fastapi.sse import ServerSentEvent

from sukusuku_api import live_stream
from sukusuku_api.access.view import Views
from sukusuku_api.dependencies import Context
from sukusuku_api.lazy_store import LazyStore
from sukusuku_api.live_changes import JSON
from sukusuku_api.live_stream import REMEMBERED, Broadcast
from sukusuku_server.access.rights import Act, Role, granting
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.rooms.schedule import FacilitySchedules
from tests.api import two_centres as worlds
from tests.api.conftest import NOW
from tests.api.two_centres import World
from tests.support.event_loop import play


class Listener:
    """Listens as whoever sees everything, and counts how often that is looked at."""

    def __init__(self, world: World, store: LazyStore) -> None:
        index = FacilitySchedules(world.facility)
        self.context = Context(index, {}, store, world.operations, lambda: NOW, index, Views(index))
        self.broadcast = Broadcast(self.context)
        self.looks = 0

    def look(self) -> Context:
        self.looks += 1
        return self.context

    def events(self, since: str = "") -> AsyncGenerator[ServerSentEvent, None]:
        return self.broadcast.events(self.look, JSON, since=since)


async def _next(events: AsyncGenerator[ServerSentEvent, None]) -> ServerSentEvent:
    """The next event that is one of its own."""
    while (event := await anext(events)).event is None:
        pass
    return event


@pytest.fixture
def listener(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    monkeypatch.setattr(live_stream, "STATE_SECONDS", 0.0)
    with closing(LazyStore(world.path)) as store:
        yield Listener(world, store)


def test_rights_are_looked_at_once_and_again_when_anybodys_have_changed(listener: Listener, world: World) -> None:
    async def story() -> None:
        await listener.broadcast.look()
        await listener.broadcast.look()
        async with aclosing(listener.events()) as events:
            assert (await _next(events)).event == "state"
            for n in range(5):
                world.commit(*worlds.unit("tobu-unit-1", NOW - 5 + n, level=40.0 + n))
                await listener.broadcast.look()
                assert (await _next(events)).event == "change"
            assert listener.looks == 1

            account = Accounts(world.operations).add("sato@example.jp", "佐藤", NOW, "start")
            Grants(world.operations).give(Role.VIEWER, None, NOW, "start", account=account.id)
            world.commit(*worlds.unit("tobu-unit-1", NOW, level=50.0))
            await listener.broadcast.look()
            assert (await _next(events)).event == "change"
            assert listener.looks == 2

    play(story())


def test_changed_settings_are_told_as_they_are_now(listener: Listener, world: World) -> None:
    async def story() -> None:
        await listener.broadcast.look()
        await listener.broadcast.look()
        async with aclosing(listener.events()) as events:
            assert "おむつ圧縮機 1" in str((await _next(events)).raw_data)
            index = FacilitySchedules(worlds.facility(text=worlds.FACILITY.replace("おむつ圧縮機 1", "新しい圧縮機")))
            listener.context = replace(listener.context, index=index, whole=index, scoped=Views(index))
            listener.broadcast.take(listener.context)
            await listener.broadcast.look()
            assert "新しい圧縮機" in str((await _next(events)).raw_data)

    play(story())


def test_who_lags_gets_what_changed_and_who_lags_far_the_whole(listener: Listener, world: World) -> None:
    async def story() -> None:
        await listener.broadcast.look()
        async with aclosing(listener.events()) as events:
            mark = (await _next(events)).id
        assert mark is not None
        for first, end, told in ((1, REMEMBERED, "change"), (REMEMBERED, REMEMBERED + 1, "state")):
            for n in range(first, end):
                world.commit(*worlds.unit("tobu-unit-1", NOW - 100 + n, level=float(n)))
                await listener.broadcast.look()
            async with aclosing(listener.events(mark)) as events:
                assert (await _next(events)).event == told

    play(story())


def test_a_change_that_somebody_does_not_see_tells_them_nothing(listener: Listener, world: World) -> None:
    alert = worlds.fire(world.operations, "collection", "seibu-unit-1", NOW, 84.0)

    async def story() -> None:
        await listener.broadcast.look()
        before = listener.broadcast._state
        world.operations.acknowledge(alert.id, "佐藤", NOW)
        world.commit(*worlds.unit("seibu-unit-1", NOW, level=41.0))
        await listener.broadcast.look()
        after = listener.broadcast._state
        assert before is not None
        assert after is not None
        assert JSON.change(before, after, listener.context) != ""
        assert JSON.change(before, after, _of_tobu(listener.context)) == ""

    play(story())


def _of_tobu(context: Context) -> Context:
    view = context.scoped.of(granting(Role.VIEWER, "tobu"), Act.VIEW_UNITS)
    return replace(context, index=view.index, key=view.key)
