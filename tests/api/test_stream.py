import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from sukusuku_api import live_stream
from sukusuku_api.dependencies import LiveStore
from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.errors import TransientError
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.http_server import client
from tests.api.two_centres import World

STREAM = "/api/v1/stream"


@pytest.fixture
def api(world: World) -> Iterator[httpx.Client]:
    """A client of a real server: the stream has no end."""
    store = LazyStore(world.path)
    with client(create_app(world.facility, store, world.operations, lambda: NOW)) as found:
        yield found
    store.close()


@contextmanager
def _events(api: httpx.Client, last: str = "") -> Iterator[Iterator[tuple[str, Any]]]:
    """The events of the stream as (name, data), for who has heard the event with the id `last` last."""
    with api.stream("GET", STREAM, headers={"last-event-id": last}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert (answer.headers["cache-control"], answer.headers["x-accel-buffering"]) == ("no-cache", "no")

        def events() -> Iterator[tuple[str, Any]]:
            name = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield name, json.loads(line.removeprefix("data: "))

        yield events()


def _level(data: Any, ident: str) -> Any:
    return next((unit["level"] for unit in data["units"] if unit["id"] == ident), None)


def test_the_present_state_comes_at_once(api: httpx.Client, world: World) -> None:
    world.commit(*worlds.troubled(NOW))
    worlds.fire(world.operations, "collection", "tobu-unit-2", NOW - 720_000, 84.0)

    with _events(api) as events:  # readings and alerts are looked at one after the other
        awaited = {"alert", "level"}
        while awaited:
            _, told = next(events)
            awaited -= {"alert"} if told["alerts"] else set()
            awaited -= {"level"} if _level(told, "tobu-unit-2") == 84.0 else set()
    with _events(api) as events:
        name, data = next(events)

    assert name == "state"
    assert data["time"] == "2026-11-18T20:06:40+09:00"
    assert _level(data, "tobu-unit-2") == 84.0
    assert [room["children"] for room in data["rooms"]] == [6, 14]
    assert [alert["rule"] for alert in data["alerts"]] == ["collection"]


def test_a_browser_is_told_when_to_connect_again(api: httpx.Client) -> None:
    with api.stream("GET", STREAM) as answer:
        assert next(answer.iter_lines()) == "retry: 2000"


def test_a_new_reading_is_told(api: httpx.Client, world: World) -> None:
    world.commit(*worlds.unit("tobu-unit-1", NOW - 2, level=42.0))

    with _events(api) as events:
        next(data for _, data in events if _level(data, "tobu-unit-1") == 42.0)
        world.commit(*worlds.unit("tobu-unit-1", NOW - 1, level=55.0))
        name, data = next(events)

    assert name == "change"
    assert [(unit["id"], unit["level"]) for unit in data["units"]] == [("tobu-unit-1", 55.0)]
    assert (data["rooms"], data["alerts"], data["alerts_over"]) == ([], [], [])


def test_an_alert_that_is_over_is_told_by_its_id(api: httpx.Client, world: World) -> None:
    alert = worlds.fire(world.operations, "collection", "tobu-unit-2", NOW - 720_000, 84.0)

    with _events(api) as events:
        next(data for _, data in events if data["alerts"])
        with world.operations.change() as change:
            change.resolve(alert, NOW, 12.0)
        _, data = next(events)

    assert (data["alerts"], data["alerts_over"]) == ([], [alert.id])


def test_who_comes_back_is_told_what_changed_meanwhile_and_a_stranger_everything(
    api: httpx.Client, world: World
) -> None:
    world.commit(*worlds.unit("tobu-unit-1", NOW - 2, level=42.0))
    with api.stream("GET", STREAM) as answer:
        last = next(line.removeprefix("id: ") for line in answer.iter_lines() if line.startswith("id: "))
    world.commit(*worlds.unit("tobu-unit-1", NOW - 1, level=55.0))

    with _events(api, last) as events:
        name, data = next(events)
        assert (name, [unit["id"] for unit in data["units"]]) == ("change", ["tobu-unit-1"])
    with _events(api, "of-another-run") as events:
        name, data = next(events)
        assert (name, len(data["units"])) == ("state", 4)


def test_a_change_takes_few_bytes_on_the_wire(api: httpx.Client, world: World) -> None:
    with api.stream("GET", STREAM, headers={"accept-encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        chunks = answer.iter_raw()
        decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
        while b"event: state" not in decoder.decompress(next(chunks)):
            pass
        world.commit(*worlds.unit("tobu-unit-1", NOW - 1, level=55.0))
        size, text = 0, b""
        while b"event: change" not in text:
            chunk = next(chunks)
            size, text = size + len(chunk), text + decoder.decompress(chunk)

    assert size <= 400


def test_an_acknowledgement_is_told(api: httpx.Client, world: World) -> None:
    ident = worlds.fire(world.operations, "collection", "tobu-unit-2", NOW - 720_000, 84.0).id

    with _events(api) as events:
        next(data for _, data in events if data["alerts"])
        api.post(f"/api/v1/alerts/{ident}/acknowledge", json={"by": "佐藤"})
        _, data = next(events)

    assert [alert["acknowledged_by"] for alert in data["alerts"]] == ["佐藤"]


def test_every_listener_is_told(api: httpx.Client, world: World) -> None:
    with _events(api) as one, _events(api) as other:
        assert next(one)[1]["units"] == next(other)[1]["units"]
        world.commit(*worlds.unit("tobu-unit-1", NOW - 1, level=55.0))

        assert [_level(next(events)[1], "tobu-unit-1") for events in (one, other)] == [55.0, 55.0]


def test_without_a_change_there_are_only_signs_of_life(api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_stream, "BEAT", 2 * live_stream.POLL)

    with _events(api) as events:
        first, *others = [next(events) for _ in range(3)]

    assert first[0] == "state"
    assert others == [("beat", NOW), ("beat", NOW)]


def test_growing_old_is_told_when_it_makes_the_data_old(world: World) -> None:
    world.commit(*worlds.unit("tobu-unit-1", NOW))
    present = NOW
    store = LazyStore(world.path)

    with client(create_app(world.facility, store, world.operations, lambda: present)) as api, _events(api) as events:
        assert next(events)[1]["units"][0]["stale"] is False
        present += 1_800_001
        assert next(events)[1]["units"][0]["condition"] == "silent"
    store.close()


class FlakyStore(LazyStore):
    """A store that answers only when told to."""

    away = True

    @property
    def live(self) -> LiveStore:
        if self.away:
            raise TransientError("locked")
        return super().live


def test_the_stream_outlives_trouble_with_the_data(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "sukusuku_api.live_stream")
    world.commit(*worlds.unit("tobu-unit-1", NOW, level=55.0))
    store = FlakyStore(world.path)

    with client(create_app(world.facility, store, world.operations, lambda: NOW)) as api:
        assert api.get("/api/v1/health").status_code == 200
        while "live state: failed" not in caplog.text:
            api.get("/api/v1/health")
        with _events(api) as events:
            store.away = False
            assert _level(next(events)[1], "tobu-unit-1") == 55.0
    store.close()

    assert caplog.text.count("live state: failed, retrying: locked") == 1
    assert "live state: works again" in caplog.text
